package server_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/sqlite"
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
			SELECT 1, 'exporter ' || i, 'EXPORTER ' || i, 'EXPORTER ' || i || char(0) || 'MADE IN BULK' || char(0) || upper(client_id), 'custom', '', 'made in bulk',
			client_id, 0, 0, 1, randomblob(32), 1000000 * i, 1, 1000000 * i, 1000000 * i FROM numbers`,
		`INSERT INTO contacts (company_id, service_account_id, name, email_address, assigned_email_address, active, created_at, updated_at)
			SELECT 1, id, 'exporter-' || id || '-acme', 'exporter-acme-' || id || '@service-accounts.invalid',
			'exporter-acme-' || id || '@service-accounts.invalid', 1, created_at, created_at
			FROM service_accounts WHERE description = 'made in bulk'`,
		`INSERT INTO company_permissions (service_account_id, tool, level)
			SELECT a.id, t.column1, 'readonly' FROM service_accounts a, (VALUES ('documents'), ('schedule')) t WHERE a.description = 'made in bulk'`,
		`INSERT INTO projects (company_id, name, name_key, search_key, project_number, active, created_at, updated_at)
			VALUES (1, 'Tower', 'TOWER', 'TOWER', '', 1, 1, 1)`,
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

// BenchmarkRestart measures from the start of the process to its first answered token request, with 100,000 accounts:
// go test ./server -run '^$' -bench Restart -benchtime 10x
func BenchmarkRestart(b *testing.B) {
	database := fresh(b)
	administrator := initialize(b, database)
	populate(b, database, 100_000)
	crashed := filepath.Join(b.TempDir(), "procore.db")
	b.Logf("the log of the killed server has %d MB", leaveLog(b, database, crashed)>>20)

	restart := func(b *testing.B, signal syscall.Signal, prepare func() (database string)) {
		b.Helper()
		var total time.Duration
		for range b.N {
			database := prepare()
			started := time.Now()
			p := serve(b, database, nil)
			signIn(b, client30, p.url, administrator)
			total += time.Since(started)
			p.signal(signal)
			p.wait()
		}
		b.ReportMetric(total.Seconds()*1000/float64(b.N), "ms/restart")
	}
	b.Run("after a stop", func(b *testing.B) {
		restart(b, syscall.SIGTERM, func() string { return database })
	})
	b.Run("after kill -9", func(b *testing.B) {
		restart(b, syscall.SIGKILL, func() string { return database })
	})
	b.Run("after kill -9 with a large log", func(b *testing.B) {
		restart(b, syscall.SIGKILL, func() string {
			copied := filepath.Join(b.TempDir(), "procore.db")
			copyFile(b, crashed, copied)
			copyFile(b, crashed+"-wal", copied+"-wal")
			return copied
		})
	})
}

// BenchmarkIntegrityCheck measures the check that runs behind a start, with 100,000 accounts.
func BenchmarkIntegrityCheck(b *testing.B) {
	database := fresh(b)
	initialize(b, database)
	populate(b, database, 100_000)
	opened, err := sqlite.Open(b.Context(), sqlite.Options{Path: database})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	for b.Loop() {
		if err := opened.CheckIntegrity(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// leaveLog copies a database as a killed server leaves it when a reader kept the log from being taken over into the file:
// every account was changed five times. It returns the size of the log.
func leaveLog(b *testing.B, database, copied string) int64 {
	b.Helper()
	reader, writer := openRaw(b, database), openRaw(b, database)
	snapshot, err := reader.BeginTx(b.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	var accounts int
	if err := snapshot.QueryRowContext(b.Context(), "SELECT count(*) FROM service_accounts").Scan(&accounts); err != nil {
		b.Fatal(err)
	}
	for range 5 {
		if _, err := writer.ExecContext(b.Context(), "UPDATE service_accounts SET last_token_at = coalesce(last_token_at, 0) + 1"); err != nil {
			b.Fatal(err)
		}
	}
	copyFile(b, database, copied)
	copyFile(b, database+"-wal", copied+"-wal")
	if err := errors.Join(snapshot.Rollback(), reader.Close(), writer.Close()); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(copied + "-wal")
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

func openRaw(b *testing.B, database string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+database+"?_busy_timeout=10000")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func copyFile(b *testing.B, from, to string) {
	b.Helper()
	source, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	target, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, source.Close(), target.Close()); err != nil {
		b.Fatal(err)
	}
}
