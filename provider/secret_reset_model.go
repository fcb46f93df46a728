package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// noPreviousSecret is the default of previous_secret_ttl: the old secret ends at once.
const noPreviousSecret = "0s"

// secretResetModel is procore_service_account_secret_reset in configuration, plan and state.
type secretResetModel struct {
	ID                    types.String `tfsdk:"id"`
	CompanyID             types.String `tfsdk:"company_id"`
	ServiceAccountID      types.String `tfsdk:"service_account_id"`
	Triggers              types.Map    `tfsdk:"triggers"`
	KeepAccess            types.Bool   `tfsdk:"keep_access"`
	PreviousSecretTTL     types.String `tfsdk:"previous_secret_ttl"`
	MaxAge                types.String `tfsdk:"max_age"`
	WarnBefore            types.String `tfsdk:"warn_before"`
	ClientSecretWO        types.String `tfsdk:"client_secret_wo"`
	ClientSecretWOVersion types.Int64  `tfsdk:"client_secret_wo_version"`
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecret          types.String `tfsdk:"client_secret"`
	SecretVersion         types.Int64  `tfsdk:"secret_version"`
	SecretFingerprint     types.String `tfsdk:"secret_fingerprint"`
	ResetAt               types.String `tfsdk:"reset_at"`
	ClearedPermissions    types.Map    `tfsdk:"cleared_permissions"`
	ClearedProjectIDs     types.List   `tfsdk:"cleared_project_ids"`
}

// resetFields maps the fields of a reset's request to attributes, but for client_secret (see accountFields).
var resetFields = map[string]string{
	"keep_access": "keep_access", "previous_secret_ttl": "previous_secret_ttl",
}

// fillAccount takes over what every answer says about the account and its live secret.
func (m *secretResetModel) fillAccount(account client.ServiceAccount) {
	m.ID = types.StringValue(account.ID)
	m.ServiceAccountID = types.StringValue(account.ID)
	m.CompanyID = types.StringValue(account.CompanyID)
	m.ClientID = types.StringValue(account.ClientID)
	m.SecretVersion = types.Int64Value(account.SecretVersion)
	m.SecretFingerprint = types.StringValue(account.SecretFingerprint)
	m.ResetAt = types.StringValue(account.SecretCreatedAt)
}

// fillReset takes over the answer to a reset. ownSecret is set when the configuration brought the new
// secret: then it stays out of the state.
func (m *secretResetModel) fillReset(reset client.Reset, ownSecret bool) {
	m.fillAccount(reset.ServiceAccount)
	m.ClientSecret = types.StringNull()
	if !ownSecret {
		m.ClientSecret = types.StringValue(reset.ClientSecret)
	}
	m.ClearedPermissions = stringMap(reset.Cleared.Permissions)
	m.ClearedProjectIDs = stringList(reset.Cleared.ProjectIDs)
}

// refresh takes over what a Read finds and reports whether a secret that Terraform knew, or brought, was
// reset since; then the state's secret is dropped. What that reset had cleared stays as it was.
func (m *secretResetModel) refresh(account client.ServiceAccount) (stale bool) {
	held := !m.ClientSecret.IsNull() || !m.ClientSecretWOVersion.IsNull()
	current := sameSecret(m.SecretVersion, m.SecretFingerprint, account)
	m.fillAccount(account)
	if !current {
		m.ClientSecret = types.StringNull()
		stale = held
	}
	if m.KeepAccess.IsNull() { // imported: nothing was ever configured
		m.KeepAccess = types.BoolValue(false)
	}
	if m.PreviousSecretTTL.IsNull() {
		m.PreviousSecretTTL = types.StringValue(noPreviousSecret)
	}
	return stale
}

// keepOutputs takes what the last reset gave over from state: nothing was reset since.
func (m *secretResetModel) keepOutputs(state secretResetModel) {
	m.ID, m.CompanyID, m.ClientID = state.ID, state.CompanyID, state.ClientID
	m.ClientSecret = state.ClientSecret
	m.SecretVersion = state.SecretVersion
	m.SecretFingerprint = state.SecretFingerprint
	m.ResetAt = state.ResetAt
	m.ClearedPermissions = state.ClearedPermissions
	m.ClearedProjectIDs = state.ClearedProjectIDs
}

// forgetOutputs makes what a reset gives unknown in a plan. With a secret of the configuration's own,
// client_secret is known to be null; ownSecret unknown may still turn out null, so nothing is known.
func (m *secretResetModel) forgetOutputs(ownSecret types.String) {
	m.ClientSecret = types.StringUnknown()
	if !ownSecret.IsNull() && !ownSecret.IsUnknown() {
		m.ClientSecret = types.StringNull()
	}
	m.SecretVersion = types.Int64Unknown()
	m.SecretFingerprint = types.StringUnknown()
	m.ResetAt = types.StringUnknown()
	m.ClearedPermissions = types.MapUnknown(types.StringType)
	m.ClearedProjectIDs = types.ListUnknown(types.StringType)
}

// options is the request of the reset. The validator has checked the duration, but one that was
// unknown then is checked here again.
func (m *secretResetModel) options(ownSecret types.String) (client.ResetOptions, error) {
	ttl, err := parsePreviousSecretTTL(m.PreviousSecretTTL.ValueString())
	return client.ResetOptions{
		KeepAccess:        m.KeepAccess.ValueBool(),
		PreviousSecretTTL: ttl,
		ClientSecret:      ownSecret.ValueStringPointer(),
	}, err
}
