package provider_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// The guide "Hand the secret over", with a store that Terraform takes for the real one.

// newStoreGuide is a guide whose configuration also needs the provider "vault" or "aws".
func newStoreGuide(t *testing.T, w *world, folder, provider string) (*workspace, secretStore) {
	t.Helper()
	kept := newStore(t)
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	space := newWorkspace(t, append(w.environment(), storeFolderVariable+"="+kept.folder)...)
	t.Cleanup(func() { // before the workspace looks for secrets
		for _, secret := range kept.seen() {
			servertest.SecretsOf(t).Add(servertest.KindBrought, secret) // those of a plan, too, which the server never sees
		}
	})
	mirrored(t, filepath.Join(space.dir, "mirror"), "hashicorp/"+provider, binary)
	return newGuideIn(t, space, folder), kept
}

// nowhere fails the test where a secret that the store has ever been shown, or any other, is in the state, in a plan, in the log or in
// what Terraform printed. The store knows them, because it is given them, so the search can't find nothing for want of something
// to look for; resourceType is of a resource that must be in the state and in saved.tfplan.
func (s *workspace) nowhere(kept secretStore, resourceType string) {
	s.t.Helper()
	shown := kept.seen()
	if len(shown) == 0 {
		s.t.Fatal("the store was shown no secret")
	}
	secrets := servertest.SecretsOf(s.t)
	for _, secret := range shown {
		secrets.Add(servertest.KindBrought, secret)
	}
	log, err := os.ReadFile(s.trace)
	if err != nil {
		s.t.Fatal(err)
	}
	places := map[string][]byte{"the log": log, "what Terraform printed": s.printed.Bytes()}
	for _, file := range append(entries(s.dir, "*.tfstate*"), entries(s.dir, "*.tfplan")...) {
		for name, text := range s.unpacked(file) {
			places[name] = text
		}
	}
	for _, needed := range []string{"terraform.tfstate", "saved.tfplan, tfplan"} {
		if !strings.Contains(string(places[needed]), resourceType) {
			s.t.Fatalf("%s was not searched, or is empty", needed)
		}
	}
	for name, text := range places {
		if found := secrets.Find(text); len(found) > 0 {
			s.t.Errorf("%s holds a secret", name)
		}
		if wholeSecret.Match(text) {
			s.t.Errorf("%s holds what looks like a client secret", name)
		}
		if spoilt := append([]byte(shown[0]), text...); len(secrets.Find(spoilt)) == 0 || !wholeSecret.Match(spoilt) {
			s.t.Errorf("the search of %s would find nothing", name)
		}
	}
}

// savesAndApplies plans into a file, applies that, and plans empty after it.
func (s *workspace) savesAndApplies(arguments ...string) string {
	s.t.Helper()
	planned := s.run(append([]string{"plan", "-no-color", "-out=saved.tfplan"}, arguments...)...)
	s.run("apply", "-no-color", "saved.tfplan")
	s.run(append([]string{"plan", "-detailed-exitcode", "-no-color"}, arguments...)...)
	return planned
}

// ofVault reads the JSON that the guide puts into Vault.
func (s secretStore) ofVault() (clientID, secret string) {
	s.t.Helper()
	_, text := s.current()
	var stored struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		s.t.Fatal(err)
	}
	return stored.ClientID, stored.ClientSecret
}

// fails runs Terraform, which must not succeed.
func (s *workspace) fails(arguments ...string) {
	s.t.Helper()
	if _, err := s.try(arguments...); err == nil {
		s.t.Fatalf("terraform %s succeeded", strings.Join(arguments, " "))
	}
}

func TestAccGuideHandsTheSecretOverWithoutKeepingIt(t *testing.T) {
	w := newWorld(t)
	space, kept := newStoreGuide(t, w, "hand-over-the-secret", "vault")
	const account, reset = "procore_service_account.exporter", "procore_service_account_secret_reset.exporter"

	space.savesAndApplies()
	clientID, first := kept.ofVault()
	if !w.works(clientID, first) || kept.versions() != 1 {
		t.Error("the store doesn't have the secret that is live")
	}
	contains(t, space.savesAndApplies("-var", "rotation=2"), "Plan: 0 to add, 2 to change, 0 to destroy.")
	_, second := kept.ofVault()
	if second == first || !w.works(clientID, second) || !w.works(clientID, first) || kept.versions() != 2 {
		t.Error("the store doesn't have the new secret, or the old one has ended already")
	}
	if space.attributes(account)["client_secret"] != nil || space.attributes(reset)["client_secret"] != nil {
		t.Error("the state has a client_secret")
	}
	if got, want := space.attributes(reset)["secret_fingerprint"], w.find("CI exporter").SecretFingerprint; got != want {
		t.Errorf("the state has the fingerprint %v, the server %s", got, want)
	}
	space.nowhere(kept, "procore_service_account_secret_reset")
}

// What the guide says of a failure half-way, which is not all good.
func TestAccGuideHandsTheSecretOverAndSaysWhatAFailureDoes(t *testing.T) {
	w := newWorld(t)
	front, failure := newEcho(t, w.URL)
	space, kept := newStoreGuide(t, w, "hand-over-the-secret", "vault")
	space.environment = append(space.environment, "PROCORE_BASE_URL="+front, "PROCORE_MAX_RETRIES=0")
	space.savesAndApplies()
	clientID, first := kept.ofVault()

	// The server fails: the store is not written, and the same apply again does both.
	space.run("plan", "-no-color", "-out=two.tfplan", "-var", "rotation=2")
	failure.Store(http.StatusInternalServerError)
	space.fails("apply", "-no-color", "two.tfplan")
	failure.Store(0)
	if _, still := kept.ofVault(); still != first || !w.works(clientID, first) {
		t.Error("the store was written, or what it has is not live")
	}
	space.savesAndApplies("-var", "rotation=2")
	_, second := kept.ofVault()
	if second == first || !w.works(clientID, second) {
		t.Error("the store doesn't have the new secret")
	}

	// The store fails: the new secret is lost. The old one lives for a while; the same apply again would store one that nobody takes;
	// another rotation mends it.
	kept.breaks(true)
	space.fails("apply", "-auto-approve", "-no-color", "-var", "rotation=3")
	kept.breaks(false)
	if _, still := kept.ofVault(); still != second || !w.works(clientID, second) {
		t.Error("the secret in the store has ended with the reset")
	}
	space.applies("-var", "rotation=3")
	if _, dead := kept.ofVault(); w.works(clientID, dead) {
		t.Error("the guide warns of something that isn't so")
	}
	space.savesAndApplies("-var", "rotation=4")
	if _, fourth := kept.ofVault(); !w.works(clientID, fourth) {
		t.Error("the store doesn't have the live secret again")
	}
	if w.works(clientID, second) { // only the one before the live one lives on, and that is the lost one
		t.Error("the guide warns of an end that doesn't come")
	}
	space.nowhere(kept, "procore_service_account_secret_reset")
}

// With the store first, the same apply again mends whatever failed.
func TestAccGuideHandsTheSecretOverStoreFirst(t *testing.T) {
	w := newWorld(t)
	front, failure := newEcho(t, w.URL)
	space, kept := newStoreGuide(t, w, "hand-over-the-secret-store-first", "aws")
	space.environment = append(space.environment, "PROCORE_BASE_URL="+front, "PROCORE_MAX_RETRIES=0")
	space.savesAndApplies()
	clientID := w.find("CI exporter").ClientID
	live := func(versions int) (secret string) {
		t.Helper()
		_, secret = kept.current()
		if !w.works(clientID, secret) || kept.versions() != versions {
			t.Errorf("the store doesn't have the live secret as its version %d", versions)
		}
		return secret
	}
	first := live(1)

	kept.breaks(true)
	space.fails("apply", "-auto-approve", "-no-color", "-var", "rotation=2")
	kept.breaks(false)
	if live(1) != first {
		t.Error("the store was written")
	}
	space.savesAndApplies("-var", "rotation=2")
	second := live(2)

	space.run("plan", "-no-color", "-out=three.tfplan", "-var", "rotation=3")
	failure.Store(http.StatusInternalServerError)
	space.fails("apply", "-no-color", "three.tfplan")
	failure.Store(0)
	_, third := kept.current()
	if third == second || w.works(clientID, third) || !w.works(clientID, second) {
		t.Error("not the store, or not the store alone, has changed")
	}
	space.savesAndApplies("-var", "rotation=3")
	if live(3) != third {
		t.Error("the second apply took another secret than the store's")
	}
	space.nowhere(kept, "procore_service_account_secret_reset")
}
