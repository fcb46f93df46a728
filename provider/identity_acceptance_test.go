package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// Without a CLI that knows identities, the tests in identity_test.go stand in for these.

// hasIdentity is a check of the whole identity in the state; names and values alternate.
func hasIdentity(address string, pairs ...string) statecheck.StateCheck {
	identity := map[string]knownvalue.Check{}
	for i := 0; i < len(pairs); i += 2 {
		identity[pairs[i]] = knownvalue.StringExact(pairs[i+1])
	}
	return statecheck.ExpectIdentity(address, identity)
}

// importBlock is an import block of that address by its identity; names and values alternate.
func importBlock(address string, pairs ...string) string {
	var block strings.Builder
	block.WriteString("import {\n  to = " + address + "\n  identity = {\n")
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&block, "    %s = %q\n", pairs[i], pairs[i+1])
	}
	block.WriteString("  }\n}\n")
	return block.String()
}

// ofAccount is a resource of an account that Terraform doesn't manage.
func ofAccount(address, accountID string, arguments ...string) string {
	kind, name, _ := strings.Cut(address, ".")
	return fmt.Sprintf("resource %q %q {\n  service_account_id = %q\n  %s\n}\n", kind, name, accountID, strings.Join(arguments, "\n  "))
}

func TestAccIdentityStaysUnderUpdateAndIsImported(t *testing.T) {
	needsFeature(t, identityFeature)
	w := newWorld(t)
	made, bridge := w.make("importer"), w.makeProject("Bridge")
	config := func(name, trigger, level string) string {
		return w.config(account(fmt.Sprintf("name = %q", name)), project(fmt.Sprintf("name = %q", name)),
			ofAccount(resetAddress, made.ID, trigger), ofAccount(permissionsAddress, made.ID, fmt.Sprintf("company = { documents = %q }", level)),
			ofAccount(membershipAddress, made.ID, fmt.Sprintf("project_id = %q", bridge.ID), fmt.Sprintf("permissions = { rfis = %q }", level)))
	}
	accountID, projectID := after(t, made.ID), after(t, bridge.ID)
	identities := []statecheck.StateCheck{
		hasIdentity(accountAddress, "company_id", w.CompanyID, "id", accountID),
		hasIdentity(resetAddress, "company_id", w.CompanyID, "id", made.ID),
		hasIdentity(permissionsAddress, "company_id", w.CompanyID, "id", made.ID),
		hasIdentity(projectAddress, "company_id", w.CompanyID, "id", projectID),
		hasIdentity(membershipAddress, "company_id", w.CompanyID, "service_account_id", made.ID, "project_id", bridge.ID),
	}
	keepAccess := `keep_access = true`
	steps := []resource.TestStep{
		{Config: config("ci", keepAccess+"\ntriggers = { on = \"monday\" }", "readonly"), ConfigStateChecks: identities},
		{Config: config("cd", keepAccess+"\ntriggers = { on = \"tuesday\" }", "standard"), ConfigStateChecks: identities},
		{RefreshState: true},
		{Config: config("cd", `keep_access = false`, "standard"), ConfigStateChecks: identities},
	}
	for _, address := range []string{accountAddress, resetAddress, permissionsAddress, projectAddress, membershipAddress} {
		steps = append(steps, resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity,
			ImportPlanChecks: resource.ImportPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionNoop)}},
		})
	}
	w.run(steps...)
}

func TestAccImportByIdentityLeavesNoPlannedChange(t *testing.T) {
	needsFeature(t, identityFeature)
	w := newWorld(t)
	made, bridge := w.make("exporter"), w.makeProject("Bridge")
	if _, err := w.api.PutProjectAssignment(t.Context(), w.CompanyID, made.ID, bridge.ID, map[string]string{"rfis": "readonly"}); err != nil {
		t.Fatal(err)
	}
	resources := w.config(account(`name = "exporter"`), project(`name = "Bridge"`), ofAccount(resetAddress, made.ID),
		ofAccount(permissionsAddress, made.ID, "company = { documents = \"none\" }"),
		ofAccount(membershipAddress, made.ID, fmt.Sprintf("project_id = %q", bridge.ID), `permissions = { rfis = "readonly" }`))
	before := w.Contents(t)
	space := newWorkspace(t)
	space.write(resources+importBlock(accountAddress, "id", made.ID)+
		importBlock(resetAddress, "company_id", w.CompanyID, "id", made.ID)+
		importBlock(permissionsAddress, "company_id", w.CompanyID, "id", made.ID)+
		importBlock(projectAddress, "id", bridge.ID)+
		importBlock(membershipAddress, "company_id", w.CompanyID, "service_account_id", made.ID, "project_id", bridge.ID), "main.tf")
	if plan := space.run("plan", "-no-color"); !strings.Contains(plan, "5 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan does more than import:\n%s", plan)
	}
	space.run("apply", "-auto-approve", "-no-color")
	space.run("plan", "-detailed-exitcode", "-no-color")
	if without := space.withoutIdentity(); len(without) > 0 {
		t.Errorf("no identity of %v", without)
	}
	if w.Contents(t) != before {
		t.Error("the import changed something on the server")
	}
}

func TestAccImportByAWrongIdentityIsExplained(t *testing.T) {
	needsFeature(t, identityFeature)
	w := newWorld(t)
	made := w.make("exporter")
	space := newWorkspace(t)
	for want, identity := range map[string][]string{
		"Cannot import non-existent remote object": {"id", "999"},
		"belong to another company than 999":       {"company_id", "999", "id", made.ID},
		"Invalid import identity":                  {"id", "017"},
	} {
		space.write(w.config(account(`name = "exporter"`), importBlock(accountAddress, identity...)), "main.tf")
		_, err := space.try("apply", "-auto-approve", "-no-color")
		if err == nil || !strings.Contains(strings.Join(strings.Fields(err.Error()), " "), want) {
			t.Errorf("the identity %v: %v", identity, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(space.dir, "terraform.tfstate")); err == nil && strings.Contains(string(text), "procore_service_account") {
		t.Error("something was imported")
	}
}

func TestAMoveToAnotherCompanyIsAReplacement(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	first, second := initialize(t, database, "Acme"), addCompany(t, database, "Other")
	p := newPlugin(t)
	p.mustConfigure(map[string]any{"database": database, "company_id": first})
	made := p.mustApply("procore_service_account", object{}, map[string]any{"name": "ci"})
	plan := p.plan("procore_service_account", made, map[string]any{"name": "ci", "company_id": second})
	if len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) != 1 || !plan.RequiresReplace[0].Equal(tftypes.NewAttributePath().WithAttributeName("company_id")) {
		t.Errorf("the plan replaces for %v; %s", plan.RequiresReplace, told(plan.Diagnostics))
	}
	moved := p.mustApply("procore_service_account", object{}, map[string]any{"name": "ci", "company_id": second})
	if moved.identity["company_id"] != second || moved.identity["id"] != moved.state["id"] || made.identity["company_id"] != first {
		t.Errorf("the identity goes from %v to %v", made.identity, moved.identity)
	}
}

func TestAccAMoveToAnotherCompanyIsAnotherIdentity(t *testing.T) {
	needsFeature(t, identityFeature)
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	first, second := initialize(t, database, "Acme"), addCompany(t, database, "Other")
	block := provided(fmt.Sprintf("database = %q\n company_id = %q", database, first))
	in := func(companyID string) string {
		return block + account(`name = "ci"`, fmt.Sprintf("company_id = %q", companyID)) + reset(fmt.Sprintf("company_id = %q", companyID))
	}
	company := func(id string) []statecheck.StateCheck {
		return []statecheck.StateCheck{hasIdentity(accountAddress, "company_id", id, "id", map[string]string{first: "3", second: "4"}[id])}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{
		{Config: in(first), ConfigStateChecks: company(first)},
		{
			Config:           in(second),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			ConfigStateChecks: append(company(second),
				hasIdentity(resetAddress, "company_id", second, "id", "4")),
		},
	}})
}
