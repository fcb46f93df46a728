package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// serviceAccountModel is procore_service_account in configuration, plan and state.
type serviceAccountModel struct {
	ID                    types.String `tfsdk:"id"`
	CompanyID             types.String `tfsdk:"company_id"`
	Name                  types.String `tfsdk:"name"`
	AppType               types.String `tfsdk:"app_type"`
	MarketplaceApp        types.String `tfsdk:"marketplace_app"`
	Description           types.String `tfsdk:"description"`
	DeletionProtection    types.Bool   `tfsdk:"deletion_protection"`
	AddToNewProjects      types.Bool   `tfsdk:"add_to_new_projects"`
	ClientSecretWO        types.String `tfsdk:"client_secret_wo"`
	ClientSecretWOVersion types.Int64  `tfsdk:"client_secret_wo_version"`
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecret          types.String `tfsdk:"client_secret"`
	SecretVersion         types.Int64  `tfsdk:"secret_version"`
	SecretFingerprint     types.String `tfsdk:"secret_fingerprint"`
	Status                types.String `tfsdk:"status"`
	StatusReasons         types.List   `tfsdk:"status_reasons"`
	ContactEmail          types.String `tfsdk:"contact_email"`
	CreatedAt             types.String `tfsdk:"created_at"`
	UpdatedAt             types.String `tfsdk:"updated_at"`
}

// accountFields are the attributes of schema that the API knows under the same name. client_secret isn't among them: a
// diagnostic of client_secret_wo would show its line of the configuration, and with it the secret.
var accountFields = map[string]string{
	"name": "name", "app_type": "app_type", "marketplace_app": "marketplace_app", "description": "description",
	"deletion_protection": "deletion_protection", "add_to_new_projects": "add_to_new_projects",
}

// managed are the attributes that the configuration decides, which is what a change made elsewhere can get in the way of. A plan of nil, to destroy, decides nothing.
func (m *serviceAccountModel) managed() []managed {
	if m == nil {
		return nil
	}
	return []managed{
		{"name", m.Name},
		{"app_type", m.AppType},
		{"marketplace_app", m.MarketplaceApp},
		{"description", m.Description},
		{"deletion_protection", m.DeletionProtection},
		{"add_to_new_projects", m.AddToNewProjects},
	}
}

// fill takes over what the server says about the account: everything but the secret, which only the
// answer to a create has, and what is the configuration's own.
func (m *serviceAccountModel) fill(account client.ServiceAccount) {
	m.ID = types.StringValue(account.ID)
	m.CompanyID = types.StringValue(account.CompanyID)
	m.Name = types.StringValue(account.Name)
	m.AppType = types.StringValue(account.AppType)
	m.MarketplaceApp = types.StringPointerValue(account.MarketplaceApp)
	m.Description = types.StringValue(account.Description)
	m.DeletionProtection = types.BoolValue(account.DeletionProtection)
	m.AddToNewProjects = types.BoolValue(account.AddToNewProjects)
	m.ClientID = types.StringValue(account.ClientID)
	m.SecretVersion = types.Int64Value(account.SecretVersion)
	m.SecretFingerprint = types.StringValue(account.SecretFingerprint)
	m.Status = types.StringValue(account.Status)
	m.StatusReasons = stringList(account.StatusReasons)
	m.ContactEmail = contactEmail(account)
	m.CreatedAt = types.StringValue(account.CreatedAt)
	m.UpdatedAt = types.StringValue(account.UpdatedAt)
}

// refresh is fill for a Read. It drops the secret when the live one is another than the state's, and
// reports whether somebody relied on it.
func (m *serviceAccountModel) refresh(account client.ServiceAccount) (stale bool) {
	current := sameSecret(m.SecretVersion, m.SecretFingerprint, account)
	held := !m.ClientSecret.IsNull() || !m.ClientSecretWOVersion.IsNull()
	m.fill(account)
	if current {
		return false
	}
	m.ClientSecret = types.StringNull()
	return held
}

// sameSecret reports whether the live secret is the one that a state knows. A state from an import
// knows none yet, so nothing has changed for it. The fingerprint counts as well as the version: after
// a restored backup an old version number can stand for another secret.
func sameSecret(version types.Int64, fingerprint types.String, account client.ServiceAccount) bool {
	if version.IsNull() {
		return true
	}
	return version.ValueInt64() == account.SecretVersion && fingerprint.ValueString() == account.SecretFingerprint
}

// keepPromises puts back what the plan said about values that an update does not set. Terraform
// refuses an apply whose result differs from its plan; a value that changed on the server meanwhile (a
// reset, a lost status) shows at the next refresh, with its warning.
func (m *serviceAccountModel) keepPromises(plan serviceAccountModel) {
	m.Status = promised(plan.Status, m.Status)
	m.StatusReasons = promised(plan.StatusReasons, m.StatusReasons)
	m.SecretVersion = promised(plan.SecretVersion, m.SecretVersion)
	m.SecretFingerprint = promised(plan.SecretFingerprint, m.SecretFingerprint)
	m.ContactEmail = promised(plan.ContactEmail, m.ContactEmail)
}

func promised[T attr.Value](planned, answered T) T {
	if planned.IsUnknown() {
		return answered
	}
	return planned
}

// newAccount is the request that creates what is planned. The secret comes from the configuration: a
// write-only value is in no plan.
func (m *serviceAccountModel) newAccount(configuredSecret types.String) client.NewServiceAccount {
	return client.NewServiceAccount{
		Name:               m.Name.ValueString(),
		AppType:            m.AppType.ValueString(),
		MarketplaceApp:     m.MarketplaceApp.ValueStringPointer(),
		Description:        m.Description.ValueString(),
		DeletionProtection: m.DeletionProtection.ValueBool(),
		AddToNewProjects:   m.AddToNewProjects.ValueBool(),
		ClientSecret:       configuredSecret.ValueStringPointer(),
	}
}

// changes is the request that turns state into the plan; changed is false when it would say nothing.
func (m *serviceAccountModel) changes(state serviceAccountModel) (changes client.ServiceAccountChanges, changed bool) {
	changes.Name = newString(state.Name, m.Name)
	changes.AppType = newString(state.AppType, m.AppType)
	changes.Description = newString(state.Description, m.Description)
	changes.DeletionProtection = newBool(state.DeletionProtection, m.DeletionProtection)
	changes.AddToNewProjects = newBool(state.AddToNewProjects, m.AddToNewProjects)
	if !m.MarketplaceApp.Equal(state.MarketplaceApp) {
		changes.MarketplaceApp = &client.Nullable{Value: m.MarketplaceApp.ValueStringPointer()}
	}
	return changes, changes != client.ServiceAccountChanges{}
}

func newString(state, plan types.String) *string {
	if plan.Equal(state) {
		return nil
	}
	return plan.ValueStringPointer()
}

func newBool(state, plan types.Bool) *bool {
	if plan.Equal(state) {
		return nil
	}
	return plan.ValueBoolPointer()
}

func contactEmail(account client.ServiceAccount) types.String {
	if account.Contact == nil {
		return types.StringNull()
	}
	return types.StringValue(account.Contact.EmailAddress)
}
