package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// projectData is a project as data sources show it.
type projectData struct {
	ID            types.String `tfsdk:"id"`
	CompanyID     types.String `tfsdk:"company_id"`
	Name          types.String `tfsdk:"name"`
	ProjectNumber types.String `tfsdk:"project_number"`
	Active        types.Bool   `tfsdk:"active"`
	CreatedAt     types.String `tfsdk:"created_at"`
	UpdatedAt     types.String `tfsdk:"updated_at"`
}

func newProjectData(project client.Project) projectData {
	return projectData{
		ID:            types.StringValue(project.ID),
		CompanyID:     types.StringValue(project.CompanyID),
		Name:          types.StringValue(project.Name),
		ProjectNumber: types.StringPointerValue(project.ProjectNumber),
		Active:        types.BoolValue(project.Active),
		CreatedAt:     types.StringValue(project.CreatedAt),
		UpdatedAt:     types.StringValue(project.UpdatedAt),
	}
}

// projectDataAttributes describes projectData. A data source that looks a project up replaces those that it takes as
// arguments.
func projectDataAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":             text("ID of the project in its company."),
		"company_id":     text("ID of the company of the project."),
		"name":           text("Name of the project."),
		"project_number": text("The company's own number or code of the project; null when it has none."),
		"active": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the project goes on.",
		},
		"created_at": text("When the project was made, in UTC, such as `2026-01-02T15:04:05Z`."),
		"updated_at": text("When the project was last changed, in UTC."),
	}
}
