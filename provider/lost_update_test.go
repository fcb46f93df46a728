package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestADifferenceIsWhatIsAsNeitherStateNorPlanHasIt(t *testing.T) {
	one := func(value string) []managed { return []managed{{"name", types.StringValue(value)}} }
	for _, test := range []struct {
		state, plan, found string
		want               string
	}{
		{"a", "b", "a", "[]"}, // nobody changed it
		{"a", "b", "b", "[]"}, // it is as planned: an attempt of our own, or somebody who wants the same
		{"a", "b", "c", `[{name "a" "c"}]`},
		{"a", "a", "c", `[{name "a" "c"}]`}, // the plan doesn't touch it
	} {
		if got := fmt.Sprint(differences(one(test.state), one(test.plan), one(test.found))); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
	if got := differences(one("a"), nil, one("a")); len(got) != 0 {
		t.Errorf("a destruction of what is as it was: %v", got)
	}
	if got := differences(one("a"), nil, one("b")); len(got) != 1 {
		t.Errorf("a destruction of what was changed: %v", got)
	}
	secret := "pcs_0123456789012345678901234567890123456789012abcdef"
	if got := shown(types.StringValue(secret + strings.Repeat("é", 1000))); strings.Contains(got, secret[4:]) || len([]rune(got)) > 201 {
		t.Errorf("shown as %s", got)
	}
	if got := shown(types.StringNull()); got != "null" {
		t.Errorf("null is shown as %s", got)
	}
}

func TestWhoMadeAChangeIsToldByTheEventsSince(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	event := func(action, at string) client.AuditEvent {
		return client.AuditEvent{Action: action, CreatedAt: at, Actor: &client.AuditActor{ServiceAccountID: "7", ClientID: "abc"}}
	}
	after, same, before := "2026-01-02T03:04:06Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:04Z"
	for name, test := range map[string]struct {
		events []client.AuditEvent
		want   []string
	}{
		"those since, and no others": {
			[]client.AuditEvent{event("service_account.updated", after), event("other", after), event("service_account.updated", same), event("service_account.updated", before)},
			[]string{
				"  - service account 7 (client_id abc): service_account.updated at " + after, "  - service account 7 (client_id abc): service_account.updated at " + same,
			},
		},
		"the newest, whatever the clocks say": {
			[]client.AuditEvent{event("service_account.updated", before), event("service_account.updated", before)},
			[]string{"  - service account 7 (client_id abc): service_account.updated at " + before},
		},
		"the command line": {
			[]client.AuditEvent{{Action: "service_account.updated", CreatedAt: after}},
			[]string{"  - somebody at the server's command line: service_account.updated at " + after},
		},
		"at most three": {
			slices.Repeat([]client.AuditEvent{event("service_account.updated", after)}, 5),
			slices.Repeat([]string{"  - service account 7 (client_id abc): service_account.updated at " + after}, 3),
		},
		"nobody": {nil, nil},
	} {
		got := changedSince{since: since, concerns: actions("service_account.updated")}.events(test.events)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestAMembershipsEventsAreThoseOfItsProjectAndOfResets(t *testing.T) {
	ours := concernsMembership("3")
	for action, project := range map[string]string{"project_assignment.updated": "3", "project_assignment.deleted": "3", "service_account.secret_reset": ""} {
		if !ours(client.AuditEvent{Action: action, Before: map[string]any{"project_id": project}}) {
			t.Errorf("%s is not ours", action)
		}
	}
	if !ours(client.AuditEvent{Action: "project_assignment.created", After: map[string]any{"project_id": "3"}}) {
		t.Error("its own creation is not ours")
	}
	for action, project := range map[string]string{"project_assignment.updated": "33", "service_account.updated": "3"} {
		if ours(client.AuditEvent{Action: action, Before: map[string]any{"project_id": project}}) {
			t.Errorf("%s of %s is ours", action, project)
		}
	}
}

// stale is the refusal of a change by its If-Match.
var errStale = &client.Error{Origin: client.OriginAPI, Status: 412, Code: "PRECONDITION_FAILED"}

func TestAGuardedChangeLooksOnlyWhenItMustAndGivesUpInTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		known   string
		answers []error // of the change, in turn
		refuse  bool
		gets    int
		want    error
	}{
		"nothing happened":   {"1", []error{nil}, false, 0, nil},
		"nothing known":      {"", []error{nil}, false, 1, nil},
		"changed once":       {"1", []error{errStale, nil}, false, 1, nil},
		"changed for ever":   {"1", []error{errStale, errStale, errStale, errStale}, false, 3, errStale},
		"somebody's work":    {"1", []error{errStale}, true, 1, errRefused},
		"failed for another": {"1", []error{errRefused}, false, 0, errRefused},
	} {
		gets, changes := 0, 0
		err := guarded[string]{
			etag:  test.known,
			get:   func() (string, string, error) { gets++; return "object", "fresh", nil },
			allow: func(string) bool { return !test.refuse },
			change: func(etag string) error {
				changes++
				if etag == "" || (changes > 1) != (etag == "fresh") && test.known != "" {
					t.Errorf("%s: attempt %d with ETag %q", name, changes, etag)
				}
				return test.answers[changes-1]
			},
		}.do()
		if !errors.Is(err, test.want) || gets != test.gets || changes != len(test.answers) {
			t.Errorf("%s: got %v after %d looks and %d attempts", name, err, gets, changes)
		}
	}
}
