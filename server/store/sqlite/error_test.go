package sqlite

import (
	"os"
	"testing"
)

func TestSQLitesWordForAFileThatWasMovedAwayIsTheStores(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	path := database.path
	if err := database.Close(); err != nil {
		t.Fatal(err)
	}
	// Outside WAL mode SQLite itself looks whether the file still has its name.
	pool, err := openPool(path, map[string]string{"_journal_mode": "DELETE"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	if _, err := pool.ExecContext(t.Context(), "UPDATE companies SET name = 'before'"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	_, err = pool.ExecContext(t.Context(), "UPDATE companies SET name = 'after'")
	if got := translate(err); got == nil || got.Error() != moved().Error() {
		t.Errorf("%v is told as %v", err, got)
	}
}
