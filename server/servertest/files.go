package servertest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver, for reading what the server keeps
)

// storedKinds are the secrets that no file of a database may hold. Its signing keys are not among them: without a master key
// they are kept as they are.
var storedKinds = []Kind{KindPresented, KindMade, KindBrought, KindToken, KindIdempotency}

// searchFiles searches the database's files and every other SQLite file beside it, such as a backup.
func (w *watch) searchFiles() {
	for name, text := range databaseFiles(w.database) {
		w.search("the file "+name, text, storedKinds...)
	}
}

// CheckFiles fails the test when a file of the database, or another SQLite file in its folder, has a secret.
func (s *Secrets) CheckFiles(t testing.TB, database string) {
	t.Helper()
	for name, text := range databaseFiles(database) {
		s.Check(t, "the file "+name, text, storedKinds...)
	}
}

// databaseFiles returns the files of a database by their names. What isn't there or can't be read has no secret to find: a
// test may have removed it.
func databaseFiles(database string) map[string][]byte {
	files := map[string][]byte{}
	folder, base := filepath.Dir(database), filepath.Base(database)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(folder, entry.Name()))
		if strings.HasPrefix(entry.Name(), base) || bytes.HasPrefix(text, []byte("SQLite format 3\x00")) {
			files[entry.Name()] = text
		}
	}
	return files
}

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
	db, err := sql.Open("sqlite", "file:"+database+"?mode=ro&_pragma=busy_timeout(1000)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// eachRow reads all rows of all tables of a database that may be in use.
func eachRow(database string, each func(table string, columns []string, values []any)) error {
	if _, err := os.Stat(database); err != nil {
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
	err = db.QueryRowContext(ctx, "SELECT coalesce(group_concat(name, char(0)), '') FROM sqlite_schema WHERE type = 'table'").Scan(&names)
	if err != nil {
		return err
	}
	for table := range strings.SplitSeq(names, "\x00") {
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
// Two that are equal say that nothing was changed in between.
func (s *Server) Contents(t testing.TB) string {
	t.Helper()
	digest := fnv.New128a()
	err := eachRow(s.Database, func(table string, columns []string, values []any) {
		for i, value := range values {
			if columns[i] != "last_token_at" {
				_, _ = fmt.Fprintf(digest, "%s %s %T %v\n", table, columns[i], value, value) // a hash takes everything
			}
		}
	})
	if err != nil {
		t.Fatalf("read the database: %v", err)
	}
	return fmt.Sprintf("%x", digest.Sum(nil))
}

// Commits returns a number that changes whenever the server, or anybody else, commits a change to the database. It costs next
// to nothing, and Contents says what a change was about.
func (s *Server) Commits(t testing.TB) int64 {
	t.Helper()
	var version int64
	if err := s.reader.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&version); err != nil {
		t.Fatalf("read the database: %v", err)
	}
	return version
}
