package rest

import (
	"context"

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
	levels, err := a.Permissions.CompanyPermissions(ctx, input.company(), id)
	if err != nil {
		return nil, err
	}
	body := CompanyPermissions{levels}
	return &permissionsOutput{ETag: etag(body), Body: Data[CompanyPermissions]{body}}, nil
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
