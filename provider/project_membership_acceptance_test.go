package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var membershipUpdated = planned(plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionUpdate))

// In a new database the first project of a test has the ID 1.
func TestAccMembershipIsCreatedChangedInPlaceAndEnded(t *testing.T) {
	w := newWorld(t)
	base := account(`name = "ci"`) + project(`name = "Bridge"`)
	w.run(
		resource.TestStep{
			Config: w.config(base, membership(`permissions = { daily_log = "standard", rfis = "readonly" }`)),
			Check:  w.holds("map[]", "map[1:map[daily_log:standard rfis:readonly]]"),
			ConfigStateChecks: []statecheck.StateCheck{
				levelsIn(membershipAddress, "permissions", "daily_log", "standard", "rfis", "readonly"),
				statecheck.ExpectKnownValue(membershipAddress, tfjsonpath.New("id"), knownvalue.StringRegexp(regexp.MustCompile(`^\d+/1$`))),
				statecheck.ExpectKnownValue(membershipAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
			},
		},
		resource.TestStep{
			Config: w.config(base, membership(`permissions = { rfis = "admin" }`)), ConfigPlanChecks: membershipUpdated,
			Check: w.holds("map[]", "map[1:map[rfis:admin]]"),
		},
		resource.TestStep{
			Config: w.config(base, membership()), ConfigPlanChecks: membershipUpdated, Check: w.holds("map[]", "map[1:map[]]"),
			ConfigStateChecks: []statecheck.StateCheck{levelsIn(membershipAddress, "permissions")},
		},
		resource.TestStep{Config: w.config(base), Check: w.holds("map[]", "map[]")},
	)
}

func TestAccMembershipNoneNullAndAbsentAreTheSameWhicheverWayItIsWritten(t *testing.T) {
	w := newWorld(t)
	config := func(arguments ...string) string {
		return w.config(account(`name = "ci"`), project(`name = "Bridge"`), membership(arguments...))
	}
	steps := []resource.TestStep{{Config: config(`permissions = { rfis = "none" }`)}}
	for _, same := range [][]string{nil, {`permissions = {}`}, {`permissions = null`}, {`permissions = { tasks = null }`}, {`permissions = { tasks = "none", rfis = "none" }`}} {
		steps = append(steps, resource.TestStep{Config: config(same...), ConfigPlanChecks: nothingPlanned, Check: w.holds("map[]", "map[1:map[]]")})
	}
	steps = append(steps, resource.TestStep{
		Config: config(`permissions = { tasks = "admin", rfis = "none" }`), ConfigPlanChecks: membershipUpdated, Check: w.holds("map[]", "map[1:map[tasks:admin]]"),
	})
	w.run(steps...)
}

func TestAccMembershipDriftIsRepairedAndOneEndedElsewhereIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), project(`name = "Bridge"`), membership(`permissions = { rfis = "readonly", tasks = "none" }`))
	right := w.holds("map[]", "map[1:map[rfis:readonly]]")
	steps := []resource.TestStep{{Config: config}}
	for _, elsewhere := range []map[string]string{{"rfis": "admin"}, {"rfis": "readonly", "tasks": "readonly"}, {}} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { w.assign(w.find("ci").ID, "1", elsewhere) },
			Config:    config, ConfigPlanChecks: membershipUpdated, Check: right,
		})
	}
	steps = append(steps, resource.TestStep{
		PreConfig: func() {
			if err := w.api.DeleteProjectAssignment(t.Context(), w.CompanyID, w.find("ci").ID, "1"); err != nil {
				t.Fatal(err)
			}
		},
		Config: config, ConfigPlanChecks: planned(plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionCreate)), Check: right,
	}, resource.TestStep{
		Config: config, Taint: []string{projectAddress}, Check: w.holds("map[]", "map[2:map[rfis:readonly]]"),
		ConfigPlanChecks: planned(plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionDestroyBeforeCreate)),
	})
	w.run(steps...)
}

func TestAccMembershipImportByEachFormOfIDLeavesNoPlannedChange(t *testing.T) {
	for name, prefix := range map[string]string{"id": "", "company and id": "1/"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made, bridge := w.make("ci"), w.makeProject("Bridge")
			w.assign(made.ID, bridge.ID, map[string]string{"rfis": "readonly"})
			block := func(address, id string) string {
				return fmt.Sprintf("import {\n  to = %s\n  id = \"%s%s\"\n}\n", address, prefix, id)
			}
			resources := account(`name = "ci"`) + project(`name = "Bridge"`) + membership(`permissions = { rfis = "readonly", tasks = "none" }`)
			id := made.ID + "/" + bridge.ID
			w.run(
				resource.TestStep{
					Config:           w.config(resources, block(accountAddress, made.ID), block(projectAddress, bridge.ID), block(membershipAddress, id)),
					ConfigPlanChecks: planned(plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionNoop)),
					Check:            w.holds("map[]", "map[1:map[rfis:readonly]]"),
				},
				resource.TestStep{Config: w.config(resources), ConfigPlanChecks: nothingPlanned},
				resource.TestStep{ResourceName: membershipAddress, ImportState: true, ImportStateVerify: true},
				resource.TestStep{ResourceName: membershipAddress, ImportState: true, ImportStateId: prefix + id, ImportStateVerify: true},
				resource.TestStep{ResourceName: membershipAddress, ImportState: true, ImportStateId: made.ID, ExpectError: regexp.MustCompile(`COMPANY_ID/ID/PROJECT_ID`)},
				resource.TestStep{ResourceName: membershipAddress, ImportState: true, ImportStateId: made.ID + "/99", ExpectError: regexp.MustCompile(`(?s)non-existent|does\s+not\s+exist`)},
			)
		})
	}
}

func TestAccMembershipTakesOverTheOneOfAnAccountThatIsAddedToNewProjects(t *testing.T) {
	w := newWorld(t)
	w.run(resource.TestStep{
		Config: w.config(account(`name = "ci"`, `add_to_new_projects = true`),
			project(`name = "Bridge"`, `depends_on = [procore_service_account.test]`), membership(`permissions = { rfis = "readonly" }`)),
		Check: w.holds("map[]", "map[1:map[rfis:readonly]]"),
	})
}

func TestAccMembershipGoneAtDestroyIsNoError(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), project(`name = "Bridge"`), permissions(`{ documents = "admin" }`), membership())
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{Config: config, Destroy: true},
	)
	found, err := w.api.ListProjects(t.Context(), w.CompanyID, client.ProjectFilter{})
	if err != nil || len(found) > 0 || w.find("ci") != nil {
		t.Errorf("left over: %+v, %v", found, err)
	}
}

func TestAccMembershipBadConfigurationFailsThePlan(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, test := range []struct{ arguments, want string }{
		{`permissions = { daily_lgo = "standard" }`, `(?s)There is no project tool "daily_lgo".\s+Did\s+you\s+mean\s+daily_log\?`},
		{`permissions = { calendar = "standard" }`, `There is no project tool "calendar"`},
		{`permissions = { daily_log = "Standard" }`, `(?s)not\s+"Standard".\s+Did\s+you\s+mean\s+standard\?`},
		{`company_id = "acme"`, `must be an ID`},
	} {
		steps = append(steps, resource.TestStep{
			Config: w.config(account(`name = "ci"`), project(`name = "Bridge"`), membership(test.arguments)), PlanOnly: true, ExpectError: regexp.MustCompile(test.want),
		})
	}
	none := "resource \"procore_project_membership\" \"test\" {\n  service_account_id = procore_service_account.test.id\n  project_id = \"99\"\n}\n"
	steps = append(steps, resource.TestStep{
		Config:      w.config(account(`name = "ci"`), none),
		ExpectError: regexp.MustCompile(`(?s)Unable to set the membership of service account \d+ in project 99.*company_id`),
	})
	w.run(steps...)
}
