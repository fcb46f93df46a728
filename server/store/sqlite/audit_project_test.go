package sqlite

import (
	"fmt"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store"
)

// An upgrade finds the project of the events that were there before, and edits none of them.
func TestEventsOfTheSecondSchemaAreFoundByTheirProject(t *testing.T) {
	t.Parallel()
	path := schemaUpTo(t, 2)
	pool, err := openPool(path, settings(patience), 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, facts := range []string{
		`NULL, '{"project_id":"7","permissions":{}}'`, `'{"project_id":"7","permissions":{}}', '{"project_id":"7","permissions":{"rfis":"admin"}}'`,
		`'{"project_id":"8","permissions":{}}', NULL`, `NULL, NULL`, `NULL, '{"name":"x"}'`,
	} {
		if _, err := pool.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO audit_events (id, company_id, service_account_id, action,
			actor_service_account_id, actor_client_id, request_id, facts_before, facts_after, created_at)
			VALUES (%d, 1, 2, 'project_assignment.created', 0, '', '', %s, 1000000)`, i+1, facts)); err != nil {
			t.Fatal(err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}

	s := &scene{Store: open(t, path), t: t, ctx: t.Context()}
	for project, want := range map[store.ID]string{7: "[2 1]", 8: "[3]", 9: "[]"} {
		page, err := s.ListAuditEvents(s.ctx, 1, store.AuditQuery{ProjectID: project, Page: store.PageRequest{Number: 1, Size: 10}})
		s.must(err)
		ids := []store.ID{}
		for _, event := range page.Items {
			ids = append(ids, event.ID)
			if event.ProjectID != project || event.ServiceAccountID != 2 {
				t.Errorf("the event is %+v", event)
			}
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("project %s has the events %s, want %s", project, got, want)
		}
	}
	for _, statement := range []string{"DELETE FROM audit_events", "UPDATE audit_events SET action = 'x'", "UPDATE audit_events SET project_id = 1"} {
		if _, err := s.writer.connection.conn.ExecContext(s.ctx, statement); err == nil {
			t.Errorf("%s: no error after the upgrade", statement)
		}
	}
}

// schemaUpTo makes a database as the version of this program did whose last migration it was.
func schemaUpTo(t *testing.T, version int64) string {
	t.Helper()
	path := firstSchema(t, store.NewSecret())
	pool, err := openPool(path, settings(patience), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }() // the test reads the file afterwards
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, migrationFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEventOfALargeProjectsDeletionIsBoundedAndCountsThemAll(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	const toldAssignments, many = 100, 120
	for i := range many {
		account := s.make(s.company, store.NewServiceAccount{Name: fmt.Sprint(i)})
		_, _, err := s.PutAssignment(s.ctx, s.company, account.ID, s.empty, store.Levels{"rfis": "admin"}, nil)
		s.must(err)
	}
	s.must(s.DeleteProject(s.ctx, s.company, s.empty, nil))
	page, err := s.ListAuditEvents(s.ctx, s.company, store.AuditQuery{ProjectID: s.empty, Page: store.PageRequest{Number: 1, Size: 1000}})
	s.must(err)
	before := page.Items[0].Before
	told, _ := before["project_assignments"].([]any)
	if page.Items[0].Action != store.ActionProjectDeleted || len(told) != toldAssignments || before["project_assignments_total"] != float64(many) {
		t.Errorf("the event tells of %d, and says that there were %v", len(told), before["project_assignments_total"])
	}
	deleted := 0
	for _, event := range page.Items {
		if event.Action == store.ActionAssignmentDeleted {
			deleted++
		}
	}
	if deleted < many {
		t.Errorf("%d assignments have an event of their own, want %d", deleted, many)
	}
}
