package rest

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// AuditEvent says who changed what, on the wire.
type AuditEvent struct {
	ID               string         `json:"id" example:"204"`
	ServiceAccountID string         `json:"service_account_id,omitempty" doc:"The account that was changed; it may be gone since. Absent in an event of a project itself" example:"17"`
	ProjectID        string         `json:"project_id,omitempty" doc:"The project that was changed, or in which the account's place was; it may be gone since. Absent in all other events" example:"3"`
	Action           string         `json:"action" example:"service_account.secret_reset"`
	Actor            *AuditActor    `json:"actor,omitempty" doc:"Who did it; absent for a change at the server's command line"`
	Before           map[string]any `json:"before,omitempty" doc:"What it was; absent where there was nothing"`
	After            map[string]any `json:"after,omitempty" doc:"What it became; absent where there is nothing"`
	RequestID        string         `json:"request_id,omitempty" doc:"The X-Request-Id of the request"`
	CreatedAt        string         `json:"created_at" format:"date-time"`
}

// AuditActor is the account that a change was made with.
type AuditActor struct {
	ServiceAccountID string `json:"service_account_id" example:"1"`
	ClientID         string `json:"client_id"`
}

func newAuditEvent(event store.AuditEvent) AuditEvent {
	wire := AuditEvent{
		ID: event.ID.String(), ServiceAccountID: given(event.ServiceAccountID), ProjectID: given(event.ProjectID), Action: event.Action,
		Before: event.Before, After: event.After, RequestID: event.Actor.RequestID, CreatedAt: timestamp(event.CreatedAt),
	}
	if event.Actor.ServiceAccountID != 0 {
		wire.Actor = &AuditActor{event.Actor.ServiceAccountID.String(), event.Actor.ClientID}
	}
	return wire
}

// given returns "" for no id.
func given(id store.ID) string {
	if id == 0 {
		return ""
	}
	return id.String()
}

type auditEvents struct{ Config }

type listAuditEventsInput struct {
	CompanyParams
	PageParams
	ServiceAccountID string `query:"filters[service_account_id]" doc:"Events of this account"`
	ProjectID        string `query:"filters[project_id]" doc:"Events of this project and of places in it. That a reset or a deletion took an account out of its projects is told in the account's own event"`
	Action           string `query:"filters[action]" enum:"service_account.created,service_account.updated,service_account.deleted,service_account.secret_reset,service_account.tokens_revoked,permissions.updated,project.created,project.updated,project.deleted,project_assignment.created,project_assignment.updated,project_assignment.deleted,contact.updated,contact.added_to_directory,contact.removed_from_directory"`
	CreatedAt        string `query:"filters[created_at]" doc:"A range of times FROM...TO, both RFC 3339 and inside the range; either may be left out" example:"2026-01-01T00:00:00Z...2026-02-01T00:00:00Z"`
}

// Resolve refuses what is not a range of times (huma.Resolver).
func (i *listAuditEventsInput) Resolve(ctx huma.Context) []error {
	faults := i.CompanyParams.Resolve(ctx)
	if _, _, ok := parseRange(i.CreatedAt); !ok {
		faults = append(faults, faultError{store.Fault{
			Reason: "malformed", Source: "filters[created_at]",
			Message: "must be a range such as 2026-01-01T00:00:00Z...2026-02-01T00:00:00Z",
		}, false})
	}
	return faults
}

// parseRange reads FROM...TO. A time that is left out is zero; so are both of the empty text.
func parseRange(text string) (from, to time.Time, ok bool) {
	if text == "" {
		return from, to, true
	}
	first, last, found := strings.Cut(text, "...")
	if !found || first == "" && last == "" {
		return from, to, false
	}
	for _, end := range []struct {
		text string
		time *time.Time
	}{{first, &from}, {last, &to}} {
		if end.text == "" {
			continue
		}
		parsed, err := time.Parse(time.RFC3339, end.text)
		if err != nil {
			return from, to, false
		}
		*end.time = parsed
	}
	return from, to, true
}

type listAuditEventsOutput struct {
	PageHeaders
	Body Data[[]AuditEvent]
}

// filterID returns 0, which selects everything, for no filter, and -1, which selects nothing, for an id that can't exist.
func filterID(text string) store.ID {
	if text == "" {
		return 0
	}
	id, ok := store.ParseID(text)
	if !ok {
		return -1
	}
	return id
}

func (a *auditEvents) list(ctx context.Context, input *listAuditEventsInput) (*listAuditEventsOutput, error) {
	query := store.AuditQuery{Action: input.Action, Page: input.request()}
	query.From, query.To, _ = parseRange(input.CreatedAt)
	query.ServiceAccountID, query.ProjectID = filterID(input.ServiceAccountID), filterID(input.ProjectID)
	if !query.To.IsZero() {
		query.To = query.To.Add(time.Second - time.Microsecond) // answers show whole seconds
	}
	page, err := a.AuditEvents.ListAuditEvents(ctx, input.company(), query)
	if err != nil {
		return nil, err
	}
	output := &listAuditEventsOutput{PageHeaders: input.headers(ctx, page.Total)}
	output.Body.Data = wires(page.Items, newAuditEvent)
	return output, nil
}
