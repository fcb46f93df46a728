package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ resource.Resource                = (*projectResource)(nil)
	_ resource.ResourceWithConfigure   = (*projectResource)(nil)
	_ resource.ResourceWithIdentity    = (*projectResource)(nil)
	_ resource.ResourceWithImportState = (*projectResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*projectResource)(nil)
	_ resource.ResourceWithMoveState   = (*projectResource)(nil)
)

func newProjectResource() resource.Resource { return &projectResource{} }

type projectResource struct{ resourceBase }

func (r *projectResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_project"
}

func (r *projectResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Version: 0,
		MarkdownDescription: "A project of a company: what service accounts become members of with `procore_project_membership`. An account with " +
			"`add_to_new_projects` is a member of it from the start.\n\n" +
			"Destroying it deletes the project and all memberships of it. To end a project and keep it, set `active = false`.\n\n" + changedElsewhere,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{isName()},
				MarkdownDescription: "Name, 1 to 255 characters without spaces at the ends. Two projects may have the same. Changed in " +
					"place.",
			},
			"project_number": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{isName()},
				MarkdownDescription: "Number or code of your own, 1 to 255 characters without spaces at the ends, such as `\"2026-014\"`. Changed in place.",
			},
			"active": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether the project goes on. Defaults to `true`. Changed in place.",
			},
			"company_id": companyIDAttribute("project"),
			"id":         computedText("ID of the project in its company. Import takes it."),
		},
	}
}

// tried names an operation on a project for its diagnostics. object is the name in quotes or the ID.
func (r *projectResource) tried(verb, object, companyID string) operation {
	return operation{
		verb: verb, noun: "project", object: object, companyID: companyID,
		resourceType: "procore_project", attributes: projectFields,
	}
}

// ModifyPlan fills in the company.
func (r *projectResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed
	}
	r.planCompany(ctx, req, resp)
}

func (r *projectResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan projectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	api, companyID := r.api(&resp.Diagnostics), r.company(plan.CompanyID, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	created, err := api.CreateProject(ctx, companyID, plan.newProject())
	if err != nil {
		tried := r.tried("create", quoted(plan.Name.ValueString()), companyID)
		tried.lost = lostProject
		r.report(&resp.Diagnostics, tried, err)
		return
	}
	plan.fill(*created)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, *created, &resp.Diagnostics)
}

func (r *projectResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if r.readLater(ctx, req, resp) {
		return
	}
	var state projectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	project, err := api.RefreshProject(ctx, companyID, id)
	if client.IsNotFound(err) {
		r.gone(ctx, req.State, resp)
		return
	}
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("read", id, companyID), err)
		return
	}
	if r.otherProject(&resp.Diagnostics, readBasis(ctx, req.Private, &resp.Diagnostics), *project) {
		return
	}
	state.fill(*project)
	r.set(ctx, state, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, *project, &resp.Diagnostics)
}

func (r *projectResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state projectModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	changes, changed := plan.changes(state)
	if !changed {
		known.ETag = "" // look, at least: the answer fills the state
	}
	allow := r.allow(ctx, known, state, &plan, kept{&resp.State, resp.Identity, resp.Private}, &resp.Diagnostics)
	var project *client.Project
	err := guarded[*client.Project]{
		etag: known.ETag,
		get:  r.get(ctx, api, state),
		allow: func(found *client.Project) bool {
			var now projectModel
			now.fill(*found)
			project = found
			changes, changed = plan.changes(now)
			return allow(found)
		},
		change: func(etag string) (err error) {
			if changed {
				project, err = api.UpdateProject(ctx, companyID, id, changes, client.IfMatch(etag))
			}
			return err
		},
	}.do()
	if err != nil {
		r.report(&resp.Diagnostics, r.tried("update", id, companyID), err)
		return
	}
	plan.fill(*project)
	r.set(ctx, plan, &resp.State, resp.Identity, &resp.Diagnostics)
	r.keep(ctx, resp.Private, *project, &resp.Diagnostics)
}

// keep keeps what the next plan is made against.
func (r *projectResource) keep(ctx context.Context, private privateState, project client.Project, diags *diag.Diagnostics) {
	next := newBasis(project.Version)
	next.CreatedAt = project.CreatedAt
	next.keep(ctx, private, diags)
}

// get returns how to get the project of a state with its ETag.
func (r *projectResource) get(ctx context.Context, api *client.Client, state projectModel) func() (*client.Project, string, error) {
	return func() (*client.Project, string, error) {
		found, err := api.GetProject(ctx, state.CompanyID.ValueString(), state.ID.ValueString())
		return found, found.Version.ETag, err
	}
}

// allow returns what lets a change of a project go on when it is the state's, and nobody else has changed what the
// configuration decides. If not, it adds an error; what somebody changed becomes the state, and the basis of the next plan.
// A plan of nil is one to destroy it.
func (r *projectResource) allow(
	ctx context.Context, known basis, state projectModel, plan *projectModel, to kept, diags *diag.Diagnostics,
) func(*client.Project) bool {
	return func(found *client.Project) bool {
		if r.otherProject(diags, known, *found) {
			return false
		}
		now := state
		now.fill(*found)
		if r.changed(ctx, diags, changedSince{
			object: "Project " + found.ID, companyID: found.CompanyID, since: known.At,
			state: state.managed(), plan: plan.managed(), found: now.managed(),
			filter: client.AuditFilter{ProjectID: found.ID}, concerns: actions("project.updated"),
		}) {
			r.set(ctx, now, to.state, to.identity, diags)
			r.keep(ctx, to.private, *found, diags)
			return false
		}
		return true
	}
}

func (r *projectResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state projectModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	known := readBasis(ctx, req.Private, &resp.Diagnostics)
	companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
	err := guarded[*client.Project]{
		etag:   known.ETag,
		get:    r.get(ctx, api, state),
		allow:  r.allow(ctx, known, state, nil, kept{&resp.State, resp.Identity, resp.Private}, &resp.Diagnostics),
		change: func(etag string) error { return api.DeleteProject(ctx, companyID, id, client.IfMatch(etag)) },
	}.do()
	if err != nil && !client.IsNotFound(err) {
		r.report(&resp.Diagnostics, r.tried("delete", id, companyID), err)
	}
}

// MoveState implements resource.ResourceWithMoveState.
func (r *projectResource) MoveState(context.Context) []resource.StateMover { return movers(r) }
