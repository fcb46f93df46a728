package provider_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The folder testdata/schemas has the attributes of each resource as they were published, one file for each version of its
// schema, and one for each of its identity. CONTRIBUTING.md says how a schema may change.

var updateSchemas = flag.Bool("update-schemas", false, "write what the schemas add into testdata/schemas")

// snapshot is attributes as they were published: name → type, and what else a configuration and a state rely on.
type snapshot map[string]attributeSnapshot

type attributeSnapshot struct {
	Type       string `json:"type"`
	Properties string `json:"properties"`
}

// stateSnapshot is a resource's schema as it is now.
func stateSnapshot(schema *tfprotov6.Schema) snapshot {
	made := snapshot{}
	for name, typ := range schema.ValueType().(tftypes.Object).AttributeTypes { // blocks are in it, too
		made[name] = attributeSnapshot{typ.String(), "block"}
	}
	for _, a := range schema.Block.Attributes {
		made[a.Name] = attributeSnapshot{a.ValueType().String(), properties(
			"required", a.Required, "optional", a.Optional, "computed", a.Computed, "sensitive", a.Sensitive, "write-only", a.WriteOnly,
		)}
	}
	return made
}

// identitySnapshot is the same for a resource's identity.
func identitySnapshot(schema *tfprotov6.ResourceIdentitySchema) snapshot {
	made := snapshot{}
	for _, a := range schema.IdentityAttributes {
		made[a.Name] = attributeSnapshot{a.Type.String(), properties(
			"required for import", a.RequiredForImport, "optional for import", a.OptionalForImport,
		)}
	}
	return made
}

// properties joins the names that a true follows.
func properties(pairs ...any) string {
	var names []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == true {
			names = append(names, fmt.Sprint(pairs[i]))
		}
	}
	return strings.Join(names, ", ")
}

// breaks says how the schema as it is now breaks the published one.
func (s snapshot) breaks(now snapshot) []string {
	var found []string
	for name, published := range s {
		current, ok := now[name]
		switch {
		case !ok:
			found = append(found, name+" is gone: what a state has in it would be dropped")
		case current != published:
			found = append(found, fmt.Sprintf("%s was %v, is %v", name, published, current))
		}
	}
	for name, current := range now {
		if _, ok := s[name]; !ok && (strings.Contains(current.Properties, "required") || strings.Contains(current.Properties, "import")) {
			found = append(found, name+" is new and must be there: what was written before hasn't got it")
		}
	}
	slices.Sort(found)
	return found
}

// snapshotFile is where the snapshot of that kind ("state", "identity") and version is.
func snapshotFile(resource, kind string, version int64) string {
	return filepath.Join("testdata", "schemas", resource, fmt.Sprintf("%s-%d.json", kind, version))
}

// readSnapshot returns nil when there is none.
func readSnapshot(t *testing.T, file string) snapshot {
	t.Helper()
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var read snapshot
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func (s snapshot) write(t *testing.T, file string) {
	t.Helper()
	text, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(file), 0o750), os.WriteFile(file, append(text, '\n'), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPublishedSchemaChangesByANewVersionOnly(t *testing.T) {
	p := newPlugin(t)
	check := func(resource, kind string, version int64, now snapshot) {
		file := snapshotFile(resource, kind, version)
		published := readSnapshot(t, file)
		if broken := published.breaks(now); len(broken) > 0 && published != nil {
			t.Errorf("%s: version %d of its %s was published otherwise:\n  %s\nSee \"Changing a schema\" in CONTRIBUTING.md.",
				resource, version, kind, strings.Join(broken, "\n  "))
			return
		}
		if *updateSchemas {
			now.write(t, file)
		} else if published == nil {
			t.Errorf("%s: version %d of its %s has no %s. See \"Changing a schema\" in CONTRIBUTING.md.", resource, version, kind, file)
		}
	}
	for resource, schema := range p.schemas.ResourceSchemas {
		check(resource, "state", schema.Version, stateSnapshot(schema))
		identity := p.identities[resource]
		if identity == nil {
			t.Fatalf("%s has no identity", resource)
		}
		check(resource, "identity", identity.Version, identitySnapshot(identity))
	}
}

func TestEveryPublishedStateIsRead(t *testing.T) {
	p := newPlugin(t)
	for resource, schema := range p.schemas.ResourceSchemas {
		for version := range schema.Version + 1 {
			published := readSnapshot(t, snapshotFile(resource, "state", version))
			if published == nil {
				t.Errorf("%s: there is no snapshot of version %d", resource, version)
				continue
			}
			stored, want := map[string]any{}, map[string]any{}
			for _, attribute := range schema.Block.Attributes {
				want[attribute.Name] = nil
				if was, ok := published[attribute.Name]; ok && !attribute.WriteOnly {
					want[attribute.Name] = sampleOf(t, was.Type)
				}
			}
			for name := range published {
				stored[name] = want[name]
			}
			read, diagnostics := p.upgrade(resource, version, stored)
			if len(diagnostics) > 0 || !reflect.DeepEqual(read, want) {
				t.Errorf("%s: the state %v of version %d is read as %v, want %v; %s", resource, stored, version, read, want, told(diagnostics))
			}
		}
	}
}

// sampleOf is a value of a type that a snapshot names.
func sampleOf(t *testing.T, typ string) any {
	t.Helper()
	samples := map[string]any{
		"tftypes.String": "17", "tftypes.Bool": true, "tftypes.Number": int64(17),
		"tftypes.Map[tftypes.String]": map[string]any{"documents": "readonly"}, "tftypes.List[tftypes.String]": []any{"3", "4"},
	}
	sample, ok := samples[typ]
	if !ok {
		t.Fatalf("there is no sample of a %s", typ)
	}
	return sample
}

// upgrade has the provider read a stored state of that version; values are as in the JSON of a state.
func (p *plugin) upgrade(resource string, version int64, stored map[string]any) (map[string]any, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	text, err := json.Marshal(stored)
	if err != nil {
		p.t.Fatal(err)
	}
	answer, err := p.server.UpgradeResourceState(p.t.Context(), &tfprotov6.UpgradeResourceStateRequest{
		TypeName: resource, Version: version, RawState: &tfprotov6.RawState{JSON: text},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return unpack(p.t, p.typeOf(resource), answer.UpgradedState), answer.Diagnostics
}

func TestAnUpgradeLosesNothingThatItDoesNotKnow(t *testing.T) {
	p := newPlugin(t)
	const resource = "procore_service_account_secret_reset"
	secret := newClientSecret(t)
	stored := map[string]any{"id": "17", "client_secret": secret, "lifetime": "90d"}
	_, diagnostics := p.upgrade(resource, 0, stored)
	if text := told(diagnostics); !strings.Contains(text, "doesn't know lifetime") || strings.Contains(text, secret) {
		t.Errorf("an unknown attribute: %q", text)
	}
	stored["lifetime"] = nil
	read, diagnostics := p.upgrade(resource, 0, stored)
	if len(diagnostics) > 0 || read["client_secret"] != secret {
		t.Errorf("an unknown attribute without a value: %v, %s", slices.Sorted(maps.Keys(read)), told(diagnostics))
	}
	stored["secret_version"] = secret // a person has edited the state
	_, diagnostics = p.upgrade(resource, 0, stored)
	if text := told(diagnostics); !strings.Contains(text, "edited by hand") || strings.Contains(text, secret) {
		t.Errorf("a value of another type: %q", text)
	}
}
