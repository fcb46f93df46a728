package provider_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Configurations in which everything comes from something that is made in the same apply.

// madeLater is a value of HCL that is only known after apply, under later.NAME: at first, and whenever it changes.
func madeLater(name, value string) string {
	return fmt.Sprintf("resource \"terraform_data\" %q {\n  input = %s\n}\n", name, value)
}

// chain is one object of each resource, and each data source, every argument of which is only known after apply. A change
// of round changes them all.
func chain(round string) string {
	return madeLater("account", `"ci `+round+`"`) + madeLater("project", `"bridge `+round+`"`) + madeLater("level", `"`+levelOf(round)+`"`) +
		madeLater("levels", `{ daily_log = "`+levelOf(round)+`" }`) + madeLater("truth", fmt.Sprint(round == "one")) + madeLater("round", `"`+round+`"`) +
		madeLater("company", `"1"`) + `
resource "procore_service_account" "test" {
  name                = terraform_data.account.output
  description         = terraform_data.round.output
  add_to_new_projects = terraform_data.truth.output
}

resource "procore_project" "test" {
  name           = terraform_data.project.output
  project_number = terraform_data.round.output
  active         = terraform_data.truth.output
  company_id     = terraform_data.company.output
}

resource "procore_service_account_secret_reset" "test" {
  service_account_id  = procore_service_account.test.id
  previous_secret_ttl = "${length(terraform_data.round.output)}h"
  triggers = {
    round = terraform_data.round.output
  }
}

resource "procore_service_account_permissions" "test" {
  service_account_id = procore_service_account.test.id
  secret_version     = procore_service_account_secret_reset.test.secret_version
  company = {
    documents = terraform_data.level.output
  }
}

resource "procore_project_membership" "test" {
  service_account_id = procore_service_account.test.id
  project_id         = procore_project.test.id
  secret_version     = procore_service_account_secret_reset.test.secret_version
  permissions        = terraform_data.levels.output
}

data "procore_service_account" "by_id" {
  id = procore_service_account_permissions.test.service_account_id
}

data "procore_service_account" "by_client_id" {
  client_id = procore_service_account.test.client_id
}

data "procore_service_account" "by_name" {
  name       = terraform_data.account.output
  depends_on = [procore_service_account.test]
}

data "procore_service_accounts" "test" {
  search     = procore_service_account_secret_reset.test.client_id
  company_id = procore_service_account.test.company_id
}

data "procore_company" "test" {
  company_id = procore_project.test.company_id
}

data "procore_project" "test" {
  id = procore_project_membership.test.project_id
}

data "procore_projects" "test" {
  active     = terraform_data.truth.output
  search     = terraform_data.project.output
  depends_on = [procore_project.test]
}

data "procore_tools" "test" {
  company_id = terraform_data.company.output
}

output "found" {
  value = join(",", [
    data.procore_service_account.by_id.name, data.procore_service_account.by_client_id.name, data.procore_service_account.by_name.name,
    data.procore_service_accounts.test.service_accounts[0].name, data.procore_company.test.id, data.procore_project.test.name,
    data.procore_projects.test.projects[0].name, data.procore_tools.test.company[0].name,
  ])
}
`
}

func levelOf(round string) string {
	return map[string]string{"one": "readonly", "two": "standard"}[round]
}

// stands checks that the server has what chain says, after that many resets.
func (w *world) stands(space *workspace, round string, resets int) {
	w.t.Helper()
	account := "ci " + round
	want := fmt.Sprintf("map[documents:%s] map[%s:map[daily_log:%s]]", levelOf(round), w.projectNamed("bridge "+round), levelOf(round))
	if access := strings.TrimSpace(w.access(account)); access != want {
		w.t.Errorf("%s holds %s, want %s", account, access, want)
	}
	if found := w.find(account); found.SecretVersion != int64(resets)+1 || !w.works(found.ClientID, space.secret(resetAddress)) {
		w.t.Errorf("the secret is version %d, and not the reset's", found.SecretVersion)
	}
	found := strings.Join([]string{account, account, account, account, w.CompanyID, "bridge " + round, "bridge " + round, "account_onboarding"}, ",")
	if output := space.output("found"); output != found {
		w.t.Errorf("the data sources found %s, want %s", output, found)
	}
}

// sources is a provider block whose arguments are outputs of resources: each new version of them is only known after apply.
func (w *world) sources(version string) string {
	text := fmt.Sprintf("provider \"procore\" {\n  client_secret = %q\n  max_retries = 0\n", w.ClientSecret)
	var made strings.Builder
	settings := map[string]string{"base_url": w.URL, "client_id": w.ClientID, "company_id": w.CompanyID}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		text += fmt.Sprintf("  %s = terraform_data.%s.output\n", name, name)
		fmt.Fprintf(&made, "resource \"terraform_data\" %q {\n  input = %q\n  triggers_replace = %q\n}\n", name, settings[name], version)
	}
	return text + "}\n" + made.String()
}

func TestAccUnknownArgumentsAreAppliedInOneGo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	for resets, round := range []string{"one", "two"} {
		space.write(w.config(chain(round)), "main.tf")
		space.applies()
		w.stands(space, round, resets+1)
	}
}

func TestAccUnknownProviderConfigurationIsAppliedInOneGo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	space.write(w.sources("one")+chain("one"), "main.tf")
	space.applies()
	w.stands(space, "one", 1)
	space.write(w.sources("one")+chain("two"), "main.tf")
	space.applies()
	w.stands(space, "two", 2)
	space.run("destroy", "-auto-approve", "-no-color")
	if w.find("ci two") != nil {
		t.Error("the account outlived its destruction")
	}
}

func TestAccUnknownProviderConfigurationLetsADataSourceWaitForIt(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	data := "data \"procore_company\" \"test\" {\n  %s\n}\n\noutput \"company\" {\n  value = data.procore_company.test.id\n}\n"
	space.write(w.sources("one")+fmt.Sprintf(data, ""), "main.tf")
	_, err := space.try("apply", "-auto-approve", "-no-color")
	if err == nil {
		t.Fatal("no error")
	}
	tellsUnknown(t, err, "with depends_on")
	space.write(w.sources("one")+fmt.Sprintf(data, "depends_on = [terraform_data.base_url]"), "main.tf")
	space.applies()
	if found := space.output("company"); found != w.CompanyID {
		t.Errorf("the data source found %s", found)
	}
}

// What the provider's configuration comes from is replaced: nothing can be refreshed, and nothing is forgotten.
func TestAccUnknownProviderConfigurationForgetsNothing(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	resources := account(`name = "ci"`) + reset()
	space.write(w.sources("one")+resources, "main.tf")
	space.applies()
	before, id := space.run("state", "list"), w.find("ci").ID

	space.write(w.sources("two")+resources, "main.tf")
	_, err := space.try("apply", "-auto-approve", "-no-color")
	if err == nil {
		t.Fatal("no error")
	}
	tellsUnknown(t, err, "base_url, client_id will only be known after apply", "-refresh=false")
	if after := space.run("state", "list"); after != before {
		t.Errorf("the state has %s, and had %s", after, before)
	}

	space.run("apply", "-auto-approve", "-no-color", "-refresh=false")
	space.applies()
	if found := w.find("ci"); found == nil || found.ID != id || found.SecretVersion != 2 {
		t.Errorf("the account is now %+v", found)
	}
}

// tellsUnknown checks what Terraform said of a read for which too little is known. OpenTofu 1.11.0 takes a deferral for an answer, and
// makes an error of its own from it.
func tellsUnknown(t *testing.T, err error, advice ...string) {
	t.Helper()
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "│", " ")), " ")
	opentofu, minor, unreadable := cliVersion()
	if unreadable != nil {
		t.Fatal(unreadable)
	}
	if opentofu && minor == 11 && strings.Contains(text, "Error: Provider configuration is incomplete") {
		return
	}
	contains(t, text, append(advice, "The provider's configuration is not known yet")...)
}
