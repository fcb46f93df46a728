package store

import (
	"context"
	"time"
)

// Actor is who makes a change, and by which request.
type Actor struct {
	// ServiceAccountID and ClientID name the account whose token was used. They are zero for a change that was made at
	// the command line, by somebody who holds the database itself.
	ServiceAccountID ID
	ClientID         string
	// RequestID is the x-request-id of the request.
	RequestID string
}

type actorKey struct{}

// WithActor returns a context whose changes are the actor's. It goes with the context because every change has one,
// however deep it happens.
func WithActor(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorFrom returns the actor of a context, or the zero Actor for the command line.
func ActorFrom(ctx context.Context) Actor {
	actor, _ := ctx.Value(actorKey{}).(Actor)
	return actor
}

// The actions of audit events.
const (
	ActionAccountCreated     = "service_account.created"
	ActionAccountUpdated     = "service_account.updated"
	ActionAccountDeleted     = "service_account.deleted"
	ActionSecretReset        = "service_account.secret_reset"
	ActionTokensRevoked      = "service_account.tokens_revoked"
	ActionPermissionsChanged = "permissions.updated"
	ActionProjectCreated     = "project.created"
	ActionProjectUpdated     = "project.updated"
	ActionProjectDeleted     = "project.deleted"
	ActionAssignmentCreated  = "project_assignment.created"
	ActionAssignmentUpdated  = "project_assignment.updated"
	ActionAssignmentDeleted  = "project_assignment.deleted"
	ActionContactUpdated     = "contact.updated"
	ActionContactAdded       = "contact.added_to_directory"
	ActionContactRemoved     = "contact.removed_from_directory"
)

// AuditActions returns every action.
func AuditActions() []string {
	return []string{
		ActionAccountCreated, ActionAccountUpdated, ActionAccountDeleted, ActionSecretReset, ActionTokensRevoked,
		ActionPermissionsChanged, ActionProjectCreated, ActionProjectUpdated, ActionProjectDeleted,
		ActionAssignmentCreated, ActionAssignmentUpdated, ActionAssignmentDeleted,
		ActionContactUpdated, ActionContactAdded, ActionContactRemoved,
	}
}

// Facts are what an audit event says of an object. There is never a secret among them.
type Facts map[string]any

// AuditEvent says who changed what of an account, its secret, its access or its contact, or of a project. It is written
// in the change's own transaction, kept for ever, and edited by nobody.
type AuditEvent struct {
	ID        ID
	CompanyID ID
	// ServiceAccountID is zero for an event of a project itself, and ProjectID for one that is about no project. An
	// account's place in a project has both.
	ServiceAccountID ID
	ProjectID        ID
	Action           string
	Actor            Actor
	// Before and After are nil where there was or is nothing.
	Before    Facts
	After     Facts
	CreatedAt time.Time
}

// AuditQuery selects and pages events, newest first. A zero field selects everything.
type AuditQuery struct {
	ServiceAccountID ID
	ProjectID        ID
	Action           string
	// From and To bound the time of an event; both belong to the range.
	From, To time.Time
	Page     PageRequest
}

// Facts are what audit events say of an account.
func (a ServiceAccount) Facts() Facts {
	facts := Facts{
		"name": a.Name, "app_type": a.AppType, "description": a.Description, "client_id": a.ClientID,
		"deletion_protection": a.DeletionProtection, "add_to_new_projects": a.AddToNewProjects, "marketplace_app": nil,
	}
	if a.MarketplaceApp != "" {
		facts["marketplace_app"] = a.MarketplaceApp
	}
	return facts
}

// Facts are what audit events say of a project.
func (p Project) Facts() Facts {
	facts := Facts{"project_id": p.ID.String(), "name": p.Name, "project_number": nil, "active": p.Active}
	if p.ProjectNumber != "" {
		facts["project_number"] = p.ProjectNumber
	}
	return facts
}

// Facts are what audit events say of credentials: the secret's version and fingerprint, never the secret or its digest.
func (c Credentials) Facts() Facts {
	facts := Facts{
		"secret_version": c.SecretVersion, "secret_fingerprint": c.SecretDigest.Fingerprint(), "previous_secret_expires_at": nil,
	}
	if !c.PreviousExpiresAt.IsZero() {
		facts["previous_secret_expires_at"] = c.PreviousExpiresAt.UTC().Format(time.RFC3339)
	}
	return facts
}
