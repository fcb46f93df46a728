package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// permissionsModel is procore_service_account_permissions in configuration, plan and state.
type permissionsModel struct {
	ID               types.String `tfsdk:"id"`
	CompanyID        types.String `tfsdk:"company_id"`
	ServiceAccountID types.String `tfsdk:"service_account_id"`
	Company          types.Map    `tfsdk:"company"`
	SecretVersion    types.Int64  `tfsdk:"secret_version"`
}

// permissionFields are the attributes behind the fields of the API.
var permissionFields = map[string]string{"company": "company"}

// managed are the levels, whichever way they are written.
func (m *permissionsModel) managed() []managed { return []managed{managedLevels("company", m.Company)} }

// fill takes over what the server says, in the spelling that the model has.
func (m *permissionsModel) fill(companyID, accountID string, permissions client.Permissions) {
	m.ID = types.StringValue(accountID)
	m.ServiceAccountID = types.StringValue(accountID)
	m.CompanyID = types.StringValue(companyID)
	m.Company = spellLevels(permissions.Company, m.Company)
}

// replaces reports whether the plan is for another account than the state's.
func (m *permissionsModel) replaces(state permissionsModel) bool {
	return !m.ServiceAccountID.Equal(state.ServiceAccountID) || !m.CompanyID.Equal(state.CompanyID)
}

func (m *permissionsModel) permissions() client.Permissions {
	return client.Permissions{Company: grantedLevels(m.Company)}
}

func (m *permissionsModel) planned() plannedGrant {
	return plannedGrant{
		companyID: m.CompanyID, accountID: m.ServiceAccountID, secretVersion: m.SecretVersion,
		what: "the company permissions",
	}
}
