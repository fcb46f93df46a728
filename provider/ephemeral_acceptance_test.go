package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// newSecretWorkspace is a workspace with a store beside the provider, whose configuration is config after both provider blocks.
func newSecretWorkspace(t *testing.T, w *world) (*workspace, secretStore) {
	t.Helper()
	space, kept := newStoreGuide(t, w, "hand-over-the-secret", "vault")
	example := strings.Split(example(t, "../examples/guides/hand-over-the-secret/main.tf"), "# One more rotates the secret.")
	space.write(example[0], "versions.tf")
	space.write("", "main.tf")
	return space, kept
}

// stored is a resource of the store with the secret of ephemeral.procore_client_secret.test, written whenever version changes.
func stored(version string) string {
	return fmt.Sprintf(`
resource "vault_kv_secret_v2" "test" {
  mount                = "secret"
  name                 = "test"
  data_json_wo         = ephemeral.procore_client_secret.test.client_secret
  data_json_wo_version = %s
}
ephemeral "procore_client_secret" "test" {}
`, version)
}

const ownSecret = "client_secret_wo = ephemeral.procore_client_secret.test.client_secret"

func TestAccEphemeralSecretOfANewAccountIsNowhereButInTheStore(t *testing.T) {
	w := newWorld(t)
	space, kept := newSecretWorkspace(t, w)
	space.write(account(`name = "ci"`, ownSecret, `client_secret_wo_version = 1`)+stored(accountAddress+".secret_version"), "main.tf")
	space.savesAndApplies()
	space.savesAndApplies() // and another secret was made in vain
	made := w.find("ci")
	if _, secret := kept.current(); !w.works(made.ClientID, secret) || made.SecretVersion != 1 || kept.versions() != 1 {
		t.Error("the store doesn't have the account's secret")
	}
	space.nowhere(kept, "procore_service_account")
	if space.attributes(accountAddress)["client_secret"] != nil || space.attributes(accountAddress)["secret_fingerprint"] != made.SecretFingerprint {
		t.Error("the state has the secret, or the fingerprint of another one")
	}
}

func TestAccEphemeralSecretIsAnotherOneAtEachResetByTrigger(t *testing.T) {
	w := newWorld(t)
	space, kept := newSecretWorkspace(t, w)
	config := func(trigger string) string {
		return account(`name = "ci"`) + reset(ownSecret, fmt.Sprintf("triggers = { a = %q }", trigger)) + stored(resetAddress+".secret_version")
	}
	for i, trigger := range []string{"x", "y", "z"} {
		space.write(config(trigger), "main.tf")
		space.savesAndApplies()
		found := w.find("ci")
		if _, secret := kept.current(); !w.works(found.ClientID, secret) || found.SecretVersion != int64(i+2) || kept.versions() != i+1 {
			t.Errorf("after the reset for %s the store doesn't have the live secret", trigger)
		}
		if space.attributes(resetAddress)["client_secret"] != nil {
			t.Error("the state has the secret")
		}
	}
}

// Accounts that were there before this, with a secret in the state, go over without a step in between.
func TestAccEphemeralSecretComesToAnAccountThatExists(t *testing.T) {
	w := newWorld(t)
	space, kept := newSecretWorkspace(t, w)
	before := account(`name = "ci"`) + reset(`triggers = { a = "x" }`)
	space.apply(before)
	old := space.secret(resetAddress)

	own := account(`name = "ci"`) + reset(`triggers = { a = "x" }`, ownSecret, `client_secret_wo_version = 1`)
	space.write(own+"ephemeral \"procore_client_secret\" \"test\" {}\n", "main.tf")
	space.savesAndApplies() // adopting the attribute resets nothing
	if space.secret(resetAddress) != old || !w.works(w.find("ci").ClientID, old) {
		t.Error("client_secret_wo alone has reset the secret")
	}
	space.write(strings.Replace(own, "version = 1", "version = 2", 1)+stored(resetAddress+".secret_version"), "main.tf")
	space.savesAndApplies()
	space.savesAndApplies()
	if _, secret := kept.current(); !w.works(w.find("ci").ClientID, secret) || w.works(w.find("ci").ClientID, old) {
		t.Error("the store doesn't have the live secret, or the old one has not ended")
	}
	for _, address := range []string{accountAddress, resetAddress} {
		if space.attributes(address)["client_secret"] != nil {
			t.Errorf("%s has a client_secret", address)
		}
	}
}

func TestAccEphemeralSecretWithAVersionThatIsOnlyKnownAfterApply(t *testing.T) {
	w := newWorld(t)
	space, kept := newSecretWorkspace(t, w)
	config := func(input int) string {
		return fmt.Sprintf("resource \"terraform_data\" \"version\" {\n  input = %d\n}\n", input) + account(`name = "ci"`) +
			reset(ownSecret, "client_secret_wo_version = terraform_data.version.output") + stored(resetAddress+".secret_version")
	}
	for i := range 2 {
		space.write(config(i+1), "main.tf")
		space.savesAndApplies()
		found := w.find("ci")
		if _, secret := kept.current(); !w.works(found.ClientID, secret) || found.SecretVersion != int64(i+2) {
			t.Errorf("with version %d the store doesn't have the live secret", i+1)
		}
	}
}

// A write-only attribute takes nothing but the ephemeral; everything else refuses it, so that it can't get into the state by mistake.
func TestAccEphemeralSecretIsRefusedWhereItWouldBeKept(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t, w.environment()...)
	for _, config := range []string{
		"resource \"terraform_data\" \"x\" {\n  input = ephemeral.procore_client_secret.test.client_secret\n}\n",
		"output \"x\" {\n  value = ephemeral.procore_client_secret.test.client_secret\n  sensitive = true\n}\n",
		account(`name = "ci"`, "description = ephemeral.procore_client_secret.test.secret_fingerprint"),
		account(`name = "ci"`, "description = provider::procore::basic_auth(\"id\", ephemeral.procore_client_secret.test.client_secret)"),
	} {
		space.write("ephemeral \"procore_client_secret\" \"test\" {}\n"+config, "main.tf")
		_, err := space.try("plan", "-no-color")
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "ephemeral value") {
			t.Errorf("%s\n%v", config, err)
		}
	}
}

// The token goes into the configuration of another provider: this one, once more, whose own credentials are the account's.
func TestAccAccessTokenIsRevokedAfterTheRunOnlyWhenAsked(t *testing.T) {
	w := newWorld(t)
	space, kept := newSecretWorkspace(t, w)
	for i, revoke := range []string{"true", "false"} {
		space.write(account(`name = "ci"`)+fmt.Sprintf(`
ephemeral "procore_access_token" "test" {
  client_id       = procore_service_account.test.client_id
  client_secret   = procore_service_account.test.client_secret
  revoke_on_close = %s
}
resource "vault_kv_secret_v2" "token" {
  mount                = "secret"
  name                 = "token"
  data_json_wo         = ephemeral.procore_access_token.test.access_token
  data_json_wo_version = %d
}
`, revoke, i), "main.tf")
		space.run("apply", "-auto-approve", "-no-color")
		if _, token := kept.current(); token == "" || w.isGood(token) != (revoke == "false") {
			t.Errorf("with revoke_on_close = %s the token is good after the run: %v", revoke, w.isGood(token))
		}
		space.run("plan", "-detailed-exitcode", "-no-color")
	}
}

func TestAccAccessTokenWithWrongCredentialsFailsThePlan(t *testing.T) {
	w := newWorld(t)
	wrong := newClientSecret(t)
	space := newWorkspace(t, append(w.environment(), "TF_VAR_secret="+wrong)...)
	space.write(fmt.Sprintf("variable \"secret\" {\n  ephemeral = true\n}\nephemeral \"procore_access_token\" \"test\" {\n"+
		"  client_id = %q\n  client_secret = var.secret\n}\n", w.make("ci").ClientID), "main.tf")
	_, err := space.try("plan", "-no-color")
	if err == nil {
		t.Fatal("a wrong secret got a token")
	}
	contains(t, strings.Join(strings.Fields(err.Error()), " "), "Unable to get an access token for client", "invalid_client", "Was the secret reset since?")
}

func TestAccAccessTokenWaitsForAProviderThatIsNotKnownYet(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t, w.environment()...)
	space.write("resource \"terraform_data\" \"url\" {\n  input = \""+w.URL+"\"\n}\nprovider \"procore\" {\n  base_url = terraform_data.url.output\n}\n"+
		"ephemeral \"procore_client_secret\" \"test\" {}\n"+account(`name = "ci"`, ownSecret)+
		"ephemeral \"procore_access_token\" \"test\" {\n  client_id = procore_service_account.test.client_id\n"+
		"  client_secret = coalesce(procore_service_account.test.client_secret, ephemeral.procore_client_secret.test.client_secret)\n}\n", "main.tf")
	space.run("apply", "-auto-approve", "-no-color") // the first plan knows neither the provider nor the client_id
	if w.find("ci") == nil {
		t.Error("the account was not made")
	}
}
