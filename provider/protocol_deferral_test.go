package provider_test

import (
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// A provider whose own configuration is only known after apply, and data sources whose arguments are.

// laterSettings are the arguments of the provider block without which nothing can be asked of the API.
var laterSettings = []string{"base_url", "client_id", "client_secret", "ca_certificate_file", "allow_insecure_http", "max_retries", "request_timeout"}

// later is a provider for which that setting is only known after apply.
func (w *world) later(setting string, deferral bool) *plugin {
	w.t.Helper()
	p, settings := newPlugin(w.t), w.settings()
	p.deferral = deferral
	settings[setting] = unknownValue
	p.mustConfigure(settings)
	return p
}

func (p *plugin) readDataSource(name string, config map[string]any) *tfprotov6.ReadDataSourceResponse {
	p.t.Helper()
	answer, err := p.server.ReadDataSource(p.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: name, Config: pack(p.t, p.schemas.DataSourceSchemas[name].ValueType(), config),
		ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// everyObject makes one object of each resource.
func everyObject(t *testing.T, p pluginWorld) map[string]object {
	t.Helper()
	account := p.mustApply("procore_service_account", object{}, map[string]any{"name": "ci"})
	project := p.mustApply("procore_project", object{}, map[string]any{"name": "bridge"})
	id := account.state["id"]
	objects := map[string]object{
		"procore_service_account":              account,
		"procore_project":                      project,
		"procore_service_account_secret_reset": p.mustApply("procore_service_account_secret_reset", object{}, map[string]any{"service_account_id": id}),
		"procore_service_account_permissions": p.mustApply("procore_service_account_permissions", object{}, map[string]any{
			"service_account_id": id, "company": map[string]any{"documents": "readonly"},
		}),
		"procore_project_membership": p.mustApply("procore_project_membership", object{}, map[string]any{"service_account_id": id, "project_id": project.state["id"]}),
	}
	objects["procore_service_account"], _ = p.read("procore_service_account", account) // the reset has changed it, with a warning
	return objects
}

// required is a configuration of the object with nothing but what it must have.
func (p *plugin) required(resource string, of object) map[string]any {
	config := map[string]any{}
	for _, attribute := range p.schemas.ResourceSchemas[resource].Block.Attributes {
		if attribute.Required {
			config[attribute.Name] = of.state[attribute.Name]
		}
	}
	return config
}

func TestAProviderThatIsNotKnownYetForgetsNoObject(t *testing.T) {
	w := newPluginWorld(t)
	for resource, kept := range everyObject(t, w) {
		for _, setting := range laterSettings {
			read, diagnostics := w.later(setting, false).read(resource, kept)
			if !failed(diagnostics) || !reflect.DeepEqual(read.state, kept.state) || !reflect.DeepEqual(read.identity, kept.identity) {
				t.Errorf("%s, %s unknown: read as %v, and told %s", resource, setting, read.state, told(diagnostics))
			}
			contains(t, told(diagnostics), "The provider's configuration is not known yet", "the provider block's "+setting+" will only be known after apply", "-target")
		}
		if read, diagnostics := w.later("company_id", false).read(resource, kept); len(diagnostics) > 0 || !reflect.DeepEqual(read.state, kept.state) {
			t.Errorf("%s, which knows its company: read as %v, and told %s", resource, read.state, told(diagnostics))
		}
	}
}

func TestAProviderThatIsNotKnownYetDefersReadsAndNothingElse(t *testing.T) {
	w := newPluginWorld(t)
	objects := everyObject(t, w)
	for _, setting := range append([]string{"company_id"}, laterSettings...) {
		p := w.later(setting, true)
		deferred := func(what string, found *tfprotov6.Deferred, diagnostics []*tfprotov6.Diagnostic) {
			t.Helper()
			if found == nil || found.Reason != tfprotov6.DeferredReasonProviderConfigUnknown || len(diagnostics) > 0 {
				t.Errorf("%s, %s unknown: deferred as %v, and told %s", what, setting, found, told(diagnostics))
			}
		}
		planned := func(what string, found *tfprotov6.Deferred, diagnostics []*tfprotov6.Diagnostic) {
			t.Helper()
			if found != nil || failed(diagnostics) {
				t.Errorf("%s, %s unknown: deferred as %v, and told %s", what, setting, found, told(diagnostics))
			}
		}
		for resource, kept := range objects {
			config := p.required(resource, kept)
			create := p.plan(resource, object{}, config)
			planned("create "+resource, create.Deferred, create.Diagnostics)
			again := p.plan(resource, kept, config)
			planned("plan "+resource, again.Deferred, again.Diagnostics)
			if arrives := p.planned(resource, again); !reflect.DeepEqual(arrives, kept.state) {
				t.Errorf("plan %s, %s unknown: %v is planned as %v", resource, setting, kept.state, arrives)
			}
			destroy := p.plan(resource, kept, nil)
			planned("destroy "+resource, destroy.Deferred, destroy.Diagnostics)
			answer, err := p.server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: resource, CurrentState: p.packState(resource, kept.state), Private: kept.private, CurrentIdentity: p.packIdentity(resource, kept.identity),
				ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			if setting == "company_id" { // the state knows it
				planned("read "+resource, answer.Deferred, answer.Diagnostics)
			} else {
				deferred("read "+resource, answer.Deferred, answer.Diagnostics)
			}
			if read := unpack(t, p.typeOf(resource), answer.NewState); !reflect.DeepEqual(read, kept.state) {
				t.Errorf("%s, %s unknown: read as %v", resource, setting, read)
			}
		}
		for name := range p.schemas.DataSourceSchemas {
			answer := p.readDataSource(name, map[string]any{})
			deferred("data "+name, answer.Deferred, answer.Diagnostics)
		}
		action := p.planAction(revokeTokens, map[string]any{"service_account_id": "17"})
		planned("action", action.Deferred, action.Diagnostics)
	}
}

// The framework wants an identity of everything that was read, also of what was only put off. A state of before identities has none.
func TestADeferredReadOfAStateWithoutIdentityFillsItIn(t *testing.T) {
	w := newPluginWorld(t)
	for resource, kept := range everyObject(t, w) {
		read, diagnostics := w.later("base_url", true).read(resource, object{state: kept.state, private: kept.private})
		if len(diagnostics) > 0 || !reflect.DeepEqual(read.state, kept.state) || !reflect.DeepEqual(read.identity, kept.identity) {
			t.Errorf("%s: read as %v, %v, and told %s", resource, read.state, read.identity, told(diagnostics))
		}
	}
}

func TestAProviderThatIsKnownDefersNothing(t *testing.T) {
	w := newPluginWorld(t)
	p := newPlugin(t)
	p.deferral = true
	p.mustConfigure(w.settings())
	made := p.mustApply("procore_project", object{}, map[string]any{"name": "bridge"})
	if plan := p.plan("procore_project_membership", object{}, map[string]any{"service_account_id": unknownValue, "project_id": made.state["id"]}); plan.Deferred != nil {
		t.Error("an argument that is known after apply defers a resource that can be planned without it")
	}
	if plan := p.planAction(revokeTokens, map[string]any{"service_account_id": unknownValue}); plan.Deferred != nil || len(plan.Diagnostics) > 0 {
		t.Error("an argument that is known after apply defers an action that can be planned without it")
	}
	if answer := p.readDataSource("procore_tools", map[string]any{}); answer.Deferred != nil || failed(answer.Diagnostics) {
		t.Error(told(answer.Diagnostics))
	}
}

func TestAnActionOfAProviderThatIsNotKnownYetIsPlannedAndNotInvoked(t *testing.T) {
	w := newPluginWorld(t)
	for _, setting := range append([]string{"company_id"}, laterSettings...) {
		p := w.later(setting, false)
		config := map[string]any{"service_account_id": w.admin().ID}
		if plan := p.planAction(revokeTokens, config); len(plan.Diagnostics) > 0 {
			t.Errorf("%s: %s", setting, told(plan.Diagnostics))
		}
		_, diagnostics := p.invoke(revokeTokens, config)
		contains(t, told(diagnostics), setting, "not known yet")
	}
}

func TestADataSourceOfAProviderThatIsNotKnownYetSaysHowToWait(t *testing.T) {
	w := newPluginWorld(t)
	for _, setting := range laterSettings {
		p := w.later(setting, false)
		for name := range p.schemas.DataSourceSchemas {
			answer := p.readDataSource(name, map[string]any{})
			contains(t, told(answer.Diagnostics), "the provider block's "+setting+" will only be known after apply", "depends_on")
		}
	}
	p := w.later("company_id", false)
	for name := range p.schemas.DataSourceSchemas {
		contains(t, told(p.readDataSource(name, map[string]any{}).Diagnostics), "The provider's company_id is not known yet")
	}
}

// Each argument of each data source is unknown in turn. Without a guard an unknown one counts as one that isn't there, and
// finds what isn't meant.
func TestADataSourceWithAnUnknownArgumentLooksNothingUp(t *testing.T) {
	w := newPluginWorld(t)
	deferring := newPlugin(t)
	deferring.deferral = true
	deferring.mustConfigure(w.settings())
	for name, schema := range w.schemas.DataSourceSchemas {
		for _, attribute := range schema.Block.Attributes {
			if !attribute.Optional && !attribute.Required {
				continue
			}
			config := map[string]any{attribute.Name: unknownValue}
			if answer := w.readDataSource(name, config); !failed(answer.Diagnostics) {
				t.Errorf("%s was read with %s unknown", name, attribute.Name)
			} else {
				contains(t, told(answer.Diagnostics), "not known yet")
			}
			answer := deferring.readDataSource(name, config)
			if answer.Deferred == nil || answer.Deferred.Reason != tfprotov6.DeferredReasonResourceConfigUnknown || len(answer.Diagnostics) > 0 {
				t.Errorf("%s with %s unknown is deferred as %v, and tells %s", name, attribute.Name, answer.Deferred, told(answer.Diagnostics))
			}
			validated, err := w.server.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
				TypeName: name, Config: pack(t, schema.ValueType(), config),
			})
			if err != nil {
				t.Fatal(err)
			}
			if oneOf := attribute.Name == "company_id" && (name == "procore_project" || name == "procore_service_account"); failed(validated.Diagnostics) != oneOf {
				t.Errorf("%s with %s unknown: %s", name, attribute.Name, told(validated.Diagnostics))
			}
		}
	}
}

// Terraform configures a provider before it asks anything of it; whoever doesn't gets an error, and no crash.
func TestAProviderThatIsNotConfiguredCrashesNowhere(t *testing.T) {
	w := newPluginWorld(t)
	p := newPlugin(t)
	withCompany := map[string]any{"company_id": w.CompanyID}
	const want = "Provider not configured"
	for resource, kept := range everyObject(t, w) {
		config := with(p.required(resource, kept), withCompany)
		for what, prior := range map[string]object{"create": {}, "update": kept} {
			if plan := p.plan(resource, prior, config); failed(plan.Diagnostics) {
				t.Errorf("%s %s: %s", what, resource, told(plan.Diagnostics))
			}
		}
		_, created := p.apply(resource, object{}, config)
		contains(t, told(created), want)
		_, destroyed := p.apply(resource, kept, nil)
		if forgets := resource == "procore_service_account_secret_reset"; failed(destroyed) == forgets {
			t.Errorf("destroy %s: %s", resource, told(destroyed))
		}
		_, read := p.read(resource, kept)
		contains(t, told(read), want)
	}
	for name := range p.schemas.DataSourceSchemas {
		contains(t, told(p.readDataSource(name, withCompany).Diagnostics), want)
	}
	account := with(withCompany, map[string]any{"service_account_id": w.admin().ID})
	if plan := p.planAction(revokeTokens, account); len(plan.Diagnostics) > 0 {
		t.Error(told(plan.Diagnostics))
	}
	_, invoked := p.invoke(revokeTokens, account)
	contains(t, told(invoked), want)
	credentials := map[string]any{"client_id": w.ClientID, "client_secret": w.ClientSecret}
	contains(t, told(p.open("procore_access_token", credentials).Diagnostics), want)
}
