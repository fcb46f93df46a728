package rest

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Project is a project on the wire.
type Project struct {
	ID            string  `json:"id" example:"3"`
	CompanyID     string  `json:"company_id" example:"1"`
	Name          string  `json:"name" example:"Harbour Tower"`
	ProjectNumber *string `json:"project_number" example:"2026-014"`
	Active        bool    `json:"active"`
	CreatedAt     string  `json:"created_at" format:"date-time"`
	UpdatedAt     string  `json:"updated_at" format:"date-time"`
}

func newProject(project store.Project) Project {
	return Project{
		ID: project.ID.String(), CompanyID: project.CompanyID.String(), Name: project.Name,
		ProjectNumber: optional(project.ProjectNumber), Active: project.Active,
		CreatedAt: timestamp(project.CreatedAt), UpdatedAt: timestamp(project.UpdatedAt),
	}
}

func projectETag(project store.Project) string { return etag(newProject(project)) }

type projects struct{ Config }

type projectOutput struct {
	ETag string `header:"ETag"`
	Body Data[Project]
}

// ProjectParams are the parameters of every route below a project.
type ProjectParams struct {
	CompanyParams
	ProjectID string `path:"id" doc:"The project's id" example:"3"`
}

func (p ProjectParams) project() (store.ID, error) { return parseID("project", p.ProjectID) }

func (p *projects) get(ctx context.Context, input *ProjectParams) (*projectOutput, error) {
	id, err := input.project()
	if err != nil {
		return nil, err
	}
	project, err := p.Projects.Project(ctx, input.company(), id)
	if err != nil {
		return nil, err
	}
	return &projectOutput{projectETag(project), Data[Project]{newProject(project)}}, nil
}

type listProjectsInput struct {
	CompanyParams
	PageParams
	Name   string   `query:"filters[name]" doc:"The projects of this name, whatever the case"`
	Active string   `query:"filters[active]" enum:"true,false"`
	IDs    []string `query:"filters[id][],explode" maxItems:"1000" doc:"The projects with these ids; repeatable"`
	ID     []string `query:"filters[id],explode" maxItems:"1000" doc:"Another spelling of filters[id][]"`
	Search string   `query:"filters[search]" doc:"Projects whose name or number contains this, whatever the case"`
	Sort   string   `query:"sort" enum:"name,-name,created_at,-created_at" doc:"By id unless told; - reverses"`
}

type listProjectsOutput struct {
	PageHeaders
	Body TaggedList[Project]
}

func (p *projects) list(ctx context.Context, input *listProjectsInput) (*listProjectsOutput, error) {
	query := store.ProjectQuery{
		Name: input.Name, IDs: idFilter(input.IDs, input.ID), Search: input.Search, Sort: store.Sort(input.Sort), Page: input.request(),
	}
	if input.Active != "" {
		active := input.Active == "true"
		query.Active = &active
	}
	page, err := p.Projects.ListProjects(ctx, input.company(), query)
	if err != nil {
		return nil, err
	}
	return &listProjectsOutput{input.headers(ctx, page.Total), taggedList(page.Items, newProject, projectETag)}, nil
}

// ProjectCreate is the body that makes a project.
type ProjectCreate struct {
	Name          string  `json:"name" doc:"1 to 255 characters; trimmed; no control characters"`
	ProjectNumber *string `json:"project_number,omitempty" nullable:"true" doc:"At most 255 characters"`
	Active        *bool   `json:"active,omitempty" nullable:"false" doc:"true unless told"`
}

type createProjectInput struct {
	CompanyParams
	OnceParams
	Body Object[ProjectCreate]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *createProjectInput) Resolve(ctx huma.Context) []error {
	project := i.project()
	return slices.Concat(i.CompanyParams.Resolve(ctx), i.OnceParams.Resolve(ctx), i.Body.faults("project_number"), faultErrors(project.Normalize()))
}

func (i *createProjectInput) project() store.NewProject {
	body := i.Body.Value
	return store.NewProject{Name: body.Name, ProjectNumber: text(body.ProjectNumber), Active: body.Active == nil || *body.Active}
}

type createProjectOutput struct {
	OnceHeaders
	ETag     string `header:"ETag"`
	Location string `header:"Location" doc:"The path of the new project"`
	Body     Data[Project]
}

func (p *projects) create(ctx context.Context, input *createProjectInput) (*createProjectOutput, error) {
	answer := func(project store.Project) *createProjectOutput {
		return &createProjectOutput{
			ETag: projectETag(project), Body: Data[Project]{newProject(project)},
			Location: "/rest/v2.0/companies/" + project.CompanyID.String() + "/projects/" + project.ID.String(),
		}
	}
	return doOnce(input.onceRequest(ctx, input.Body.sent()), answer, func(once *store.Once[store.Project]) (store.Project, error) {
		return p.Projects.CreateProject(ctx, input.company(), input.project(), once)
	})
}

// ProjectUpdate is the body that edits a project. What is left out stays as it is.
type ProjectUpdate struct {
	Name          *string          `json:"name,omitempty" nullable:"false" doc:"1 to 255 characters; trimmed; no control characters"`
	ProjectNumber Nullable[string] `json:"project_number,omitempty" doc:"null for none"`
	Active        *bool            `json:"active,omitempty" nullable:"false"`
}

// ProjectChangeParams are the parameters of every route that changes a project.
type ProjectChangeParams struct {
	ProjectParams
	IfMatch
}

func (p ProjectChangeParams) precondition() store.Precondition[store.Project] {
	return precondition(p.IfMatch, "project", projectETag)
}

type updateProjectInput struct {
	ProjectChangeParams
	Body Object[ProjectUpdate]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *updateProjectInput) Resolve(ctx huma.Context) []error {
	// A stand-in for the stored project, which is valid: what is wrong with the result is wrong with the change.
	_, err := i.change().Apply(store.Project{Name: "project"})
	return slices.Concat(i.ProjectChangeParams.Resolve(ctx), i.Body.faults("project_number"), faultErrors(err))
}

func (i *updateProjectInput) change() store.ProjectChange {
	body := i.Body.Value
	change := store.ProjectChange{Name: body.Name, Active: body.Active}
	if body.ProjectNumber.Sent {
		number := text(body.ProjectNumber.Value)
		change.ProjectNumber = &number
	}
	return change
}

func (p *projects) update(ctx context.Context, input *updateProjectInput) (*projectOutput, error) {
	id, err := input.project()
	if err != nil {
		return nil, err
	}
	project, err := p.Projects.UpdateProject(ctx, input.company(), id, input.change(), input.precondition())
	if err != nil {
		return nil, err
	}
	return &projectOutput{projectETag(project), Data[Project]{newProject(project)}}, nil
}

func (p *projects) delete(ctx context.Context, input *ProjectChangeParams) (*nothing, error) {
	id, err := input.project()
	if err != nil {
		return nil, err
	}
	return nil, p.Projects.DeleteProject(ctx, input.company(), id, input.precondition())
}
