package rest

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Assignment is a service account's place in a project, on the wire.
type Assignment struct {
	ServiceAccountID string       `json:"service_account_id" example:"17"`
	ProjectID        string       `json:"project_id" example:"3"`
	Permissions      store.Levels `json:"permissions" nullable:"false" doc:"Project tool to level; a tool that is absent is at none"`
	CreatedAt        string       `json:"created_at" format:"date-time"`
	UpdatedAt        string       `json:"updated_at" format:"date-time"`
}

func newAssignment(assignment store.Assignment) Assignment {
	return Assignment{
		ServiceAccountID: assignment.ServiceAccountID.String(), ProjectID: assignment.ProjectID.String(),
		Permissions: assignment.Levels, CreatedAt: timestamp(assignment.CreatedAt), UpdatedAt: timestamp(assignment.UpdatedAt),
	}
}

// assignmentETag is "" for an assignment that a PUT is about to make.
func assignmentETag(assignment store.Assignment) string {
	if assignment.CreatedAt.IsZero() {
		return ""
	}
	return etag(newAssignment(assignment))
}

type assignments struct{ Config }

type assignmentOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   Data[Assignment]
}

func newAssignmentOutput(status int, assignment store.Assignment) *assignmentOutput {
	return &assignmentOutput{status, assignmentETag(assignment), Data[Assignment]{newAssignment(assignment)}}
}

// AssignmentParams are the parameters of every route below an assignment.
type AssignmentParams struct {
	AccountParams
	ProjectID string `path:"project_id" doc:"The project's id" example:"3"`
}

func (p AssignmentParams) ids() (account, project store.ID, err error) {
	if account, err = p.account(); err != nil {
		return 0, 0, err
	}
	project, err = parseID("project", p.ProjectID)
	return account, project, err
}

type listAssignmentsInput struct {
	AccountParams
	PageParams
}

type listAssignmentsOutput struct {
	PageHeaders
	Body TaggedList[Assignment]
}

func newAssignmentList(ctx context.Context, params PageParams, page store.Page[store.Assignment]) *listAssignmentsOutput {
	return &listAssignmentsOutput{params.headers(ctx, page.Total), taggedList(page.Items, newAssignment, assignmentETag)}
}

func (a *assignments) list(ctx context.Context, input *listAssignmentsInput) (*listAssignmentsOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	page, err := a.Assignments.ListAssignments(ctx, input.company(), id, input.request())
	if err != nil {
		return nil, err
	}
	return newAssignmentList(ctx, input.PageParams, page), nil
}

// listAccessInput is of a list of what the company's accounts may do.
type listAccessInput struct {
	CompanyParams
	PageParams
	IDs []string `query:"filters[service_account_id][],explode" maxItems:"1000" doc:"What these accounts may do; repeatable"`
	ID  []string `query:"filters[service_account_id],explode" maxItems:"1000" doc:"Another spelling of filters[service_account_id][]"`
}

func (i *listAccessInput) query() store.AccessQuery {
	return store.AccessQuery{ServiceAccountIDs: idFilter(i.IDs, i.ID), Page: i.request()}
}

func (a *assignments) listCompany(ctx context.Context, input *listAccessInput) (*listAssignmentsOutput, error) {
	page, err := a.Assignments.ListCompanyAssignments(ctx, input.company(), input.query())
	if err != nil {
		return nil, err
	}
	return newAssignmentList(ctx, input.PageParams, page), nil
}

func (a *assignments) get(ctx context.Context, input *AssignmentParams) (*assignmentOutput, error) {
	account, project, err := input.ids()
	if err != nil {
		return nil, err
	}
	assignment, err := a.Assignments.Assignment(ctx, input.company(), account, project)
	if err != nil {
		return nil, err
	}
	return newAssignmentOutput(http.StatusOK, assignment), nil
}

// AssignmentPut is the body that makes an assignment or replaces its levels.
type AssignmentPut struct {
	Permissions store.Levels `json:"permissions,omitempty" nullable:"false" doc:"Project tool to level; none is the same as absent"`
}

// AssignmentChangeParams are the parameters of every route that changes an assignment.
type AssignmentChangeParams struct {
	AssignmentParams
	IfMatch
}

func (p AssignmentChangeParams) precondition() store.Precondition[store.Assignment] {
	return precondition(p.IfMatch, "project assignment", assignmentETag)
}

type putAssignmentInput struct {
	AssignmentChangeParams
	Body Object[AssignmentPut]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *putAssignmentInput) Resolve(ctx huma.Context) []error {
	_, err := i.Body.Value.Permissions.NormalizeProject()
	return slices.Concat(i.AssignmentChangeParams.Resolve(ctx), i.Body.faults(), faultErrors(err))
}

func (a *assignments) put(ctx context.Context, input *putAssignmentInput) (*assignmentOutput, error) {
	account, project, err := input.ids()
	if err != nil {
		return nil, err
	}
	assignment, made, err := a.Assignments.PutAssignment(ctx, input.company(), account, project,
		input.Body.Value.Permissions, input.precondition())
	if err != nil {
		return nil, err
	}
	if made {
		return newAssignmentOutput(http.StatusCreated, assignment), nil
	}
	return newAssignmentOutput(http.StatusOK, assignment), nil
}

func (a *assignments) delete(ctx context.Context, input *AssignmentChangeParams) (*nothing, error) {
	account, project, err := input.ids()
	if err != nil {
		return nil, err
	}
	return nil, a.Assignments.DeleteAssignment(ctx, input.company(), account, project, input.precondition())
}

// wires returns stored objects as they go over the wire; a list is never null.
func wires[S, W any](stored []S, wire func(S) W) []W {
	list := make([]W, len(stored))
	for i, object := range stored {
		list[i] = wire(object)
	}
	return list
}
