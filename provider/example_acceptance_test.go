package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The examples are the source of the reference pages. Each resource, data source and action is applied as it stands there, with
// the provider configured from the environment, and must plan empty after that.
func TestAccExamplesApplyAndPlanEmpty(t *testing.T) {
	needsTerraform(t)
	files, err := filepath.Glob("../examples/*/procore_*/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "import") {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			if strings.Contains(file, "/actions/") {
				needsFeature(t, actionFeature)
			}
			w := newWorld(t)
			space := newWorkspace(t, w.environment()...)
			if strings.Contains(file, "data-sources") {
				w.make("ci exporter")
				w.makeProject("Harbor bridge")
			}
			space.apply(example(t, file))
			space.run("plan", "-detailed-exitcode", "-no-color")
		})
	}
}

// environment configures the provider for the server.
func (w *world) environment() []string {
	return []string{
		"PROCORE_BASE_URL=" + w.URL, "PROCORE_CLIENT_ID=" + w.ClientID, "PROCORE_CLIENT_SECRET=" + w.ClientSecret, "PROCORE_COMPANY_ID=" + w.CompanyID,
	}
}

func TestAccExamplesOfImportsAndProviderAreValid(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	provider := newWorkspace(t)
	if err := os.Remove(filepath.Join(provider.dir, "versions.tf")); err != nil { // the example has its own
		t.Fatal(err)
	}
	provider.write(example(t, "../examples/provider/provider.tf"), "main.tf")
	provider.run("validate", "-no-color")

	folders, err := filepath.Glob("../examples/resources/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, folder := range folders {
		space := newWorkspace(t)
		space.write(example(t, folder+"/resource.tf"), "main.tf")
		space.write(example(t, folder+"/import-by-string-id.tf"), "import.tf")
		space.run("validate", "-no-color")
		byIdentity := example(t, folder+"/import-by-identity.tf")
		if knows(t, identityFeature) {
			space.write(byIdentity, "import.tf")
			space.run("validate", "-no-color")
		}
	}
}

func example(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
