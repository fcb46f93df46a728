package client

import (
	"context"
	"net/http"
)

// Tools are what permissions can be granted on.
type Tools struct {
	Company []Tool `json:"company"`
	Project []Tool `json:"project"`
}

// Tool is a part of Procore, with the levels that it takes, lowest first.
type Tool struct {
	Name   string   `json:"name"`
	Levels []string `json:"levels"`
}

// GetTools returns the tools of a company and of its projects.
func (c *Client) GetTools(ctx context.Context, companyID string) (*Tools, error) {
	tools := &Tools{}
	_, err := c.do(ctx, request{method: http.MethodGet, companyID: companyID, path: companyPath(companyID, "tools"), data: tools})
	return tools, err
}
