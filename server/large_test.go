package server_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
)

// populate adds accounts to a database that nobody serves, as rows: with contact, permissions, audit event and, for every
// tenth, a project assignment. Through the API 100,000 of them would take minutes.
func populate(tb testing.TB, database string, accounts int) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+database+"?_busy_timeout=10000&_foreign_keys=1&_journal_mode=WAL")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	ctx := context.WithoutCancel(tb.Context())
	statements := []string{
		"BEGIN",
		`CREATE TEMP TABLE numbers AS WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ` + fmt.Sprint(accounts) + `)
			SELECT i, lower(hex(randomblob(32))) AS client_id FROM n`,
		`INSERT INTO service_accounts (company_id, name, name_key, search_key, app_type, marketplace_app, description, client_id,
			deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch, created_at, updated_at)
			SELECT 1, 'exporter ' || i, 'exporter ' || i, 'exporter ' || i || char(0) || 'made in bulk' || char(0) || client_id, 'custom', '', 'made in bulk',
			client_id, 0, 0, 1, randomblob(32), 1000000 * i, 1, 1000000 * i, 1000000 * i FROM numbers`,
		`INSERT INTO contacts (company_id, service_account_id, name, email_address, assigned_email_address, active, created_at, updated_at)
			SELECT 1, id, 'exporter-' || id || '-acme', 'exporter-acme-' || id || '@service-accounts.invalid',
			'exporter-acme-' || id || '@service-accounts.invalid', 1, created_at, created_at
			FROM service_accounts WHERE description = 'made in bulk'`,
		`INSERT INTO company_permissions (service_account_id, tool, level)
			SELECT a.id, t.column1, 'readonly' FROM service_accounts a, (VALUES ('documents'), ('schedule')) t WHERE a.description = 'made in bulk'`,
		`INSERT INTO projects (company_id, name, name_key, search_key, project_number, active, created_at, updated_at)
			VALUES (1, 'Tower', 'tower', 'tower', '', 1, 1, 1)`,
		`INSERT INTO project_assignments (service_account_id, project_id, created_at, updated_at)
			SELECT id, (SELECT max(id) FROM projects), 1, 1 FROM service_accounts WHERE description = 'made in bulk' AND id % 10 = 0`,
		`INSERT INTO audit_events (company_id, service_account_id, action, actor_service_account_id, actor_client_id, request_id, facts_after, created_at)
			SELECT 1, id, 'service_account.created', 1, (SELECT client_id FROM service_accounts WHERE id = 1), hex(randomblob(8)),
			json_object('name', name, 'app_type', 'custom', 'description', description, 'client_id', client_id, 'secret_version', 1,
			'deletion_protection', json('false'), 'add_to_new_projects', json('false'), 'secret_fingerprint', '0123456789ab'), created_at
			FROM service_accounts WHERE description = 'made in bulk'`,
		"DROP TABLE numbers",
		"COMMIT",
	}
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			tb.Fatal(errors.Join(fmt.Errorf("%s: %w", statement, err), db.Close()))
		}
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
}
