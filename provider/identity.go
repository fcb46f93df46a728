package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The identity of an object is what names it on its server, by the names and values of the state's attributes. Terraform keeps
// it beside the state, and takes it in an import block; a list result consists of it. None of its attributes ever changes
// for an object: a plan that changes one replaces the resource.

// identityVersion is the version of every identity's attributes. Another set of them is another version, with an upgrader: Terraform
// hands a stored identity of the same version back as it is.
const identityVersion = 0

// companyIdentity is the company's part in every identity. Only in an import may it be left out.
func companyIdentity() identityschema.StringAttribute {
	return identityschema.StringAttribute{
		OptionalForImport: true,
		Description:       "ID of the company. An import may leave it out: then it is the provider's company_id.",
	}
}

func identityText(description string) identityschema.StringAttribute {
	return identityschema.StringAttribute{RequiredForImport: true, Description: description}
}

// IdentitySchema implements resource.ResourceWithIdentity for objects that an ID names inside a company.
func (b *resourceBase) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Version: identityVersion, Attributes: map[string]identityschema.Attribute{
		"company_id": companyIdentity(),
		"id":         identityText("ID of the object in its company."),
	}}
}

// kept is what Terraform keeps of an object.
type kept struct {
	state    *tfsdk.State
	identity *tfsdk.ResourceIdentity
	private  privateState
}

// set makes model the state, and fills in the identity from it. A nil identity is one that Terraform doesn't keep.
func (b *resourceBase) set(ctx context.Context, model any, state *tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	set := state.Set(ctx, model)
	diags.Append(set...)
	if identity == nil || set.HasError() {
		return
	}
	identify(ctx, *state, identity, diags)
}

// identify fills in the identity from the state.
func identify(ctx context.Context, state tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	for name := range identity.Schema.GetAttributes() {
		var value types.String
		diags.Append(state.GetAttribute(ctx, path.Root(name), &value)...)
		diags.Append(identity.SetAttribute(ctx, path.Root(name), value)...)
	}
}

// identified fills in the identity of an object that Read learns nothing of. The framework wants one all the same, and a state that
// was written without one, by an older version or CLI, brings none.
func identified(ctx context.Context, state tfsdk.State, resp *resource.ReadResponse) {
	if resp.Identity != nil && resp.Identity.Raw.IsFullyNull() {
		identify(ctx, state, resp.Identity, &resp.Diagnostics)
	}
}

// gone takes an object that the server doesn't have any more out of the state.
func (b *resourceBase) gone(ctx context.Context, state tfsdk.State, resp *resource.ReadResponse) {
	identified(ctx, state, resp)
	resp.State.RemoveResource(ctx)
}

// importIdentity takes over the identity that an import block names: each of those attributes, and the company.
func (b *resourceBase) importIdentity(ctx context.Context, identity *tfsdk.ResourceIdentity, resp *resource.ImportStateResponse, attributes ...string) {
	imported := importID{ids: make([]string, len(attributes))}
	var company types.String
	resp.Diagnostics.Append(identity.GetAttribute(ctx, path.Root("company_id"), &company)...)
	imported.companyID = company.ValueString()
	if !company.IsNull() {
		checkIdentity(&resp.Diagnostics, "company_id", imported.companyID)
	}
	for i, attribute := range attributes {
		var id types.String
		resp.Diagnostics.Append(identity.GetAttribute(ctx, path.Root(attribute), &id)...)
		imported.ids[i] = id.ValueString()
		checkIdentity(&resp.Diagnostics, attribute, imported.ids[i])
	}
	if !resp.Diagnostics.HasError() {
		b.imported(ctx, imported, resp, attributes...)
	}
}

// checkIdentity adds an error for what can't be an ID. There is no plan modifier or validator for an identity in the framework.
func checkIdentity(diags *diag.Diagnostics, attribute, id string) {
	if !validID(id) {
		diags.AddError("Invalid import identity",
			"identity."+attribute+" is "+quoted(withoutSecrets(id))+". It must be a whole number from 1, as text, without a sign, spaces or leading zeros, such as \"17\".")
	}
}
