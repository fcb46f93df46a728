package provider_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// FuzzListOfAccounts wants a list, or a diagnostic that says why there is none, for any filters, whether or not they were checked
// before: what is unknown then is checked by nobody.
func FuzzListOfAccounts(f *testing.F) {
	for _, seed := range []string{
		"", "ci", " ci", "CI", "%", "_", "*", "&page=2", "a\x00b", "\n", "\u202e", "${x}", "'; DROP TABLE service_accounts; --", "1/../2", "..", strings.Repeat("x", 300), strings.Repeat("ü", 9000),
	} {
		f.Add(seed, "", "", int64(0))
		f.Add("", seed, "", int64(1))
		f.Add("", "", seed, int64(-1))
	}
	running := servertest.Start(f)
	f.Fuzz(func(t *testing.T, name, search, id string, limit int64) {
		for _, text := range []string{name, search, id} {
			if !utf8.ValidString(text) {
				return // Terraform has no such text
			}
		}
		p := newPlugin(t)
		settings := newWorldOn(t, running).settings()
		if diagnostics := p.configure(settings); len(diagnostics) > 0 {
			t.Fatal(told(diagnostics))
		}
		config := map[string]any{}
		for attribute, text := range map[string]string{"name": name, "search": search, "company_id": id} {
			if text != "" {
				config[attribute] = text
			}
		}
		if id != "" {
			config["id"] = []any{id}
		}
		lists, _ := p.server.(tfprotov6.ListResourceServer)
		if _, err := lists.ValidateListResourceConfig(t.Context(), &tfprotov6.ValidateListResourceConfigRequest{
			TypeName: "procore_service_account", Config: pack(t, p.schemas.ListResourceSchemas["procore_service_account"].ValueType(), config),
		}); err != nil {
			t.Error(err)
		}
		found, diagnostics := p.list("procore_service_account", query{config: config, limit: limit, include: true})
		if failed(diagnostics) && len(found) > 0 {
			t.Errorf("%d accounts, and then: %s", len(found), told(diagnostics))
		}
		for _, account := range found {
			if account.identity["id"] == nil || account.resource["client_secret"] != nil {
				t.Errorf("%s has no ID, or a secret", account.name)
			}
		}
	})
}
