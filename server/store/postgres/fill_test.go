package postgres_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// What SQLite keeps and migrate doesn't move: each with its reason in Fill.
var notMoved = []string{"goose_db_version", "sqlite_", "write_probe", "rate_windows", "account_search"}

func TestEveryTableAndColumnOfSQLiteIsMoved(t *testing.T) {
	t.Parallel()
	url, path := storetest.NewPostgres(t), filepath.Join(t.TempDir(), "procore.db")
	open(t, url)
	opened, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	columns := func(database, query string) (found []string) {
		t.Helper()
		rows, err := storetest.Open(t, database).QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(notMoved, func(prefix string) bool { return strings.HasPrefix(table, prefix) }) {
				found = append(found, table+"."+column)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return found
	}
	there := columns(url, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()")
	here := columns(path, "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'")
	if len(here) < 50 {
		t.Fatalf("SQLite has these columns only: %v", here)
	}
	for _, column := range here {
		if !slices.Contains(there, column) {
			t.Errorf("PostgreSQL lacks %s", column)
		}
	}
	for _, column := range here {
		table, _, _ := strings.Cut(column, ".")
		if !slices.Contains(postgres.FilledTables, table) {
			t.Errorf("migrate doesn't move %s", table)
		}
	}
}
