package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                = (*permissionsResource)(nil)
	_ resource.ResourceWithConfigure   = (*permissionsResource)(nil)
	_ resource.ResourceWithIdentity    = (*permissionsResource)(nil)
	_ resource.ResourceWithImportState = (*permissionsResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*permissionsResource)(nil)
	_ resource.ResourceWithMoveState   = (*permissionsResource)(nil)
)

func newPermissionsResource() resource.Resource { return &permissionsResource{} }

type permissionsResource struct{ resourceBase }

func (r *permissionsResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_service_account_permissions"
}

func (r *permissionsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = permissionsSchema()
}

func (r *permissionsResource) tried(verb, id, companyID string) operation {
	return operation{
		verb: verb + " the permissions of", noun: "service account", object: id, companyID: companyID,
		attributes: permissionFields,
	}
}

// ModifyPlan fills in the company, and warns of levels that the account has and loses: because nobody has managed them
// so far, or because a reset in the same plan clears more than the resource grants again.
func (r *permissionsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed
	}
	r.planCompany(ctx, req, resp)
	var plan permissionsModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	var state *permissionsModel // nil: created
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || (state != nil && plan.replaces(*state)) {
		return // Terraform plans the create that follows by itself
	}
	reset, waits := r.planGrant(&resp.Diagnostics, plan.planned())
	if !levelsKnown(plan.Company) {
		return
	}
	accountID := plan.ServiceAccountID.ValueString()
	switch {
	case waits:
		warnNotGrantedAgain(&resp.Diagnostics, accountID, lostLevels(reset.permissions, grantedLevels(plan.Company)), reset.certain)
	case state == nil:
		warnTakenAway(&resp.Diagnostics, accountID, lostLevels(r.held(ctx, plan), grantedLevels(plan.Company)))
	}
}

// held returns what the account of a planned resource holds; nil when that can't be found out, which is no reason to
// fail a plan.
func (r *permissionsResource) held(ctx context.Context, plan permissionsModel) map[string]string {
	companyID, id := plan.CompanyID.ValueString(), plan.ServiceAccountID.ValueString()
	if companyID == "" || id == "" || r.session == nil || r.session.api == nil {
		return nil
	}
	permissions, err := r.session.api.GetPermissions(ctx, companyID, id)
	if err != nil {
		return nil
	}
	return permissions.Company
}

// Create grants whatever the account holds: the plan has warned of what that takes away.
func (r *permissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan permissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	api, companyID := r.api(&resp.Diagnostics), r.company(plan.CompanyID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id := plan.ServiceAccountID.ValueString()
	granted, err := api.ReplacePermissions(ctx, companyID, id, plan.permissions())
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("set", id, companyID), err)
		return
	}
	plan.fill(companyID, id, *granted)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, accountKey{companyID, id}, *granted, basis{}, &resp.Diagnostics)
}

// keep keeps what the next plan is made against; before is what this one was.
func (r *permissionsResource) keep(
	ctx context.Context, private privateState, account accountKey, permissions client.Permissions, before basis, diags *diag.Diagnostics,
) {
	r.session.access.basis(account, permissions.Version, before).keep(ctx, private, diags)
}

func (r *permissionsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.readLater(ctx, req, resp) {
		return
	}
	var state permissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	permissions, err := api.RefreshPermissions(ctx, companyID, id)
	if client.IsNotFound(err) {
		r.gone(ctx, req.State, resp)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", id, companyID), err)
		return
	}
	before, account := readBasis(ctx, req.Private, &resp.Diagnostics), accountKey{companyID, id}
	if r.seenOther(ctx, &resp.Diagnostics, r.tried("read", id, companyID), before, account) {
		return
	}
	state.fill(companyID, id, *permissions)
	r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, account, *permissions, before, &resp.Diagnostics)
}

// Update grants, whatever changed: when it is only secret_version, a reset has cleared everything.
func (r *permissionsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state permissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	granted, err := r.replace(ctx, api, known, state, &plan, &resp.Diagnostics, func(found client.Permissions) {
		state.fill(companyID, id, found)
		r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
		r.keep(ctx, resp.Private, accountKey{companyID, id}, found, known, &resp.Diagnostics)
	})
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("set", id, companyID), err)
		return
	}
	plan.fill(companyID, id, *granted)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, accountKey{companyID, id}, *granted, known, &resp.Diagnostics)
}

// replace makes the plan's levels all that the account holds; a plan of nil, none. After a reset the account holds
// nothing that somebody else could have meant, so then the plan is not held against anything.
func (r *permissionsResource) replace(
	ctx context.Context, api *client.Client, known basis, state permissionsModel, plan *permissionsModel, diags *diag.Diagnostics,
	conflict func(client.Permissions),
) (granted *client.Permissions, err error) {
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	wanted := client.Permissions{Company: map[string]string{}}
	if plan != nil {
		wanted = plan.permissions()
	}
	change := guarded[*client.Permissions]{
		etag: known.ETag,
		get: func() (*client.Permissions, string, error) {
			found, err := api.GetPermissions(ctx, companyID, id)
			return found, found.Version.ETag, err
		},
		allow: func(found *client.Permissions) bool {
			return r.unchanged(ctx, diags, known, state, plan, *found, conflict)
		},
		change: func(etag string) (err error) {
			granted, err = api.ReplacePermissions(ctx, companyID, id, wanted, client.IfMatch(etag))
			return err
		},
	}
	if plan != nil && !plan.SecretVersion.Equal(state.SecretVersion) {
		err = change.change("")
	} else {
		err = change.do()
	}
	return granted, err
}

// unchanged reports whether the account is the one that the permissions were granted to, and nobody else has changed
// them. If not, it adds an error, and calls conflict for a change. A plan of nil is one to destroy them.
func (r *permissionsResource) unchanged(
	ctx context.Context, diags *diag.Diagnostics, known basis, state permissionsModel, plan *permissionsModel, found client.Permissions,
	conflict func(client.Permissions),
) bool {
	account := accountKey{state.CompanyID.ValueString(), state.ID.ValueString()}
	if !r.sameAccount(ctx, diags, r.tried("set", account.id, account.companyID), known, account) {
		return false
	}
	if r.session.access.wasReset(account) {
		return true
	}
	now, planned := permissionsModel{}, []managed{managedLevels("company", types.MapNull(types.StringType))}
	now.fill(account.companyID, account.id, found)
	if plan != nil {
		planned = plan.managed()
	}
	if r.changed(ctx, diags, changedSince{
		object:    "What service account " + account.id + " may do in company " + account.companyID,
		companyID: account.companyID, since: known.At, state: state.managed(), plan: planned, found: now.managed(),
		filter:   client.AuditFilter{ServiceAccountID: account.id},
		concerns: actions("permissions.updated", "service_account.secret_reset"),
	}) {
		conflict(found)
		return false
	}
	// Equal levels have equal ETags, if they are the same account's.
	odd := known.ETag != "" && known.ClientID == "" && len(differences(planned, nil, now.managed())) > 0
	if odd {
		maybeOther(diags, account)
	}
	return !odd
}

// Delete leaves the account without company permissions. An account that is gone has none.
func (r *permissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state permissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	_, err := r.replace(ctx, api, known, state, nil, &resp.Diagnostics, func(found client.Permissions) {
		state.fill(companyID, id, found)
		r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
		r.keep(ctx, resp.Private, accountKey{companyID, id}, found, known, &resp.Diagnostics)
	})
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("take away", id, companyID), err)
	}
}

// MoveState implements resource.ResourceWithMoveState.
func (r *permissionsResource) MoveState(context.Context) []resource.StateMover { return movers(r) }
