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
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"company_id": companyIdentity(),
		"id":         identityText("ID of the object in its company."),
	}}
}

// set makes model the state, and fills in the identity from it. A nil identity is one that Terraform doesn't keep.
func (b *resourceBase) set(ctx context.Context, model any, state *tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	set := state.Set(ctx, model)
	diags.Append(set...)
	if !set.HasError() {
		identify(ctx, *state, identity, diags)
	}
}

// gone takes an object out of the state that is not on the server any more. The framework wants an identity even then, and a state
// of a Terraform or a provider from before identities has none.
func (b *resourceBase) gone(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	identify(ctx, req.State, resp.Identity, &resp.Diagnostics)
	resp.State.RemoveResource(ctx)
}

func identify(ctx context.Context, state tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	if identity == nil {
		return
	}
	for name := range identity.Schema.GetAttributes() {
		var value types.String
		diags.Append(state.GetAttribute(ctx, path.Root(name), &value)...)
		diags.Append(identity.SetAttribute(ctx, path.Root(name), value)...)
	}
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
			"identity."+attribute+" is "+quoted(id)+". It must be a whole number from 1, as text, without a sign, spaces or leading zeros, such as \"17\".")
	}
}
