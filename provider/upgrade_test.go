package provider_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// An upgrade is: what an earlier version of the provider has left behind, a configuration with its state and its database, and
// this version goes on from there. The folders in testdata/upgrade are such, each named for what was new after it.

// eachUpgrade runs a test for each, on a copy in a folder of the test's own.
func eachUpgrade(t *testing.T, test func(t *testing.T, left leftBehind)) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", "upgrade", "*", "terraform.tfstate"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("nothing to upgrade from: %v", err)
	}
	for _, folder := range folders {
		folder = filepath.Dir(folder)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			test(t, leftBehind{t, folder})
		})
	}
}

// leftBehind is the folder of one.
type leftBehind struct {
	t      *testing.T
	folder string
}

// copyTo copies all of it.
func (l leftBehind) copyTo(folder string) {
	l.t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = root.Close() }() // what it wrote is closed already
	for _, file := range []string{"versions.tf", "main.tf", "terraform.tfstate", "procore.db"} {
		text, err := os.ReadFile(filepath.Join(l.folder, file))
		if err == nil {
			err = root.WriteFile(file, text, 0o600)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
}

// storedState is a state file, as far as the tests look at it.
type storedState struct {
	Resources []struct {
		Mode, Type, Name string
		Instances        []storedInstance
	}
}

type storedInstance struct {
	SchemaVersion int64           `json:"schema_version"`
	Attributes    json.RawMessage `json:"attributes"`
	Identity      map[string]any  `json:"identity"`
	Private       []byte          `json:"private"`
}

// readStoredState reads a state file, and calls visit for each managed object in it.
func readStoredState(t *testing.T, file string, visit func(resource, address string, stored storedInstance)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var state storedState
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			if resource.Mode == "managed" {
				visit(resource.Type, resource.Type+"."+resource.Name, instance)
			}
		}
	}
}

// noteSecrets makes the client secrets of the state secrets of the test: from here on they are looked for like any other.
func (l leftBehind) noteSecrets() {
	l.t.Helper()
	readStoredState(l.t, filepath.Join(l.folder, "terraform.tfstate"), func(_, _ string, stored storedInstance) {
		var attributes struct {
			Secret string `json:"client_secret"`
		}
		if err := json.Unmarshal(stored.Attributes, &attributes); err != nil {
			l.t.Fatal(err)
		}
		if attributes.Secret != "" {
			servertest.SecretsOf(l.t).Add(servertest.KindMade, attributes.Secret)
		}
	})
}

func TestAStateOfAnEarlierVersionPlansNothing(t *testing.T) {
	eachUpgrade(t, func(t *testing.T, left leftBehind) {
		folder := t.TempDir()
		left.copyTo(folder)
		p := newPlugin(t)
		p.mustConfigure(map[string]any{"database": filepath.Join(folder, "procore.db")})
		seen := map[string]bool{}
		readStoredState(t, filepath.Join(folder, "terraform.tfstate"), func(resource, address string, stored storedInstance) {
			seen[resource] = true
			var attributes map[string]any
			if err := json.Unmarshal(stored.Attributes, &attributes); err != nil {
				t.Fatal(err)
			}
			state, diagnostics := p.upgrade(resource, stored.SchemaVersion, attributes)
			if len(diagnostics) > 0 {
				t.Fatalf("%s: %s", address, told(diagnostics))
			}
			kept := object{state: state, private: stored.Private}
			read, diagnostics := p.read(resource, kept)
			if len(diagnostics) > 0 || !reflect.DeepEqual(read.state, state) {
				t.Errorf("%s is read as\n%v, was\n%v; %s", address, read.state, state, told(diagnostics))
			}
			if len(read.identity) != len(p.identities[resource].IdentityAttributes) {
				t.Errorf("%s has the identity %v", address, read.identity)
			}
			for _, prior := range []object{kept, read} { // -refresh=false, and with a refresh
				plan := p.plan(resource, prior, p.configurationOf(resource, state))
				if planned := p.planned(resource, plan); len(plan.Diagnostics) > 0 || !reflect.DeepEqual(planned, state) {
					t.Errorf("%s is planned to be\n%v, was\n%v; %s", address, planned, state, told(plan.Diagnostics))
				}
			}
		})
		for resource := range p.schemas.ResourceSchemas {
			if !seen[resource] {
				t.Errorf("no %s is in the state", resource)
			}
		}
	})
}

// configurationOf is a configuration that a state can be of: all that one may say.
func (p *plugin) configurationOf(resource string, state map[string]any) map[string]any {
	p.t.Helper()
	config := map[string]any{}
	for _, attribute := range p.schemas.ResourceSchemas[resource].Block.Attributes {
		if (attribute.Required || attribute.Optional) && !attribute.WriteOnly {
			config[attribute.Name] = state[attribute.Name]
		}
	}
	return config
}

// workspace is a folder with a copy, in which this version is installed.
func (l leftBehind) workspace() *workspace {
	l.t.Helper()
	space := newWorkspace(l.t, "TF_VAR_own_secret="+newClientSecret(l.t))
	l.noteSecrets()
	l.copyTo(space.dir)
	space.run("init", "-no-color")
	return space
}

// edited is the configuration with texts in it replaced.
func (l leftBehind) edited(pairs ...string) string {
	l.t.Helper()
	config := example(l.t, filepath.Join(l.folder, "main.tf"))
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(config, pairs[i]) {
			l.t.Fatalf("the configuration has no %s", pairs[i])
		}
		config = strings.ReplaceAll(config, pairs[i], pairs[i+1])
	}
	return config
}

// withoutIdentity reports the objects of the state that have no identity. What the CLI doesn't know, it doesn't keep.
func (s *workspace) withoutIdentity() (addresses []string) {
	s.t.Helper()
	readStoredState(s.t, filepath.Join(s.dir, "terraform.tfstate"), func(_, address string, stored storedInstance) {
		if stored.Identity["company_id"] == nil {
			addresses = append(addresses, address)
		}
	})
	return addresses
}

func TestAccAStateOfAnEarlierVersionPlansNothingAndTakesChanges(t *testing.T) {
	needsTerraform(t)
	eachUpgrade(t, func(t *testing.T, left leftBehind) {
		space := left.workspace()
		space.run("plan", "-detailed-exitcode", "-refresh=false", "-no-color")
		if warnings := space.warnings(left.edited()); warnings != "" {
			t.Errorf("the first plan warns:\n%s", warnings)
		}
		space.run("plan", "-detailed-exitcode", "-no-color")

		space.run("apply", "-refresh-only", "-auto-approve", "-no-color")
		if without := space.withoutIdentity(); knows(t, identityFeature) && len(without) > 0 {
			t.Errorf("after a refresh there is no identity of %v", without)
		}
		space.apply(left.edited(`"Exports daily logs every night"`, `"Exports hourly logs"`, `"2026-07"`, `"2026-08"`, `daily_log = "standard"`, `daily_log = "admin"`))
		space.run("plan", "-detailed-exitcode", "-no-color")
	})
}

func TestAccAStateOfAnEarlierVersionTakesAChangeWithoutARefresh(t *testing.T) {
	needsTerraform(t)
	eachUpgrade(t, func(_ *testing.T, left leftBehind) {
		space := left.workspace()
		space.write(left.edited(`"CI exporter"`, `"CI importer"`, `"Harbor bridge"`, `"Harbor tunnel"`, `"2026-07"`, `"2026-08"`, `"Tower ${each.key}"`, `"Tower of the ${each.key}"`), "main.tf")
		space.run("apply", "-refresh=false", "-auto-approve", "-no-color")
		space.run("plan", "-detailed-exitcode", "-no-color")
		space.run("destroy", "-auto-approve", "-no-color")
	})
}
