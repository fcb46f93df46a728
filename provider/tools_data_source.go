package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ datasource.DataSource              = (*toolsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*toolsDataSource)(nil)
)

func newToolsDataSource() datasource.DataSource { return &toolsDataSource{} }

type toolsDataSource struct{ dataSourceBase }

// toolsModel is procore_tools.
type toolsModel struct {
	CompanyID types.String `tfsdk:"company_id"`
	Company   []toolData   `tfsdk:"company"`
	Project   []toolData   `tfsdk:"project"`
}

// toolData is a tool and the levels that it takes, lowest first.
type toolData struct {
	Name   types.String `tfsdk:"name"`
	Levels types.List   `tfsdk:"levels"`
}

func newToolData(tools []client.Tool) []toolData {
	data := make([]toolData, len(tools))
	for i, tool := range tools {
		data[i] = toolData{Name: types.StringValue(tool.Name), Levels: stringList(tool.Levels)}
	}
	return data
}

func (d *toolsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_tools"
}

func (d *toolsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	tools := func(description string) schema.ListNestedAttribute {
		return schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: description,
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the tool, such as `documents`."},
				"levels": schema.ListAttribute{
					Computed: true, ElementType: types.StringType,
					MarkdownDescription: "The levels that the tool takes, lowest first: some of `none`, `readonly`, `standard`, `admin`.",
				},
			}},
		}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The tools that permissions are granted on, with the levels that each takes.",
		Attributes: map[string]schema.Attribute{
			"company_id": companyIDArgument(),
			"company":    tools("The company's tools, for `company` of `procore_service_account_permissions`, sorted by name."),
			"project":    tools("The tools of a project, for `permissions` of `procore_project_membership`, sorted by name."),
		},
	}
}

func (d *toolsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model toolsModel
	api, companyID, ok := d.begin(ctx, req, resp, &model, "company_id")
	if !ok {
		return
	}
	tools, err := api.GetTools(ctx, companyID)
	if err != nil {
		d.report(&resp.Diagnostics, operation{verb: "list", noun: "tools", companyID: companyID}, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, toolsModel{
		CompanyID: types.StringValue(companyID), Company: newToolData(tools.Company), Project: newToolData(tools.Project),
	})...)
}
