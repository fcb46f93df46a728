package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ datasource.DataSource              = (*projectsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*projectsDataSource)(nil)
)

func newProjectsDataSource() datasource.DataSource { return &projectsDataSource{} }

type projectsDataSource struct{ dataSourceBase }

// projectsModel is procore_projects: the API's filters, and what they let through.
type projectsModel struct {
	CompanyID types.String  `tfsdk:"company_id"`
	Name      types.String  `tfsdk:"name"`
	Active    types.Bool    `tfsdk:"active"`
	Search    types.String  `tfsdk:"search"`
	Projects  []projectData `tfsdk:"projects"`
}

func (d *projectsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_projects"
}

func (d *projectsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The projects of a company, all of them or those that every given filter lets through, sorted by name. None is an empty " +
			"list, not an error.",
		Attributes: map[string]schema.Attribute{
			"company_id": companyIDArgument(),
			"name": schema.StringAttribute{
				Optional: true, Validators: []validator.String{isName()},
				MarkdownDescription: "Only projects of this name; upper and lower case count as the same.",
			},
			"active": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Only projects that go on (`true`), or only those that don't (`false`).",
			},
			"search": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Only projects with this text in their name or number; upper and lower case count as the same.",
			},
			"projects": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The projects, sorted by name.",
				NestedObject:        schema.NestedAttributeObject{Attributes: projectDataAttributes()},
			},
		},
	}
}

func (d *projectsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model projectsModel
	api, companyID, ok := d.begin(ctx, req, resp, &model, "company_id")
	if !ok {
		return
	}
	projects, err := api.ListProjects(ctx, companyID, client.ProjectFilter{
		Name:   model.Name.ValueString(),
		Active: model.Active.ValueBoolPointer(),
		Search: model.Search.ValueString(),
	})
	if err != nil {
		d.report(&resp.Diagnostics, operation{
			verb: "list", noun: "projects", companyID: companyID,
			attributes: projectFilters,
		}, err)
		return
	}
	model.CompanyID = types.StringValue(companyID)
	model.Projects = make([]projectData, len(projects))
	for i, project := range projects {
		model.Projects[i] = newProjectData(project)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// projectFilters maps the API's filters to the arguments.
var projectFilters = map[string]string{"filters[name]": "name", "filters[active]": "active", "filters[search]": "search"}
