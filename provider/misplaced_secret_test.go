package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// A secret where an ID belongs is a typing mistake that must not publish it: neither in a message, nor by the line of the
// configuration that Terraform prints with a message about an attribute.

func (p *plugin) validate(resource string, config map[string]any) []*tfprotov6.Diagnostic {
	p.t.Helper()
	answer, err := p.server.ValidateResourceConfig(p.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: resource, Config: pack(p.t, p.typeOf(resource), config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Diagnostics
}

func TestASecretWhereAnIDBelongsIsRefusedWithoutItsLine(t *testing.T) {
	t.Parallel()
	p, secret := newPlugin(t), newClientSecret(t)
	for argument, diagnostics := range map[string][]*tfprotov6.Diagnostic{
		"service_account_id of an action": p.validateAction(revokeTokens, map[string]any{"service_account_id": secret}),
		"company_id of an action":         p.validateAction(revokeTokens, map[string]any{"service_account_id": "17", "company_id": secret}),
		"service_account_id of a reset":   p.validate(resetType, map[string]any{"service_account_id": secret}),
		"project_id of a membership": p.validate("procore_project_membership",
			map[string]any{"service_account_id": "17", "project_id": secret}),
		"max_age": p.validate(resetType, map[string]any{"service_account_id": "17", "max_age": secret}),
	} {
		if len(diagnostics) != 1 || diagnostics[0].Attribute != nil {
			t.Errorf("%s: Terraform would show its line: %s", argument, told(diagnostics))
		}
		if text := told(diagnostics); strings.Contains(text, secret) || !strings.Contains(text, "client secret") {
			t.Errorf("%s: %q", argument, text)
		}
	}
}

// A value that is only known after apply is checked by nobody before it is used, and Terraform doesn't check an action's at all then.
func TestASecretThatIsTakenForAnIDIsNeitherSentNorShown(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, servertest.Start(t))
	proxy := newFaultProxy(t, w.URL)
	p := newPlugin(t)
	if diagnostics := p.configure(proxy.behind(w).settings()); len(diagnostics) > 0 {
		t.Fatal(told(diagnostics))
	}
	account, secret := w.make("ci"), newClientSecret(t)
	servertest.SecretsOf(t).Add(servertest.KindPresented, secret)
	proxy.requests()
	shows := func(what, text, says string) {
		t.Helper()
		contains(t, text, "ERROR", says)
		w.Secrets.Check(t, what, []byte(text))
	}
	for _, config := range []map[string]any{
		{"service_account_id": secret}, {"service_account_id": account.ID, "company_id": secret},
	} {
		shows("a plan of the action", told(p.planAction(revokeTokens, config).Diagnostics), "must be an ID")
		_, diagnostics := p.invoke(revokeTokens, config)
		shows("the action", told(diagnostics), "must be an ID")
	}
	for resource, config := range map[string]map[string]any{
		"procore_service_account_secret_reset": {},
		"procore_service_account_permissions":  {"company": map[string]any{"documents": "readonly"}},
		"procore_project_membership":           {"project_id": "1"},
	} {
		config["service_account_id"] = secret
		_, diagnostics := p.apply(resource, object{}, config)
		shows(resource, told(diagnostics), "nothing was sent")
	}
	_, diagnostics := p.list("procore_service_account", query{config: map[string]any{"search": secret}})
	shows("the list", told(diagnostics), "nothing was sent")
	if sent := proxy.requests(); len(sent) > 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}

func TestASecretThatIsKnownAsAnIDOnlyAtApplyIsNeitherSentNorShown(t *testing.T) {
	p, secret := newPluginWorld(t), newClientSecret(t)
	permissions := map[string]any{"documents": "readonly"}
	for typeName, config := range map[string]map[string]any{
		resetType:                             {"service_account_id": unknownValue},
		"procore_service_account_permissions": {"service_account_id": unknownValue, "company": permissions},
		"procore_project_membership":          {"service_account_id": p.admin().ID, "project_id": unknownValue},
		"procore_project":                     {"name": "Bridge", "company_id": unknownValue},
	} {
		plan := p.plan(typeName, object{}, config)
		if failed(plan.Diagnostics) {
			t.Fatal(told(plan.Diagnostics))
		}
		planned := p.planned(typeName, plan)
		for argument, value := range config {
			if value == unknownValue {
				config[argument], planned[argument] = secret, secret
			}
		}
		answer, err := p.server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
			TypeName: typeName, PriorState: p.packState(typeName, nil), PlannedState: p.packState(typeName, planned),
			Config: p.packState(typeName, config), PlannedPrivate: plan.PlannedPrivate, PlannedIdentity: plan.PlannedIdentity,
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := told(answer.Diagnostics); !failed(answer.Diagnostics) || strings.Contains(text, secret) || !strings.Contains(text, "nothing was sent") {
			t.Errorf("%s: %q", typeName, text)
		}
	}
}
