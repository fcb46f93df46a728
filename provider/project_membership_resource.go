package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                = (*membershipResource)(nil)
	_ resource.ResourceWithConfigure   = (*membershipResource)(nil)
	_ resource.ResourceWithIdentity    = (*membershipResource)(nil)
	_ resource.ResourceWithImportState = (*membershipResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*membershipResource)(nil)
	_ resource.ResourceWithMoveState   = (*membershipResource)(nil)
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

// Create takes a membership that is there already over, with the plan's levels.
func (r *membershipResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan membershipModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	api, companyID := r.api(&resp.Diagnostics), r.company(plan.CompanyID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	accountID, projectID := plan.ServiceAccountID.ValueString(), plan.ProjectID.ValueString()
	granted, err := api.PutProjectAssignment(ctx, companyID, accountID, projectID, grantedLevels(plan.Permissions))
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("set", plan, companyID), err)
		return
	}
	plan.fill(companyID, *granted)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, companyID, *granted, basis{}, &resp.Diagnostics)
}

// keep keeps what the next plan is made against; before is what this one was.
func (r *membershipResource) keep(
	ctx context.Context, private privateState, companyID string, membership client.ProjectAssignment, before basis, diags *diag.Diagnostics,
) {
	r.session.access.basis(accountKey{companyID, membership.ServiceAccountID}, membership.Version, before).keep(ctx, private, diags)
}

func (r *membershipResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.readLater(ctx, req, resp) {
		return
	}
	var state membershipModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID := state.CompanyID.ValueString()
	assignment, err := api.RefreshProjectAssignment(ctx, companyID, state.ServiceAccountID.ValueString(), state.ProjectID.ValueString())
	if client.IsNotFound(err) {
		r.gone(ctx, req.State, resp)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", state, companyID), err)
		return
	}
	before := readBasis(ctx, req.Private, &resp.Diagnostics)
	if r.seenOther(ctx, &resp.Diagnostics, r.tried("read", state, companyID), before, accountKey{companyID, assignment.ServiceAccountID}) {
		return
	}
	state.fill(companyID, *assignment)
	r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, companyID, *assignment, before, &resp.Diagnostics)
}

// Update grants, whatever changed: when it is only secret_version, a reset has ended the membership.
func (r *membershipResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state membershipModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID := state.CompanyID.ValueString()
	granted, err := r.replace(ctx, api, known, state, plan, &resp.Diagnostics, func(found client.ProjectAssignment) {
		state.fill(companyID, found)
		r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
		r.keep(ctx, resp.Private, companyID, found, known, &resp.Diagnostics)
	})
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("set", plan, companyID), err)
		return
	}
	plan.fill(companyID, *granted)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, companyID, *granted, known, &resp.Diagnostics)
}

// replace makes the plan's levels those of the membership, and makes the membership when it has ended. After a reset
// there is nothing that somebody else could have meant, so then the plan is not held against anything.
func (r *membershipResource) replace(
	ctx context.Context, api *client.Client, known basis, state, plan membershipModel, diags *diag.Diagnostics,
	conflict func(client.ProjectAssignment),
) (granted *client.ProjectAssignment, err error) {
	companyID, accountID, projectID := state.CompanyID.ValueString(), state.ServiceAccountID.ValueString(), state.ProjectID.ValueString()
	change := guarded[*client.ProjectAssignment]{
		etag: known.ETag,
		get: func() (*client.ProjectAssignment, string, error) {
			found, err := api.GetProjectAssignment(ctx, companyID, accountID, projectID)
			if client.IsNotFound(err) {
				return nil, "", nil
			}
			return found, found.Version.ETag, err
		},
		allow: func(found *client.ProjectAssignment) bool {
			return r.unchanged(ctx, diags, known, state, &plan, found, conflict)
		},
		change: func(etag string) (err error) {
			granted, err = api.PutProjectAssignment(ctx, companyID, accountID, projectID, grantedLevels(plan.Permissions), client.IfMatch(etag))
			return err
		},
	}
	if !plan.SecretVersion.Equal(state.SecretVersion) {
		err = change.change("")
	} else {
		err = change.do()
	}
	return granted, err
}

// unchanged reports whether the account is the one that the membership was given to, and nobody else has changed its
// levels. If not, it adds an error, and calls conflict for a change. A plan of nil is one to end it; found is nil when it has ended.
func (r *membershipResource) unchanged(
	ctx context.Context, diags *diag.Diagnostics, known basis, state membershipModel, plan *membershipModel, found *client.ProjectAssignment,
	conflict func(client.ProjectAssignment),
) bool {
	account := accountKey{state.CompanyID.ValueString(), state.ServiceAccountID.ValueString()}
	if !r.sameAccount(ctx, diags, r.tried("set", state, account.companyID), known, account) {
		return false
	}
	if found == nil || r.session.access.wasReset(account) {
		return true
	}
	var now membershipModel
	now.fill(account.companyID, *found)
	if r.changed(ctx, diags, changedSince{
		object:    "The membership of service account " + account.id + " in project " + found.ProjectID,
		companyID: account.companyID, since: known.At, state: state.managed(), plan: plan.managed(), found: now.managed(),
		filter: client.AuditFilter{ServiceAccountID: account.id}, concerns: concernsMembership(found.ProjectID),
	}) {
		conflict(*found)
		return false
	}
	return true
}

// concernsMembership picks the audit events of the membership of a project, and those that may end all memberships.
func concernsMembership(projectID string) func(client.AuditEvent) bool {
	return func(event client.AuditEvent) bool {
		return event.Action == "service_account.secret_reset" ||
			(strings.HasPrefix(event.Action, "project_assignment.") && (event.Before["project_id"] == projectID || event.After["project_id"] == projectID))
	}
}

func (r *membershipResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state membershipModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, accountID, projectID := state.CompanyID.ValueString(), state.ServiceAccountID.ValueString(), state.ProjectID.ValueString()
	err := guarded[*client.ProjectAssignment]{
		etag: known.ETag,
		get: func() (*client.ProjectAssignment, string, error) {
			found, err := api.GetProjectAssignment(ctx, companyID, accountID, projectID)
			return found, found.Version.ETag, err
		},
		allow: func(found *client.ProjectAssignment) bool {
			return r.unchanged(ctx, &resp.Diagnostics, known, state, nil, found, func(found client.ProjectAssignment) {
				state.fill(companyID, found)
				r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
				r.keep(ctx, resp.Private, companyID, found, known, &resp.Diagnostics)
			})
		},
		change: func(etag string) error {
			return api.DeleteProjectAssignment(ctx, companyID, accountID, projectID, client.IfMatch(etag))
		},
	}.do()
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("end", state, companyID), err)
	}
}

// ImportState takes ID/PROJECT_ID or COMPANY_ID/ID/PROJECT_ID. Read fills in the rest.
func (r *membershipResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importIDs(ctx, req, resp, "service_account_id", "project_id")
}

// IdentitySchema names a membership by its account and its project.
func (r *membershipResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Version: identityVersion, Attributes: map[string]identityschema.Attribute{
		"company_id":         companyIdentity(),
		"service_account_id": identityText("ID of the service account."),
		"project_id":         identityText("ID of the project."),
	}}
}

// MoveState implements resource.ResourceWithMoveState.
func (r *membershipResource) MoveState(context.Context) []resource.StateMover { return movers(r) }
