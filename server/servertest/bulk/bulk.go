// Package bulk fills a database with accounts as rows, for benchmarks and tests of what many accounts cost. Through the API a
// hundred thousand of them would take minutes.
//
// It writes what migrations and create leave behind, and has to follow them.
package bulk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// Accounts says which accounts to make in the first company.
type Accounts struct {
	// Count is how many.
	Count int
	// Secret is the client secret of them all. Without one, nobody knows theirs.
	Secret string
}

// ClientID returns the client id of the account with that number, from 1 to Count.
func ClientID(number int) string {
	sum := sha256.Sum256([]byte("bulk " + strconv.Itoa(number)))
	return hex.EncodeToString(sum[:])
}

// Name returns its name.
func Name(number int) string { return "exporter " + strconv.Itoa(number) }

// Populate adds accounts to a SQLite database that has a company and that nobody serves: with contact, permissions on two
// tools, audit event and, for every tenth, a project assignment. The search index knows them all.
func Populate(ctx context.Context, database string, accounts Accounts) error {
	if err := insert(ctx, database, accounts); err != nil {
		return err
	}
	return index(ctx, database)
}

// index brings the search index up to date, as a server would do behind its answers.
func index(ctx context.Context, database string) (err error) {
	opened, err := sqlite.Open(ctx, sqlite.Options{Path: database})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	for more := true; more; {
		if more, err = opened.UpdateSearch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// insert writes the rows.
func insert(ctx context.Context, database string, accounts Accounts) (err error) {
	db, err := sql.Open("sqlite", "file:"+database+"?_busy_timeout=10000&_foreign_keys=1&_journal_mode=WAL&_txlock=immediate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rollback(tx)) }()
	if err := number(ctx, tx, accounts.Count); err != nil {
		return err
	}
	var digest any
	if accounts.Secret != "" {
		sum := sha256.Sum256([]byte(accounts.Secret))
		digest = sum[:]
	}
	for _, statement := range statements {
		arguments := []any{}
		if strings.Contains(statement, "@digest") {
			arguments = append(arguments, sql.Named("digest", digest))
		}
		if _, err := tx.ExecContext(ctx, statement, arguments...); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return tx.Commit()
}

// rollback ends a transaction that was not committed.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// number makes the table that the accounts are made from.
func number(ctx context.Context, tx *sql.Tx, count int) (err error) {
	if _, err := tx.ExecContext(ctx, "CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY, client_id TEXT NOT NULL)"); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO numbers (i, client_id) VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for i := 1; i <= count; i++ {
		if _, err := insert.ExecContext(ctx, i, ClientID(i)); err != nil {
			return err
		}
	}
	return nil
}

// statements make the rows. Keys are in capitals (store.FoldCase), and char(0) stands between the fields of a search key.
var statements = []string{
	`INSERT INTO service_accounts (company_id, name, name_key, search_key, app_type, marketplace_app, description, client_id,
		deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch, created_at, updated_at)
		SELECT 1, 'exporter ' || i, 'EXPORTER ' || i, 'EXPORTER ' || i || char(0) || 'MADE IN BULK' || char(0) || upper(client_id), 'custom', '', 'made in bulk',
		client_id, 0, 0, 1, coalesce(@digest, randomblob(32)), 1000000 * i, 1, 1000000 * i, 1000000 * i FROM numbers`,
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
}
