package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// schemaVersion also learns what the schema should look like, for the checks after it.
func (i *inspector) schemaVersion(ctx context.Context) (Finding, error) {
	var err error
	if i.current, err = i.number(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied"); err != nil {
		return Finding{}, err
	}
	i.expected, i.target, err = schemaOf(ctx, i.current)
	if err != nil {
		return Finding{}, err
	}
	switch {
	case i.current > i.target:
		return problem("Use the version of this program that wrote it, or a newer one.",
			"A newer version of this program has written the database (schema %d, this version knows %d).", i.current, i.target), nil
	case i.current < i.target:
		return warning("Make a backup before the next start, which brings it up to date.",
			"The schema is an older one (%d, this version knows %d).", i.current, i.target), nil
	}
	return ok("The schema is up to date (%d).", i.current), nil
}

// schemaOf returns the definitions of a new database of that version, and the newest version.
func schemaOf(ctx context.Context, version int64) (definitions map[string]string, newest int64, err error) {
	folder, err := os.MkdirTemp("", "procore-schema-*")
	if err != nil {
		return nil, 0, fmt.Errorf("make room for a database to compare with: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "new.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, 0, fmt.Errorf("make a database to compare with: %w", err)
	}
	db, err := openPool(path, map[string]string{"_synchronous": "OFF"}, 1)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, 0, fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return nil, 0, fmt.Errorf("read the migrations: %w", err)
	}
	for _, source := range provider.ListSources() {
		newest = max(newest, source.Version)
	}
	if _, err := provider.UpTo(ctx, min(version, newest)); err != nil {
		return nil, 0, fmt.Errorf("make a database to compare with: %w", err)
	}
	err = snapshot(ctx, db, func(tx *sql.Tx) error {
		definitions, err = listDefinitions(ctx, tx)
		return err
	})
	return definitions, newest, err
}

// listDefinitions returns the SQL of tables, indexes and triggers, by kind and name.
func listDefinitions(ctx context.Context, tx *sql.Tx) (map[string]string, error) {
	rows, err := tx.QueryContext(ctx, "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
	if err != nil {
		return nil, err
	}
	type definition struct{ name, sql string }
	list, err := sqlstore.Collect(rows, func(rows *sql.Rows) (d definition, err error) {
		err = rows.Scan(&d.name, &d.sql)
		return d, err
	})
	definitions := make(map[string]string, len(list))
	for _, d := range list {
		definitions[d.name] = d.sql
	}
	return definitions, err
}

func (i *inspector) integrity(ctx context.Context) (Finding, error) {
	found, count, err := i.few(ctx, "PRAGMA integrity_check")
	if err != nil || found == "ok" {
		return ok("SQLite finds no damage."), err
	}
	return problem(restoreABackup, "SQLite finds damage (lines: %d): %s", count, strings.Join(strings.Fields(found), " ")), nil
}

func (i *inspector) references(ctx context.Context) (Finding, error) {
	found, count, err := i.few(ctx, `SELECT "table" || ' row ' || coalesce(rowid, '?') || ' names a ' || parent || ' that is gone' FROM pragma_foreign_key_check`)
	if err != nil || count == 0 {
		return ok("Every row that is named by another one is there."), err
	}
	return problem(restoreABackup, "Rows that name another one that is gone (%d): %s.", count, found), nil
}

// differences lists what the schema lacks, has besides, or has otherwise.
func (i *inspector) differences(ctx context.Context, counts func(name string) bool) ([]string, error) {
	actual, err := listDefinitions(ctx, i.tx)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(i.expected)) {
		switch definition, there := actual[name]; {
		case !counts(name):
		case !there:
			found = append(found, name+" is missing")
		case definition != i.expected[name]:
			found = append(found, name+" was changed")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(actual)) {
		if _, known := i.expected[name]; !known && counts(name) {
			found = append(found, name+" was added")
		}
	}
	return found, nil
}

func isAuditTrigger(name string) bool { return strings.HasPrefix(name, "trigger audit_events_") }

func (i *inspector) schema(ctx context.Context) (Finding, error) {
	if i.current > i.target || i.expected == nil {
		return warning("See schema_version.", "The schema isn't one that this version knows."), nil
	}
	found, err := i.differences(ctx, func(name string) bool { return !isAuditTrigger(name) })
	if err != nil || len(found) == 0 {
		return ok("The tables, indexes and triggers are as this program made them."), err
	}
	return problem("Somebody else has changed the schema: put it back, or restore a backup.", "The schema differs: %s.", strings.Join(found, "; ")), nil
}

func (i *inspector) auditTriggers(ctx context.Context) (Finding, error) {
	if i.current > i.target || i.expected == nil {
		return warning("See schema_version.", "The schema isn't one that this version knows."), nil
	}
	found, err := i.differences(ctx, isAuditTrigger)
	if err != nil || len(found) == 0 {
		return ok("Audit events can't be changed or deleted."), err
	}
	return problem("Audit events may have been changed or deleted: compare them with a backup, and restore one.",
		"What keeps audit events from being changed differs: %s.", strings.Join(found, "; ")), nil
}

func (i *inspector) companies(ctx context.Context) (Finding, error) {
	count, err := i.number(ctx, "SELECT count(*) FROM companies")
	if err != nil || count > 0 {
		return ok("The number of companies is %d.", count), err
	}
	return problem("Make the first: terraform-provider-procore init --database D --company NAME", "The database has no company."), nil
}

func (i *inspector) contacts(ctx context.Context) (Finding, error) {
	found, count, err := i.few(ctx, `SELECT a.id FROM service_accounts a LEFT JOIN contacts c
		ON c.service_account_id = a.id AND c.company_id = a.company_id AND c.active WHERE c.id IS NULL ORDER BY a.id`)
	if err != nil || count == 0 {
		return ok("Every account has its contact."), err
	}
	return problem(restoreABackup, "Accounts without an active contact in their company's directory (%d): %s.", count, found), nil
}

// secrets finds digests that can't be ones: SHA-256 has 32 bytes.
func (i *inspector) secrets(ctx context.Context) (Finding, error) {
	const bad = "(typeof(%[1]s) <> 'blob' OR length(%[1]s) <> 32)"
	found, count, err := i.few(ctx, "SELECT id FROM service_accounts WHERE "+fmt.Sprintf(bad, "secret_digest")+" OR secret_version < 1"+
		" OR previous_secret_digest IS NOT NULL AND "+fmt.Sprintf(bad, "previous_secret_digest")+
		" OR (previous_secret_digest IS NULL) <> (previous_secret_expires_at IS NULL) ORDER BY id")
	if err != nil || count == 0 {
		return ok("Every account has the digest of a secret."), err
	}
	return problem("Reset the secrets of these accounts, or restore a backup.", "Accounts without a sound digest of a secret (%d): %s.", count, found), nil
}

func (i *inspector) administrators(ctx context.Context) (Finding, error) {
	if i.current < 7 { // the query asks for a column of the seventh schema
		return warning("See schema_version.", "Not looked at in a schema this old."), nil
	}
	query := strings.Replace(sqlstore.WorkingAdmins, "p.company_id = ?", "p.company_id = companies.id", 1)
	found, count, err := i.few(ctx, "SELECT id FROM companies WHERE NOT EXISTS (SELECT 1 "+query+") ORDER BY id")
	if err != nil || count == 0 {
		return ok("Every company has an administrator's account that works."), err
	}
	return problem("Make one for each: terraform-provider-procore admin recover --database D --company-id ID",
		"Companies without an administrator's account that works (%d): %s.", count, found), nil
}

func (i *inspector) nonfunctional(ctx context.Context) (Finding, error) {
	if i.current < 2 {
		return warning("See schema_version.", "Not looked at in a schema this old."), nil
	}
	found, count, err := i.few(ctx, "SELECT a.id FROM service_accounts a JOIN contacts c ON c.service_account_id = a.id WHERE NOT "+sqlstore.Functional+" ORDER BY a.id")
	if err != nil || count == 0 {
		return ok("Every account works."), err
	}
	return warning("Put the contact's address back, or take it out of the second directory; the account says which in status_reasons.",
		"Accounts that get no token, because their contacts were changed (%d): %s.", count, found), nil
}

// ids makes sure that no id is given twice: Terraform would take a stranger's account for its own.
func (i *inspector) ids(ctx context.Context) (Finding, error) {
	tables, err := i.list(ctx, "SELECT name FROM sqlite_sequence")
	if err != nil {
		return Finding{}, err
	}
	var behind []string
	for _, table := range tables {
		quoted := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
		bad, err := i.number(ctx, "SELECT coalesce((SELECT max(rowid) FROM "+quoted+"), 0) > (SELECT seq FROM sqlite_sequence WHERE name = ?)", table)
		if err != nil {
			return Finding{}, err
		}
		if bad != 0 {
			behind = append(behind, table)
		}
	}
	if len(behind) > 0 {
		return problem("Restore a backup: ids of deleted objects may be given again.", "The counter of ids is behind in: %s.", strings.Join(behind, ", ")), nil
	}
	return ok("No id can be given twice."), nil
}

// clock finds what can't have happened yet. Times that may well be to come, such as the end of a revoked token, are not
// asked for.
func (i *inspector) clock(ctx context.Context) (Finding, error) {
	const tolerance = 5 * time.Minute
	columns, err := i.list(ctx, `SELECT 'SELECT max("' || p.name || '"), ''' || m.name || '.' || p.name || ''' FROM "' || m.name || '"'
		FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND p.name IN ('created_at', 'updated_at', 'last_token_at', 'secret_created_at') ORDER BY 1`)
	if err != nil {
		return Finding{}, err
	}
	var ahead []string
	for _, query := range columns {
		var latest sql.NullInt64
		var name string
		if err := i.tx.QueryRowContext(ctx, query).Scan(&latest, &name); err != nil {
			return Finding{}, err
		}
		if at := sqlstore.FromMicros(latest.Int64); latest.Valid && at.After(i.now.Add(tolerance)) {
			ahead = append(ahead, name+" "+at.Format(time.RFC3339))
		}
	}
	if len(ahead) > 0 {
		return warning("Set this machine's clock right (and look at the servers'): secrets, tokens and keys end by it.",
			"Some times are in the future, so that a clock is or was wrong: %s.", strings.Join(ahead, ", ")), nil
	}
	return ok("No time is in the future."), nil
}

func (i *inspector) activity(ctx context.Context) (Finding, error) {
	var change, token sql.NullInt64
	err := i.tx.QueryRowContext(ctx, "SELECT (SELECT max(updated_at) FROM service_accounts), (SELECT max(last_token_at) FROM service_accounts)").Scan(&change, &token)
	if err != nil {
		return Finding{}, err
	}
	return ok("The last change of an account was %s, and the last token issued %s.", i.ago(change), i.ago(token)), nil
}

func (i *inspector) ago(at sql.NullInt64) string {
	if !at.Valid {
		return "never"
	}
	return i.now.Sub(sqlstore.FromMicros(at.Int64)).Round(time.Second).String() + " ago"
}

func (i *inspector) size(ctx context.Context) (Finding, error) {
	var pages, unused, pageSize, accounts int64
	for query, into := range map[string]*int64{
		"PRAGMA page_count": &pages, "PRAGMA freelist_count": &unused, "PRAGMA page_size": &pageSize,
		"SELECT count(*) FROM service_accounts": &accounts,
	} {
		var err error
		if *into, err = i.number(ctx, query); err != nil {
			return Finding{}, err
		}
	}
	return ok("Accounts: %d, in %d kB, of which %d kB are unused.", accounts, pages*pageSize/1024, unused*pageSize/1024), nil
}
