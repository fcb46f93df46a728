package provider_test

import (
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

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
		shows(resource, told(diagnostics), "was not sent")
	}
	_, diagnostics := p.list("procore_service_account", query{config: map[string]any{"search": secret}})
	shows("the list", told(diagnostics), "was not sent")
	if sent := proxy.requests(); len(sent) > 0 {
		t.Errorf("%d requests were sent", len(sent))
	}
}
