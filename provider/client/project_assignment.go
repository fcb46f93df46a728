package client

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
)

// ProjectAssignment is a service account's membership of a project.
type ProjectAssignment struct {
	ServiceAccountID string            `json:"service_account_id"`
	ProjectID        string            `json:"project_id"`
	Permissions      map[string]string `json:"permissions"` // project tool → level, without the tools at "none"
	CreatedAt        string            `json:"created_at"`
	UpdatedAt        string            `json:"updated_at"`
	Version          Version           `json:"-"` // empty in a list
}

func (a ProjectAssignment) names() (companyID string, ids []string) {
	return "", []string{a.ServiceAccountID, a.ProjectID}
}

func (a ProjectAssignment) as(version Version) ProjectAssignment {
	a.Permissions, a.Version = maps.Clone(a.Permissions), version
	return a
}

func assignmentPath(companyID, accountID string, elements ...string) []string {
	return accountPath(companyID, append([]string{accountID, "project_assignments"}, elements...)...)
}

// ListProjectAssignments returns all memberships of a service account.
func (c *Client) ListProjectAssignments(ctx context.Context, companyID, accountID string) ([]ProjectAssignment, error) {
	return listAll[ProjectAssignment](ctx, c, listAssignments(companyID, accountID))
}

// ProjectAssignments is ListProjectAssignments as the pages arrive, of most memberships, or all when most is 0.
func (c *Client) ProjectAssignments(ctx context.Context, companyID, accountID string, most int) iter.Seq2[ProjectAssignment, error] {
	return list[ProjectAssignment](ctx, c, listAssignments(companyID, accountID), most)
}

func listAssignments(companyID, accountID string) request {
	return request{method: http.MethodGet, companyID: companyID, path: assignmentPath(companyID, accountID)}
}

// AssignmentsOf returns the memberships of some accounts, refreshBatch at most, by the IDs of the accounts. An account that has none, or isn't
// there, has no entry.
func (c *Client) AssignmentsOf(ctx context.Context, companyID string, accountIDs []string) (map[string][]ProjectAssignment, error) {
	all, err := listAll[ProjectAssignment](ctx, c, request{
		method: http.MethodGet, companyID: companyID, path: companyPath(companyID, "project_assignments"),
		query: url.Values{"filters[service_account_id][]": accountIDs},
	})
	found := map[string][]ProjectAssignment{}
	for _, assignment := range all {
		found[assignment.ServiceAccountID] = append(found[assignment.ServiceAccountID], assignment)
	}
	if !isNoRoute(err) {
		return found, err
	}
	for _, id := range accountIDs { // a server from before there was this list
		all, err := c.ListProjectAssignments(ctx, companyID, id)
		if err != nil && !IsNotFound(err) {
			return nil, err
		}
		if len(all) > 0 {
			found[id] = all
		}
	}
	return found, nil
}

// GetProjectAssignment returns a service account's membership of one project. IsNotFound tells when there is none.
func (c *Client) GetProjectAssignment(ctx context.Context, companyID, accountID, projectID string) (*ProjectAssignment, error) {
	assignment := &ProjectAssignment{}
	header, err := c.do(ctx, request{
		method: http.MethodGet, companyID: companyID,
		path: assignmentPath(companyID, accountID, projectID), data: assignment,
	})
	assignment.Version = versionOf(header)
	return assignment, err
}

// RefreshProjectAssignment is GetProjectAssignment for what reads many, as RefreshServiceAccount is.
func (c *Client) RefreshProjectAssignment(ctx context.Context, companyID, accountID, projectID string) (*ProjectAssignment, error) {
	assignment, found, err := c.assignments.get(ctx, companyID, accountID, projectID)
	if found || err != nil {
		return &assignment, err
	}
	return c.GetProjectAssignment(ctx, companyID, accountID, projectID)
}

// PutProjectAssignment makes a service account a member of a project with these levels on its tools, whether or not
// it was one before.
func (c *Client) PutProjectAssignment(
	ctx context.Context, companyID, accountID, projectID string, levels map[string]string, conditions ...Option,
) (*ProjectAssignment, error) {
	assignment := &ProjectAssignment{}
	header, err := c.do(ctx, request{
		method: http.MethodPut, companyID: companyID, path: assignmentPath(companyID, accountID, projectID),
		body: struct {
			Permissions map[string]string `json:"permissions"`
		}{levels},
		data: assignment,
	}.under(conditions))
	assignment.Version = versionOf(header)
	return assignment, err
}

// DeleteProjectAssignment takes a service account out of a project.
func (c *Client) DeleteProjectAssignment(ctx context.Context, companyID, accountID, projectID string, conditions ...Option) error {
	_, err := c.do(ctx, request{
		method: http.MethodDelete, companyID: companyID, path: assignmentPath(companyID, accountID, projectID),
	}.under(conditions))
	return err
}
