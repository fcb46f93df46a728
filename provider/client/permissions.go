package client

import (
	"context"
	"maps"
	"net/http"
)

// Permissions are the levels of an account. A tool that is missing has level "none".
type Permissions struct {
	Company map[string]string `json:"company"` // company tool → "readonly", "standard" or "admin"
	Version Version           `json:"-"`
}

// AccountPermissions are permissions in a list of those of all accounts.
type AccountPermissions struct {
	ServiceAccountID string `json:"service_account_id"`
	Permissions
}

func (p AccountPermissions) names() (companyID string, ids []string) {
	return "", []string{p.ServiceAccountID}
}

func (p AccountPermissions) as(version Version) AccountPermissions {
	p.Company, p.Version = maps.Clone(p.Company), version
	return p
}

// GetPermissions returns the permissions of a service account on its company's tools.
func (c *Client) GetPermissions(ctx context.Context, companyID, id string) (*Permissions, error) {
	permissions := &Permissions{}
	header, err := c.do(ctx, request{
		method: http.MethodGet, companyID: companyID,
		path: accountPath(companyID, id, "permissions"), data: permissions,
	})
	permissions.Version = versionOf(header)
	return permissions, err
}

// RefreshPermissions is GetPermissions for what reads many, as RefreshServiceAccount is.
func (c *Client) RefreshPermissions(ctx context.Context, companyID, id string) (*Permissions, error) {
	permissions, found, err := c.permissions.get(ctx, companyID, id)
	if found || err != nil {
		return &permissions.Permissions, err
	}
	return c.GetPermissions(ctx, companyID, id)
}

// ReplacePermissions makes permissions all that a service account holds on its company's tools, and returns what it
// then holds: without the tools at "none".
func (c *Client) ReplacePermissions(
	ctx context.Context, companyID, id string, permissions Permissions, conditions ...Option,
) (*Permissions, error) {
	replaced := &Permissions{}
	header, err := c.do(ctx, request{
		method: http.MethodPut, companyID: companyID,
		path: accountPath(companyID, id, "permissions"), body: permissions, data: replaced,
	}.under(conditions))
	replaced.Version = versionOf(header)
	return replaced, err
}
