package provider_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// The types that can be listed.
const (
	accountType     = "procore_service_account"
	permissionsType = "procore_service_account_permissions"
	projectType     = "procore_project"
	membershipType  = "procore_project_membership"
)

var listTypes = []string{accountType, permissionsType, projectType, membershipType}

// query is a list block.
type query struct {
	config  map[string]any
	limit   int64
	include bool // the whole resource
}

// result is an object that a list has given.
type result struct {
	name               string
	identity, resource map[string]any
}

// stream lists, and hands on one result after the other until take returns false. It returns the diagnostics. No secret may be in
// anything.
func (p *plugin) stream(ctx context.Context, resource string, query query, take func(result) bool) []*tfprotov6.Diagnostic {
	p.t.Helper()
	lists, ok := p.server.(tfprotov6.ListResourceServer)
	schema := p.schemas.ListResourceSchemas[resource]
	if !ok || schema == nil {
		p.t.Fatalf("%s can't be listed", resource)
	}
	stream, err := lists.ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName: resource, Config: pack(p.t, schema.ValueType(), query.nonNil()), Limit: query.limit, IncludeResource: query.include,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	var diagnostics []*tfprotov6.Diagnostic
	for event := range stream.Results {
		whole, err := json.Marshal(event)
		if err != nil {
			p.t.Fatal(err)
		}
		var found result
		if event.Resource != nil {
			whole = append(whole, event.Resource.MsgPack...)
			found.resource = unpack(p.t, p.typeOf(resource), event.Resource)
		}
		servertest.SecretsOf(p.t).Check(p.t, "a list of "+resource, whole)
		diagnostics = append(diagnostics, event.Diagnostics...)
		if event.Identity == nil || event.Identity.IdentityData == nil {
			continue
		}
		found.name, found.identity = event.DisplayName, p.unpackIdentity(resource, event.Identity)
		if !take(found) {
			break
		}
	}
	return diagnostics
}

func (q query) nonNil() map[string]any {
	if q.config == nil {
		return map[string]any{}
	}
	return q.config
}

// list lists all.
func (p *plugin) list(resource string, query query) ([]result, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	var all []result
	diagnostics := p.stream(p.t.Context(), resource, query, func(found result) bool {
		all = append(all, found)
		return true
	})
	return all, diagnostics
}

// names are the display names of a list that must succeed, without a word.
func (p *plugin) names(resource string, config map[string]any) []string {
	p.t.Helper()
	found, diagnostics := p.list(resource, query{config: config})
	if len(diagnostics) > 0 {
		p.t.Errorf("%v: %s", config, told(diagnostics))
	}
	names := make([]string, len(found))
	for i, one := range found {
		names[i] = one.name
	}
	return names
}

// settable are the values of a state for what a configuration can set.
func (p *plugin) settable(resource string, state map[string]any) map[string]any {
	config := map[string]any{}
	for _, attribute := range p.schemas.ResourceSchemas[resource].Block.Attributes {
		if attribute.Required || attribute.Optional {
			config[attribute.Name] = state[attribute.Name]
		}
	}
	return config
}

func TestAListedObjectIsWhatItsImportReadsAndPlansNothing(t *testing.T) {
	const accounts = 20
	w := newPluginWorld(t)
	w.fillCompany(accounts)
	want := map[string]int{ // the administrator is an account, and has permissions
		accountType: accounts + 1, permissionsType: accounts/2 + 1, projectType: 3, membershipType: projectsHeld(accounts),
	}
	for _, resource := range listTypes {
		found, diagnostics := w.list(resource, query{include: true})
		if len(diagnostics) > 0 || len(found) != want[resource] {
			t.Errorf("%d of %s, want %d: %s", len(found), resource, want[resource], told(diagnostics))
		}
		for _, one := range found {
			read, diagnostics := w.importAs(resource, "", one.identity)
			if len(diagnostics) > 0 {
				t.Errorf("import %v: %s", one.identity, told(diagnostics))
			}
			if !reflect.DeepEqual(one.resource, read.state) || !reflect.DeepEqual(one.identity, read.identity) {
				t.Errorf("%s %s is listed as %v %v, and imported as %v %v", resource, one.name, one.identity, one.resource, read.identity, read.state)
			}
			name, _ := one.resource["name"].(string)
			id, _ := one.resource["project_id"].(string)
			if id == "" {
				id, _ = one.resource["id"].(string)
			}
			if !strings.Contains(one.name, name) || !strings.HasSuffix(one.name, " ("+id+")") {
				t.Errorf("%s %v is called %q", resource, one.identity, one.name)
			}
			if one.resource["client_secret"] != nil {
				t.Errorf("%s has a secret", one.name)
			}
			// What Terraform writes into a configuration for it is its arguments.
			plan := w.plan(resource, read, w.settable(resource, one.resource))
			if planned := w.planned(resource, plan); len(plan.Diagnostics) > 0 || !reflect.DeepEqual(planned, read.state) {
				t.Errorf("%s %s is planned as %v, and is %v; %s", resource, one.name, planned, read.state, told(plan.Diagnostics))
			}
		}
		bare, diagnostics := w.list(resource, query{})
		if len(diagnostics) > 0 || len(bare) != len(found) {
			t.Errorf("without resources: %d of %s, %s", len(bare), resource, told(diagnostics))
		}
		for i, one := range bare {
			if one.resource != nil || !reflect.DeepEqual(one.identity, found[i].identity) {
				t.Errorf("without resources: %v", one)
			}
		}
	}
}

func TestListsOfAccountsAndProjectsTakeTheFiltersOfTheAPI(t *testing.T) {
	w := newPluginWorld(t)
	app := "Bid tool"
	if _, err := w.api.CreateServiceAccount(t.Context(), w.CompanyID, client.NewServiceAccount{
		Name: "Bidder", AppType: "marketplace", MarketplaceApp: &app, Description: "asks for prices",
	}); err != nil {
		t.Fatal(err)
	}
	exporter := w.make("exporter")
	bridge, tower := w.makeProject("Bridge"), w.makeProject("Tower")
	inactive := false
	if _, err := w.api.UpdateProject(t.Context(), w.CompanyID, tower.ID, client.ProjectChanges{Active: &inactive}); err != nil {
		t.Fatal(err)
	}
	admin, bidder, exporting := "Administrator (1)", "Bidder (2)", "exporter (3)"
	for _, test := range []struct {
		resource string
		config   map[string]any
		want     []string
	}{
		{accountType, nil, []string{admin, bidder, exporting}},
		{accountType, map[string]any{"company_id": w.CompanyID}, []string{admin, bidder, exporting}},
		{accountType, map[string]any{"name": "EXPORTER"}, []string{exporting}},
		{accountType, map[string]any{"name": "export"}, nil},
		{accountType, map[string]any{"client_id": exporter.ClientID}, []string{exporting}},
		{accountType, map[string]any{"app_type": "marketplace"}, []string{bidder}},
		{accountType, map[string]any{"status": "active"}, []string{admin, bidder, exporting}},
		{accountType, map[string]any{"status": "expired"}, nil},
		{accountType, map[string]any{"search": "PRICES"}, []string{bidder}},
		{accountType, map[string]any{"id": []any{"3", "1", "999"}}, []string{admin, exporting}},
		{accountType, map[string]any{"id": []any{"1", "2"}, "search": "bid"}, []string{bidder}},
		{projectType, nil, []string{"Bridge (1)", "Tower (2)"}},
		{projectType, map[string]any{"name": "bridge"}, []string{"Bridge (1)"}},
		{projectType, map[string]any{"active": false}, []string{"Tower (2)"}},
		{projectType, map[string]any{"active": true}, []string{"Bridge (1)"}},
		{projectType, map[string]any{"search": "owe"}, []string{"Tower (2)"}},
		{projectType, map[string]any{"id": []any{bridge.ID}}, []string{"Bridge (1)"}},
	} {
		if got := w.names(test.resource, test.config); !slices.Equal(got, test.want) {
			t.Errorf("%s %v: %v, want %v", test.resource, test.config, got, test.want)
		}
	}
}

func TestListsOfAccessTakeAnAccountAndAProject(t *testing.T) {
	w := newPluginWorld(t)
	one, two := w.make("one"), w.make("two")
	w.make("idle")
	bridge, tower := w.makeProject("Bridge"), w.makeProject("Tower")
	w.grant(two.ID, map[string]string{"documents": "readonly"})
	w.assign(one.ID, bridge.ID, map[string]string{})
	w.assign(two.ID, bridge.ID, map[string]string{"rfis": "admin"})
	w.assign(two.ID, tower.ID, map[string]string{})
	for _, test := range []struct {
		resource string
		config   map[string]any
		want     []string
	}{
		{permissionsType, nil, []string{"Administrator (1)", "two (3)"}}, // nothing to manage of the others
		{permissionsType, map[string]any{"service_account_id": two.ID}, []string{"two (3)"}},
		{permissionsType, map[string]any{"service_account_id": one.ID}, nil},
		{membershipType, nil, []string{"one (2) in Bridge (1)", "two (3) in Bridge (1)", "two (3) in Tower (2)"}},
		{membershipType, map[string]any{"service_account_id": two.ID}, []string{"two (3) in Bridge (1)", "two (3) in Tower (2)"}},
		{membershipType, map[string]any{"project_id": bridge.ID}, []string{"one (2) in Bridge (1)", "two (3) in Bridge (1)"}},
		{membershipType, map[string]any{"service_account_id": two.ID, "project_id": tower.ID}, []string{"two (3) in Tower (2)"}},
		{membershipType, map[string]any{"service_account_id": one.ID, "project_id": tower.ID}, nil},
	} {
		if got := w.names(test.resource, test.config); !slices.Equal(got, test.want) {
			t.Errorf("%s %v: %v, want %v", test.resource, test.config, got, test.want)
		}
	}
	for resource, config := range map[string]map[string]any{ // what isn't there is a slip of the pen, and not an account without access
		permissionsType: {"service_account_id": "99"}, membershipType: {"service_account_id": "99"}, "": {"project_id": "99"},
	} {
		if resource == "" {
			resource = membershipType
		}
		found, diagnostics := w.list(resource, query{config: config})
		if text := told(diagnostics); len(found) > 0 || !strings.Contains(text, "404 NOT_FOUND") {
			t.Errorf("%s %v: %v %s", resource, config, found, text)
		}
	}
}

func TestListConfigurationIsChecked(t *testing.T) {
	p := newPlugin(t)
	many := make([]any, 101)
	for i := range many {
		many[i] = "1"
	}
	for _, test := range []struct {
		resource string
		config   map[string]any
		want     string // "" for what is right
	}{
		{accountType, map[string]any{"company_id": "x"}, "company_id"},
		{accountType, map[string]any{"app_type": "other"}, "app_type"},
		{accountType, map[string]any{"status": "sleeping"}, "status"},
		{accountType, map[string]any{"search": ""}, "search"},
		{accountType, map[string]any{"client_id": ""}, "client_id"},
		{accountType, map[string]any{"name": " "}, "name"},
		{accountType, map[string]any{"id": []any{}}, "id"},
		{accountType, map[string]any{"id": []any{"017"}}, "id[0]"},
		{accountType, map[string]any{"id": many}, "id"},
		{accountType, map[string]any{"id": []any{nil}}, "null value"},
		{accountType, map[string]any{"id": []any{"1"}, "status": unknownValue}, ""},
		{permissionsType, map[string]any{"service_account_id": "1/17"}, "service_account_id"},
		{projectType, map[string]any{"id": []any{"0"}}, "id[0]"},
		{membershipType, map[string]any{"project_id": "-1"}, "project_id"},
		{membershipType, map[string]any{"project_id": unknownValue}, ""},
	} {
		lists, ok := p.server.(tfprotov6.ListResourceServer)
		if !ok {
			t.Fatal("nothing can be listed")
		}
		answer, err := lists.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: test.resource, Config: pack(t, p.schemas.ListResourceSchemas[test.resource].ValueType(), test.config),
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := told(answer.Diagnostics); (test.want == "") != (text == "") || !strings.Contains(text, test.want) {
			t.Errorf("%s %v: %q, want %q", test.resource, test.config, text, test.want)
		}
	}
}
