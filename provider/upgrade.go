package provider

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// A state is written by one version of the provider and read by another. Every resource's schema has a version, kept with the
// state: a newer provider brings an older state up to its own version by an upgrader, and an older one refuses a newer state.
//
// An attribute that is added needs no new version: it is null in an older state. It gets one where a provider that doesn't know
// the attribute must not go on without it, as that would drop it from the state without a word.

// widen is the upgrader from a version whose attributes are all there still, of the same types: what was added since is null.
func widen(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
	readState(ctx, req.RawState, &resp.State, &resp.Diagnostics)
}

// readState reads a state as it is stored into the schema that to has. An attribute that the schema doesn't know is an error
// unless it is null: leaving it out would lose what it says.
func readState(ctx context.Context, raw *tfprotov6.RawState, to *tfsdk.State, diags *diag.Diagnostics) {
	const summary = "Unable to read the state of another version of the provider"
	var stored map[string]json.RawMessage
	if err := json.Unmarshal(raw.JSON, &stored); err != nil {
		diags.AddError(summary, "The state is not what Terraform 0.12 and later write: "+sentence(err.Error()))
		return
	}
	var unknown []string
	known := to.Schema.GetAttributes()
	for name, value := range stored {
		if _, ok := known[name]; !ok && string(value) != "null" {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		diags.AddError(summary, "This version of the provider doesn't know "+strings.Join(unknown, ", ")+", which the state has a value for. Nothing was "+
			"changed. Most likely a newer version wrote the state: use that one, or a later one.")
		return
	}
	value, err := raw.UnmarshalWithOpts(to.Schema.Type().TerraformType(ctx), ignoreUndefined)
	if err != nil {
		// The text may quote a value, and a value may be a secret.
		diags.AddError(summary, sentence(withoutSecrets(err.Error()))+" Nothing was changed. If the state was edited by hand, put back what was there; else please "+
			"report this.")
		return
	}
	to.Raw = value
}

// ignoreUndefined reads over null attributes that the schema doesn't know.
var ignoreUndefined = func() (options tfprotov6.UnmarshalOpts) {
	options.ValueFromJSONOpts.IgnoreUndefinedAttributes = true
	return options
}()
