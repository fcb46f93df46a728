package provider_test

import (
	"strings"
	"testing"
)

// contains fails the test unless text has every word, in whatever lines.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in\n%s", word, text)
		}
	}
}

func TestAccWarningPlannedResetNamesTheAccountAndWhatItLoses(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := func(arguments string) string { return w.config(account(`name = "ci"`), reset(arguments)) }

	contains(t, space.warnings(config("")), "The plan resets the client secret", "clears all permissions and all project memberships")
	space.apply(config(`triggers = { a = "x" }`))
	if text := space.warnings(config(`triggers = { a = "x" }`)); strings.Contains(text, "resets") {
		t.Errorf("an unchanged reset warns:\n%s", text)
	}
	contains(t, space.warnings(config(`triggers = { a = "y" }`)), `The plan resets the client secret of service account `, `("ci")`,
		"no company permissions", "at once", "keep_access = true")
	contains(t, space.warnings(config("triggers = { a = \"y\" }\n previous_secret_ttl = \"36h\"")), "goes on working for 36h")
	if text := space.warnings(config("triggers = { a = \"y\" }\n keep_access = true")); strings.Contains(text, "resets") {
		t.Errorf("a reset that keeps access warns:\n%s", text)
	}
	contains(t, space.warnings(config(`triggers = { a = plantimestamp() == "" ? "x" : terraform_data.later.id }`)+later(1)), "The plan may reset")
}

func TestAccWarningPlannedResetListsThePermissions(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	// The administrator is the one account that has permissions from the start.
	admin := w.find("").ID
	config := w.config("resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \"" + admin + "\"\n}\n")
	contains(t, space.warnings(config), "At the moment it holds these company permissions: admin=admin, directory=admin.")
}

func TestAccWarningResetOfTheProvidersOwnAccount(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	admin := w.find("").ID
	config := w.config("resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \"" + admin + "\"\n  keep_access = true\n}\n")
	contains(t, space.warnings(config), "that Terraform itself signs in as", "previous_secret_ttl")
	other := w.make("ci").ID
	config = strings.ReplaceAll(config, "= \""+admin+"\"\n  keep", "= \""+other+"\"\n  keep")
	if text := space.warnings(config); text != "" {
		t.Errorf("a reset of another account warns:\n%s", text)
	}
}

func TestAccWarningStaleSecretSaysWhatHappenedAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := w.config(account(`name = "ci"`))
	space.apply(config)
	done := w.resetElsewhere("ci")
	contains(t, space.warnings(config), "not the live one", done.SecretCreatedAt, "version 2", done.SecretFingerprint, "is not replaced",
		"procore_service_account_secret_reset")
	space.apply(config)
	if text := space.warnings(config); text != "" {
		t.Errorf("the warning is repeated when the state has no secret any more:\n%s", text)
	}

	config = w.config(account(`name = "ci"`), reset())
	space.apply(config)
	done = w.resetElsewhere("ci")
	contains(t, space.warnings(config), "Somebody else has reset", "version 4", done.SecretFingerprint, "change a value in triggers")
}

func TestAccWarningImportOfAnActiveAccountIsQuiet(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	made := w.make("ci")
	config := w.config(account(`name = "ci"`), "import {\n  to = "+accountAddress+"\n  id = \""+made.ID+"\"\n}\n")
	if text := space.warnings(config); text != "" {
		t.Errorf("importing warns:\n%s", text)
	}
	space.apply(config)
	if text := space.warnings(config); text != "" {
		t.Errorf("the plan after an import warns:\n%s", text)
	}
}
