package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// membershipModel is procore_project_membership in configuration, plan and state.
type membershipModel struct {
	ID               types.String `tfsdk:"id"`
	CompanyID        types.String `tfsdk:"company_id"`
	ServiceAccountID types.String `tfsdk:"service_account_id"`
	ProjectID        types.String `tfsdk:"project_id"`
	Permissions      types.Map    `tfsdk:"permissions"`
	SecretVersion    types.Int64  `tfsdk:"secret_version"`
}

// membershipFields are the attributes behind the fields of the API.
var membershipFields = map[string]string{"permissions": "permissions"}

// managed are the levels, whichever way they are written. A plan of nil, to destroy, decides nothing.
func (m *membershipModel) managed() []managed {
	if m == nil {
		return nil
	}
	return []managed{managedLevels("permissions", m.Permissions)}
}

// fill takes over what the server says, in the spelling that the model has.
func (m *membershipModel) fill(companyID string, assignment client.ProjectAssignment) {
	m.ID = types.StringValue(assignment.ServiceAccountID + "/" + assignment.ProjectID)
	m.CompanyID = types.StringValue(companyID)
	m.ServiceAccountID = types.StringValue(assignment.ServiceAccountID)
	m.ProjectID = types.StringValue(assignment.ProjectID)
	m.Permissions = spellLevels(assignment.Permissions, m.Permissions)
}

// replaces reports whether the plan is for another account or another project than the state's.
func (m *membershipModel) replaces(state membershipModel) bool {
	return !m.ServiceAccountID.Equal(state.ServiceAccountID) || !m.ProjectID.Equal(state.ProjectID) || !m.CompanyID.Equal(state.CompanyID)
}

func (m *membershipModel) planned() plannedGrant {
	return plannedGrant{
		companyID: m.CompanyID, accountID: m.ServiceAccountID, secretVersion: m.SecretVersion,
		what: "the membership of project " + m.ProjectID.ValueString(),
	}
}
