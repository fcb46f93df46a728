package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestAccServiceAccountCreateGivesCredentialsThatWork(t *testing.T) {
	w := newWorld(t)
	w.run(resource.TestStep{
		Config: w.config(account(`name = "ci exporter"`, `description = "nightly\nexport"`, `add_to_new_projects = true`)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("app_type"), knownvalue.StringExact("custom")),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("marketplace_app"), knownvalue.Null()),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("description"), knownvalue.StringExact("nightly\nexport")),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("deletion_protection"), knownvalue.Bool(false)),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("add_to_new_projects"), knownvalue.Bool(true)),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_id"), knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{64}$`))),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_secret"), knownvalue.StringRegexp(regexp.MustCompile(`^pcs_[0-9A-Za-z]{49}$`))),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(1)),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("secret_fingerprint"), knownvalue.StringRegexp(regexp.MustCompile(`^[0-9a-f]{12}$`))),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("status"), knownvalue.StringExact("active")),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("status_reasons"), knownvalue.ListExact(nil)),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("contact_email"), knownvalue.StringRegexp(regexp.MustCompile(`@service-accounts\.invalid$`))),
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("created_at"), knownvalue.StringRegexp(regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`))),
			statecheck.ExpectSensitiveValue(accountAddress, tfjsonpath.New("client_secret")),
		},
		Check: w.live(accountAddress),
	})
}

func TestAccServiceAccountIsChangedInPlaceInEveryArgument(t *testing.T) {
	w := newWorld(t)
	inPlace := planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionUpdate))
	same := statecheck.CompareValue(compare.ValuesSame())
	id := func() statecheck.StateCheck { return same.AddStateValue(accountAddress, tfjsonpath.New("id")) }
	w.run(
		resource.TestStep{Config: w.config(account(`name = "one"`)), ConfigStateChecks: []statecheck.StateCheck{id()}},
		resource.TestStep{
			Config: w.config(account(`name = "two"`, `app_type = "marketplace"`, `marketplace_app = "Exporter"`, `description = "d"`,
				`deletion_protection = true`, `add_to_new_projects = true`)),
			ConfigPlanChecks: inPlace,
			ConfigStateChecks: []statecheck.StateCheck{
				id(),
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("marketplace_app"), knownvalue.StringExact("Exporter")),
			},
			Check: func(*terraform.State) error {
				if found := w.find("two"); found == nil || !found.DeletionProtection || !found.AddToNewProjects || found.Description != "d" {
					return fmt.Errorf("the server has %+v", found)
				}
				return nil
			},
		},
		resource.TestStep{
			Config: w.config(account(`name = "Two"`)), ConfigPlanChecks: inPlace,
			ConfigStateChecks: []statecheck.StateCheck{
				id(),
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("app_type"), knownvalue.StringExact("custom")),
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("marketplace_app"), knownvalue.Null()),
			},
		},
	)
}

func TestAccServiceAccountUnrelatedUpdateKeepsTheSecretKnownAndTheSame(t *testing.T) {
	w := newWorld(t)
	same := statecheck.CompareValue(compare.ValuesSame())
	secret := func() statecheck.StateCheck {
		return same.AddStateValue(accountAddress, tfjsonpath.New("client_secret"))
	}
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`)), ConfigStateChecks: []statecheck.StateCheck{secret()}},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`, `description = "changed"`)),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionUpdate),
				allKnown{address: accountAddress, except: []string{"updated_at"}}),
			ConfigStateChecks: []statecheck.StateCheck{secret()},
			Check:             w.live(accountAddress),
		},
	)
}

func TestAccServiceAccountImportByEachFormOfIDLeavesNoPlannedChange(t *testing.T) {
	for name, prefix := range map[string]string{"id": "", "company and id": "1/"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made := w.make("ci")
			noSecret := []statecheck.StateCheck{statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_secret"), knownvalue.Null())}
			config := w.config(account(`name = "ci"`))
			w.run(
				resource.TestStep{
					Config: config, ResourceName: accountAddress, ImportState: true, ImportStateId: prefix + made.ID, ImportStatePersist: true,
				},
				resource.TestStep{
					Config: config, ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()), ConfigStateChecks: noSecret,
					Check: func(*terraform.State) error {
						if !w.works(made.ClientID, made.ClientSecret) {
							return fmt.Errorf("importing the account ended its secret")
						}
						return nil
					},
				},
				resource.TestStep{
					Config: w.config(account(`name = "ci"`, `description = "ours now"`)),
					ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionUpdate),
						allKnown{address: accountAddress, except: []string{"updated_at"}}),
					ConfigStateChecks: noSecret,
				},
				resource.TestStep{
					ResourceName: accountAddress, ImportState: true, ImportStateId: prefix + made.ID, ImportStateVerify: true,
				},
			)
		})
	}
}

func TestAccServiceAccountImportBlockLeavesNoPlannedChange(t *testing.T) {
	w := newWorld(t)
	made := w.make("ci")
	w.run(resource.TestStep{
		Config:           w.config(account(`name = "ci"`), fmt.Sprintf("import {\n  to = %s\n  id = \"1/%s\"\n}\n", accountAddress, made.ID)),
		ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionNoop)),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("id"), knownvalue.StringExact(made.ID)),
		},
	})
}

func TestAccServiceAccountImportRefusesWhatIsNoID(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for id, want := range map[string]string{
		"ci": `COMPANY_ID/ID`, "017": `COMPANY_ID/ID`, "1/2/3": `COMPANY_ID/ID`, "999": `(?s)non-existent|does\s+not\s+exist`,
	} {
		steps = append(steps, resource.TestStep{
			Config: w.config(account(`name = "ci"`)), ResourceName: accountAddress,
			ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(want),
		})
	}
	w.run(steps...)
}

func TestAccServiceAccountSecretResetElsewhereBecomesNullWithoutReplacement(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`))
	same := statecheck.CompareValue(compare.ValuesSame())
	id := func() statecheck.StateCheck { return same.AddStateValue(accountAddress, tfjsonpath.New("id")) }
	w.run(
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{id()}},
		resource.TestStep{
			PreConfig: func() { w.resetElsewhere("ci") },
			Config:    config, ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: []statecheck.StateCheck{
				id(),
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_secret"), knownvalue.Null()),
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(2)),
			},
		},
	)
}

func TestAccServiceAccountDriftIsRepaired(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`, `description = "ours"`))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				theirs := "theirs"
				if _, err := w.api.UpdateServiceAccount(t.Context(), w.CompanyID, w.find("ci").ID, client.ServiceAccountChanges{Description: &theirs}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config, ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionUpdate)),
			Check: func(*terraform.State) error {
				if found := w.find("ci"); found.Description != "ours" {
					return fmt.Errorf("the description is %q", found.Description)
				}
				return nil
			},
		},
	)
}

func TestAccServiceAccountDeletedElsewhereIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`))
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	id := func() statecheck.StateCheck { return differ.AddStateValue(accountAddress, tfjsonpath.New("id")) }
	w.run(
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{id()}},
		resource.TestStep{
			PreConfig: func() { w.remove("ci") },
			Config:    config, ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionCreate)),
			ConfigStateChecks: []statecheck.StateCheck{id()}, Check: w.live(accountAddress),
		},
	)
}

// remove deletes an account behind Terraform's back.
func (w *world) remove(name string) {
	w.t.Helper()
	if err := w.api.DeleteServiceAccount(w.t.Context(), w.CompanyID, w.find(name).ID); err != nil {
		w.t.Fatal(err)
	}
}

func TestAccServiceAccountDestroyDeletesItAndEndsItsSecret(t *testing.T) {
	w := newWorld(t)
	var seen secrets
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`)), Check: seen.note(accountAddress)},
		resource.TestStep{Config: w.config(account(`name = "ci"`)), Destroy: true},
	)
	if w.find("ci") != nil || w.works(seen.clientID[0], seen.secret[0]) {
		t.Error("the account outlived its destruction")
	}
}

func TestAccServiceAccountDeletionProtectionIsExplained(t *testing.T) {
	w := newWorld(t)
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`, `deletion_protection = true`))},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`, `deletion_protection = true`)), Destroy: true,
			ExpectError: regexp.MustCompile(`(?s)Unable to delete service account \d+.*deletion_protection = false`),
		},
		resource.TestStep{Config: w.config(account(`name = "ci"`))},
	)
}

func TestAccServiceAccountNameTakenNamesTheOtherAndHowToImportIt(t *testing.T) {
	w := newWorld(t)
	id := w.make("CI Exporter").ID
	for _, want := range []string{
		`Unable to create service account "ci exporter"`,
		`terraform import\s+procore_service_account\.<name> 1/` + id,
		`(?s)import \{.*to = procore_service_account\.<name>.*id = "1/` + id + `"`,
	} {
		w.run(resource.TestStep{Config: w.config(account(`name = "ci exporter"`)), ExpectError: regexp.MustCompile(want)})
	}
}

func TestAccServiceAccountBringsItsOwnSecretWithoutWritingItAnywhere(t *testing.T) {
	w := newWorld(t)
	secret, next := newClientSecret(t), newClientSecret(t)
	with := func(secret string, version int) string {
		return w.config(account(`name = "ci"`, fmt.Sprintf("client_secret_wo = %q", secret), fmt.Sprintf("client_secret_wo_version = %d", version)))
	}
	null := []statecheck.StateCheck{statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_secret"), knownvalue.Null())}
	w.run(
		resource.TestStep{
			Config: with(secret, 1), ConfigStateChecks: null,
			ConfigPlanChecks: planned(plancheck.ExpectKnownValue(accountAddress, tfjsonpath.New("client_secret"), knownvalue.Null())),
			Check: func(state *terraform.State) error {
				attributes, err := attributesOf(state, accountAddress)
				if err == nil && !w.works(attributes["client_id"], secret) {
					err = fmt.Errorf("the secret of the configuration does not work")
				}
				return err
			},
		},
		resource.TestStep{Config: with(next, 2), ExpectError: regexp.MustCompile(`procore_service_account_secret_reset`)},
		resource.TestStep{Config: w.config(account(`name = "ci"`)), ConfigStateChecks: null, Check: w.version(1)},
	)
}

func TestAccServiceAccountBadConfigurationFailsBeforeAnythingIsDone(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, test := range []struct{ config, want string }{
		{account(`name = ""`), `must not be blank`},
		{account(`name = " ci"`), `white space`},
		{account(`name = "c\ni"`), `control characters`},
		{account(`name = join("", [for i in range(256) : "x"])`), `255`},
		{account(`name = "ci"`, `app_type = "native"`), `app_type`},
		{account(`name = "ci"`, `app_type = "marketplace"`), `marketplace_app is required`},
		{account(`name = "ci"`, `marketplace_app = "Exporter"`), `only for app_type "marketplace"`},
		{account(`name = "ci"`, `company_id = "acme"`), `must be an ID`},
		{account(`name = "ci"`, `client_secret_wo = "pcs_short"`), `well-formed client secret`},
		{account(`name = "ci"`, `client_secret_wo_version = 1`), `client_secret_wo`},
		{account(`name = "ci"`, `description = join("", [for i in range(1001) : "0123456789"])`), `10000`},
		{account(), `(?s)argument\s+"name"\s+is\s+required`},
		{account(`name = "ci"`) + reset(`previous_secret_ttl = "31d"`), `30 days`},
		{account(`name = "ci"`) + reset(`previous_secret_ttl = "soon"`), `must be a duration`},
		{account(`name = "ci"`) + reset(`previous_secret_ttl = "1500ms"`), `whole seconds`},
		{`resource "procore_service_account_secret_reset" "test" { service_account_id = "ci" }`, `must be an ID`},
		{`data "procore_service_account" "test" {}`, `(?s)Exactly\s+one\s+of`},
		{"data \"procore_service_account\" \"test\" {\n  id = \"1\"\n  name = \"ci\"\n}", `(?s)Exactly\s+one\s+of`},
		{"data \"procore_company\" \"test\" {\n  id = \"1\"\n  company_id = \"1\"\n}", `(?s)cannot\s+be\s+configured\s+together`},
	} {
		steps = append(steps, resource.TestStep{Config: w.config(test.config), PlanOnly: true, ExpectError: regexp.MustCompile(test.want)})
	}
	w.run(steps...)
}
