package provider_test

import (
	"fmt"
	"strings"
	"testing"
)

// lacks fails the test if text has any of the words.
func lacks(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%q in\n%s", word, text)
		}
	}
}

func TestAccWarningPlannedResetNamesEveryPermissionAndProjectThatItClears(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := func(trigger string) string { return w.config(integration(`triggers = { a = "` + trigger + `" }`)) }
	space.apply(config("x"))
	if text := space.warnings(config("x")); strings.Contains(text, "resets") {
		t.Errorf("an unchanged reset warns:\n%s", text)
	}
	// Given elsewhere, and by nothing in this configuration.
	ci := w.find("ci").ID
	w.assign(ci, w.makeProject("Dam").ID, map[string]string{})
	text := space.warnings(config("y"))
	contains(t, text, "The plan resets the client secret of service account "+ci+` ("ci"), and clears its access`,
		"At the moment it holds these company permissions: documents=readonly, schedule=standard.",
		`1 "`, `2 "`, `"Bridge" (daily_log=standard)`, `"Tower" (daily_log=standard)`, `3 "Dam" (no tool)`,
		"only what stands in", "whose secret_version refers to the secret_version of this reset", "what is named here and not there is not granted again")
	lacks(t, text, "does not grant", "will not grant that again")

	w.grant(ci, map[string]string{"documents": "readonly", "schedule": "admin", "reports": "readonly"})
	contains(t, space.warnings(config("y")), "The plan clears company permissions of service account "+ci+" that are not granted again",
		"At the moment the account holds reports=readonly, schedule=admin, and company does not have that")

	printed := space.printed.Len()
	space.apply(config("y"))
	lacks(t, space.printed.String()[printed:], "does not grant")
	if text := space.warnings(config("y")); strings.Contains(text, "resets") {
		t.Errorf("a reset that is done warns:\n%s", text)
	}
}

func TestAccWarningGrantThatDoesNotWaitForTheResetIsTold(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := func(version, trigger string) string {
		return w.config(account(`name = "ci"`), project(`name = "Bridge"`), permissions(`{ documents = "readonly" }`, version),
			membership(version), reset(`triggers = { a = "`+trigger+`" }`))
	}
	space.apply(config("", "x"))
	space.apply(config("", "x")) // what the first reset may have cleared
	for _, version := range []string{"", "secret_version = procore_service_account.test.secret_version"} {
		text := space.warnings(config(version, "y"))
		// Whichever Terraform plans second tells.
		for _, what := range []string{"the company permissions", "the membership of project 1"} {
			if !strings.Contains(text, "and does not grant "+what+" again") && !strings.Contains(text, "This configuration also has") {
				t.Errorf("nobody tells that %s is lost:\n%s", what, text)
			}
			contains(t, text, what)
		}
	}
	contains(t, space.warnings(config(afterTheReset, "y")), "The plan resets")
	lacks(t, space.warnings(config(afterTheReset, "y")), "and does not grant", "This configuration also has")
}

func TestAccWarningResetThatKeepsAccessIsQuiet(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	kept := func(trigger string) string {
		return w.config(account(`name = "ci"`), project(`name = "Bridge"`), permissions(`{ documents = "readonly" }`), membership(),
			reset("keep_access = true\n  triggers = { a = \""+trigger+"\" }"))
	}
	space.apply(kept("x"))
	space.apply(kept("x")) // the account's own secret is found to be another one
	if text := space.warnings(kept("y")); text != "" {
		t.Errorf("a reset that keeps access warns:\n%s", text)
	}
}

func TestAccWarningPermissionsTakenFromAnAccountThatIsTakenOver(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	made := w.make("ci")
	w.grant(made.ID, map[string]string{"documents": "admin", "schedule": "readonly"})
	config := func(company string) string {
		return w.config("resource \"procore_service_account_permissions\" \"test\" {\n  service_account_id = \"" + made.ID + "\"\n  company = " + company + "\n}\n")
	}
	contains(t, space.warnings(config(`{ documents = "readonly", schedule = "readonly" }`)),
		"The plan takes company permissions away from service account "+made.ID, "At the moment the account holds documents=admin, and", "import")
	if text := space.warnings(config(`{ documents = "admin", schedule = "standard" }`)); text != "" {
		t.Errorf("granting more warns:\n%s", text)
	}
}

// Permissions, memberships and projects need the Directory tool, which an administrator of service accounts may not have.
func TestAccWarningWhatTheProviderMayNotSeeIsSaidToBeUnknown(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	warden := w.make("warden")
	w.grant(warden.ID, map[string]string{"admin": "admin"})
	config := provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = %q\n max_retries = 0",
		w.URL, warden.ClientID, warden.ClientSecret, w.CompanyID)) + account(`name = "ci"`)
	space.apply(config)
	contains(t, space.warnings(config+"resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \""+w.find("ci").ID+"\"\n}\n"),
		`("ci"), and clears its access`, "Which company permissions it holds at the moment could not be found out.", "Which projects it is a member of could not be found out.")

	space.write(config+permissions(`{ documents = "readonly" }`), "main.tf")
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil {
		t.Error("an account without the Directory tool granted permissions")
	} else {
		contains(t, strings.Join(strings.Fields(err.Error()), " "), "Unable to set the permissions of service account", "403 FORBIDDEN", "need admin on its Directory tool")
	}
}
