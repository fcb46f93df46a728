package provider_test

import (
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/provider/client"
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

func TestAnImportNeverShowsASecretThatWasTakenForAnID(t *testing.T) {
	w := newPluginWorld(t)
	secret := newClientSecret(t)
	_, byIdentity := w.importAs("procore_service_account", "", map[string]any{"id": secret})
	_, byID := w.importAs("procore_service_account", secret, nil)
	if text := told(append(byIdentity, byID...)); strings.Contains(text, secret) || strings.Count(text, "Invalid import") != 2 {
		t.Errorf("%q", text)
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

func TestAnImportWithoutACompanySaysHowToNameOne(t *testing.T) {
	w := newPluginWorld(t)
	made := w.make("exporter")
	for company, want := range map[any]string{
		nil: "PROCORE_COMPANY_ID", unknownValue: "only be known after apply",
	} {
		p := newPlugin(t)
		p.mustConfigure(with(w.settings(), map[string]any{"company_id": company}))
		for id, identity := range map[string]map[string]any{made.ID: nil, "": {"id": made.ID}} {
			_, diagnostics := p.importAs("procore_service_account", id, identity)
			if len(diagnostics) != 1 || complaint(diagnostics[0]) != "" {
				t.Errorf("company_id %v: %s", company, told(diagnostics))
			}
			contains(t, told(diagnostics), "The import names no company", "COMPANY_ID/"+made.ID, want)
		}
	}
}

// identified is a resource in two configurations of the same object, and what names that object.
type identified struct {
	resource        string
	config, changed map[string]any
	identity        map[string]any
	importID        string
	remove          func() error // ends the object behind Terraform's back
	change          func() error // changes it
}

// eachResource runs a test for each type of resource, on a server of its own.
func eachResource(t *testing.T, test func(t *testing.T, w pluginWorld, r identified)) {
	t.Helper()
	for i := range everyResource(t, newPluginWorld(t)) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := newPluginWorld(t)
			test(t, w, everyResource(t, w)[i])
		})
	}
}

// everyResource makes an account and a project behind Terraform's back. The IDs of those that Terraform is to make come next.
func everyResource(t *testing.T, w pluginWorld) []identified {
	t.Helper()
	ctx, company := t.Context(), w.CompanyID
	account := w.make("importer")
	project, err := w.api.CreateProject(ctx, company, client.NewProject{Name: "Bridge", Active: true})
	if err != nil {
		t.Fatal(err)
	}
	nextAccount, nextProject := after(t, account.ID), after(t, project.ID)
	removeAccount := func() error { return w.api.DeleteServiceAccount(ctx, company, account.ID) }
	named := func(id string) map[string]any { return map[string]any{"company_id": company, "id": id} }
	return []identified{{
		resource: "procore_service_account",
		config:   map[string]any{"name": "exporter"}, changed: map[string]any{"name": "another", "description": "changed"},
		identity: named(nextAccount), importID: nextAccount,
		remove: func() error { return w.api.DeleteServiceAccount(ctx, company, nextAccount) },
		change: func() error {
			_, err := w.api.UpdateServiceAccount(ctx, company, nextAccount, client.ServiceAccountChanges{Name: new("elsewhere")})
			return err
		},
	}, {
		resource: "procore_service_account_secret_reset",
		config:   map[string]any{"service_account_id": account.ID, "triggers": map[string]any{"on": "monday"}},
		changed:  map[string]any{"service_account_id": account.ID, "triggers": map[string]any{"on": "tuesday"}},
		identity: named(account.ID), importID: account.ID, remove: removeAccount, change: removeAccount,
	}, {
		resource: "procore_service_account_permissions",
		config:   map[string]any{"service_account_id": account.ID, "company": map[string]any{"documents": "readonly"}},
		changed:  map[string]any{"service_account_id": account.ID, "company": map[string]any{"documents": "standard"}},
		identity: named(account.ID), importID: account.ID, remove: removeAccount,
		change: func() error {
			_, err := w.api.ReplacePermissions(ctx, company, account.ID, client.Permissions{Company: map[string]string{"documents": "admin"}})
			return err
		},
	}, {
		resource: "procore_project",
		config:   map[string]any{"name": "Tunnel"}, changed: map[string]any{"name": "Tower"},
		identity: named(nextProject), importID: nextProject,
		remove: func() error { return w.api.DeleteProject(ctx, company, nextProject) },
		change: func() error {
			_, err := w.api.UpdateProject(ctx, company, nextProject, client.ProjectChanges{Name: new("Elsewhere")})
			return err
		},
	}, {
		resource: "procore_project_membership",
		config:   map[string]any{"service_account_id": account.ID, "project_id": project.ID, "permissions": map[string]any{"rfis": "readonly"}},
		changed:  map[string]any{"service_account_id": account.ID, "project_id": project.ID, "permissions": map[string]any{"rfis": "standard"}},
		identity: map[string]any{"company_id": company, "service_account_id": account.ID, "project_id": project.ID},
		importID: account.ID + "/" + project.ID,
		remove:   func() error { return w.api.DeleteProjectAssignment(ctx, company, account.ID, project.ID) },
		change: func() error {
			_, err := w.api.PutProjectAssignment(ctx, company, account.ID, project.ID, map[string]string{"rfis": "admin"})
			return err
		},
	}}
}

// after is the ID of the next object of the same type.
func after(t *testing.T, id string) string {
	t.Helper()
	number, err := strconv.Atoi(id)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(number + 1)
}

func TestIdentityStaysUnderRefreshAndUpdate(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		read, diagnostics := w.read(r.resource, made)
		if len(diagnostics) > 0 {
			t.Fatal(told(diagnostics))
		}
		changed := w.mustApply(r.resource, read, r.changed)
		for after, identity := range map[string]map[string]any{"create": made.identity, "refresh": read.identity, "update": changed.identity} {
			if !maps.Equal(identity, r.identity) {
				t.Errorf("%s has the identity %v after its %s, want %v", r.resource, identity, after, r.identity)
			}
		}
		if reflect.DeepEqual(made.state, changed.state) {
			t.Error("the update changed nothing")
		}
	})
}

func TestAStateWithoutIdentityGetsItByRefreshOrUpdate(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		made.identity = nil // as a version or a CLI that knows no identity has left it
		read, diagnostics := w.read(r.resource, made)
		if len(diagnostics) > 0 || !maps.Equal(read.identity, r.identity) {
			t.Errorf("%s is refreshed to the identity %v, want %v; %s", r.resource, read.identity, r.identity, told(diagnostics))
		}
		changed := w.mustApply(r.resource, made, r.changed) // without a refresh before it
		if !maps.Equal(changed.identity, r.identity) {
			t.Errorf("%s is updated to the identity %v, want %v", r.resource, changed.identity, r.identity)
		}
	})
}

func TestAnObjectThatIsGoneLeavesTheStateWithAndWithoutIdentity(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		if err := r.remove(); err != nil {
			t.Fatal(err)
		}
		for _, identity := range []map[string]any{made.identity, nil} {
			made.identity = identity
			read, diagnostics := w.read(r.resource, made)
			if len(diagnostics) > 0 || read.state != nil {
				t.Errorf("%s with the identity %v is read as %v; %s", r.resource, identity, read.state, told(diagnostics))
			}
		}
	})
}

func TestARefusedChangeKeepsTheIdentity(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		if err := r.change(); err != nil {
			t.Fatal(err)
		}
		before := []map[string]any{made.identity}
		if r.resource != "procore_service_account_secret_reset" { // its refusal leaves the state alone
			before = append(before, nil)
		}
		for _, made.identity = range before {
			kept, diagnostics := w.apply(r.resource, made, r.changed)
			if !failed(diagnostics) || !maps.Equal(kept.identity, r.identity) {
				t.Errorf("%s has the identity %v, want %v; %s", r.resource, kept.identity, r.identity, told(diagnostics))
			}
		}
	})
}

func TestAnImportByIdentityPlansNothing(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		w.mustApply(r.resource, object{}, r.config)
		byIdentity, diagnostics := w.importAs(r.resource, "", r.identity)
		if len(diagnostics) > 0 {
			t.Fatal(told(diagnostics))
		}
		byID, diagnostics := w.importAs(r.resource, r.importID, nil)
		if len(diagnostics) > 0 || !reflect.DeepEqual(byIdentity.state, byID.state) || !maps.Equal(byIdentity.identity, byID.identity) {
			t.Errorf("%s is imported as\n%v by identity, and as\n%v by ID; %s", r.resource, byIdentity, byID, told(diagnostics))
		}
		config := maps.Clone(r.config)
		delete(config, "triggers") // those are adopted, which is a change of the state, though none on the server
		plan := w.plan(r.resource, byIdentity, config)
		if planned := w.planned(r.resource, plan); failed(plan.Diagnostics) || !reflect.DeepEqual(planned, byIdentity.state) {
			t.Errorf("%s is planned to be\n%v, and is\n%v; %s", r.resource, planned, byIdentity.state, told(plan.Diagnostics))
		}
	})
}

func TestAnImportByTheIdentityOfNothingImportsNothing(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		w.mustApply(r.resource, object{}, r.config)
		for attribute := range r.identity {
			identity := maps.Clone(r.identity)
			identity[attribute] = "999"
			read, diagnostics := w.importAs(r.resource, "", identity)
			switch text := told(diagnostics); {
			case attribute == "company_id": // somebody else's company, for all that the server tells
				if !strings.Contains(text, "belong to another company than 999") {
					t.Errorf("%s, %v: %q", r.resource, identity, text)
				}
			case text != "" || read.state != nil: // Terraform says that there is no such object
				t.Errorf("%s, %v is read as %v; %q", r.resource, identity, read.state, text)
			}
		}
	})
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
