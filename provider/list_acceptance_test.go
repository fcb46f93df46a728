package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// listBlock is a list of that type, with the whole resources; filters are lines of HCL.
func listBlock(resourceType string, filters ...string) string {
	return fmt.Sprintf("list %q \"test\" {\n  provider         = procore\n  include_resource = true\n\n  config {\n    %s\n  }\n}\n",
		resourceType, strings.Join(filters, "\n    "))
}

func TestAccQueryBringsFortyAccountsIn(t *testing.T) {
	needsFeature(t, queryFeature)
	w := newWorld(t)
	w.fillCompany(40)
	before := w.eventCount()
	space := newGuide(t, w, "import-existing-accounts/query")
	space.run("query", "-no-color", "-generate-config-out=generated.tf")
	contains(t, space.run("plan", "-no-color"), "Plan: 86 to import, 0 to add, 0 to change, 0 to destroy.") // 41 + 21 + 3 + 21
	space.run("apply", "-auto-approve", "-no-color")
	space.run("plan", "-detailed-exitcode", "-no-color")
	if after := w.eventCount(); after != before {
		t.Errorf("%d things happened to the company", after-before)
	}
	if state := space.run("state", "list"); strings.Count(state, "procore_service_account.existing_") != 41 {
		t.Errorf("the state has\n%s", state)
	}
	generated, err := os.ReadFile(filepath.Join(space.dir, "generated.tf"))
	if err != nil {
		t.Fatal(err)
	}
	space.shown.Write(generated) // no secret may be in it
	contains(t, string(generated), `client_secret_wo         = null # sensitive`)
}

func TestAccQueryFindsWhatTheFiltersLetThrough(t *testing.T) {
	needsFeature(t, queryFeature)
	w := newWorld(t)
	identity := func(id string) map[string]knownvalue.Check {
		return map[string]knownvalue.Check{"company_id": knownvalue.StringExact(w.CompanyID), "id": knownvalue.StringExact(id)}
	}
	membershipIdentity := map[string]knownvalue.Check{
		"company_id": knownvalue.StringExact(w.CompanyID), "service_account_id": knownvalue.StringExact("2"), "project_id": knownvalue.StringExact("1"),
	}
	values := func(resourceType string, filter queryfilter.QueryFilter, checks ...querycheck.KnownValueCheck) querycheck.QueryResultCheck {
		return querycheck.ExpectResourceKnownValues(resourceType+".test", filter, checks)
	}
	is := func(attribute string, value knownvalue.Check) querycheck.KnownValueCheck {
		return querycheck.KnownValueCheck{Path: tfjsonpath.New(attribute), KnownValue: value}
	}
	step := func(block string, checks ...querycheck.QueryResultCheck) resource.TestStep {
		return resource.TestStep{Query: true, Config: block, QueryResultChecks: checks}
	}
	one := func(resourceType string) querycheck.QueryResultCheck {
		return querycheck.ExpectLength(resourceType+".test", 1)
	}
	w.run(
		resource.TestStep{Config: w.config(
			account(`name = "exporter"`, `description = "daily"`), project(`name = "Bridge"`),
			permissions(`{ documents = "readonly" }`), membership(`permissions = { daily_log = "standard" }`),
		)},
		step(listBlock(accountType), querycheck.ExpectLength(accountType+".test", 2)),
		step(listBlock(accountType, `search = "DAI"`), one(accountType),
			querycheck.ExpectIdentity(accountType+".test", identity("2")),
			values(accountType, queryfilter.ByResourceIdentity(identity("2")), is("name", knownvalue.StringExact("exporter")),
				is("status", knownvalue.StringExact("active")), is("client_secret", knownvalue.Null()), is("secret_version", knownvalue.Int64Exact(1)))),
		step(listBlock(permissionsType, `service_account_id = "2"`), one(permissionsType),
			values(permissionsType, queryfilter.ByDisplayName(knownvalue.StringExact("exporter (2)")),
				is("company", knownvalue.MapExact(map[string]knownvalue.Check{"documents": knownvalue.StringExact("readonly")})))),
		step(listBlock(projectType, `active = true`), one(projectType),
			querycheck.ExpectResourceDisplayName(projectType+".test", queryfilter.ByResourceIdentity(identity("1")), knownvalue.StringExact("Bridge (1)"))),
		step(listBlock(membershipType, `project_id = "1"`), one(membershipType),
			querycheck.ExpectIdentity(membershipType+".test", membershipIdentity),
			values(membershipType, queryfilter.ByResourceIdentity(membershipIdentity),
				is("permissions", knownvalue.MapExact(map[string]knownvalue.Check{"daily_log": knownvalue.StringExact("standard")})))),
		resource.TestStep{Query: true, Config: listBlock(accountType, `status = "asleep"`), ExpectError: regexp.MustCompile(`status`)},
		resource.TestStep{
			Query: true, Config: listBlock(membershipType, `service_account_id = "99"`),
			ExpectError: regexp.MustCompile(`Unable to list the project memberships of service account 99`),
		},
	)
}

func TestAccQueryTellsWhenThereIsMoreThanItsLimit(t *testing.T) {
	needsFeature(t, queryFeature)
	w := newWorld(t)
	for i := range 4 {
		w.make(fmt.Sprintf("exporter %d", i))
	}
	space := newWorkspace(t, w.environment()...)
	space.write("list \"procore_service_account\" \"some\" {\n  provider = procore\n  limit = 3\n}\n", "some.tfquery.hcl")
	printed := space.run("query", "-no-color")
	contains(t, printed, "Administrator (1)", "exporter 1 (3)", "Warning: There is more than the list's limit", "Only the first 3 are listed")
	lacks(t, printed, "exporter 2")
	space.write("list \"procore_service_account\" \"some\" {\n  provider = procore\n  limit = 5\n}\n", "some.tfquery.hcl")
	lacks(t, space.run("query", "-no-color"), "Warning")
}

func TestAccExamplesOfListsAreQueries(t *testing.T) {
	needsFeature(t, queryFeature)
	files, err := filepath.Glob("../examples/list-resources/*/list-resource.tfquery.hcl")
	if err != nil || len(files) != len(listTypes) {
		t.Fatalf("examples of %d lists: %v", len(files), err)
	}
	w := newWorld(t)
	w.assign(w.make("ci exporter").ID, w.makeProject("Harbor bridge").ID, map[string]string{"rfis": "readonly"})
	for _, file := range files {
		space := newWorkspace(t, w.environment()...)
		space.write(example(t, file), "examples.tfquery.hcl")
		contains(t, space.run("query", "-no-color"), "list."+filepath.Base(filepath.Dir(file))+".")
	}
}
