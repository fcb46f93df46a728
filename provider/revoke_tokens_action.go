package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ action.Action               = (*revokeTokensAction)(nil)
	_ action.ActionWithConfigure  = (*revokeTokensAction)(nil)
	_ action.ActionWithModifyPlan = (*revokeTokensAction)(nil)
)

func newRevokeTokensAction() action.Action { return &revokeTokensAction{} }

type revokeTokensAction struct{ actionBase }

// revokeTokensModel is the configuration of procore_revoke_tokens.
type revokeTokensModel struct {
	ServiceAccountID types.String `tfsdk:"service_account_id"`
	CompanyID        types.String `tfsdk:"company_id"`
}

// check checks the IDs once more: Terraform validates an action without the values of variables. The error doesn't repeat them.
func (m revokeTokensModel) check(diags *diag.Diagnostics) (ok bool) {
	ok = true
	for attribute, id := range map[string]types.String{"service_account_id": m.ServiceAccountID, "company_id": m.CompanyID} {
		if !id.IsNull() && !validID(id.ValueString()) {
			ok = false
			diags.AddAttributeError(path.Root(attribute), "Invalid "+attribute,
				"The value must be an ID: a whole number from 1, without a sign, spaces or leading zeros.")
		}
	}
	return ok
}

func (a *revokeTokensAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "procore_revoke_tokens"
}

func (a *revokeTokensAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Ends all live access tokens of a service account, at once and for every call to the management API. The client secret stays, and gets new " +
			"tokens: so it is for a token that got out, or for what still works with an old one. When the secret itself got out, reset it.\n\n" +
			"Run it from the command line with `terraform apply -invoke=action.procore_revoke_tokens.<name>`, also for an account that Terraform doesn't manage, or from a resource's " +
			"`lifecycle` with `action_trigger`. After a `procore_service_account_secret_reset` with `previous_secret_ttl`, which leaves the old " +
			"secret and its tokens working for a while, the trigger `after_update` ends the tokens; the old secret still gets new ones until its time is over.\n\n" +
			"An action changes nothing in the state and returns nothing: a new secret only comes from a `procore_service_account_secret_reset`. A server that checks " +
			"tokens offline, by their signature, takes an ended one until it runs out. Needs Terraform 1.14 or newer. OpenTofu and older versions have no actions: there, " +
			"`POST /rest/v2.0/companies/{company_id}/service_accounts/{id}/actions/revoke_tokens` of the management API does the same.",
		Attributes: map[string]schema.Attribute{
			"service_account_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{isID()},
				MarkdownDescription: "ID of the service account.",
			},
			"company_id": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{isID()},
				MarkdownDescription: "ID of the company of the service account. Defaults to the provider's `company_id`.",
			},
		},
	}
}

// tried names the revocation for its diagnostics.
func (a *revokeTokensAction) tried(id, companyID string) operation {
	return operation{verb: "end the live access tokens of", noun: "service account", object: id, companyID: companyID}
}

// ModifyPlan finds out before anything is applied that there is no such account, where that can be known. What isn't known yet
// is no reason to defer the action: it needs the account's ID when it is invoked, not before. When the provider itself is deferred, the
// framework answers.
func (a *revokeTokensAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config revokeTokensModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() || a.session == nil || config.CompanyID.IsUnknown() || !a.companyKnown(config.CompanyID) {
		return
	}
	companyID := a.company(config.CompanyID, &resp.Diagnostics)
	if companyID == "" || config.ServiceAccountID.IsUnknown() || !config.check(&resp.Diagnostics) || a.session.api == nil {
		return
	}
	id := config.ServiceAccountID.ValueString()
	if _, err := a.session.api.GetServiceAccount(ctx, companyID, id); client.IsNotFound(err) {
		a.report(&resp.Diagnostics, a.tried(id, companyID), err)
	}
}

// Invoke revokes before it does anything else: what it tells of the account may fail to be found out.
func (a *revokeTokensAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config revokeTokensModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, companyID := a.api(&resp.Diagnostics), a.company(config.CompanyID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() || !config.check(&resp.Diagnostics) {
		return
	}
	id := config.ServiceAccountID.ValueString()
	if err := api.RevokeTokens(ctx, companyID, id); err != nil {
		a.report(&resp.Diagnostics, a.tried(id, companyID), err)
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: a.done(ctx, api, companyID, id)})
}

// done says what was done, with the account's name if it can be had.
func (a *revokeTokensAction) done(ctx context.Context, api *client.Client, companyID, id string) string {
	label := "service account " + id
	if account, err := api.GetServiceAccount(ctx, companyID, id); err == nil {
		label += " " + quoted(account.Name)
	}
	return fmt.Sprintf("Ended the live access tokens of %s. Its client secret stays as it is, and gets new tokens.", label)
}
