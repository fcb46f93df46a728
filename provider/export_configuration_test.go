package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// blockAttributes parses a configuration and returns the literal attributes of each block by the block's words, such as
// "resource procore_project dam".
func blockAttributes(t *testing.T, text []byte) map[string]map[string]cty.Value {
	t.Helper()
	file, diags := hclsyntax.ParseConfig(text, "export.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%v in\n%s", diags, text)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || len(body.Attributes) > 0 {
		t.Fatalf("there is more than blocks in\n%s", text)
	}
	blocks := map[string]map[string]cty.Value{}
	for _, block := range body.Blocks {
		values := map[string]cty.Value{}
		for name, attribute := range block.Body.Attributes {
			if len(attribute.Expr.Variables()) > 0 {
				continue // a reference
			}
			value, diags := attribute.Expr.Value(nil)
			if diags.HasErrors() {
				t.Fatalf("%v in\n%s", diags, text)
			}
			values[name] = value
		}
		key := strings.Join(append([]string{block.Type}, block.Labels...), " ")
		if key == "import" {
			key += " " + block.Body.Attributes["to"].Expr.Variables()[0].RootName() + " " + values["id"].AsString()
		}
		if blocks[key] != nil {
			t.Fatalf("%s is there twice in\n%s", key, text)
		}
		blocks[key] = values
	}
	return blocks
}

// FuzzExportedText wants back from the configuration what the server has, whatever that is, and nothing besides.
func FuzzExportedText(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\"", "\\", "\\u0041", "${x}", "%{if true}", "$${", "$$${", "$", "%", "$\n{", "{", "}\n", "\r\n", "\t", "<<EOT\nEOT\n", "# x", "*/", "\x00", "\u2028", "\ufeff", "\u202e", "\U000e0041", "e\u0301", "\uac00", "🚧",
	} {
		f.Add(seed, seed, true)
	}
	f.Fuzz(func(t *testing.T, name, text string, marketplace bool) {
		name, text = strings.ToValidUTF8(name, "?"), strings.ToValidUTF8(text, "?") // as JSON brings it
		account := client.ServiceAccount{ID: "17", CompanyID: "1", Name: name, AppType: appTypeCustom, Description: text, ClientID: "own"}
		if marketplace {
			account.AppType, account.MarketplaceApp = appTypeMarketplace, &text
		}
		project := client.Project{ID: "3", Name: name, ProjectNumber: &text, Active: true}
		configuration := newExportConfiguration(inventory{
			companyID: "1", projects: []client.Project{project},
			accounts: []accountInventory{{
				ServiceAccount: account, permissions: map[string]string{"documents": "readonly"},
				memberships: []client.ProjectAssignment{{ServiceAccountID: "17", ProjectID: "3"}},
			}},
		}, exportSource{clientID: "own"})
		blocks := blockAttributes(t, configuration.printed())
		if len(blocks) != 8 {
			t.Errorf("%d blocks of %q and %q", len(blocks), name, text)
		}
		same := func(block, attribute, want string) {
			t.Helper()
			if got := blocks[block][attribute]; got == cty.NilVal || got.AsString() != cty.StringVal(want).AsString() {
				t.Errorf("%s.%s is %#v, want %q", block, attribute, got, want)
			}
		}
		owner := "resource procore_service_account " + newLabels("account").next(name, "17")
		same(owner, "name", name)
		if text != "" {
			same(owner, "description", text)
		}
		if marketplace {
			same(owner, "marketplace_app", text)
		}
		same("resource procore_project "+newLabels("project").next(name, "3"), "project_number", text)
		for kind, id := range map[string]string{
			"procore_project": "1/3", "procore_service_account": "1/17", "procore_service_account_permissions": "1/17", "procore_project_membership": "1/17/3",
		} {
			if blocks["import "+kind+" "+id] == nil {
				t.Errorf("no import of %s %s", kind, id)
			}
		}
	})
}
