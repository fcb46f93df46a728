package client

import (
	"context"
	"net/http"
)

// Permissions are the levels of an account. A tool that is missing has level "none".
type Permissions struct {
	Company map[string]string `json:"company"` // company tool → "readonly", "standard" or "admin"
	Version Version           `json:"-"`
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
