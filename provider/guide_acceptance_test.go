package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// The configurations of the guides, applied as they stand in examples/guides and in the order of the guides' words.

// newGuide is a workspace with the files of a folder of examples/guides, and nothing else.
func newGuide(t *testing.T, w *world, folder string) *workspace {
	t.Helper()
	return newGuideIn(t, newWorkspace(t, w.environment()...), folder)
}

// newGuideIn is newGuide in a workspace that is there already.
func newGuideIn(t *testing.T, space *workspace, folder string) *workspace {
	t.Helper()
	if err := os.Remove(filepath.Join(space.dir, "versions.tf")); err != nil { // the example has its own
		t.Fatal(err)
	}
	files, err := filepath.Glob("../examples/guides/" + folder + "/*.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no example in %s: %v", folder, err)
	}
	for _, file := range files {
		space.write(example(t, file), filepath.Base(file))
	}
	space.run("init", "-no-color")
	return space
}

// applies runs terraform apply; the plan after that must be empty.
func (s *workspace) applies(arguments ...string) string {
	s.t.Helper()
	printed := s.run(append([]string{"apply", "-auto-approve", "-no-color"}, arguments...)...)
	s.run(append([]string{"plan", "-detailed-exitcode", "-no-color"}, arguments...)...)
	return printed
}

// output is an output of the state, a string.
func (s *workspace) output(name string) string {
	s.t.Helper()
	return strings.TrimSpace(s.run("output", "-raw", name))
}

// access is what the account of that name may do, on the server.
func (w *world) access(name string) string {
	w.t.Helper()
	granted, err := w.granted(w.find(name).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	memberships, err := w.memberships(w.find(name).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return granted + " " + memberships
}

// projectNamed returns the ID of the project of that name.
func (w *world) projectNamed(name string) string {
	w.t.Helper()
	projects, err := w.api.ListProjects(w.t.Context(), w.CompanyID, client.ProjectFilter{Name: name})
	if err != nil || len(projects) != 1 {
		w.t.Fatalf("%d projects are called %s: %v", len(projects), name, err)
	}
	return projects[0].ID
}

func TestAccGuideOnboardsAnIntegration(t *testing.T) {
	w := newWorld(t)
	space := newGuide(t, w, "onboard-an-integration")
	space.applies()
	if !w.works(space.output("client_id"), space.output("client_secret")) {
		t.Error("the credentials get no token")
	}
	access := w.access("CI exporter")
	contains(t, access, "map[documents:readonly reports:readonly] ",
		w.projectNamed("Harbor bridge")+":map[daily_log:standard documents:readonly]",
		w.projectNamed("North tower")+":map[daily_log:standard documents:readonly]", w.projectNamed("East pier")+":map[daily_log:readonly]")
	space.run("destroy", "-auto-approve", "-no-color")
	if w.find("CI exporter") != nil {
		t.Error("the account outlived its destruction")
	}
}

func TestAccGuideRotatesWithOneApply(t *testing.T) {
	w := newWorld(t)
	space := newGuide(t, w, "rotate-with-one-apply")
	space.applies()
	before, clientID, secret := w.access("CI exporter"), w.find("CI exporter").ClientID, space.output("client_secret")
	contains(t, before, "map[documents:readonly]", "daily_log:standard")

	printed := space.applies("-var", "rotated=2026-10")
	contains(t, printed, "clears its access", `"Harbor bridge" (daily_log=standard)`, "Plan: 0 to add, 5 to change, 0 to destroy.")
	lacks(t, printed, "The last reset cleared", "The last reset ended")
	if after := w.access("CI exporter"); after != before {
		t.Errorf("the account holds %s, want %s", after, before)
	}
	if w.works(clientID, secret) || !w.works(clientID, space.output("client_secret")) {
		t.Error("another secret than the new one is live")
	}

	// What was given elsewhere is lost, and the check says so.
	id := w.find("CI exporter").ID
	w.assign(id, w.makeProject("Dam").ID, map[string]string{})
	contains(t, space.applies("-var", "rotated=2027-01"), `"Dam" (no tool)`, "The last reset ended project memberships that are not in this configuration.")
}

func TestAccGuideRotatesWithoutDowntime(t *testing.T) {
	w := newWorld(t)
	space := newGuide(t, w, "rotate-without-downtime")
	space.applies()
	space.applies() // the account's own secret is found to be another one
	before, clientID, secret := w.access("CI exporter"), w.find("CI exporter").ClientID, space.output("client_secret")

	printed := space.applies("-var", "rotated=2026-10")
	contains(t, printed, "Plan: 0 to add, 1 to change, 0 to destroy.")
	lacks(t, printed, "clears its access")
	if after := w.access("CI exporter"); after != before {
		t.Errorf("the account holds %s, want %s", after, before)
	}
	if next := space.output("client_secret"); next == secret || !w.works(clientID, next) || !w.works(clientID, secret) {
		t.Error("the two secrets don't both work")
	}
}

func TestAccGuideRotatesByAge(t *testing.T) {
	w, clock := newAgingWorld(t)
	space := newGuide(t, w, "rotate-by-age")
	space.applies()
	space.applies() // the account's own secret is found to be another one
	before, clientID, secret := w.access("CI exporter"), w.find("CI exporter").ClientID, space.output("client_secret")

	clock.step(75 * oneDay) // a night in the meantime
	contains(t, space.applies(), "No changes.")
	clock.step(oneDay)
	contains(t, space.applies(), "No changes.", "is going to be reset in 14 days")
	clock.step(14 * oneDay)
	contains(t, space.applies(), "because of its age", "Plan: 0 to add, 1 to change, 0 to destroy.")
	if after := w.access("CI exporter"); after != before {
		t.Errorf("the account holds %s, want %s", after, before)
	}
	if next := space.output("client_secret"); next == secret || !w.works(clientID, next) || !w.works(clientID, secret) {
		t.Error("the two secrets don't both work")
	}
	clock.step(2 * oneDay)
	printed := space.applies()
	contains(t, printed, "No changes.")
	lacks(t, printed, "Warning:")
	if w.works(clientID, secret) {
		t.Error("the old secret works on after previous_secret_ttl")
	}
}

func TestAccGuideImportsFortyAccounts(t *testing.T) {
	w := newWorld(t)
	newGuide(t, w, "import-existing-accounts/existing").applies() // and its state is forgotten
	list := newGuide(t, w, "import-existing-accounts/list")
	list.applies()
	accounts := list.run("output", "-json", "accounts")

	space := newGuide(t, w, "import-existing-accounts")
	space.run("validate", "-no-color") // with the accounts.json of the example
	space.write(accounts, "accounts.json")
	contains(t, space.applies(), "Plan: 40 to import, 0 to add, 0 to change, 0 to destroy.")

	var listed map[string]struct{ Name string }
	if err := json.Unmarshal([]byte(accounts), &listed); err != nil || len(listed) != 40 {
		t.Fatalf("%d accounts are listed: %v", len(listed), err)
	}
	for id, account := range listed {
		if found := w.find(account.Name); found == nil || found.ID != id || found.SecretVersion != 1 {
			t.Errorf("account %s is now %+v", id, found)
		}
	}
}

func TestAccGuideHealsAnAccount(t *testing.T) {
	w := newWorld(t)
	space := newGuide(t, w, "heal-an-account")
	space.applies()
	space.applies() // the account's own secret is found to be another one
	config := example(t, "../examples/guides/heal-an-account/main.tf")
	account, project := space.output("service_account_id"), space.output("project_id")
	whole := w.access("CI exporter")
	contains(t, whole, "map[documents:readonly]", "map[daily_log:standard]")
	healthy := func(when string) {
		t.Helper()
		if text := space.warnings(config); text != "" || w.access("CI exporter") != whole {
			t.Errorf("%s: the account holds %s\n%s", when, w.access("CI exporter"), text)
		}
	}
	healthy("at first")

	contact := w.find("CI exporter").Contact
	w.call(w.administrator(), http.MethodPatch, "/directory/contacts/"+contact.ID, `{"email_address":"somebody@example.com"}`)
	contains(t, space.warnings(config), "nonfunctional", "contact_email_changed", contact.EmailAddress)
	w.call(w.administrator(), http.MethodPatch, "/directory/contacts/"+contact.ID, fmt.Sprintf(`{"email_address":%q}`, contact.EmailAddress))
	healthy("with its address back")

	other := operate(t, "company", "add", "--database", w.Database, "--name", "Other", "--output", "json")
	w.call(other, http.MethodPost, "/directory/contacts", fmt.Sprintf(`{"contact_id":%q}`, contact.ID))
	contains(t, space.warnings(config), "nonfunctional", "contact_in_other_directory")
	w.call(other, http.MethodDelete, "/directory/contacts/"+contact.ID, "")
	healthy("out of the other directory")

	w.call(w.administrator(), http.MethodPut, "/service_accounts/"+account+"/permissions", `{"company":{"documents":"admin"}}`)
	w.call(w.administrator(), http.MethodDelete, "/service_accounts/"+account+"/project_assignments/"+project, "")
	space.applies()
	healthy("with its access back")

	w.call(w.administrator(), http.MethodPost, "/service_accounts/"+account+"/actions/reset_secret", `{}`)
	contains(t, space.warnings(config), "Somebody else has reset the client secret of", "change a value in triggers")
	space.applies("-var", "rotated=2026-10")
	if w.access("CI exporter") != whole || !w.works(w.find("CI exporter").ClientID, space.secret("procore_service_account_secret_reset.exporter")) {
		t.Errorf("after a reset elsewhere the account holds %s", w.access("CI exporter"))
	}
}
