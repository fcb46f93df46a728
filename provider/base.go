package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// connection is a resource's or data source's way to the API.
type connection struct {
	session *session // nil until Configure
}

// configure takes over what the provider's Configure made. Terraform also calls it before that, to
// validate, with nothing.
func (c *connection) configure(providerData any, diags *diag.Diagnostics) {
	if providerData == nil {
		return
	}
	made, ok := providerData.(*session)
	if !ok {
		diags.AddError("Unexpected provider data",
			fmt.Sprintf("Expected *provider.session, got %T. This is a bug in the provider; please report it.", providerData))
		return
	}
	c.session = made
}

// api returns the client. When there is none it adds an error that says what is missing, and returns
// nil.
func (c *connection) api(diags *diag.Diagnostics) *client.Client {
	return c.apiOr(diags, "Apply what it comes from first (terraform apply -target=…), or apply without asking what has changed on the server "+
		"(-refresh=false), or give the provider a value that doesn't depend on a resource. Nothing was changed, and nothing is forgotten.")
}

// apiOr is api with what to do about a configuration that isn't known yet.
func (c *connection) apiOr(diags *diag.Diagnostics, advice string) *client.Client {
	if c.session == nil {
		diags.AddError("Provider not configured", "The provider was asked for an object before it was configured.")
		return nil
	}
	if c.session.api == nil {
		names := strings.Join(c.session.unknown, ", ")
		diags.AddError("The provider's configuration is not known yet",
			"The management API has to be asked, but the provider block's "+names+" will only be known after apply. "+advice)
	}
	return c.session.api
}

// company returns the company of an object: its own company_id, else the provider's. Without either it
// adds an error to company_id and returns "".
func (c *connection) company(own types.String, diags *diag.Diagnostics) string {
	if id := own.ValueString(); id != "" {
		return id
	}
	if c.session != nil && c.session.companyID != "" {
		return c.session.companyID
	}
	if c.session != nil && c.session.companyUnknown {
		diags.AddAttributeError(path.Root("company_id"), "The provider's company_id is not known yet",
			"Set company_id here, or give the provider a company_id that doesn't depend on a resource.")
		return ""
	}
	diags.AddAttributeError(path.Root("company_id"), "Missing company_id",
		"Set company_id here, or in the provider block, or the environment variable PROCORE_COMPANY_ID.")
	return ""
}

// companyKnown reports whether a plan can tell the company of an object: its own company_id, else the provider's. When it
// can't, that is known at apply, or an error then.
func (c *connection) companyKnown(own types.String) bool {
	if own.ValueString() != "" {
		return true
	}
	return c.session != nil && !c.session.companyUnknown && (c.session.api != nil || c.session.companyID != "")
}

// dataSourceBase is what every data source has in common.
type dataSourceBase struct{ connection }

// Configure implements datasource.DataSourceWithConfigure.
func (b *dataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b.configure(req.ProviderData, &resp.Diagnostics)
}

// begin reads the configuration of a data source into config. Its company is the first of the named arguments that is set, else the
// provider's. When nothing can be looked up, it adds the reason, or defers, and reports false.
func (b *dataSourceBase) begin(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse, config any, companyArguments ...string,
) (api *client.Client, companyID string, ok bool) {
	var own types.String
	for _, argument := range companyArguments {
		if own.IsNull() {
			resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(argument), &own)...)
		}
	}
	if resp.Diagnostics.HasError() || b.readLater(own, req, resp) {
		return nil, "", false
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, config)...)
	if resp.Diagnostics.HasError() {
		return nil, "", false
	}
	api, companyID = b.api(&resp.Diagnostics), b.company(own, &resp.Diagnostics)
	return api, companyID, !resp.Diagnostics.HasError()
}

// actionBase is what every action has in common.
type actionBase struct{ connection }

// Configure implements action.ActionWithConfigure.
func (b *actionBase) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	b.configure(req.ProviderData, &resp.Diagnostics)
}

// api is that of connection, with the advice that fits: a data source can wait for what Terraform doesn't know to wait for.
func (b *dataSourceBase) api(diags *diag.Diagnostics) *client.Client {
	return b.apiOr(diags, "Let the data source wait for what it comes from, with depends_on: it is read during the apply then. Or give the provider a "+
		"value that doesn't depend on a resource.")
}

// resourceBase is what every resource has in common.
type resourceBase struct{ connection }

// Configure implements resource.ResourceWithConfigure.
func (b *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b.configure(req.ProviderData, &resp.Diagnostics)
}

// ImportState implements resource.ResourceWithImportState for objects that an ID names inside a
// company: it takes ID or COMPANY_ID/ID, or the identity. Read fills in the rest.
func (b *resourceBase) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	b.importIDs(ctx, req, resp, "id")
}

// importIDs reads what an import names an object by into the state: company_id and the attributes. As text it has one ID for
// each attribute and may have the company's before them; as identity it names them.
func (b *resourceBase) importIDs(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse, attributes ...string) {
	if req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		b.importIdentity(ctx, req.Identity, resp, attributes...)
		return
	}
	imported, err := parseImportID(req.ID, len(attributes))
	if err != nil {
		resp.Diagnostics.AddError("Invalid import ID", err.Error())
		return
	}
	b.imported(ctx, imported, resp, attributes...)
}

// imported writes what an import named into the state, and into the identity, with the provider's company when it named none.
func (b *resourceBase) imported(ctx context.Context, imported importID, resp *resource.ImportStateResponse, attributes ...string) {
	if imported.companyID == "" && b.session != nil {
		imported.companyID = b.session.companyID
	}
	if imported.companyID == "" {
		b.importNeedsCompany(imported, &resp.Diagnostics)
		return
	}
	values := map[string]string{"company_id": imported.companyID}
	for i, attribute := range attributes {
		values[attribute] = imported.ids[i]
	}
	for attribute, value := range values {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
		if resp.Identity != nil {
			resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root(attribute), value)...)
		}
	}
}

// importNeedsCompany adds the error for an import that names no company, where the provider has none either.
func (b *resourceBase) importNeedsCompany(imported importID, diags *diag.Diagnostics) {
	provider := "has no company_id, nor is there the environment variable PROCORE_COMPANY_ID. Set one of them, or import"
	if b.session != nil && b.session.companyUnknown {
		provider = "has a company_id that will only be known after apply. Import"
	}
	diags.AddError("The import names no company",
		fmt.Sprintf("The provider %s COMPANY_ID/%s, or an identity with a company_id.", provider, strings.Join(imported.ids, "/")))
}

// importID is what a person writes to import an object.
type importID struct {
	companyID string // empty: the provider's
	ids       []string
}

// importForms says how an import ID of so many IDs is written, without its company.
var importForms = map[int]struct{ form, example string }{
	1: {"ID", "17"},
	2: {"ID/PROJECT_ID", "17/3"},
}

// parseImportID reads so many IDs with "/" between them, and the company's in front of them if there is one more.
func parseImportID(text string, count int) (importID, error) {
	parsed := importID{ids: strings.Split(text, "/")}
	valid := !slices.ContainsFunc(parsed.ids, func(id string) bool { return !validID(id) })
	if len(parsed.ids) == count+1 {
		parsed.companyID, parsed.ids = parsed.ids[0], parsed.ids[1:]
	}
	if !valid || len(parsed.ids) != count {
		written := importForms[count]
		return importID{}, fmt.Errorf("%q is neither %s (as in %q) nor COMPANY_ID/%s (as in %q). All of them are whole numbers "+
			"from 1, without a sign, spaces or leading zeros", withoutSecrets(text), written.form, written.example, written.form, "1/"+written.example)
	}
	return parsed, nil
}

// validID reports whether a text is an ID as the API writes it.
func validID(text string) bool { return client.IsID(text) }

// companyIDAttribute is company_id on every resource. When it is not configured, an object stays in
// the company it is in: another default of the provider must never replace a credential.
func companyIDAttribute(noun string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true,
		Computed: true,
		MarkdownDescription: "ID of the company of the " + noun + ". Defaults to the provider's `company_id` when the resource is created, and stays " +
			"as it is when that default changes. Writing another one here replaces the resource.",
		Validators: []validator.String{isID()},
		PlanModifiers: []planmodifier.String{
			stringplanmodifier.UseStateForUnknown(),
			stringplanmodifier.RequiresReplaceIfConfigured(),
		},
	}
}

// planCompany fills company_id into the plan of a resource that doesn't configure it, so that the plan
// shows it and its absence is an error before anything is done.
func (b *resourceBase) planCompany(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var configured, planned types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("company_id"), &configured)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("company_id"), &planned)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !configured.IsNull() {
		b.checkMove(ctx, configured, req, resp)
		return
	}
	if !planned.IsUnknown() {
		return
	}
	if !b.companyKnown(types.StringNull()) {
		return
	}
	if companyID := b.company(types.StringNull(), &resp.Diagnostics); companyID != "" {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("company_id"), companyID)...)
	}
}

// checkMove makes sure that a resource that is to be replaced in another company can be made there. Terraform destroys
// before it creates: finding out at apply would cost the object.
func (b *resourceBase) checkMove(ctx context.Context, configured types.String, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() || configured.IsUnknown() || b.session == nil || b.session.api == nil {
		return
	}
	var current types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("company_id"), &current)...)
	if resp.Diagnostics.HasError() || current.Equal(configured) {
		return
	}
	companyID := configured.ValueString()
	if _, err := b.session.api.GetCompany(ctx, companyID); err != nil {
		b.report(&resp.Diagnostics, operation{verb: "move to", noun: "company", object: companyID, companyID: companyID}, err)
	}
}
