package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// A deferral is the answer that something has to wait for another apply, because too little is known yet. Terraform takes it only
// where it says so, in Stacks and as an experiment; elsewhere there is an error that says what to do. Only a read can have to wait:
// a plan asks the API for nothing but what it warns of, and an action for nothing before it is invoked.

// readLater reports whether the object can't be read yet, because the provider's configuration is only known after apply, and
// Terraform defers it for that. What is in the state stays.
func (b *resourceBase) readLater(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) bool {
	if !req.ClientCapabilities.DeferralAllowed || b.session == nil || b.session.api != nil {
		return false
	}
	identified(ctx, req.State, resp)
	resp.Deferred = &resource.Deferred{Reason: resource.DeferredReasonProviderConfigUnknown}
	return true
}

// readLater reports whether there is nothing to look up yet, because an argument, or the provider's configuration, is only known
// after apply. Terraform itself waits with a data source for its arguments: whoever doesn't, and takes no deferral, is told. Own is
// the data source's company, null where it is the provider's.
func (b *dataSourceBase) readLater(own types.String, req datasource.ReadRequest, resp *datasource.ReadResponse) bool {
	reason := datasource.DeferredReasonDataSourceConfigUnknown
	if req.Config.Raw.IsFullyKnown() {
		if !b.unknownYet(own) {
			return false
		}
		reason = datasource.DeferredReasonProviderConfigUnknown
	}
	switch {
	case req.ClientCapabilities.DeferralAllowed:
		resp.Deferred = &datasource.Deferred{Reason: reason}
		resp.State.Raw = tftypes.NewValue(req.Config.Raw.Type(), tftypes.UnknownValue)
		return true
	case reason == datasource.DeferredReasonDataSourceConfigUnknown:
		resp.Diagnostics.AddError("The data source's arguments are not known yet", "One of them is only known after apply, and nothing can be looked up without it.")
		return true
	default:
		return false // Read says what is missing
	}
}

// unknownYet reports whether what the data source takes from the provider's configuration is only known after apply.
func (b *dataSourceBase) unknownYet(own types.String) bool {
	return b.session != nil && (b.session.api == nil || (b.session.companyUnknown && own.IsNull()))
}
