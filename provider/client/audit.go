package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// AuditEvent says who changed what.
type AuditEvent struct {
	Action    string         `json:"action"` // "service_account.updated", …
	Actor     *AuditActor    `json:"actor"`  // nil: somebody at the server's command line
	Before    map[string]any `json:"before"`
	After     map[string]any `json:"after"`
	CreatedAt string         `json:"created_at"`
}

// AuditActor is the service account that a change was made with.
type AuditActor struct {
	ServiceAccountID string `json:"service_account_id"`
	ClientID         string `json:"client_id"`
}

// AuditFilter narrows audit events; an empty field does not.
type AuditFilter struct{ ServiceAccountID, ProjectID string }

// LatestAuditEvents returns the newest events that filter lets through, newest first, at most so many.
func (c *Client) LatestAuditEvents(ctx context.Context, companyID string, filter AuditFilter, most int) ([]AuditEvent, error) {
	query := url.Values{"per_page": {strconv.Itoa(most)}}
	if filter.ServiceAccountID != "" {
		query.Set("filters[service_account_id]", filter.ServiceAccountID)
	}
	if filter.ProjectID != "" {
		query.Set("filters[project_id]", filter.ProjectID)
	}
	var events []AuditEvent
	_, err := c.do(ctx, request{
		method: http.MethodGet, companyID: companyID, path: companyPath(companyID, "audit_events"), query: query, data: &events,
	})
	return events, err
}
