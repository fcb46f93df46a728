package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// projectModel is procore_project in configuration, plan and state.
type projectModel struct {
	ID            types.String `tfsdk:"id"`
	CompanyID     types.String `tfsdk:"company_id"`
	Name          types.String `tfsdk:"name"`
	ProjectNumber types.String `tfsdk:"project_number"`
	Active        types.Bool   `tfsdk:"active"`
}

// projectFields are the attributes that the API knows under the same name.
var projectFields = map[string]string{"name": "name", "project_number": "project_number", "active": "active"}

// managed are the attributes that the configuration decides. A plan of nil, to destroy, decides nothing.
func (m *projectModel) managed() []managed {
	if m == nil {
		return nil
	}
	return []managed{{"name", m.Name}, {"project_number", m.ProjectNumber}, {"active", m.Active}}
}

// fill takes over what the server says.
func (m *projectModel) fill(project client.Project) {
	m.ID = types.StringValue(project.ID)
	m.CompanyID = types.StringValue(project.CompanyID)
	m.Name = types.StringValue(project.Name)
	m.ProjectNumber = types.StringPointerValue(project.ProjectNumber)
	m.Active = types.BoolValue(project.Active)
}

// newProject is the request that creates what is planned.
func (m *projectModel) newProject() client.NewProject {
	return client.NewProject{
		Name:          m.Name.ValueString(),
		ProjectNumber: m.ProjectNumber.ValueStringPointer(),
		Active:        m.Active.ValueBool(),
	}
}

// changes is the request that turns state into the plan; changed is false when it would say nothing.
func (m *projectModel) changes(state projectModel) (changes client.ProjectChanges, changed bool) {
	changes = client.ProjectChanges{Name: newString(state.Name, m.Name), Active: newBool(state.Active, m.Active)}
	if !m.ProjectNumber.Equal(state.ProjectNumber) {
		changes.ProjectNumber = &client.Nullable{Value: m.ProjectNumber.ValueStringPointer()}
	}
	return changes, changes != client.ProjectChanges{}
}
