package client

import (
	"context"
	"net/http"
)

// Company is a company as the API shows it.
type Company struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

func (c Company) names() (companyID string, ids []string) { return "", []string{c.ID} }

// ListCompanies returns the companies that the caller belongs to.
func (c *Client) ListCompanies(ctx context.Context) ([]Company, error) {
	return listAll[Company](ctx, c, request{method: http.MethodGet, path: []string{"rest", "v2.0", "companies"}})
}

// GetCompany returns a company that the caller belongs to. IsNotFound tells of any other.
func (c *Client) GetCompany(ctx context.Context, id string) (*Company, error) {
	company := &Company{}
	_, err := c.do(ctx, request{method: http.MethodGet, companyID: id, path: companyPath(id), data: company})
	return company, err
}
