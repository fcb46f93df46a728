package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// A plan is made against objects as they were when it was made. Between plan and apply somebody else may change them, and
// an apply that didn't look would undo that without a word. So each resource keeps, in its private state, the ETag of
// what its plan was made against, and sends it with the change. The server refuses when the object is another by then;
// only that case costs a further request, to find out whether it matters:
//
//   - What the resource manages is as in the state, or already as in the plan: the plan wins. That is so when only a
//     status or a secret changed, and when the change itself was made by an attempt whose answer was lost.
//   - Anything else is somebody's work: an error says what changed, who did it and what to do. What was found becomes the
//     state, so that whoever applies again after that error overwrites it knowingly. The next plan's refresh would see to
//     that, but for one case: Terraform plans to destroy what is no longer in the configuration by the state from before
//     its refresh.

// basis is what a plan was made against.
type basis struct {
	ETag string `json:"etag,omitempty"`
	// At is when the object had that ETag, by the server's clock; zero: not known.
	At time.Time `json:"at,omitzero"`
	// ClientID is of the account that the object belongs to, where it was known; it tells the account from another one
	// with the same ID, on another server.
	ClientID string `json:"client_id,omitempty"`
	// CreatedAt does the same for a project, which has no client ID.
	CreatedAt string `json:"created_at,omitempty"`
}

// basisKey is the key of the basis in a resource's private state.
const basisKey = "basis"

// readBasis returns the zero basis for a state that was written before there was one.
func readBasis(ctx context.Context, private privateState, diags *diag.Diagnostics) basis {
	return readNote[basis](ctx, private, basisKey, diags)
}

// keep writes the basis for the next plan. One that differs in its time alone stays as it was: a state in which nothing else has
// changed is the same state, also for terraform plan -refresh-only -detailed-exitcode.
func (b basis) keep(ctx context.Context, private privateState, diags *diag.Diagnostics) {
	if before := readBasis(ctx, private, diags); !before.At.IsZero() && b.ETag != "" && b.at(before.At) == before {
		return
	}
	keepNote(ctx, private, basisKey, b, diags)
}

// at is the basis as of that time.
func (b basis) at(when time.Time) basis {
	b.At = when
	return b
}

// newBasis is the basis of an object of which no more is known than its version.
func newBasis(version client.Version) basis { return basis{ETag: version.ETag, At: version.At} }

// errRefused ends a change for a reason that has a diagnostic already; report adds nothing to it.
var errRefused = errors.New("refused")

// guardedTries bounds how often a change is tried anew because the object has changed once more.
const guardedTries = 4

// guarded is a change of an object that goes through only while the object is as the plan knows it.
type guarded[T any] struct {
	etag string // of what the plan was made against; empty: not known
	// get returns the object as it is, with its ETag.
	get func() (T, string, error)
	// allow decides whether the plan may change the object as it is. If not, it adds an error.
	allow  func(T) bool
	change func(etag string) error
}

// do makes the change, or returns errRefused, or the error of get or change.
func (g guarded[T]) do() error {
	var err error
	etag := g.etag
	for range guardedTries {
		if etag == "" {
			var found T
			if found, etag, err = g.get(); err != nil {
				return err
			}
			if !g.allow(found) {
				return errRefused
			}
		}
		if err = g.change(etag); !client.IsStale(err) {
			return err
		}
		etag = ""
	}
	return err
}

// managed is an attribute that a resource manages, with a value of it.
type managed struct {
	attribute string
	value     attr.Value
}

// difference is what somebody else has changed, in words.
type difference struct{ attribute, was, is string }

// differences compares attributes as they are with the state, and with the plan (nil: none). What is as either of them
// has it is no difference.
func differences(state, plan, found []managed) []difference {
	var list []difference
	for i, now := range found {
		if now.value.Equal(state[i].value) || (len(plan) > i && now.value.Equal(plan[i].value)) {
			continue
		}
		list = append(list, difference{now.attribute, shown(state[i].value), shown(now.value)})
	}
	return list
}

// longestShown bounds a value in a diagnostic, in characters.
const longestShown = 200

// shown is a value as a diagnostic has it.
func shown(value attr.Value) string {
	if value.IsNull() {
		return "null"
	}
	text := withoutSecrets(value.String())
	if utf8.RuneCountInString(text) > longestShown {
		text = string([]rune(text)[:longestShown]) + "…"
	}
	return text
}

// changedSince is an object, in which somebody may have made a change after the plan.
type changedSince struct {
	object    string // "Service account 17"
	companyID string
	since     time.Time // what the plan was made against is of then; zero: not known
	// What the resource manages: in the state, in the plan (nil: none), and as it was found.
	state, plan, found []managed
	filter             client.AuditFilter
	// concerns picks the audit events that can be the change.
	concerns func(client.AuditEvent) bool
}

// auditDepth is how many events are looked through for those of a change, and namedEvents how many are told.
const (
	auditDepth  = 50
	namedEvents = 3
)

// changed reports whether a plan would undo somebody's work. If so, it adds the error: what they changed, who they are, and what
// to do.
func (c *connection) changed(ctx context.Context, diags *diag.Diagnostics, change changedSince) bool {
	different := differences(change.state, change.plan, change.found)
	if len(different) == 0 {
		return false
	}
	var who []string
	if c.session != nil && c.session.api != nil {
		// Who can't be told, by an administrator who may not read the audit log or a server that has none, is left out.
		events, err := c.session.api.LatestAuditEvents(ctx, change.companyID, change.filter, auditDepth)
		if err == nil {
			who = change.events(events)
		}
	}
	what := make([]string, len(different))
	for i, found := range different {
		what[i] = fmt.Sprintf("  - %s: was %s, is %s", found.attribute, found.was, found.is)
	}
	detail := []string{"Nothing was changed. What is different from what the plan was made against:\n\n" + strings.Join(what, "\n")}
	if len(who) > 0 {
		detail = append(detail, "Who did it, by the audit log, newest first:\n\n"+strings.Join(who, "\n"))
	}
	detail = append(detail, "Run terraform plan again and look at what it changes now. To overwrite the change made elsewhere, apply that plan; to keep "+
		"it, write it into the configuration first.")
	diags.AddError(change.object+" has changed since the plan was made", strings.Join(detail, "\n\n"))
	return true
}

// events picks those events that made the change, in words. The clocks of an answer and of an event may differ by a
// little, so that the newest event counts in any case.
func (c changedSince) events(events []client.AuditEvent) []string {
	var told []string
	for _, event := range events {
		if !c.concerns(event) {
			continue
		}
		at, err := time.Parse(time.RFC3339, event.CreatedAt)
		old := err != nil || at.Before(c.since.Truncate(time.Second))
		if len(told) == namedEvents || (len(told) > 0 && old) {
			break
		}
		told = append(told, "  - "+actor(event)+": "+event.Action+" at "+event.CreatedAt)
	}
	return told
}

// actor names who made a change.
func actor(event client.AuditEvent) string {
	if event.Actor == nil {
		return "somebody at the server's command line"
	}
	return fmt.Sprintf("service account %s (client_id %s)", event.Actor.ServiceAccountID, event.Actor.ClientID)
}

// actions is a concerns for events of those actions.
func actions(names ...string) func(client.AuditEvent) bool {
	return func(event client.AuditEvent) bool {
		for _, name := range names {
			if event.Action == name {
				return true
			}
		}
		return false
	}
}
