package provider_test

import "testing"

// revokeByHand is the account of accountAddress, and an action on it.
const revokeByHand = `
action "procore_revoke_tokens" "test" {
  config {
    service_account_id = procore_service_account.test.id
  }
}
`

func TestAccRevokeTokensInvokedEndsTheTokensAndKeepsTheSecret(t *testing.T) {
	needsFeature(t, actionFeature)
	w := newWorld(t)
	space := newWorkspace(t)
	space.apply(w.config(account(`name = "ci exporter"`), revokeByHand))
	clientID, secret := w.find("ci exporter").ClientID, space.secret(accountAddress)
	token := w.token(clientID, secret)
	printed := space.run("apply", "-auto-approve", "-no-color", "-invoke=action.procore_revoke_tokens.test")
	contains(t, printed, "Ended the live access tokens of service account "+w.find("ci exporter").ID+` "ci exporter"`)
	if w.accepts(token) {
		t.Error("the token outlived it")
	}
	if !w.accepts(w.token(clientID, secret)) {
		t.Error("the secret gets no token that works")
	}
	space.run("plan", "-detailed-exitcode", "-no-color")
}

func TestAccRevokeTokensTriggeredByAGentleResetEndsWhatItLeftAlive(t *testing.T) {
	needsFeature(t, actionFeature)
	w := newWorld(t)
	space := newWorkspace(t)
	config := func(rotated string) string {
		return w.config(account(`name = "ci exporter"`), revokeByHand, reset(
			`keep_access = true`, `previous_secret_ttl = "1h"`, `triggers = { rotated = "`+rotated+`" }`,
			"lifecycle {\n    action_trigger {\n      events = [after_update]\n      actions = [action.procore_revoke_tokens.test]\n    }\n  }"))
	}
	space.apply(config("one")) // creates, which triggers nothing
	clientID, old := w.find("ci exporter").ClientID, space.secret(resetAddress)
	token := w.token(clientID, old)
	if !w.accepts(token) {
		t.Fatal("the token of a secret that is live doesn't work")
	}
	space.write(config("two"), "main.tf")
	printed := space.run("apply", "-auto-approve", "-no-color")
	contains(t, printed, "Ended the live access tokens of service account ", `"ci exporter"`)
	if w.accepts(token) {
		t.Error("the token outlived it")
	}
	for _, secret := range []string{old, space.secret(resetAddress)} {
		if !w.accepts(w.token(clientID, secret)) {
			t.Error("a secret gets no token that works")
		}
	}
	space.run("plan", "-detailed-exitcode", "-no-color")
}

// What the trigger's account and company are is known only when it is made.
func TestAccRevokeTokensOfAnAccountMadeInTheSameApply(t *testing.T) {
	needsFeature(t, actionFeature)
	w := newWorld(t)
	space := newWorkspace(t)
	trigger := "lifecycle {\n    action_trigger {\n      events = [after_create]\n      actions = [action.procore_revoke_tokens.test]\n    }\n  }"
	space.write(w.config(account(`name = "ci exporter"`), reset(trigger), `
action "procore_revoke_tokens" "test" {
  config {
    service_account_id = procore_service_account.test.id
    company_id         = procore_service_account.test.company_id
  }
}
`), "main.tf")
	contains(t, space.applies(), `Ended the live access tokens of service account `, `"ci exporter"`)
}

func TestAccRevokeTokensThatFailSayWhichAccount(t *testing.T) {
	needsFeature(t, actionFeature)
	w := newWorld(t)
	space := newWorkspace(t)
	space.write(w.config("action \"procore_revoke_tokens\" \"test\" {\n  config {\n    service_account_id = \"999\"\n  }\n}\n"), "main.tf")
	_, err := space.try("apply", "-auto-approve", "-no-color", "-invoke=action.procore_revoke_tokens.test")
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "Unable to end the live access tokens of service account 999", "404")
}
