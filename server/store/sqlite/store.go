package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/procore/terraform-provider-procore/server/store"
)

// Options says which file to open and how.
type Options struct {
	// Path is the database file. It is made when Create is set, and must exist otherwise.
	Path   string
	Create bool
	// Policy holds the dates at which traditional accounts end.
	Policy store.Policy
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	writer *sql.DB
	reader *sql.DB
	path   string
	policy store.Policy
	now    func() time.Time
}

var (
	_ store.Companies       = (*Store)(nil)
	_ store.ServiceAccounts = (*Store)(nil)
	_ store.Permissions     = (*Store)(nil)
	_ store.Projects        = (*Store)(nil)
	_ store.Assignments     = (*Store)(nil)
	_ store.Directory       = (*Store)(nil)
	_ store.AuditEvents     = (*Store)(nil)
	_ store.KeptAnswers     = (*Store)(nil)
	_ store.Tokens          = (*Store)(nil)
	_ store.SigningKeys     = (*Store)(nil)
)

// Open opens the database and brings its schema up to date.
//
// It returns *store.Error with CodeNotInitialized when the file isn't there and shall not be made, CodeNotADatabase
// when the file is something else, and CodeNewerSchema when a newer version of this program has written it.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	path, err := prepareFile(ctx, options.Path, options.Create)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path, policy: options.Policy, now: options.Now}
	if s.writer, err = openPool(path, settings(false), 1); err != nil {
		return nil, err
	}
	if s.reader, err = openPool(path, settings(true), 4*runtime.GOMAXPROCS(0)); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	if err := connect(ctx, s.writer); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := migrate(ctx, s.writer, path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for the statements that run and closes the file.
func (s *Store) Close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

// Ping reports whether the database answers a query.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return translate(s.reader.QueryRowContext(ctx, "SELECT count(*) FROM signing_keys LIMIT 1").Scan(&one))
}

// busyTimeout is how long SQLite waits for another process's lock, in milliseconds.
const busyTimeout = "10000"

// connect makes the first connection, which turns WAL mode on. Where several processes do that to a fresh file at once
// SQLite doesn't wait for its lock but fails, so it is tried again for as long as it would have waited.
func connect(ctx context.Context, pool *sql.DB) error {
	patience, err := time.ParseDuration(busyTimeout + "ms")
	if err != nil {
		return fmt.Errorf("read the busy timeout: %w", err)
	}
	for deadline := time.Now().Add(patience); ; {
		err := pool.PingContext(ctx)
		if !isBusy(err) || time.Now().After(deadline) {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// settings are what every connection has. They are in the DSN because a PRAGMA run on a pool reaches one of its
// connections only.
func settings(readOnly bool) map[string]string {
	values := map[string]string{
		"_busy_timeout": busyTimeout,
		"_journal_mode": "WAL",
		"_synchronous":  "FULL",
		"_foreign_keys": "1",
		"_txlock":       "immediate",
		"_time_format":  "sqlite",
		"_dqs":          "0",
		"_defensive":    "1",
	}
	if readOnly {
		values["_query_only"] = "1"
	}
	return values
}

func openPool(path string, settings map[string]string, connections int) (*sql.DB, error) {
	query := url.Values{"mode": {"rw"}}
	for name, value := range settings {
		query.Set(name, value)
	}
	// RFC 8089: a path with a drive letter gets a slash in front.
	dsn := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: query.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// write runs f in a transaction that holds the write lock from its beginning.
func (s *Store) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTransaction(ctx, s.writer, nil, f)
}

// read runs f on one snapshot of the database.
func (s *Store) read(ctx context.Context, f func(tx *sql.Tx) error) error {
	return inTransaction(ctx, s.reader, &sql.TxOptions{ReadOnly: true}, f)
}

func inTransaction(ctx context.Context, pool *sql.DB, options *sql.TxOptions, f func(tx *sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, options)
	if err != nil {
		return translate(err)
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // the first error is the one that counts
		return translate(err)
	}
	return translate(tx.Commit())
}
