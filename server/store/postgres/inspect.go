package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// inspector looks at one database, in one transaction that can't write.
type inspector struct {
	now time.Time
	tx  *sql.Tx
	// near says that the way to the database stays on this machine; pool is how many connections a server has at most.
	near bool
	pool int32
	// target is the schema that this program knows.
	target int64
}

// Inspect looks at a database without changing it, while servers use it or not. It returns an error only where it could not look
// at all.
func Inspect(ctx context.Context, url string, now time.Time) (result sqlstore.Inspection, err error) {
	note := func(check string, finding sqlstore.Finding) {
		finding.Check = check
		result.Findings = append(result.Findings, finding)
	}
	config, err := parse(url)
	if err != nil {
		return result, err
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer func() { err = errors.Join(err, db.Close()) }()
	known, err := newProvider(db)
	if err != nil {
		return result, err
	}
	sources := known.ListSources()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		note("reachable", sqlstore.Problem("See the message; no server works until this does.", "%s", translate(ctx, err)))
		return result, ctx.Err()
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	i := &inspector{now: now, tx: tx, near: isNear(config.ConnConfig.Host), pool: config.MaxConns, target: sources[len(sources)-1].Version}
	for _, check := range checks {
		finding, err := check.run(i, ctx)
		if err != nil {
			note(check.name, sqlstore.Problem("Look at the database's log.", "It could not be looked at: %s", translate(ctx, err)))
			break // PostgreSQL takes no more statements in this transaction
		}
		note(check.name, finding)
		if check.name == "schema_version" && finding.Status == sqlstore.StatusProblem {
			return result, ctx.Err()
		}
	}
	result.Read = true
	result.SigningKeys, result.KeysErr = sqlstore.ListSigningKeys(ctx, bound{tx})
	return result, ctx.Err()
}

// isNear reports whether a host is this machine: a socket's folder, or a loopback address.
func isNear(host string) bool {
	return strings.HasPrefix(host, "/") || host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

// checks are in the order in which they are told.
var checks = []struct {
	name string
	run  func(*inspector, context.Context) (sqlstore.Finding, error)
}{
	{"reachable", (*inspector).reachable},
	{"encryption", (*inspector).encryption},
	{"durability", (*inspector).durability},
	{"clock", (*inspector).clock},
	{"connections", (*inspector).connections},
	{"schema_version", (*inspector).schemaVersion},
	{"audit_triggers", (*inspector).auditTriggers},
	{"companies", (*inspector).companies},
	{"administrators", (*inspector).administrators},
}

func (i *inspector) value(ctx context.Context, query string) (text string, err error) {
	err = i.tx.QueryRowContext(ctx, query).Scan(&text)
	return text, err
}

func (i *inspector) reachable(ctx context.Context) (sqlstore.Finding, error) {
	version, err := i.value(ctx, "SELECT version()")
	return sqlstore.Well("The database answers: %s.", version), err
}

func (i *inspector) encryption(ctx context.Context) (sqlstore.Finding, error) {
	var encrypted bool
	err := i.tx.QueryRowContext(ctx, "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE)").Scan(&encrypted)
	if err == nil && !encrypted && !i.near {
		return sqlstore.Warning("Add sslmode=verify-full to the URL, with sslrootcert where the certificate isn't the system's.",
			"The connection isn't encrypted, and the database is on another machine."), nil
	}
	return sqlstore.Well("The connection is encrypted, or stays on this machine."), err
}

// durability looks at the settings with which a database loses what it has acknowledged.
func (i *inspector) durability(ctx context.Context) (sqlstore.Finding, error) {
	off, err := i.value(ctx, `SELECT coalesce(string_agg(name, ', '), '') FROM pg_settings
		WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'`)
	if err == nil && off != "" {
		return sqlstore.Problem("Set them to on: a crash of the database's machine may lose resets and revocations that were acknowledged, or the database.",
			"The database's settings give up durability: %s.", off), nil
	}
	return sqlstore.Well("What the database acknowledges is on its disk."), err
}

// clockTolerance is what two clocks may differ by without harm.
const clockTolerance = 2 * time.Second

func (i *inspector) clock(ctx context.Context) (sqlstore.Finding, error) {
	asked := time.Now()
	var micros int64
	err := i.tx.QueryRowContext(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").Scan(&micros)
	if err != nil {
		return sqlstore.Finding{}, err
	}
	apart := time.UnixMicro(micros).Sub(i.now.Add(time.Since(i.now) - time.Since(asked)/2)).Abs()
	if apart > clockTolerance {
		return sqlstore.Warning("Let NTP set the clocks of the database and of all servers: tokens, secrets and keys begin and end by the servers' clocks.",
			"This machine's clock and the database's are %s apart.", apart.Round(time.Millisecond)), nil
	}
	return sqlstore.Well("This machine's clock agrees with the database's."), nil
}

func (i *inspector) connections(ctx context.Context) (sqlstore.Finding, error) {
	var allowed int32
	err := i.tx.QueryRowContext(ctx, "SELECT setting::int FROM pg_settings WHERE name = 'max_connections'").Scan(&allowed)
	if errors.Is(err, sql.ErrNoRows) {
		return sqlstore.Well("A server opens up to %d connections.", i.pool), nil
	}
	if err == nil && i.pool >= allowed {
		return sqlstore.Warning("Raise max_connections, or lower pool_max_conns in the servers' URLs.",
			"A server opens up to %d connections, and the database takes %d in all.", i.pool, allowed), nil
	}
	return sqlstore.Well("A server opens up to %d connections, and the database takes %d in all.", i.pool, allowed), err
}

func (i *inspector) schemaVersion(ctx context.Context) (sqlstore.Finding, error) {
	const next = "Make a company with: terraform-provider-procore init --database D --company NAME"
	var made bool
	if err := i.tx.QueryRowContext(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&made); err != nil || !made {
		return sqlstore.Problem(next, "The database has no schema of this program."), err
	}
	var current int64
	if err := i.tx.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&current); err != nil {
		return sqlstore.Finding{}, err
	}
	switch target := i.target; {
	case current > target:
		return sqlstore.Problem("Use that version.", "The schema is %d, of a newer version of this program; this one knows %d.", current, target), nil
	case current < target:
		return sqlstore.Warning("The next start of a server or command brings it up to date.", "The schema is %d; this version makes it %d.", current, target), nil
	default:
		return sqlstore.Well("The schema is %d, the one of this version.", current), nil
	}
}

func (i *inspector) auditTriggers(ctx context.Context) (sqlstore.Finding, error) {
	var count int
	err := i.tx.QueryRowContext(ctx, "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass('audit_events') AND NOT tgisinternal AND tgenabled <> 'D'").Scan(&count)
	const triggers = 2
	if err == nil && count < triggers {
		return sqlstore.Problem("Find out who removed or disabled them, and restore them from a dump of the schema.",
			"The triggers that keep audit events from being changed are missing or disabled."), nil
	}
	return sqlstore.Well("Audit events can't be changed."), err
}

func (i *inspector) companies(ctx context.Context) (sqlstore.Finding, error) {
	var companies, accounts int
	err := i.tx.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM companies), (SELECT count(*) FROM service_accounts)").Scan(&companies, &accounts)
	if err == nil && companies == 0 {
		return sqlstore.Problem("Make one with: terraform-provider-procore init --database D --company NAME", "There is no company, so that no server starts."), nil
	}
	return sqlstore.Well("Companies: %d. Accounts: %d.", companies, accounts), err
}

func (i *inspector) administrators(ctx context.Context) (sqlstore.Finding, error) {
	query := strings.Replace(sqlstore.WorkingAdmins, "?", "companies.id", 1)
	found, err := i.value(ctx, "SELECT coalesce(string_agg(id::text, ', ' ORDER BY id), '') FROM companies WHERE NOT EXISTS (SELECT 1 "+query+")")
	if err == nil && found != "" {
		return sqlstore.Problem("Make one for each: terraform-provider-procore admin recover --database D --company-id ID",
			"Companies without an administrator's account that works: %s.", found), nil
	}
	return sqlstore.Well("Every company has an administrator's account that works."), err
}
