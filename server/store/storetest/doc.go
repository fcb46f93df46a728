// Package storetest hands out databases to tests: a SQLite file in the test's folder or, where the environment variable
// TEST_DATABASE is "postgres", a database of its own in a PostgreSQL that is started for the tests and ends with them. The same
// tests run on both.
package storetest

import (
	"os"
	"path/filepath"
	"testing"
)

// variable says on which database the tests run.
const variable = "TEST_DATABASE"

// Postgres reports whether the tests run on PostgreSQL.
func Postgres() bool {
	switch kind := os.Getenv(variable); kind {
	case "", "sqlite":
		return false
	case "postgres":
		return true
	default:
		panic(variable + " is " + kind + ", and neither sqlite nor postgres")
	}
}

// New returns what --database names in a test: a SQLite file that isn't there yet, or a PostgreSQL database without a company.
func New(t testing.TB) string {
	t.Helper()
	if Postgres() {
		// One change at a time, as on SQLite: a change that is run again has taken an id, and many tests tell objects by theirs.
		// What several changes at once do to each other, the tests of store/postgres and of clusters ask.
		return NewPostgres(t) + "&pool_max_conns=3"
	}
	return filepath.Join(t.TempDir(), "procore.db")
}

// SQLiteOnly skips a test on PostgreSQL that is about what SQLite alone has, and says what. It has run on SQLite before.
func SQLiteOnly(t testing.TB, why string) {
	t.Helper()
	if Postgres() {
		t.Skip("SQLite only: " + why)
	}
}
