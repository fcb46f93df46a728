package servertest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers, for reading what the server keeps
	_ "modernc.org/sqlite"

	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// searchRows searches every value of every table: in the file a long one is cut into pages. What can't be read as a database
// is searched as a file only, because some tests damage theirs.
func (w *watch) searchRows() {
	_ = eachRow(w.database, func(table string, columns []string, values []any) {
		for i, value := range values {
			w.search("table "+table+", column "+columns[i], valueText(value), storedKinds...)
		}
	})
}

// noteSigningKeys adds the private parts of the keys, where they are not sealed. The public ones are for everybody.
func (w *watch) noteSigningKeys() {
	_ = eachRow(w.database, func(table string, _ []string, values []any) {
		if table != "signing_keys" {
			return
		}
		for _, value := range values {
			decoded, err := x509.ParsePKCS8PrivateKey(valueText(value))
			if err != nil {
				continue
			}
			switch key := decoded.(type) {
			case *ecdsa.PrivateKey:
				if private, err := key.Bytes(); err == nil {
					w.secrets.Add(KindSigningKey, string(private))
				}
			case ed25519.PrivateKey:
				w.secrets.Add(KindSigningKey, string(key.Seed()))
			case *rsa.PrivateKey:
				w.secrets.Add(KindSigningKey, string(key.D.Bytes()))
			}
		}
	})
}

func valueText(value any) []byte {
	switch value := value.(type) {
	case string:
		return []byte(value)
	case []byte:
		return value
	}
	return nil
}

// openReader opens a database for reading, on one connection.
func openReader(database string) (*sql.DB, error) {
	driver, source := "sqlite", "file:"+database+"?mode=ro&_pragma=busy_timeout(1000)"
	if postgres.IsURL(database) {
		driver, source = "pgx", storetest.Plain(database)
	}
	db, err := sql.Open(driver, source)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// tables asks for the names of all tables, one text with commas.
func tables(database string) string {
	if postgres.IsURL(database) {
		return "SELECT coalesce(string_agg(table_name, ','), '') FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	return "SELECT coalesce(group_concat(name, ','), '') FROM sqlite_schema WHERE type = 'table'"
}

// eachRow reads all rows of all tables of a database that may be in use.
func eachRow(database string, each func(table string, columns []string, values []any)) error {
	if _, err := os.Stat(database); err != nil && !postgres.IsURL(database) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
	defer cancel()
	db, err := openReader(database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was read only
	var names string
	if err := db.QueryRowContext(ctx, tables(database)).Scan(&names); err != nil {
		return err
	}
	for table := range strings.SplitSeq(names, ",") {
		if err := eachRowOf(ctx, db, table, each); err != nil {
			return err
		}
	}
	return nil
}

func eachRowOf(ctx context.Context, db *sql.DB, table string, each func(table string, columns []string, values []any)) error {
	rows, err := db.QueryContext(ctx, `SELECT * FROM "`+table+`"`) //nolint:gosec // the name is the schema's own
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		each(table, columns, values)
	}
	return rows.Err()
}

// Contents returns a digest of all that the database keeps, but for when accounts last got a token: that is written behind.
// Two that are equal say that nothing was changed in between. The order of the rows doesn't count: PostgreSQL keeps none.
func (s *Server) Contents(t testing.TB) string {
	t.Helper()
	var rows, sum uint64
	err := eachRow(s.Database, func(table string, columns []string, values []any) {
		if strings.HasPrefix(table, "account_search") {
			return // an index, which the upkeep brings up to date behind the changes
		}
		digest := fnv.New64a()
		for i, value := range values {
			if columns[i] != "last_token_at" {
				_, _ = fmt.Fprintf(digest, "%s %s %T %v\n", table, columns[i], value, value) // a hash takes everything
			}
		}
		rows++
		sum += digest.Sum64()
	})
	if err != nil {
		t.Fatalf("read the database: %v", err)
	}
	return fmt.Sprintf("%d rows, %x", rows, sum)
}

// Bytes returns all that the database keeps: the bytes of a SQLite database's files, and on PostgreSQL every value of every row.
func Bytes(t testing.TB, database string) string {
	t.Helper()
	var text strings.Builder
	for _, content := range databaseFiles(database) {
		text.Write(content)
	}
	err := eachRow(database, func(table string, columns []string, values []any) {
		fmt.Fprintf(&text, "%s %q", table, columns)
		for _, value := range values {
			fmt.Fprintf(&text, " %s", valueText(value))
		}
	})
	if err != nil {
		t.Fatalf("read the database: %v", err)
	}
	return text.String()
}

// Commits returns a text that changes whenever the server, or anybody else, commits a change to the database. On SQLite it costs
// next to nothing, and Contents says what a change was about.
func (s *Server) Commits(t testing.TB) string {
	t.Helper()
	if postgres.IsURL(s.Database) {
		return s.Contents(t)
	}
	var version string
	if err := s.reader.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&version); err != nil {
		t.Fatalf("read the database: %v", err)
	}
	return version
}
