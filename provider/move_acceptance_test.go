package provider_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// requires writes which source address the configuration's provider has.
func (s *workspace) requires(source string) {
	s.t.Helper()
	s.write("terraform {\n  required_providers {\n    procore = {\n      source = \""+source+"\"\n    }\n  }\n}\n", "versions.tf")
	s.run("init", "-no-color")
}

// everyKind is one of each resource, all of that name.
func everyKind(name string) string {
	return strings.ReplaceAll(`
resource "procore_service_account" "NAME" {
  name = "exporter"
}
resource "procore_service_account_secret_reset" "NAME" {
  service_account_id = procore_service_account.NAME.id
  triggers           = { on = "monday" }
}
resource "procore_service_account_permissions" "NAME" {
  service_account_id = procore_service_account.NAME.id
  company            = { documents = "readonly" }
  secret_version     = procore_service_account_secret_reset.NAME.secret_version
}
resource "procore_project" "NAME" {
  name = "Bridge"
}
resource "procore_project_membership" "NAME" {
  service_account_id = procore_service_account.NAME.id
  project_id         = procore_project.NAME.id
  secret_version     = procore_service_account_secret_reset.NAME.secret_version
}
`, "NAME", name)
}

// kinds are the types of everyKind.
var kinds = []string{
	"procore_service_account", "procore_service_account_secret_reset", "procore_service_account_permissions", "procore_project", "procore_project_membership",
}

// privateWorkspace is one that had its provider from another source address so far, and has everyKind("old") from it.
func privateWorkspace(t *testing.T, w *world) *workspace {
	t.Helper()
	space := newWorkspace(t)
	publish(t, filepath.Join(space.dir, "mirror"), privateMirror, pluginBinary(t))
	space.requires(privateMirror)
	space.apply(w.config(everyKind("old")))
	space.run("apply", "-refresh-only", "-auto-approve", "-no-color") // the account's own secret was reset by then
	return space
}

// mustBeMoved makes sure that all is the public provider's, and nothing else has changed.
func (s *workspace) mustBeMoved(name, secret string) {
	s.t.Helper()
	s.run("plan", "-detailed-exitcode", "-no-color")
	if now := s.secret("procore_service_account_secret_reset." + name); now != secret {
		s.t.Error("the secret is another one")
	}
	if providers := s.run("providers", "-no-color"); strings.Contains(providers, privateMirror) {
		s.t.Errorf("the state still has objects of the other source address:\n%s", providers)
	}
}

func TestAccMovedBlocksTakeObjectsOverFromAnotherSourceAddress(t *testing.T) {
	w := newWorld(t)
	space := privateWorkspace(t, w)
	secret := space.secret("procore_service_account_secret_reset.old")

	space.requires("procore/procore")
	var moves strings.Builder
	for _, kind := range kinds {
		moves.WriteString("moved {\n  from = " + kind + ".old\n  to   = " + kind + ".new\n}\n")
	}
	before := w.Contents(t)
	space.write(w.config(everyKind("new"), moves.String()), "main.tf")
	if plan := space.run("plan", "-no-color"); !strings.Contains(plan, "0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan changes something:\n%s", plan)
	}
	space.run("apply", "-auto-approve", "-no-color")
	if w.Contents(t) != before {
		t.Error("the move changed something on the server")
	}
	space.mustBeMoved("new", secret)
	if without := space.withoutIdentity(); knows(t, identityFeature) && len(without) > 0 {
		t.Errorf("no identity of %v", without)
	}
	space.run("destroy", "-auto-approve", "-no-color")
}

func TestAccReplaceProviderTakesObjectsOverFromAnotherSourceAddress(t *testing.T) {
	w := newWorld(t)
	space := privateWorkspace(t, w)
	secret := space.secret("procore_service_account_secret_reset.old")
	space.run("state", "replace-provider", "-auto-approve", privateMirror, "procore/procore")
	space.requires("procore/procore")
	space.mustBeMoved("old", secret)
}

func TestAccMovesWithinATypeKeepTheSecret(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	space.apply(w.config(account(`name = "ci"`)))
	kept := space.attributes(accountAddress)
	each := func(key string) string {
		return "resource \"procore_service_account\" \"each\" {\n  for_each = toset([\"" + key + "\"])\n  name     = \"ci\"\n}\n"
	}
	for _, config := range []string{
		each("a") + "moved {\n  from = procore_service_account.test\n  to   = procore_service_account.each[\"a\"]\n}\n",
		each("b") + "moved {\n  from = procore_service_account.each[\"a\"]\n  to   = procore_service_account.each[\"b\"]\n}\n",
	} {
		space.apply(w.config(config))
		now := space.attributes("procore_service_account.each")
		if now["id"] != kept["id"] || now["client_secret"] != kept["client_secret"] {
			t.Errorf("the move lost the account or its secret:\n%s", config)
		}
		space.run("plan", "-detailed-exitcode", "-no-color")
	}
	space.apply(w.config("removed {\n  from = procore_service_account.each\n  lifecycle {\n    destroy = false\n  }\n}\n"))
	if clientID, secret := kept["client_id"].(string), kept["client_secret"].(string); !w.works(clientID, secret) {
		t.Error("the account that Terraform forgot doesn't work any more")
	}
}
