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
	_ resource.Resource                   = (*secretResetResource)(nil)
	_ resource.ResourceWithConfigure      = (*secretResetResource)(nil)
	_ resource.ResourceWithIdentity       = (*secretResetResource)(nil)
	_ resource.ResourceWithImportState    = (*secretResetResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*secretResetResource)(nil)
	_ resource.ResourceWithMoveState      = (*secretResetResource)(nil)
	_ resource.ResourceWithUpgradeState   = (*secretResetResource)(nil)
	_ resource.ResourceWithValidateConfig = (*secretResetResource)(nil)
)

func newSecretResetResource() resource.Resource { return &secretResetResource{} }

type secretResetResource struct{ resourceBase }

func (r *secretResetResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_service_account_secret_reset"
}

func (r *secretResetResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = secretResetSchema()
}

// ValidateConfig checks the durations against each other.
func (r *secretResetResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config secretResetModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		checkAges(&resp.Diagnostics, config)
	}
}

// ModifyPlan decides whether the plan resets. If so, the outputs become unknown and a warning says
// what the reset takes away.
func (r *secretResetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed: nothing happens on the server
	}
	r.planCompany(ctx, req, resp)
	var plan secretResetModel
	var ownSecret types.String
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("client_secret_wo"), &ownSecret)...)
	if resp.Diagnostics.HasError() {
		return
	}

	decision := mustReset // at create
	if req.State.Raw.IsNull() {
		plan.ID = plan.ServiceAccountID
	} else {
		var state secretResetModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() || replaces(state, plan) {
			return // Terraform plans the create that follows by itself
		}
		age := r.planByAge(ctx, resp.Private, state, plan, &resp.Diagnostics)
		if resp.Diagnostics.HasError() {
			return
		}
		decision = decideReset(state, plan, age.decision)
		age.warn(&resp.Diagnostics, plan, decision)
		warnAdoptedVersion(&resp.Diagnostics, decision, state, plan)
	}
	if decision == noReset {
		return
	}
	plan.forgetOutputs(ownSecret)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if decision != takeOver {
		r.warn(ctx, &resp.Diagnostics, plan, decision)
	}
}

// replaces reports whether the plan is for another account than the state's.
func replaces(state, plan secretResetModel) bool {
	return !plan.ServiceAccountID.Equal(state.ServiceAccountID) || !plan.CompanyID.Equal(state.CompanyID)
}

func (r *secretResetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan secretResetModel
	var ownSecret types.String
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("client_secret_wo"), &ownSecret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	done, _ := r.reset(ctx, &plan, meantReset{clientID: types.StringNull()}, ownSecret, &resp.Diagnostics)
	if done == nil {
		return
	}
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	ageNote{RefreshedAt: done.Version.At}.keep(ctx, resp.Private, &resp.Diagnostics)
}

// meantReset is what a reset is meant for.
type meantReset struct {
	// clientID is of the account in the state; null: there is none. A reset is meant whatever else was changed meanwhile, so
	// all that is asked is that the account be that one.
	clientID types.String
	// fingerprint is of the secret that is reset for its age, and for nothing else: no other one is. Empty: whichever it is.
	fingerprint string
}

// reset resets the secret as planned and fills the plan from the answer, done. Without one it has added an error; or the
// secret is not the one that was meant any more, and it returns the account. Nothing may come between done and the state: the
// answer is the only place that has the new secret.
func (r *secretResetResource) reset(
	ctx context.Context, plan *secretResetModel, meant meantReset, ownSecret types.String, diags *diag.Diagnostics,
) (done *client.Reset, elsewhere *client.ServiceAccount) {
	api, companyID := r.api(diags), r.company(plan.CompanyID, diags)
	options, err := plan.options(ownSecret)
	if err != nil {
		diags.AddAttributeError(path.Root("previous_secret_ttl"), "Invalid previous_secret_ttl", "The value "+err.Error()+".")
	}
	if diags.HasError() {
		return nil, nil
	}
	id := plan.ServiceAccountID.ValueString()
	change := guarded[*client.ServiceAccount]{
		get: func() (*client.ServiceAccount, string, error) {
			found, err := api.GetServiceAccount(ctx, companyID, id)
			return found, found.Version.ETag, err
		},
		allow: func(found *client.ServiceAccount) bool {
			if r.stranger(diags, meant.clientID, *found) {
				return false
			}
			if meant.fingerprint != "" && meant.fingerprint != found.SecretFingerprint {
				elsewhere = found
			}
			return elsewhere == nil
		},
		change: func(etag string) (err error) {
			done, err = api.ResetSecret(ctx, companyID, id, options, client.IfMatch(etag))
			return err
		},
	}
	if meant.clientID.IsNull() {
		err = change.change("")
	} else {
		err = change.do()
	}
	if err != nil {
		r.report(diags, operation{
			verb: "reset the secret of", noun: "service account", object: id, companyID: companyID,
			attributes: resetFields, lost: lostSecret,
		}, err)
		return nil, elsewhere
	}
	plan.fillReset(*done, !ownSecret.IsNull())
	r.session.access.resetDone(accountKey{companyID, id})
	r.session.access.saw(done.ServiceAccount)
	return done, nil
}

func (r *secretResetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.readLater(ctx, req, resp) {
		return
	}
	var state secretResetModel
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
		r.report(&resp.Diagnostics, operation{verb: "read the secret version of", noun: "service account", object: id, companyID: companyID}, err)
		return
	}
	if r.stranger(&resp.Diagnostics, state.ClientID, *account) {
		return
	}
	brought := state.ClientSecret.IsNull()
	if state.refresh(*account) {
		warnStaleResetSecret(&resp.Diagnostics, *account, brought)
	}
	r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
	ageNote{RefreshedAt: account.Version.At}.keep(ctx, resp.Private, &resp.Diagnostics)
	r.session.access.saw(*account)
}

// Update resets or doesn't, by the rule that the plan went by, now with every value known. A reset that only the secret's age
// asks for is not made when somebody else has made one: the new secret is young, and in use.
func (r *secretResetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state secretResetModel
	var ownSecret types.String
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("client_secret_wo"), &ownSecret)...)
	if resp.Diagnostics.HasError() {
		return
	}
	note := readAgeNote(ctx, req.Private, &resp.Diagnostics)
	meant, next := meantReset{clientID: state.ClientID}, ageNote{RefreshedAt: note.RefreshedAt}
	if decideReset(state, plan, noReset) == noReset {
		meant.fingerprint = note.Due
	}
	if decideReset(state, plan, note.decided()) == noReset {
		plan.keepOutputs(state)
	} else {
		done, elsewhere := r.reset(ctx, &plan, meant, ownSecret, &resp.Diagnostics)
		switch {
		case done != nil:
			next.RefreshedAt = done.Version.At
		case elsewhere != nil:
			plan.keepOutputs(state)
			plan.refresh(*elsewhere)
			next.RefreshedAt = elsewhere.Version.At
			if !note.Elsewhere {
				warnYoungAgain(&resp.Diagnostics, *elsewhere)
			}
		default:
			return
		}
	}
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	next.keep(ctx, resp.Private, &resp.Diagnostics)
}

// Delete forgets the reset. The secret that it made stays the live one.
func (r *secretResetResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

// MoveState implements resource.ResourceWithMoveState.
func (r *secretResetResource) MoveState(context.Context) []resource.StateMover { return movers(r) }

// UpgradeState implements resource.ResourceWithUpgradeState.
func (r *secretResetResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: widen}}
}
