package sqlite

import (
	"os"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

// A database that is large is looked through quickly at the start; what is damaged there is found by that, too.
func TestQuickCheckOfALargeDatabaseFindsDamagedPages(t *testing.T) {
	t.Parallel()
	path, _ := crashed(t, "kept")
	first := open(t, path)
	for size(path) < largeDatabase {
		if _, err := first.writer.connection.conn.ExecContext(t.Context(),
			"INSERT INTO kept_answers (id, fingerprint, sealed, expires_at) VALUES (randomblob(32), x'', zeroblob(4000000), 1)"); err != nil {
			t.Fatal(err)
		}
		if _, err := first.writer.connection.conn.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.CheckQuickly(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	page := make([]byte, 4096)
	for number := range int64(4) {
		if _, err := file.WriteAt(page, (20+number)*4096); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(t.Context(), Options{Path: path})
	if err == nil {
		defer func() { _ = opened.Close() }()
		err = opened.CheckQuickly(t.Context())
	}
	wantCode(t, err, store.CodeNotADatabase)
}
