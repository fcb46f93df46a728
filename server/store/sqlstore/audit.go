package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// record writes an audit event in the transaction of the change that it tells of. Who made the change is the context's
// actor. The account is 0 for an event of a project itself. Which project an event is about, its facts say (migration 0005).
func (s *Store) record(ctx context.Context, tx Tx, action string, company, account store.ID, before, after store.Facts) error {
	factsBefore, err := encodeFacts(before)
	if err != nil {
		return err
	}
	factsAfter, err := encodeFacts(after)
	if err != nil {
		return err
	}
	actor := store.ActorFrom(ctx)
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_events (company_id, service_account_id, action,
		actor_service_account_id, actor_client_id, request_id, facts_before, facts_after, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		company, account, action, actor.ServiceAccountID, actor.ClientID, actor.RequestID, factsBefore, factsAfter, Micros(s.now()))
	return err
}

// What audit events call an account's access.
const (
	factPermissions = "permissions"
	factAssignments = "project_assignments"
)

// accessFacts are what audit events say of all that an account may do, so that what a reset or a deletion took away can be
// given back from them.
func accessFacts(ctx context.Context, tx Tx, account store.ID) (store.Facts, error) {
	levels, err := companyPermissions(ctx, tx, account)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT project_id FROM project_assignments WHERE service_account_id = ? ORDER BY project_id", account)
	if err != nil {
		return nil, err
	}
	projects, err := Collect(rows, scanID)
	if err != nil {
		return nil, err
	}
	assignments := make([]store.Facts, len(projects))
	for i, project := range projects {
		assignment, err := findAssignment(ctx, tx, account, project)
		if err != nil {
			return nil, err
		}
		assignments[i] = assignmentFacts(project, assignment.Levels)
	}
	return store.Facts{factPermissions: levels, factAssignments: assignments}, nil
}

// encodeFacts returns NULL for nothing.
func encodeFacts(facts store.Facts) (any, error) {
	if facts == nil {
		return nil, nil
	}
	text, err := json.Marshal(facts)
	if err != nil {
		return nil, fmt.Errorf("write the facts of an audit event: %w", err)
	}
	return store.MaskSecrets(string(text)), nil // an event is for ever, and a description may hold anything
}

// ListAuditEvents returns one page of the company's events, newest first.
func (s *Store) ListAuditEvents(ctx context.Context, company store.ID, query store.AuditQuery) (store.Page[store.AuditEvent], error) {
	where, arguments := auditConditions(company, query)
	rows := rowSet{
		company: company, tables: "audit_events", where: where, arguments: arguments,
		order: order{[]string{"id"}, true}, version: s.dialect.ListVersion,
	}
	if len(arguments) == 1 { // all of the company's
		rows.follow = func(e *change) (gone, come []any, known bool) { return nil, []any{int64(e.id)}, true }
	}
	return list(ctx, s, listing[store.AuditEvent]{
		rowSet: rows, columns: `id, service_account_id, coalesce(project_id, 0), action, actor_service_account_id, actor_client_id, request_id, facts_before,
			facts_after, created_at`,
		tables: rows.tables, page: query.Page,
		scan: func(row scanner) (store.AuditEvent, error) { return scanAuditEvent(row, company) },
	})
}

func auditConditions(company store.ID, query store.AuditQuery) (string, []any) {
	conditions, arguments := []string{"company_id = ?"}, []any{company}
	add := func(condition string, value any) {
		conditions, arguments = append(conditions, condition), append(arguments, value)
	}
	if query.ServiceAccountID != 0 {
		add("service_account_id = ?", query.ServiceAccountID)
	}
	if query.ProjectID != 0 {
		add("project_id = ?", query.ProjectID)
	}
	if query.Action != "" {
		add("action = ?", query.Action)
	}
	if !query.From.IsZero() {
		add("created_at >= ?", Micros(query.From))
	}
	if !query.To.IsZero() {
		add("created_at <= ?", Micros(query.To))
	}
	return strings.Join(conditions, " AND "), arguments
}

func scanAuditEvent(row scanner, company store.ID) (store.AuditEvent, error) {
	event := store.AuditEvent{CompanyID: company}
	var before, after sql.NullString
	var createdAt int64
	err := row.Scan(&event.ID, &event.ServiceAccountID, &event.ProjectID, &event.Action, &event.Actor.ServiceAccountID,
		&event.Actor.ClientID, &event.Actor.RequestID, &before, &after, &createdAt)
	if err != nil {
		return event, err
	}
	event.CreatedAt = FromMicros(createdAt)
	if before.Valid {
		if err := json.Unmarshal([]byte(before.String), &event.Before); err != nil {
			return event, Damaged(fmt.Sprintf("the facts of audit event %s can't be read", event.ID))
		}
	}
	if after.Valid {
		if err := json.Unmarshal([]byte(after.String), &event.After); err != nil {
			return event, Damaged(fmt.Sprintf("the facts of audit event %s can't be read", event.ID))
		}
	}
	return event, nil
}
