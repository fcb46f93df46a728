package provider_test

import (
	"maps"
	"strings"
	"testing"
)

func TestImportByIdentityIsTheImportByID(t *testing.T) {
	w := newPluginWorld(t)
	made := w.make("exporter")
	for name, identity := range map[string]map[string]any{
		"with its company":          {"company_id": w.CompanyID, "id": made.ID},
		"of the provider's company": {"id": made.ID},
	} {
		byIdentity, diagnostics := w.importAs("procore_service_account", "", identity)
		if len(diagnostics) > 0 {
			t.Fatal(name, told(diagnostics))
		}
		byID, diagnostics := w.importAs("procore_service_account", made.ID, nil)
		if len(diagnostics) > 0 {
			t.Fatal(name, told(diagnostics))
		}
		want := map[string]any{"company_id": w.CompanyID, "id": made.ID}
		if !maps.Equal(byIdentity.identity, want) || !maps.Equal(byID.identity, want) {
			t.Errorf("%s: identities %v and %v, want %v", name, byIdentity.identity, byID.identity, want)
		}
		if byIdentity.state["name"] != "exporter" || byID.state["name"] != "exporter" {
			t.Errorf("%s: states %v and %v", name, byIdentity.state, byID.state)
		}
	}
}

func TestImportRefusesAnIdentityThatCannotBe(t *testing.T) {
	w := newPluginWorld(t)
	for _, identity := range []map[string]any{
		{"id": "017"}, {"id": ""}, {"id": "-1"}, {"id": "seventeen"}, {"id": "17", "company_id": "1/2"}, {"id": "17", "company_id": ""},
	} {
		_, diagnostics := w.importAs("procore_service_account", "", identity)
		if text := told(diagnostics); !strings.Contains(text, "Invalid import identity") {
			t.Errorf("%v: %q", identity, text)
		}
	}
}

func TestIdentityStaysUnderUpdate(t *testing.T) {
	w := newPluginWorld(t)
	const resource = "procore_service_account"
	made := w.mustApply(resource, object{}, map[string]any{"name": "exporter"})
	want := map[string]any{"company_id": w.CompanyID, "id": made.state["id"]}
	if !maps.Equal(made.identity, want) {
		t.Fatalf("created with identity %v, want %v", made.identity, want)
	}
	changed := w.mustApply(resource, made, map[string]any{"name": "importer"})
	if !maps.Equal(changed.identity, want) || changed.state["name"] != "importer" {
		t.Errorf("updated to identity %v, want %v", changed.identity, want)
	}
}

func TestAccImportBlocksTakeAnIdentity(t *testing.T) {
	needsFeature(t, identityFeature)
	w := newWorld(t)
	made := w.make("exporter")
	space := newWorkspace(t)
	space.apply(w.config(
		"import {\n  to = procore_service_account.test\n  identity = {\n    id = \""+made.ID+"\"\n  }\n}\n",
		account(`name = "exporter"`),
	))
	if id := space.attributes(accountAddress)["id"]; id != made.ID {
		t.Errorf("imported %v, want %s", id, made.ID)
	}
	space.run("plan", "-detailed-exitcode")
}

// A Terraform before 1.12 keeps no identity, and a state of before there was one has none.
func TestAnObjectThatIsGoneLeavesAStateWithoutIdentity(t *testing.T) {
	w := newPluginWorld(t)
	account := w.mustApply("procore_service_account", object{}, map[string]any{"name": "exporter"})
	project := w.mustApply("procore_project", object{}, map[string]any{"name": "Bridge"})
	id, projectID := account.state["id"], project.state["id"]
	kept := map[string]object{
		"procore_service_account": account, "procore_project": project,
		"procore_service_account_secret_reset": w.mustApply("procore_service_account_secret_reset", object{}, map[string]any{"service_account_id": id}),
		"procore_service_account_permissions": w.mustApply("procore_service_account_permissions", object{}, map[string]any{
			"service_account_id": id, "company": map[string]any{"documents": "readonly"},
		}),
		"procore_project_membership": w.mustApply("procore_project_membership", object{}, map[string]any{"service_account_id": id, "project_id": projectID}),
	}
	w.mustApply("procore_service_account", account, nil)
	w.mustApply("procore_project", project, nil)
	for resource, object := range kept {
		object.identity = nil
		if read, diagnostics := w.read(resource, object); len(diagnostics) > 0 || read.state != nil {
			t.Errorf("%s: %v\n%s", resource, read.state, told(diagnostics))
		}
	}
}
