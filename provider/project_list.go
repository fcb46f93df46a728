package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ list.ListResource              = (*projectList)(nil)
	_ list.ListResourceWithConfigure = (*projectList)(nil)
)

func newProjectList() list.ListResource { return &projectList{} }

type projectList struct{ listBase }

// projectListModel is the configuration of a list of projects: the API's filters.
type projectListModel struct {
	CompanyID types.String `tfsdk:"company_id"`
	IDs       types.List   `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Active    types.Bool   `tfsdk:"active"`
	Search    types.String `tfsdk:"search"`
}

func (m projectListModel) filter() client.ProjectFilter {
	return client.ProjectFilter{
		IDs: texts(m.IDs), Name: m.Name.ValueString(), Active: m.Active.ValueBoolPointer(), Search: m.Search.ValueString(),
	}
}

// projectListFilters maps the API's filters to the arguments.
var projectListFilters = map[string]string{
	"filters[id][]": "id", "filters[name]": "name", "filters[active]": "active", "filters[search]": "search",
}

func (l *projectList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_project"
}

func (l *projectList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The projects of a company, all of them or those that every given filter lets through, sorted by name." + listUse,
		Attributes: map[string]schema.Attribute{
			"company_id": companyIDFilter(),
			"id":         idsFilter("projects"),
			"name":       textFilter("Only projects of this name; upper and lower case count as the same.", isName()),
			"active": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Only projects that go on (`true`), or only those that don't (`false`).",
			},
			"search": textFilter("Only projects with this text in their name or number; upper and lower case count as the same.",
				stringvalidator.LengthAtLeast(1)),
		},
	}
}

func (l *projectList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config projectListModel
	wanted, ok := l.begin(ctx, req, stream, &config)
	if !ok {
		return
	}
	wanted.tried = operation{verb: "list", noun: "projects", companyID: wanted.companyID, attributes: projectListFilters}
	stream.Results = l.results(ctx, wanted, func(yield func(listed, error) bool) {
		for project, err := range wanted.api.Projects(ctx, wanted.companyID, config.filter(), wanted.most()) {
			if !yield(listedProject(project), err) {
				return
			}
		}
	})
}

func listedProject(project client.Project) listed {
	var model projectModel
	model.fill(project)
	return listed{named(project.Name, project.ID), objectIdentity{model.CompanyID, model.ID}, model}
}
