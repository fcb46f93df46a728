package provider_test

import (
	"strings"
	"testing"
)

// A secret that client_secret_wo brought is none that Terraform knew, and no trigger is needed to bring another.
func TestAResetElsewhereOfABroughtSecretSaysHowToBringAnother(t *testing.T) {
	w := newPluginWorld(t)
	account := w.mustApply("procore_service_account", object{}, map[string]any{
		"name": "ci", "client_secret_wo": newClientSecret(t), "client_secret_wo_version": int64(1),
	})
	reset := w.mustApply(resetType, object{}, map[string]any{
		"service_account_id": account.state["id"], "client_secret_wo": newClientSecret(t), "client_secret_wo_version": int64(1),
	})
	w.resetElsewhere("ci")
	for typeName, kept := range map[string]object{"procore_service_account": account, resetType: reset} {
		_, diagnostics := w.read(typeName, kept)
		text := told(diagnostics)
		contains(t, text, "The secret that client_secret_wo brought is not the live one", "raise client_secret_wo_version")
		if len(diagnostics) != 1 || strings.Contains(text, "Terraform knew") || strings.Contains(text, "triggers") {
			t.Errorf("%s: %s", typeName, text)
		}
	}
}
