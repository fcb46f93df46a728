package server_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// A newer version of the program moves the schema on while servers of this one run: the first of its servers does so when it
// starts (see CONTRIBUTING.md, "Migrations").

// move changes the schema as a newer version's migration would.
func move(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestAServerGoesOnWhenANewerOneHasAddedToTheSchema(t *testing.T) {
	t.Parallel()
	database := storetest.NewPostgres(t)
	db := storetest.Open(t, database)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	before := admin.create(t, "made before")

	move(t, db, `ALTER TABLE service_accounts ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'`)
	move(t, db, `CREATE TABLE colours (name TEXT PRIMARY KEY)`)
	move(t, db, `INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, TRUE FROM goose_db_version`)

	after := admin.create(t, "made after")
	admin.do(t, 200, "POST", "service_accounts/"+before.ID+"/actions/reset_secret", "{}")
	admin.do(t, 204, "DELETE", "service_accounts/"+before.ID, "")
	admin.as(t, after).do(t, 200, "GET", "me", "")
	admin.do(t, 200, "GET", "/readyz", "")
	equal(t, "accounts", admin.names(t), "Administrator,made after")
	// But one that starts refuses: it can't know what the newer one will do.
	run(t, "serve", "--database", database, "--listen", "127.0.0.1:0").failed(t, "newer version", "schema")
	p.stop()
}

func TestAServerWritesNothingWhenANewerOneHasChangedTheSchemaUnderIt(t *testing.T) {
	t.Parallel()
	database := storetest.NewPostgres(t)
	db := storetest.Open(t, database)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	made := admin.create(t, "made before")

	// As a migration does that no older server may live beside: it renames what it changes, and write_probe.
	move(t, db, `BEGIN; ALTER TABLE service_accounts RENAME TO accounts; ALTER TABLE write_probe RENAME TO write_probe_2; COMMIT`)

	for _, request := range [][3]string{
		{"POST", "service_accounts", `{"name":"made after"}`},
		{"POST", "service_accounts/" + made.ID + "/actions/reset_secret", "{}"},
		{"DELETE", "service_accounts/" + made.ID, ""},
		{"GET", "service_accounts", ""},
	} {
		got := answered(t, admin, request[0], request[1], request[2])
		if got.status != http.StatusServiceUnavailable {
			t.Errorf("%s %s: status %d: %s", request[0], request[1], got.status, got.text)
		}
	}
	comesTrue(t, "the server being red", func() bool {
		got := answered(t, admin, "GET", "/readyz", "")
		return got.status == http.StatusServiceUnavailable && strings.Contains(got.text, "newer version")
	})
	var accounts, events int
	if err := db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM audit_events)").Scan(&accounts, &events); err != nil {
		t.Fatal(err)
	}
	equal(t, "accounts", accounts, 2)
	equal(t, "events", events, 2) // of the two accounts' making
	p.stop()
}
