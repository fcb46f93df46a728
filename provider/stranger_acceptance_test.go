package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// otherCompany makes a further company on the server and returns a world that signs in as its administrator.
func (w *world) otherCompany() *world {
	w.t.Helper()
	credentials := operate(w.t, "company", "add", "--database", w.Database, "--name", "Other", "--output", "json")
	other := *w.Server
	other.ClientID, other.ClientSecret = credentials.ClientID, credentials.ClientSecret
	return &world{Server: &other, t: w.t, api: w.api} // CompanyID stays: that is the mistake
}

func TestAccProviderCredentialsOfAnotherCompanyRemoveNothingFromTheState(t *testing.T) {
	w := newWorld(t)
	blocks := []string{account(`name = "ci exporter"`), reset()}
	wrong := w.otherCompany()
	w.run(
		resource.TestStep{Config: w.config(blocks...)},
		resource.TestStep{
			Config:      wrong.config(blocks...),
			ExpectError: regexp.MustCompile(`(?s)belong\s+to\s+another\s+company`),
		},
		resource.TestStep{
			Config: wrong.config(blocks...), Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)belong\s+to\s+another\s+company`),
		},
		resource.TestStep{Config: w.config(blocks...), PlanOnly: true},
	)
}

func TestAccServiceAccountOfAnotherServerWithTheSameIDIsNotAdopted(t *testing.T) {
	w := newWorld(t)
	elsewhere := newWorldOn(t, servertest.Start(t))
	elsewhere.make("a stranger") // gets the id that the account has on the first server
	blocks := []string{account(`name = "ci exporter"`), reset(`keep_access = true`)}
	w.run(
		resource.TestStep{Config: w.config(blocks...)},
		resource.TestStep{
			Config:      elsewhere.config(blocks...),
			ExpectError: regexp.MustCompile(`(?s)is\s+another\s+account.*client_id`),
		},
		resource.TestStep{Config: w.config(blocks...), PlanOnly: true},
	)
}

// A diagnostic of an attribute shows the line of the configuration that it is on, and with it whatever is written there.
func TestAccOwnSecretIsInNoDiagnostic(t *testing.T) {
	t.Parallel()
	space := newWorkspace(t)
	good := newClientSecret(t)
	mistyped := good[:len(good)-1] + map[bool]string{true: "a", false: "b"}[good[len(good)-1] != 'a']
	config := func(secret string, version int) string {
		return "provider \"procore\" {\n  database = \"procore.db\"\n}\n" + account(`name = "ci exporter"`) +
			reset(fmt.Sprintf("client_secret_wo = %q", secret), fmt.Sprintf("client_secret_wo_version = %d", version), `keep_access = true`)
	}
	space.write(config(mistyped, 1), "main.tf")
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a mistyped secret: %v", err)
	}
	space.apply(config(good, 1))
	space.write(config(good, 2), "main.tf") // the version says that it is another one
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil || !strings.Contains(err.Error(), "differ") {
		t.Errorf("the secret that is live: %v", err)
	}
	for _, secret := range []string{good, mistyped} {
		if strings.Contains(space.printed.String(), secret[4:30]) {
			t.Error("Terraform shows the secret")
		}
	}
}

func TestAccServiceAccountIsNotDestroyedForAMoveToACompanyOutOfReach(t *testing.T) {
	w := newWorld(t)
	w.otherCompany()
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci exporter"`))},
		resource.TestStep{
			Config:      w.config(account(`name = "ci exporter"`, `company_id = "2"`)),
			ExpectError: regexp.MustCompile(`(?s)Unable to move to company 2.*belong\s+to\s+another\s+company`),
		},
		resource.TestStep{Config: w.config(account(`name = "ci exporter"`)), PlanOnly: true},
	)
}
