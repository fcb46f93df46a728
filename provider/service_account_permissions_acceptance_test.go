package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// permissionsUpdated and nothingPlanned are the plan checks of a change in place and of none.
var (
	permissionsUpdated = planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate))
	nothingPlanned     = planned(plancheck.ExpectEmptyPlan())
)

func TestAccPermissionsAreCreatedChangedInPlaceAndTakenAway(t *testing.T) {
	w := newWorld(t)
	ci := account(`name = "ci"`)
	w.run(
		resource.TestStep{
			Config: w.config(ci, permissions(`{ documents = "readonly", admin = "admin" }`)),
			Check:  w.holds("map[admin:admin documents:readonly]", "map[]"),
			ConfigStateChecks: []statecheck.StateCheck{
				levelsIn(permissionsAddress, "company", "documents", "readonly", "admin", "admin"),
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
				statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("secret_version"), knownvalue.Null()),
			},
		},
		resource.TestStep{
			Config: w.config(ci, permissions(`{ documents = "admin", concierge = "standard" }`)), ConfigPlanChecks: permissionsUpdated,
			Check: w.holds("map[concierge:standard documents:admin]", "map[]"),
		},
		resource.TestStep{
			Config: w.config(ci, permissions(`{ documents = "none" }`)), ConfigPlanChecks: permissionsUpdated,
			Check: w.holds("map[]", "map[]"), ConfigStateChecks: []statecheck.StateCheck{levelsIn(permissionsAddress, "company", "documents", "none")},
		},
		resource.TestStep{Config: w.config(ci, permissions(`{ documents = "admin" }`)), Check: w.holds("map[documents:admin]", "map[]")},
		resource.TestStep{Config: w.config(ci), Check: w.holds("map[]", "map[]")},
	)
}

func TestAccPermissionsNoneNullAndAbsentAreTheSameWhicheverWayItIsWritten(t *testing.T) {
	w := newWorld(t)
	config := func(company string) string { return w.config(account(`name = "ci"`), permissions(company)) }
	steps := []resource.TestStep{{Config: config(`{ documents = "readonly", schedule = "none" }`)}}
	for _, same := range []string{
		`{ documents = "readonly" }`, `{ documents = "readonly", schedule = null }`, `{ documents = "readonly", portfolio = "none", schedule = "none" }`,
	} {
		steps = append(steps, resource.TestStep{Config: config(same), ConfigPlanChecks: nothingPlanned, Check: w.holds("map[documents:readonly]", "map[]")})
	}
	steps = append(steps,
		resource.TestStep{Config: config(`{}`), ConfigPlanChecks: permissionsUpdated, Check: w.holds("map[]", "map[]")},
		resource.TestStep{Config: config(`{ schedule = "none" }`), ConfigPlanChecks: nothingPlanned},
		resource.TestStep{Config: config(`{ documents = "admin", schedule = null }`), ConfigPlanChecks: permissionsUpdated, Check: w.holds("map[documents:admin]", "map[]")},
	)
	w.run(steps...)
}

func TestAccPermissionsDriftIsSeenAndRepaired(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), permissions(`{ documents = "readonly", schedule = "none" }`))
	steps := []resource.TestStep{{Config: config}}
	for _, elsewhere := range []map[string]string{
		{"documents": "admin"},                            // changed
		{"documents": "readonly", "reports": "standard"},  // added
		{"documents": "readonly", "schedule": "readonly"}, // granted, though at none here
		{}, // all taken away
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { w.grant(w.find("ci").ID, elsewhere) },
			Config:    config, ConfigPlanChecks: permissionsUpdated, Check: w.holds("map[documents:readonly]", "map[]"),
			ConfigStateChecks: []statecheck.StateCheck{levelsIn(permissionsAddress, "company", "documents", "readonly", "schedule", "none")},
		})
	}
	w.run(steps...)
}

func TestAccPermissionsOfAnAccountDeletedElsewhereAreGrantedToTheNext(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), permissions(`{ documents = "readonly" }`))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { w.remove("ci") },
			Config:    config, ConfigPlanChecks: planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionCreate)),
			Check: w.holds("map[documents:readonly]", "map[]"),
		},
		resource.TestStep{
			Config: config, Taint: []string{accountAddress}, Check: w.holds("map[documents:readonly]", "map[]"),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionDestroyBeforeCreate)),
		},
		resource.TestStep{PreConfig: func() { w.remove("ci") }, Config: config, Destroy: true},
	)
}

func TestAccPermissionsImportByEachFormOfIDLeavesNoPlannedChange(t *testing.T) {
	for name, prefix := range map[string]string{"id": "", "company and id": "1/"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made := w.make("ci")
			w.grant(made.ID, map[string]string{"documents": "readonly"})
			resources := account(`name = "ci"`) + permissions(`{ documents = "readonly", schedule = "none" }`)
			w.run(
				resource.TestStep{
					Config: w.config(resources, fmt.Sprintf("import {\n  to = %s\n  id = \"%s%s\"\n}\nimport {\n  to = %s\n  id = \"%s%s\"\n}\n",
						accountAddress, prefix, made.ID, permissionsAddress, prefix, made.ID)),
					ConfigPlanChecks: planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionNoop)),
					Check:            w.holds("map[documents:readonly]", "map[]"),
				},
				resource.TestStep{Config: w.config(resources), ConfigPlanChecks: nothingPlanned},
				resource.TestStep{ResourceName: permissionsAddress, ImportState: true, ImportStateId: prefix + made.ID, ImportStateVerify: true},
			)
		})
	}
}

func TestAccPermissionsImportRefusesWhatIsNoAccount(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), permissions(`{}`))
	var steps []resource.TestStep
	for id, want := range map[string]string{"ci": `COMPANY_ID/ID`, "1/2/3": `COMPANY_ID/ID`, "999": `(?s)non-existent|does\s+not\s+exist`} {
		steps = append(steps, resource.TestStep{
			Config: config, ResourceName: permissionsAddress, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile(want),
		})
	}
	w.run(steps...)
}

func TestAccPermissionsBadConfigurationFailsThePlan(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, test := range []struct{ arguments, want string }{
		{permissions(`{ documnts = "readonly" }`), `(?s)There is no company tool "documnts".\s+Did\s+you\s+mean\s+documents\?`},
		{permissions(`{ daily_log = "readonly" }`), `(?s)There is no company tool "daily_log".*procore_tools`},
		{permissions(`{ documents = "read_only" }`), `(?s)not\s+"read_only".\s+Did\s+you\s+mean\s+readonly\?`},
		{permissions(`{ admin = "readonly" }`), `(?s)takes\s+the\s+levels\s+none,\s+admin`},
		{permissions(`{ concierge = "readonly" }`), `(?s)takes\s+the\s+levels\s+none,\s+standard,\s+admin`},
		{permissions(`null`), `Missing Configuration for Required Attribute`},
		{permissions(`{}`, `secret_version = "one"`), `(?s)secret_version.*number`},
		{`resource "procore_service_account_permissions" "test" {` + "\n service_account_id = \"ci\"\n company = {}\n}", `must be an ID`},
	} {
		steps = append(steps, resource.TestStep{
			Config: w.config(account(`name = "ci"`), test.arguments), PlanOnly: true, ExpectError: regexp.MustCompile(test.want),
		})
	}
	w.run(steps...)
}

func TestAccPermissionsLevelKnownOnlyAtApplyIsCheckedThen(t *testing.T) {
	w := newWorld(t)
	config := func(level string) string {
		return w.config(account(`name = "ci"`), permissions(`{ documents = terraform_data.level.output }`),
			fmt.Sprintf("resource \"terraform_data\" \"level\" {\n  input = %q\n}\n", level))
	}
	w.run(
		resource.TestStep{Config: config("wizard"), ExpectError: regexp.MustCompile(`(?s)Invalid company\["documents"\].*not "wizard"`)},
		resource.TestStep{Config: config("standard"), Check: w.holds("map[documents:standard]", "map[]")},
		resource.TestStep{Config: config("none"), Check: w.holds("map[]", "map[]")},
	)
}

func TestAccPermissionsOfTheLastAdministratorStay(t *testing.T) {
	w := newWorld(t)
	admin := w.find("").ID
	w.run(resource.TestStep{
		Config:      w.config(fmt.Sprintf("resource \"procore_service_account_permissions\" \"test\" {\n  service_account_id = %q\n  company = { directory = \"readonly\" }\n}\n", admin)),
		ExpectError: regexp.MustCompile(`(?s)Unable to set the permissions of service account ` + admin + `.*no\s+working\s+service\s+account`),
	})
	if got, err := w.granted(admin); err != nil || got != "map[admin:admin directory:admin]" {
		t.Errorf("the administrator holds %s, %v", got, err)
	}
}

func TestAccPermissionsOfAnAccountThatIsNotThereAreExplained(t *testing.T) {
	w := newWorld(t)
	w.run(resource.TestStep{
		Config:      w.config("resource \"procore_service_account_permissions\" \"test\" {\n  service_account_id = \"999\"\n  company = {}\n}\n"),
		ExpectError: regexp.MustCompile(`(?s)Unable to set the permissions of service account 999.*company_id`),
	})
}

func TestAccPermissionsInAnotherCompanyOfTheEmbeddedDatabase(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	database := t.TempDir() + "/procore.db"
	first := initialize(t, database, "Acme")
	second := addCompany(t, database, "Other")
	there := fmt.Sprintf("company_id = %q", second)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{{
		Config: provided(fmt.Sprintf("database = %q\n company_id = %q", database, first)) + account(`name = "ci"`, there) +
			permissions(`{ documents = "readonly" }`, there) + project(`name = "Bridge"`, there) + membership(`permissions = { rfis = "readonly" }`, there),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(second)),
			statecheck.ExpectKnownValue(projectAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(second)),
			statecheck.ExpectKnownValue(membershipAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(second)),
		},
		Check: func(state *terraform.State) error {
			attributes, err := attributesOf(state, membershipAddress)
			if err == nil && attributes["id"] != attributes["service_account_id"]+"/"+attributes["project_id"] {
				err = fmt.Errorf("the id is %s", attributes["id"])
			}
			return err
		},
	}}})
}
