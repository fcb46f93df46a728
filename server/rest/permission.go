package rest

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// CompanyPermissions are an account's levels on company tools.
type CompanyPermissions struct {
	Company store.Levels `json:"company" nullable:"false" doc:"Tool to level; a tool that is absent is at none"`
}

type permissionsOutput struct {
	ETag string `header:"ETag"`
	Body Data[CompanyPermissions]
}

func (a *accounts) permissions(ctx context.Context, input *AccountParams) (*permissionsOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	held, err := a.Permissions.CompanyPermissions(ctx, input.company(), id)
	if err != nil {
		return nil, err
	}
	return newPermissionsOutput(held), nil
}

func newPermissionsOutput(held store.AccountLevels) *permissionsOutput {
	return &permissionsOutput{ETag: permissionsETag(held), Body: Data[CompanyPermissions]{CompanyPermissions{held.Levels}}}
}

// permissionsETag is of the levels and of whose they are: two accounts often hold the same, and an If-Match that a client
// has from another server, or from before the database was made anew, must not match the account that has the id here.
func permissionsETag(held store.AccountLevels) string {
	return etag(struct {
		ClientID string
		CompanyPermissions
	}{held.ClientID, CompanyPermissions{held.Levels}})
}

// AccountPermissions are the levels on company tools of one of several accounts.
type AccountPermissions struct {
	ServiceAccountID string `json:"service_account_id" example:"17"`
	CompanyPermissions
}

func newAccountPermissions(held store.AccountLevels) AccountPermissions {
	return AccountPermissions{held.ServiceAccountID.String(), CompanyPermissions{held.Levels}}
}

type listPermissionsOutput struct {
	PageHeaders
	Body TaggedList[AccountPermissions]
}

func (a *accounts) listPermissions(ctx context.Context, input *listAccessInput) (*listPermissionsOutput, error) {
	page, err := a.Permissions.ListCompanyPermissions(ctx, input.company(), input.query())
	if err != nil {
		return nil, err
	}
	return &listPermissionsOutput{input.headers(ctx, page.Total), taggedList(page.Items, newAccountPermissions, permissionsETag)}, nil
}

type putPermissionsInput struct {
	AccountParams
	IfMatch
	Body Object[CompanyPermissions]
}

// Resolve adds what the store's rules find to what the schema finds (huma.Resolver).
func (i *putPermissionsInput) Resolve(ctx huma.Context) []error {
	_, err := i.Body.Value.Company.NormalizeCompany()
	return slices.Concat(i.AccountParams.Resolve(ctx), i.Body.faults(), faultErrors(err))
}

func (a *accounts) putPermissions(ctx context.Context, input *putPermissionsInput) (*permissionsOutput, error) {
	id, err := input.account()
	if err != nil {
		return nil, err
	}
	held, err := a.Permissions.ReplaceCompanyPermissions(ctx, input.company(), id, input.Body.Value.Company,
		precondition(input.IfMatch, "set of permissions", permissionsETag))
	if err != nil {
		return nil, err
	}
	return newPermissionsOutput(held), nil
}

// Tools lists what permissions can be granted on.
type Tools struct {
	Company []Tool `json:"company" nullable:"false"`
	Project []Tool `json:"project" nullable:"false"`
}

// Tool is a company or project tool.
type Tool struct {
	Name   string   `json:"name" example:"documents"`
	Levels []string `json:"levels" nullable:"false" enum:"none,readonly,standard,admin" doc:"The levels that the tool takes, lowest first"`
}

type toolsOutput struct{ Body Data[Tools] }

func listTools(_ context.Context, _ *CompanyParams) (*toolsOutput, error) {
	output := &toolsOutput{}
	output.Body.Data = Tools{Company: newTools(store.CompanyTools()), Project: newTools(store.ProjectTools())}
	return output, nil
}

func newTools(tools []store.Tool) []Tool {
	list := make([]Tool, len(tools))
	for i, tool := range tools {
		list[i] = Tool{Name: tool.Name}
		for _, level := range tool.Levels {
			list[i].Levels = append(list[i].Levels, string(level))
		}
	}
	return list
}
