package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// What an inspection finds is sqlstore's word for it, which other engines use, too.
type (
	// Finding is what one check found.
	Finding = sqlstore.Finding
	// Inspection is what all of them did.
	Inspection = sqlstore.Inspection
)

func ok(format string, arguments ...any) Finding { return sqlstore.Well(format, arguments...) }

func warning(next, format string, arguments ...any) Finding {
	return sqlstore.Warning(next, format, arguments...)
}

func problem(next, format string, arguments ...any) Finding {
	return sqlstore.Problem(next, format, arguments...)
}

// restoreABackup is what to do about damage.
const restoreABackup = "Stop the servers and restore the last good backup: terraform-provider-procore restore --database D --from FILE. Then find out what the disk says."

// inspector looks at one database, in one transaction.
type inspector struct {
	path string
	now  time.Time
	tx   *sql.Tx
	// current is the version of the file's schema, and target the one that this program knows.
	current, target int64
	// expected are the definitions of the schema's objects in a new database of that version, by their names.
	expected map[string]string
}

// Inspect looks at a database and at the files around it without changing a byte, while it is used or not. It returns an
// error only where it could not look at all.
func Inspect(ctx context.Context, path string, now time.Time) (result Inspection, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return result, fmt.Errorf("find the database file: %w", err)
	}
	note := func(check string, finding Finding) {
		finding.Check = check
		result.Findings = append(result.Findings, finding)
	}
	info, err := readHeader(path)
	if err != nil {
		note("file", problem("Name the right file with --database; if this was the right one, restore a backup to it.", "%s", err))
		return result, nil
	}
	result.Read = true
	note("file", ok("%s is a database of this program, of %d bytes.", path, info.Size()))
	for _, check := range fileChecks {
		note(check.name, check.run(path, info))
	}
	if err := checkLogOf(path); err != nil {
		// What SQLite would make of the two is nobody's database.
		note("log_owner", problem("Stop the servers, and put the log's own database beside it or move the log away. Keep both until it is clear what is missing.", "%s", err))
		result.KeysErr = err
		return result, nil
	}
	note("log_owner", ok("No other database's write-ahead log is beside the file."))
	// The temporary folder of the system is used, and not the database's: nothing beside the database changes.
	db, closeAll, err := openUntouched(ctx, path, "")
	if err != nil {
		note("integrity", problem(restoreABackup, "The database can't be opened: %s", err))
		result.KeysErr = err
		return result, nil
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	err = snapshot(ctx, db, func(tx *sql.Tx) error {
		i := &inspector{path: path, now: now, tx: tx}
		for _, check := range contentChecks {
			note(check.name, i.run(ctx, check))
		}
		result.SigningKeys, result.KeysErr = i.signingKeys(ctx)
		return ctx.Err()
	})
	if err != nil && ctx.Err() == nil {
		note("integrity", problem(restoreABackup, "The database can't be read: %s", err))
		result.KeysErr, err = err, nil
	}
	return result, err
}

// snapshot runs f on one state of the database, and changes nothing.
func snapshot(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return translate(err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	return translate(f(tx))
}

// contentCheck is a check on what is in the database.
type contentCheck struct {
	name string
	run  func(*inspector, context.Context) (Finding, error)
}

// contentChecks are in the order in which they are told. The first finds out what the later ones compare with.
var contentChecks = []contentCheck{
	{"schema_version", (*inspector).schemaVersion},
	{"integrity", (*inspector).integrity},
	{"references", (*inspector).references},
	{"schema", (*inspector).schema},
	{"audit_triggers", (*inspector).auditTriggers},
	{"companies", (*inspector).companies},
	{"contacts", (*inspector).contacts},
	{"secrets", (*inspector).secrets},
	{"administrators", (*inspector).administrators},
	{"nonfunctional_accounts", (*inspector).nonfunctional},
	{"ids", (*inspector).ids},
	{"clock", (*inspector).clock},
	{"activity", (*inspector).activity},
	{"size", (*inspector).size},
}

// run makes a finding of an error too: what can't be read is the worst that a check can find.
func (i *inspector) run(ctx context.Context, check contentCheck) Finding {
	finding, err := check.run(i, ctx)
	if err != nil {
		return problem(restoreABackup, "This can't be read: %s", translate(err))
	}
	return finding
}

// signingKeys reads the keys of any schema: before the fourth they had no seal, and no times of their own.
func (i *inspector) signingKeys(ctx context.Context) ([]store.SigningKey, error) {
	const firstWithTimes = 4
	if i.current >= firstWithTimes {
		keys, err := sqlstore.ListSigningKeys(ctx, i.tx)
		return keys, translate(err)
	}
	rows, err := i.tx.QueryContext(ctx, "SELECT id, algorithm, private_key, created_at FROM signing_keys ORDER BY created_at DESC, id")
	if err != nil {
		return nil, translate(err)
	}
	keys, err := sqlstore.Collect(rows, func(rows *sql.Rows) (key store.SigningKey, err error) {
		var createdAt int64
		err = rows.Scan(&key.ID, &key.Algorithm, &key.PrivateKey, &createdAt)
		key.CreatedAt = sqlstore.FromMicros(createdAt)
		key.SignAfter = key.CreatedAt
		return key, err
	})
	return keys, translate(err)
}

// number runs a query that gives one number.
func (i *inspector) number(ctx context.Context, query string, arguments ...any) (number int64, err error) {
	err = i.tx.QueryRowContext(ctx, query, arguments...).Scan(&number)
	return number, err
}

// few runs a query that gives texts, and returns the first of them with the number of all.
func (i *inspector) few(ctx context.Context, query string) (texts string, count int, err error) {
	all, err := i.list(ctx, query)
	if err != nil {
		return "", 0, err
	}
	const shown = 5
	texts = strings.Join(all[:min(shown, len(all))], ", ")
	if len(all) > shown {
		texts += fmt.Sprintf(" and %d more", len(all)-shown)
	}
	return texts, len(all), nil
}

// list runs a query that gives texts, and returns all of them.
func (i *inspector) list(ctx context.Context, query string) ([]string, error) {
	rows, err := i.tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return sqlstore.Collect(rows, func(rows *sql.Rows) (text string, err error) {
		err = rows.Scan(&text)
		return text, err
	})
}

// fileCheck is a check on the files, for which nothing has to be read.
type fileCheck struct {
	name string
	run  func(path string, info os.FileInfo) Finding
}
