package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                   = (*serviceAccountResource)(nil)
	_ resource.ResourceWithConfigure      = (*serviceAccountResource)(nil)
	_ resource.ResourceWithIdentity       = (*serviceAccountResource)(nil)
	_ resource.ResourceWithImportState    = (*serviceAccountResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*serviceAccountResource)(nil)
	_ resource.ResourceWithMoveState      = (*serviceAccountResource)(nil)
	_ resource.ResourceWithValidateConfig = (*serviceAccountResource)(nil)
)

func newServiceAccountResource() resource.Resource { return &serviceAccountResource{} }

type serviceAccountResource struct{ resourceBase }

func (r *serviceAccountResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_service_account"
}

func (r *serviceAccountResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = serviceAccountSchema()
}

// tried names an operation on an account for its diagnostics. object is the name in quotes or the ID.
func (r *serviceAccountResource) tried(verb, object, companyID string) operation {
	return operation{
		verb: verb, noun: "service account", object: object, companyID: companyID,
		resourceType: "procore_service_account", attributes: accountFields,
	}
}

// ValidateConfig checks what concerns two attributes: marketplace_app goes with app_type marketplace
// and with nothing else.
func (r *serviceAccountResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config serviceAccountModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := checkMarketplaceApp(config.AppType, config.MarketplaceApp); err != "" {
		resp.Diagnostics.AddAttributeError(path.Root("marketplace_app"), "Invalid marketplace_app", err)
	}
}

// checkMarketplaceApp returns what is wrong, or "". What isn't known yet isn't wrong: Terraform asks
// again when it is.
func checkMarketplaceApp(appType, app types.String) string {
	if appType.IsUnknown() || app.IsUnknown() {
		return ""
	}
	marketplace := appType.ValueString() == appTypeMarketplace
	switch {
	case marketplace && app.IsNull():
		return `marketplace_app is required when app_type is "marketplace": name the app of the Procore Marketplace.`
	case !marketplace && !app.IsNull():
		return `marketplace_app is only for app_type "marketplace". Set that, or leave marketplace_app out.`
	default:
		return ""
	}
}

// ModifyPlan fills in the company, and plans the secret of an account that brings its own.
func (r *serviceAccountResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed
	}
	r.planCompany(ctx, req, resp)

	var configuredSecret types.String
	var plannedVersion types.Int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("client_secret_wo"), &configuredSecret)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("client_secret_wo_version"), &plannedVersion)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		if !configuredSecret.IsNull() && !configuredSecret.IsUnknown() {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("client_secret"), types.StringNull())...)
		}
		return
	}
	var stateVersion types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("client_secret_wo_version"), &stateVersion)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch {
	case secretVersionChanged(stateVersion, plannedVersion):
		resp.Diagnostics.AddAttributeError(path.Root("client_secret_wo_version"), "The secret of an existing account is not changed here",
			"client_secret_wo takes effect only when the account is created. To give this account another secret, put client_secret_wo_version "+
				"back, and set client_secret_wo and client_secret_wo_version on a procore_service_account_secret_reset of it.")
	case stateVersion.IsNull() && !plannedVersion.IsNull():
		resp.Diagnostics.AddAttributeWarning(path.Root("client_secret_wo_version"), "client_secret_wo is not sent",
			"The account exists already, so the plan only notes client_secret_wo_version in the state; its secret stays as it is. To change the "+
				"secret, use a procore_service_account_secret_reset.")
	}
}

// secretVersionChanged reports whether client_secret_wo_version goes from one number to another. From
// or to null is adopting or dropping the attribute, and an unknown one is checked again at apply.
func secretVersionChanged(state, plan types.Int64) bool {
	return !state.IsNull() && !plan.IsNull() && !plan.IsUnknown() && !plan.Equal(state)
}

func (r *serviceAccountResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan serviceAccountModel
	var configuredSecret types.String
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("client_secret_wo"), &configuredSecret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, companyID := r.api(&resp.Diagnostics), r.company(plan.CompanyID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	created, err := api.CreateServiceAccount(ctx, companyID, plan.newAccount(configuredSecret))
	if err != nil {
		tried := r.tried("create", quoted(plan.Name.ValueString()), companyID)
		tried.lost = lostAccount
		r.report(&resp.Diagnostics, tried, err)
		return
	}
	// Nothing between the answer and the state: what fails here would lose the secret for good.
	plan.fill(created.ServiceAccount)
	plan.ClientSecret = types.StringNull()
	if configuredSecret.IsNull() {
		plan.ClientSecret = types.StringValue(created.ClientSecret)
	}
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, created.ServiceAccount, &resp.Diagnostics)
}

// keep keeps what the next plan is made against.
func (r *serviceAccountResource) keep(ctx context.Context, private privateState, account client.ServiceAccount, diags *diag.Diagnostics) {
	r.session.access.saw(account)
	newBasis(account.Version).keep(ctx, private, diags)
}

func (r *serviceAccountResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.readLater(ctx, req, resp) {
		return
	}
	var state serviceAccountModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	account, err := api.RefreshServiceAccount(ctx, companyID, id)
	if client.IsNotFound(err) {
		r.gone(ctx, req.State, resp)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", id, companyID), err)
		return
	}
	if r.stranger(&resp.Diagnostics, state.ClientID, *account) {
		return
	}
	formerly := state.ContactEmail.ValueString()
	brought := state.ClientSecret.IsNull()
	if state.refresh(*account) {
		warnStaleAccountSecret(&resp.Diagnostics, *account, brought)
	}
	warnStatus(&resp.Diagnostics, *account, formerly)
	warnSunset(&resp.Diagnostics, *account)
	r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, *account, &resp.Diagnostics)
}

func (r *serviceAccountResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state serviceAccountModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	allow := r.allow(ctx, known, state, &plan, kept{&resp.State, resp.Identity, resp.Private}, &resp.Diagnostics)
	account, err := r.update(ctx, api, known, plan, state, allow)
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("update", state.ID.ValueString(), state.CompanyID.ValueString()), err)
		return
	}
	next := plan
	next.fill(*account)
	next.keepPromises(plan)
	r.set(ctx, next, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, *account, &resp.Diagnostics)
}

// update sends what differs. When that is nothing the API knows of, such as client_secret_wo_version, it only looks.
func (r *serviceAccountResource) update(
	ctx context.Context, api *client.Client, known basis, plan, state serviceAccountModel, allow func(*client.ServiceAccount) bool,
) (*client.ServiceAccount, error) {
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	changes, changed := plan.changes(state)
	if !changed {
		known.ETag = ""
	}
	var account *client.ServiceAccount
	err := guarded[*client.ServiceAccount]{
		etag: known.ETag,
		get:  r.get(ctx, api, state),
		allow: func(found *client.ServiceAccount) bool {
			now := state
			now.fill(*found)
			account = found
			changes, changed = plan.changes(now)
			return allow(found)
		},
		change: func(etag string) (err error) {
			if changed {
				account, err = api.UpdateServiceAccount(ctx, companyID, id, changes, client.IfMatch(etag))
			}
			return err
		},
	}.do()
	return account, err
}

// get returns how to get the account of a state with its ETag.
func (r *serviceAccountResource) get(ctx context.Context, api *client.Client, state serviceAccountModel) func() (*client.ServiceAccount, string, error) {
	return func() (*client.ServiceAccount, string, error) {
		found, err := api.GetServiceAccount(ctx, state.CompanyID.ValueString(), state.ID.ValueString())
		return found, found.Version.ETag, err
	}
}

// allow returns what lets a change of an account go on when it is the state's, and nobody else has changed what the
// configuration decides. If not, it adds an error; what somebody changed becomes the state, and the basis of the next plan.
// A plan of nil is one to destroy it.
func (r *serviceAccountResource) allow(
	ctx context.Context, known basis, state serviceAccountModel, plan *serviceAccountModel, to kept, diags *diag.Diagnostics,
) func(*client.ServiceAccount) bool {
	return func(found *client.ServiceAccount) bool {
		if r.stranger(diags, state.ClientID, *found) {
			return false
		}
		now := state
		now.refresh(*found)
		if r.changed(ctx, diags, changedSince{
			object: "Service account " + found.ID, companyID: found.CompanyID, since: known.At,
			state: state.managed(), plan: plan.managed(), found: now.managed(),
			filter: client.AuditFilter{ServiceAccountID: found.ID}, concerns: actions("service_account.updated"),
		}) {
			r.set(ctx, now, to.state, to.identity, diags)
			r.keep(ctx, to.private, *found, diags)
			return false
		}
		return true
	}
}

func (r *serviceAccountResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state serviceAccountModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	err := guarded[*client.ServiceAccount]{
		etag:  known.ETag,
		get:   r.get(ctx, api, state),
		allow: r.allow(ctx, known, state, nil, kept{&resp.State, resp.Identity, resp.Private}, &resp.Diagnostics),
		change: func(etag string) error {
			return api.DeleteServiceAccount(ctx, companyID, id, client.IfMatch(etag))
		},
	}.do()
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("delete", id, companyID), err)
	}
}

// MoveState implements resource.ResourceWithMoveState.
func (r *serviceAccountResource) MoveState(context.Context) []resource.StateMover { return movers(r) }
