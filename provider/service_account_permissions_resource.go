package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                = (*permissionsResource)(nil)
	_ resource.ResourceWithConfigure   = (*permissionsResource)(nil)
	_ resource.ResourceWithImportState = (*permissionsResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*permissionsResource)(nil)
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

func (r *permissionsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan permissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	}
}

// grant makes the plan's levels all that the account holds, and fills the plan from the answer. It reports whether it
// was done; if not, it has added an error.
func (r *permissionsResource) grant(ctx context.Context, plan *permissionsModel, diags *diag.Diagnostics) bool {
	api, companyID := r.api(diags), r.company(plan.CompanyID, diags)
	if diags.HasError() {
		return false
	}
	id := plan.ServiceAccountID.ValueString()
	granted, err := api.ReplacePermissions(ctx, companyID, id, plan.permissions())
	if err != nil {
		r.report(diags, r.tried("set", id, companyID), err)
		return false
	}
	plan.fill(companyID, id, *granted)
	return true
}

func (r *permissionsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state permissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	permissions, err := api.GetPermissions(ctx, companyID, id)
	if client.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", id, companyID), err)
		return
	}
	state.fill(companyID, id, *permissions)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update grants, whatever changed: when it is only secret_version, a reset has cleared everything.
func (r *permissionsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan permissionsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	}
}

// Delete leaves the account without company permissions. An account that is gone has none.
func (r *permissionsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state permissionsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	_, err := api.ReplacePermissions(ctx, companyID, id, client.Permissions{Company: map[string]string{}})
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("take away", id, companyID), err)
	}
}
