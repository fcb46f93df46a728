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
	for _, text := range w.warningsOfAResetElsewhere(account, reset) {
		contains(t, text, "raise client_secret_wo_version")
		if strings.Contains(text, "Terraform knew") || strings.Contains(text, "triggers") {
			t.Error(text)
		}
	}
}

func TestAResetElsewhereOfAKnownSecretSaysHowToGetAnother(t *testing.T) {
	w := newPluginWorld(t)
	account := w.mustApply("procore_service_account", object{}, map[string]any{"name": "ci"})
	reset := w.mustApply(resetType, object{}, map[string]any{"service_account_id": account.state["id"]})
	for _, text := range w.warningsOfAResetElsewhere(account, reset) {
		contains(t, text, "client_secret is null", "triggers")
	}
}

// warningsOfAResetElsewhere resets the account ci and returns what its resource and its reset's warn of. Terraform shows only one of the
// warnings that have the same summary, so that these must differ: the account's may be harmless, the reset's never is.
func (w pluginWorld) warningsOfAResetElsewhere(account, reset object) [2]string {
	w.plugin.t.Helper()
	w.resetElsewhere("ci")
	_, ofAccount := w.read("procore_service_account", account)
	_, ofReset := w.read(resetType, reset)
	if len(ofAccount) != 1 || len(ofReset) != 1 || ofAccount[0].Summary == ofReset[0].Summary {
		w.plugin.t.Fatalf("%s%s", told(ofAccount), told(ofReset))
	}
	return [2]string{told(ofAccount), told(ofReset)}
}
