package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// privateState is what Terraform keeps for the provider beside an object's state, and shows to nobody: the framework's
// *privatestate.ProviderData, a type that can't be named here.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readNote returns what was kept under the key; the zero note where nothing was.
func readNote[T any](ctx context.Context, private privateState, key string, diags *diag.Diagnostics) T {
	var kept, none T
	value, found := private.GetKey(ctx, key)
	diags.Append(found...)
	if len(value) > 0 && json.Unmarshal(value, &kept) != nil {
		return none // of another version of the provider: as good as none
	}
	return kept
}

// keepNote keeps a note under the key for the next plan or apply.
func keepNote[T any](ctx context.Context, private privateState, key string, note T, diags *diag.Diagnostics) {
	value, err := json.Marshal(note)
	if err != nil {
		diags.AddWarning("Unable to keep a note for the next plan", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, key, value)...)
}
