package provider_test

import (
	"encoding/json"
	"os/exec"
	"reflect"
	"testing"
)

// The reference pages come from what .ci/schema asks of the provider, so that no CLI has to be at hand for them. A CLI that knows all
// that the provider has says the same.
func TestAccSchemaBehindTheReferencePagesIsWhatTheCLISays(t *testing.T) {
	needsFeature(t, queryFeature)
	t.Parallel()
	command := exec.CommandContext(t.Context(), "go", "run", "./.ci/schema")
	command.Dir = ".."
	written, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Providers map[string]map[string]any `json:"provider_schemas"`
	}
	var pages, said answer
	if err := json.Unmarshal(written, &pages); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(newWorkspace(t).run("providers", "schema", "-json")), &said); err != nil {
		t.Fatal(err)
	}
	ours, theirs := pages.Providers["procore"], said.Providers["registry.terraform.io/procore/procore"]
	if len(ours) == 0 || len(theirs) == 0 {
		t.Fatalf("there is no provider procore in one of them")
	}
	for kind, all := range theirs {
		ofOurs, _ := ours[kind].(map[string]any)
		for name, schema := range all.(map[string]any) {
			if !reflect.DeepEqual(ofOurs[name], schema) {
				t.Errorf("%s %s is\n%v\nand Terraform says\n%v", kind, name, ofOurs[name], schema)
			}
		}
		if len(ofOurs) != len(all.(map[string]any)) {
			t.Errorf("%s: %d, and Terraform has %d", kind, len(ofOurs), len(all.(map[string]any)))
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%d kinds, and Terraform has %d", len(ours), len(theirs))
	}
}
