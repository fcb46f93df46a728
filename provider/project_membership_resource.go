package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                = (*membershipResource)(nil)
	_ resource.ResourceWithConfigure   = (*membershipResource)(nil)
	_ resource.ResourceWithImportState = (*membershipResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*membershipResource)(nil)
)

func newMembershipResource() resource.Resource { return &membershipResource{} }

type membershipResource struct{ resourceBase }

func (r *membershipResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_project_membership"
}

func (r *membershipResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = membershipSchema()
}

func (r *membershipResource) tried(verb string, model membershipModel, companyID string) operation {
	return operation{
		verb: verb + " the membership of", noun: "service account",
		object:    model.ServiceAccountID.ValueString() + " in project " + model.ProjectID.ValueString(),
		companyID: companyID, attributes: membershipFields,
	}
}

// ModifyPlan fills in the company, and warns when a reset in the same plan ends the membership for good.
func (r *membershipResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed
	}
	r.planCompany(ctx, req, resp)
	var plan membershipModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	var state *membershipModel // nil: created
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || plan.ProjectID.IsUnknown() || (state != nil && plan.replaces(*state)) {
		return
	}
	r.planGrant(&resp.Diagnostics, plan.planned())
}

func (r *membershipResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan membershipModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	}
}

// grant makes the account a member with the plan's levels, and fills the plan from the answer. It reports whether it was
// done; if not, it has added an error.
func (r *membershipResource) grant(ctx context.Context, plan *membershipModel, diags *diag.Diagnostics) bool {
	api, companyID := r.api(diags), r.company(plan.CompanyID, diags)
	if diags.HasError() {
		return false
	}
	granted, err := api.PutProjectAssignment(ctx, companyID, plan.ServiceAccountID.ValueString(), plan.ProjectID.ValueString(),
		grantedLevels(plan.Permissions))
	if err != nil {
		r.report(diags, r.tried("set", *plan, companyID), err)
		return false
	}
	plan.fill(companyID, *granted)
	return true
}

func (r *membershipResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state membershipModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID := state.CompanyID.ValueString()
	assignment, err := api.GetProjectAssignment(ctx, companyID, state.ServiceAccountID.ValueString(), state.ProjectID.ValueString())
	if client.IsNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", state, companyID), err)
		return
	}
	state.fill(companyID, *assignment)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

// Update grants, whatever changed: when it is only secret_version, a reset has ended the membership.
func (r *membershipResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan membershipModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.grant(ctx, &plan, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	}
}

func (r *membershipResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state membershipModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID := state.CompanyID.ValueString()
	err := api.DeleteProjectAssignment(ctx, companyID, state.ServiceAccountID.ValueString(), state.ProjectID.ValueString())
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("end", state, companyID), err)
	}
}

// ImportState takes ID/PROJECT_ID or COMPANY_ID/ID/PROJECT_ID. Read fills in the rest.
func (r *membershipResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importIDs(ctx, req.ID, resp, "service_account_id", "project_id")
}
