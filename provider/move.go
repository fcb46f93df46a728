package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// Terraform knows a provider by its source address. The same provider under another one, as from a private registry or a mirror
// with an address of its own, is another provider to it, and what that one has in the state changes hands by a moved block.
// The state is the same, so it goes the way of an upgrade. Nothing else can become one of these objects: no other provider has
// them, and none of this one's types is another by a second name.

// movers takes an object over from the same type of this provider under another source address.
func movers(target resource.Resource) []resource.StateMover {
	return []resource.StateMover{{StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
		var names resource.MetadataResponse
		target.Metadata(ctx, resource.MetadataRequest{}, &names)
		name := names.TypeName
		if req.SourceTypeName != name || !isProcore(req.SourceProviderAddress) {
			resp.Diagnostics.AddError(fmt.Sprintf("Unable to make a %s of a %s", name, req.SourceTypeName), fmt.Sprintf(
				"The moved block is from %s of provider %s. Only a %s can become one, of this provider under any source address that ends in "+
					"/procore. Nothing was changed. To bring an object that exists under Terraform, use an import block.",
				req.SourceTypeName, req.SourceProviderAddress, name))
			return
		}
		upgraded := resource.UpgradeStateResponse{State: resp.TargetState}
		upgradeFrom(ctx, target, req, &upgraded)
		resp.Diagnostics.Append(upgraded.Diagnostics...)
		if resp.Diagnostics.HasError() {
			return
		}
		resp.TargetState = upgraded.State
		resp.TargetPrivate = req.SourcePrivate
		if resp.TargetIdentity != nil {
			identify(ctx, resp.TargetState, resp.TargetIdentity, &resp.Diagnostics)
		}
	}}}
}

// upgradeFrom reads the source's state as Terraform would have the provider read its own of that version.
func upgradeFrom(ctx context.Context, target resource.Resource, source resource.MoveStateRequest, resp *resource.UpgradeStateResponse) {
	version := resp.State.Schema.GetVersion()
	if source.SourceSchemaVersion == version {
		readState(ctx, source.SourceRawState, &resp.State, &resp.Diagnostics)
		return
	}
	if upgradable, ok := target.(resource.ResourceWithUpgradeState); ok {
		if upgrader, ok := upgradable.UpgradeState(ctx)[source.SourceSchemaVersion]; ok {
			upgrader.StateUpgrader(ctx, resource.UpgradeStateRequest{RawState: source.SourceRawState}, resp)
			return
		}
	}
	resp.Diagnostics.AddError("Unable to read the state of another version of the provider", fmt.Sprintf(
		"The %s in the state of provider %s is of schema version %d; this version of the provider reads %d and what came before it. Nothing was "+
			"changed. Use the version of the provider that wrote the state, or a later one.",
		source.SourceTypeName, source.SourceProviderAddress, source.SourceSchemaVersion, version))
}

// isProcore reports whether a source address is one of this provider, wherever it comes from.
func isProcore(sourceAddress string) bool {
	return strings.HasSuffix(sourceAddress, "/procore")
}
