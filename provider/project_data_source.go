package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ datasource.DataSource                     = (*projectDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*projectDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*projectDataSource)(nil)
)

func newProjectDataSource() datasource.DataSource { return &projectDataSource{} }

type projectDataSource struct{ dataSourceBase }

func (d *projectDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_project"
}

func (d *projectDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := projectDataAttributes()
	attributes["company_id"] = companyIDArgument()
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{isID()},
		MarkdownDescription: "ID of the project. Give one of `id` and `name`.",
	}
	attributes["name"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{isName()},
		MarkdownDescription: "Name of the project; upper and lower case count as the same. Give one of `id` and `name`.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One project of a company, found by its ID or its name. A name that no project has, or more than one, is an error.",
		Attributes:          attributes,
	}
}

func (d *projectDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *projectDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config projectData
	api, companyID, ok := d.begin(ctx, req, resp, &config, "company_id")
	if !ok {
		return
	}
	if project := d.find(ctx, api, companyID, config, &resp.Diagnostics); project != nil {
		resp.Diagnostics.Append(resp.State.Set(ctx, newProjectData(*project))...)
	}
}

// find returns the one project that config names, or adds an error and returns nil.
func (d *projectDataSource) find(ctx context.Context, api *client.Client, companyID string, config projectData, diags *diag.Diagnostics) *client.Project {
	tried := operation{verb: "find", noun: "project", companyID: companyID}
	if id := config.ID.ValueString(); id != "" {
		tried.object = id
		project, err := api.GetProject(ctx, companyID, id)
		if err != nil {
			d.report(diags, tried, err)
			return nil
		}
		return project
	}
	name := config.Name.ValueString()
	tried.object = quoted(name)
	projects, err := api.ListProjects(ctx, companyID, client.ProjectFilter{Name: name})
	if err != nil {
		d.report(diags, tried, err)
		return nil
	}
	if len(projects) != 1 {
		diags.AddAttributeError(path.Root("name"), tried.summary(), notOneProject(companyID, projects))
		return nil
	}
	return &projects[0]
}

// notOneProject says why a name finds no project: it is nobody's, or that of many.
func notOneProject(companyID string, projects []client.Project) string {
	if len(projects) == 0 {
		return fmt.Sprintf("Company %s has no project of this name. Check it and company_id.", companyID)
	}
	ids := make([]string, len(projects))
	for i, project := range projects {
		ids[i] = project.ID
	}
	return fmt.Sprintf("Company %s has %d projects of this name, with the IDs %s. Give the id of the one that is meant.",
		companyID, len(projects), strings.Join(ids, ", "))
}
