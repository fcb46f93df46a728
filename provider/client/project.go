package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// Project is a project as the API shows it.
type Project struct {
	ID            string  `json:"id"`
	CompanyID     string  `json:"company_id"`
	Name          string  `json:"name"`
	ProjectNumber *string `json:"project_number"`
	Active        bool    `json:"active"`
	CreatedAt     string  `json:"created_at"`
	UpdatedAt     string  `json:"updated_at"`
	Version       Version `json:"-"` // empty in a list
}

func (p Project) names() (companyID string, ids []string) { return p.CompanyID, []string{p.ID} }

func (p Project) as(version Version) Project {
	p.Version = version
	return p
}

// NewProject is what a project is made from.
type NewProject struct {
	Name          string  `json:"name"`
	ProjectNumber *string `json:"project_number,omitempty"`
	Active        bool    `json:"active"`
}

// ProjectChanges is what a PATCH sets; nil leaves a field alone.
type ProjectChanges struct {
	Name          *string   `json:"name,omitempty"`
	ProjectNumber *Nullable `json:"project_number,omitempty"`
	Active        *bool     `json:"active,omitempty"`
}

// ProjectFilter narrows a list; an empty field does not.
type ProjectFilter struct {
	IDs          []string
	Name, Search string
	Active       *bool
}

func (f ProjectFilter) query() url.Values {
	query := url.Values{"sort": {"name"}}
	if len(f.IDs) > 0 {
		query["filters[id][]"] = f.IDs
	}
	if f.Name != "" {
		query.Set("filters[name]", f.Name)
	}
	if f.Search != "" {
		query.Set("filters[search]", f.Search)
	}
	if f.Active != nil {
		query.Set("filters[active]", strconv.FormatBool(*f.Active))
	}
	return query
}

func projectPath(companyID string, elements ...string) []string {
	return companyPath(companyID, append([]string{"projects"}, elements...)...)
}

// ListProjects returns all projects of a company that filter lets through, by name.
func (c *Client) ListProjects(ctx context.Context, companyID string, filter ProjectFilter) ([]Project, error) {
	return listAll[Project](ctx, c, listProjects(companyID, filter))
}

// Projects is ListProjects as the pages arrive, of most projects, or all when most is 0.
func (c *Client) Projects(ctx context.Context, companyID string, filter ProjectFilter, most int) iter.Seq2[Project, error] {
	return list[Project](ctx, c, listProjects(companyID, filter), most)
}

func listProjects(companyID string, filter ProjectFilter) request {
	return request{method: http.MethodGet, companyID: companyID, path: projectPath(companyID), query: filter.query()}
}

// GetProject returns one project. IsNotFound tells when there is none.
func (c *Client) GetProject(ctx context.Context, companyID, id string) (*Project, error) {
	project := &Project{}
	header, err := c.do(ctx, request{method: http.MethodGet, companyID: companyID, path: projectPath(companyID, id), data: project})
	project.Version = versionOf(header)
	return project, err
}

// RefreshProject is GetProject for what reads many, as RefreshServiceAccount is.
func (c *Client) RefreshProject(ctx context.Context, companyID, id string) (*Project, error) {
	project, found, err := c.projects.get(ctx, companyID, id)
	if found || err != nil {
		return &project, err
	}
	return c.GetProject(ctx, companyID, id)
}

// CreateProject makes a project. Names need not be unique: doing it twice makes two.
func (c *Client) CreateProject(ctx context.Context, companyID string, project NewProject) (*Project, error) {
	created := &Project{}
	header, err := c.do(ctx, request{method: http.MethodPost, companyID: companyID, path: projectPath(companyID), body: project, data: created})
	created.Version = versionOf(header)
	return created, err
}

// UpdateProject changes a project and returns it as it is afterwards.
func (c *Client) UpdateProject(
	ctx context.Context, companyID, id string, changes ProjectChanges, conditions ...Option,
) (*Project, error) {
	project := &Project{}
	header, err := c.do(ctx, request{
		method: http.MethodPatch, companyID: companyID, path: projectPath(companyID, id), body: changes, data: project,
	}.under(conditions))
	project.Version = versionOf(header)
	return project, err
}

// DeleteProject deletes a project, for ever.
func (c *Client) DeleteProject(ctx context.Context, companyID, id string, conditions ...Option) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, companyID: companyID, path: projectPath(companyID, id)}.under(conditions))
	return err
}
