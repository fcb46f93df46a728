package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// urlVariable names a PostgreSQL that runs already, by a URL whose role may create databases.
const urlVariable = "TEST_POSTGRES_URL"

// shared is the URL of the PostgreSQL of all tests of a process that don't ask for one of their own.
var shared = sync.OnceValues(func() (string, error) {
	if running := os.Getenv(urlVariable); running != "" {
		return running, nil
	}
	var err error
	// What these tests look at is not a crash of the machine.
	sharedCluster, err = start("-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB -c max_connections=400")
	if err != nil {
		return "", err
	}
	return sharedCluster.URL(), nil
})

// sharedCluster is kept from the garbage collector, which would close its guard.
var sharedCluster *Cluster

var count atomic.Int64

// NewPostgres returns the URL of a PostgreSQL database without anything, whatever TEST_DATABASE says: a schema, which takes a
// quarter of the time that a database of its own does.
func NewPostgres(t testing.TB) string {
	t.Helper()
	base, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), count.Add(1))
	if err := execute(base, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	if sharedCluster == nil { // or it would go with the cluster
		t.Cleanup(func() {
			if err := execute(base, "DROP SCHEMA "+name+" CASCADE"); err != nil {
				t.Error(err)
			}
		})
	}
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	return base + separator + "search_path=" + name
}

// Plain is a database's URL as the driver takes it: what is about pools is the server's own.
func Plain(database string) string {
	parsed, err := url.Parse(database)
	if err != nil {
		return database
	}
	query := parsed.Query()
	for name := range query {
		if strings.HasPrefix(name, "pool_") {
			query.Del(name)
		}
	}
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// Open returns a pool of connections to a database, for what a test looks up by itself. It is closed at the test's end.
func Open(t testing.TB, database string) *sql.DB {
	t.Helper()
	driver, source := "sqlite", "file:"+database+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"
	if postgres.IsURL(database) {
		driver, source = "pgx", Plain(database)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // what was written was said to be
	return db
}

// OpenStore opens a database, which must have a company unless create is set, and closes it at the test's end.
func OpenStore(t testing.TB, database string, create bool, policy store.Policy, now func() time.Time) *sqlstore.Store {
	t.Helper()
	var opened *sqlstore.Store
	var closing io.Closer
	if postgres.IsURL(database) {
		s, err := postgres.Open(t.Context(), postgres.Options{URL: database, Create: create, Policy: policy, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		opened, closing = s.Store, s
	} else {
		s, err := sqlite.Open(t.Context(), sqlite.Options{Path: database, Create: create, Policy: policy, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		opened, closing = s.Store, s
	}
	t.Cleanup(func() {
		if err := closing.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// LockWrites keeps every change waiting, as another program does that holds the database's lock or locks all its tables, until
// the function that it returns is called. Reads go on.
func LockWrites(t testing.TB, database string) (release func()) {
	t.Helper()
	driver, source := "sqlite", "file:"+database+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	if postgres.IsURL(database) {
		driver, source = "pgx", Plain(database)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if driver == "pgx" {
		const tables = "companies, service_accounts, contacts, projects, audit_events, kept_answers, revoked_tokens, signing_keys, write_probe"
		if _, err := tx.ExecContext(t.Context(), "LOCK TABLE "+tables+" IN EXCLUSIVE MODE"); err != nil {
			t.Fatal(err)
		}
	}
	return sync.OnceFunc(func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Execute runs a statement, whose arguments are question marks, for what the API can't do or never should.
func Execute(t testing.TB, database, statement string, arguments ...any) {
	t.Helper()
	db := Open(t, database)
	if _, err := db.ExecContext(t.Context(), Statement(database, statement), arguments...); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Statement puts the arguments of a statement as the database has them. No other question mark may be in it.
func Statement(database, statement string) string {
	if !postgres.IsURL(database) {
		return statement
	}
	parts := strings.Split(statement, "?")
	text := parts[0]
	for i, part := range parts[1:] {
		text += fmt.Sprintf("$%d%s", i+1, part)
	}
	return text
}

func execute(database, statement string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := sql.Open("pgx", Plain(database))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // the statement has said how it went
	if _, err = db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
