package provider_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// privateMirror is a source address of this provider that isn't the one of the public registry.
const privateMirror = "example.com/platform/procore"

// move has the provider take over a stored object of another type or provider.
func (p *plugin) move(resource string, from *tfprotov6.MoveResourceStateRequest, stored object) (object, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	text, err := json.Marshal(stored.state)
	if err != nil {
		p.t.Fatal(err)
	}
	from.TargetTypeName, from.SourceState, from.SourcePrivate = resource, &tfprotov6.RawState{JSON: text}, stored.private
	answer, err := p.server.MoveResourceState(p.t.Context(), from)
	if err != nil {
		p.t.Fatal(err)
	}
	return object{
		state:    unpack(p.t, p.typeOf(resource), answer.TargetState),
		identity: p.unpackIdentity(resource, answer.TargetIdentity), private: answer.TargetPrivate,
	}, answer.Diagnostics
}

func TestAnObjectMovesFromAnotherSourceAddressAsItIs(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		for version := range w.schemas.ResourceSchemas[r.resource].Version + 1 {
			moved, diagnostics := w.move(r.resource, &tfprotov6.MoveResourceStateRequest{
				SourceProviderAddress: privateMirror, SourceTypeName: r.resource, SourceSchemaVersion: version,
			}, made)
			if len(diagnostics) > 0 || !reflect.DeepEqual(moved.state, made.state) || !maps.Equal(moved.identity, r.identity) {
				t.Errorf("%s of version %d moved as\n%v, was\n%v; %s", r.resource, version, moved, made, told(diagnostics))
			}
			if !bytes.Equal(moved.private, made.private) {
				t.Errorf("%s of version %d moved with the private state %s, had %s", r.resource, version, moved.private, made.private)
			}
			plan := w.plan(r.resource, moved, r.config)
			if planned := w.planned(r.resource, plan); len(plan.Diagnostics) > 0 || !reflect.DeepEqual(planned, made.state) {
				t.Errorf("%s is planned to be\n%v, was\n%v; %s", r.resource, planned, made.state, told(plan.Diagnostics))
			}
		}
	})
}

func TestNothingElseMoves(t *testing.T) {
	eachResource(t, func(t *testing.T, w pluginWorld, r identified) {
		made := w.mustApply(r.resource, object{}, r.config)
		current := w.schemas.ResourceSchemas[r.resource].Version
		for _, test := range []struct {
			from *tfprotov6.MoveResourceStateRequest
			want string
		}{
			{&tfprotov6.MoveResourceStateRequest{SourceProviderAddress: privateMirror, SourceTypeName: "procore_project_role"}, "Unable to make a " + r.resource + " of a procore_project_role"},
			{&tfprotov6.MoveResourceStateRequest{SourceProviderAddress: "example.com/platform/other", SourceTypeName: r.resource}, "of provider example.com/platform/other"},
			{&tfprotov6.MoveResourceStateRequest{SourceProviderAddress: privateMirror, SourceTypeName: r.resource, SourceSchemaVersion: current + 1}, "Use the version of the provider that wrote the state"},
		} {
			moved, diagnostics := w.move(r.resource, test.from, made)
			text := told(diagnostics)
			if moved.state != nil || !strings.Contains(text, test.want) || strings.Contains(text, "provider developer") {
				t.Errorf("%s: moved as %v; %q", r.resource, moved.state, text)
			}
			if secret, ok := made.state["client_secret"].(string); ok && strings.Contains(text, secret) {
				t.Errorf("%s: the refusal has the secret", r.resource)
			}
		}
	})
}
