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

var projectUpdated = planned(plancheck.ExpectResourceAction(projectAddress, plancheck.ResourceActionUpdate), allKnown{address: projectAddress})

// projectIs is a check of the project at projectAddress, on the server.
func (w *world) projectIs(name, number string, active bool) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes, err := attributesOf(state, projectAddress)
		if err != nil {
			return err
		}
		found, err := w.api.GetProject(w.t.Context(), w.CompanyID, attributes["id"])
		if err != nil {
			return err
		}
		got := ""
		if found.ProjectNumber != nil {
			got = *found.ProjectNumber
		}
		if found.Name != name || got != number || found.Active != active {
			return fmt.Errorf("the server has %+v, number %q", found, got)
		}
		return nil
	}
}

func TestAccProjectIsCreatedChangedInPlaceAndDeleted(t *testing.T) {
	w := newWorld(t)
	same := statecheck.CompareValue(compare.ValuesSame())
	id := func() statecheck.StateCheck { return same.AddStateValue(projectAddress, tfjsonpath.New("id")) }
	w.run(
		resource.TestStep{
			Config: w.config(project(`name = "Bridge"`)), Check: w.projectIs("Bridge", "", true),
			ConfigStateChecks: []statecheck.StateCheck{
				id(),
				statecheck.ExpectKnownValue(projectAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
				statecheck.ExpectKnownValue(projectAddress, tfjsonpath.New("project_number"), knownvalue.Null()),
				statecheck.ExpectKnownValue(projectAddress, tfjsonpath.New("active"), knownvalue.Bool(true)),
			},
		},
		resource.TestStep{
			Config: w.config(project(`name = "Old Bridge"`, `project_number = "2026-014"`, `active = false`)), ConfigPlanChecks: projectUpdated,
			ConfigStateChecks: []statecheck.StateCheck{id()}, Check: w.projectIs("Old Bridge", "2026-014", false),
		},
		resource.TestStep{
			Config: w.config(project(`name = "Bridge"`)), ConfigPlanChecks: projectUpdated,
			ConfigStateChecks: []statecheck.StateCheck{id()}, Check: w.projectIs("Bridge", "", true),
		},
		resource.TestStep{Config: w.config(account(`name = "ci"`)), Check: func(*terraform.State) error {
			found, err := w.api.ListProjects(w.t.Context(), w.CompanyID, client.ProjectFilter{})
			if err == nil && len(found) > 0 {
				err = fmt.Errorf("the project outlived its resource: %+v", found)
			}
			return err
		}},
	)
}

func TestAccProjectImportByEachFormOfIDLeavesNoPlannedChange(t *testing.T) {
	for name, prefix := range map[string]string{"id": "", "company and id": "1/"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			made := w.makeProject("Bridge")
			w.run(
				resource.TestStep{
					Config:           w.config(project(`name = "Bridge"`), fmt.Sprintf("import {\n  to = %s\n  id = \"%s%s\"\n}\n", projectAddress, prefix, made.ID)),
					ConfigPlanChecks: planned(plancheck.ExpectResourceAction(projectAddress, plancheck.ResourceActionNoop)),
				},
				resource.TestStep{Config: w.config(project(`name = "Bridge"`)), ConfigPlanChecks: nothingPlanned},
				resource.TestStep{ResourceName: projectAddress, ImportState: true, ImportStateId: prefix + made.ID, ImportStateVerify: true},
				resource.TestStep{ResourceName: projectAddress, ImportState: true, ImportStateId: "Bridge", ExpectError: regexp.MustCompile(`COMPANY_ID/ID`)},
				resource.TestStep{ResourceName: projectAddress, ImportState: true, ImportStateId: "999", ExpectError: regexp.MustCompile(`(?s)non-existent|does\s+not\s+exist`)},
			)
		})
	}
}

func TestAccProjectDriftIsRepairedAndOneDeletedElsewhereIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), project(`name = "Bridge"`), membership())
	only := func() client.Project {
		found, err := w.api.ListProjects(w.t.Context(), w.CompanyID, client.ProjectFilter{})
		if err != nil || len(found) != 1 {
			t.Fatalf("got %+v, %v", found, err)
		}
		return found[0]
	}
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				inactive := false
				if _, err := w.api.UpdateProject(w.t.Context(), w.CompanyID, only().ID, client.ProjectChanges{Active: &inactive}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config, ConfigPlanChecks: projectUpdated, Check: w.projectIs("Bridge", "", true),
		},
		resource.TestStep{
			PreConfig: func() {
				if err := w.api.DeleteProject(w.t.Context(), w.CompanyID, only().ID); err != nil {
					t.Fatal(err)
				}
			},
			Config: config,
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(projectAddress, plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionCreate)),
			Check: w.projectIs("Bridge", "", true),
		},
	)
}

func TestAccProjectBadConfigurationFailsThePlan(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, test := range []struct{ config, want string }{
		{project(`name = ""`), `must not be blank`},
		{project(`name = " Bridge"`), `white space`},
		{project(`name = "Bridge"`, `project_number = ""`), `must not be blank`},
		{project(`name = "Bridge"`, `active = "perhaps"`), `bool`},
		{project(`name = "Bridge"`, `company_id = "acme"`), `must be an ID`},
		{project(), `(?s)argument\s+"name"\s+is\s+required`},
		{`data "procore_project" "test" {}`, `(?s)Exactly\s+one\s+of`},
		{"data \"procore_project\" \"test\" {\n  id = \"1\"\n  name = \"Bridge\"\n}", `(?s)Exactly\s+one\s+of`},
		{"data \"procore_projects\" \"test\" {\n  search = \"\"\n}", `search`},
	} {
		steps = append(steps, resource.TestStep{Config: w.config(test.config), PlanOnly: true, ExpectError: regexp.MustCompile(test.want)})
	}
	w.run(steps...)
}

func TestAccProjectDataSourceFindsByIDOrByAnUnambiguousName(t *testing.T) {
	const address = "data.procore_project.test"
	w := newWorld(t)
	made := w.makeProject("Bridge")
	twins := []string{w.makeProject("Tower").ID, w.makeProject("tower").ID}
	look := func(key string) string { return w.config("data \"procore_project\" \"test\" {\n  " + key + "\n}") }
	var steps []resource.TestStep
	for _, key := range []string{fmt.Sprintf("id = %q", made.ID), `name = "Bridge"`, `name = "bRIDGE"`} {
		steps = append(steps, resource.TestStep{Config: look(key), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, tfjsonpath.New("id"), knownvalue.StringExact(made.ID)),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("name"), knownvalue.StringExact("Bridge")),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("project_number"), knownvalue.Null()),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("active"), knownvalue.Bool(true)),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("created_at"), knownvalue.StringExact(made.CreatedAt)),
		}})
	}
	for key, want := range map[string]string{
		`id = "999"`: `Unable to find project 999`, `name = "Dam"`: `(?s)Unable to find project "Dam".*no project of this name`,
		`name = "Tower"`: `(?s)Unable to find project "Tower".*2 projects of\s+this\s+name.*` + twins[0] + `, ` + twins[1],
	} {
		steps = append(steps, resource.TestStep{Config: look(key), ExpectError: regexp.MustCompile(want)})
	}
	w.run(steps...)
}

func TestAccProjectsDataSourceFiltersAndSorts(t *testing.T) {
	const address = "data.procore_projects.test"
	w := newWorld(t)
	for _, name := range []string{"Tower", "Bridge", "Dam"} {
		w.makeProject(name)
	}
	number, inactive := "2026-014", false
	ended, err := w.api.CreateProject(t.Context(), w.CompanyID, client.NewProject{Name: "Arch", ProjectNumber: &number, Active: inactive})
	if err != nil || ended.Active {
		t.Fatalf("got %+v, %v", ended, err)
	}
	names := func(filter string, want ...string) resource.TestStep {
		items := make([]knownvalue.Check, len(want))
		for i, name := range want {
			items[i] = knownvalue.ObjectPartial(map[string]knownvalue.Check{"name": knownvalue.StringExact(name), "company_id": knownvalue.StringExact(w.CompanyID)})
		}
		return resource.TestStep{Config: w.config("data \"procore_projects\" \"test\" {\n  " + filter + "\n}"), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, tfjsonpath.New("projects"), knownvalue.ListExact(items)),
		}}
	}
	w.run(
		names("", "Arch", "Bridge", "Dam", "Tower"), names("active = true", "Bridge", "Dam", "Tower"), names("active = false", "Arch"),
		names(`name = "dam"`, "Dam"), names(`search = "2026"`, "Arch"), names("search = \"r\"\n  active = true", "Bridge", "Tower"), names(`name = "nobody"`),
	)
}

// The provider's own list of tools must be the server's.
func TestAccToolsDataSourceHasEveryToolThatTheProviderKnows(t *testing.T) {
	const address = "data.procore_tools.test"
	w := newWorld(t)
	every := func(tools string) string {
		return "{ for tool in data.procore_tools.test." + tools + " : tool.name => tool.levels[length(tool.levels) - 1] }"
	}
	w.run(resource.TestStep{
		Config: w.config("data \"procore_tools\" \"test\" {}\n", account(`name = "ci"`), project(`name = "Bridge"`), permissions(every("company")),
			membership("permissions = "+every("project"))),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(address, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
			statecheck.ExpectKnownValue(address, tfjsonpath.New("company").AtSliceIndex(1), knownvalue.ObjectExact(map[string]knownvalue.Check{
				"name":   knownvalue.StringExact("admin"),
				"levels": knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("none"), knownvalue.StringExact("admin")}),
			})),
			statecheck.ExpectKnownValue(permissionsAddress, tfjsonpath.New("company"), knownvalue.MapSizeExact(22)),
			statecheck.ExpectKnownValue(membershipAddress, tfjsonpath.New("permissions"), knownvalue.MapSizeExact(40)),
		},
	})
}
