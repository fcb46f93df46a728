package server_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// sameIssuer is the same before and after a move: it is the issuer of the tokens.
var sameIssuer = []string{"--base-url", "http://procore.example", "--listen", "127.0.0.1:0"}

func TestMigrateMovesEverythingAndTokensAndSecretsStayGood(t *testing.T) {
	t.Parallel()
	database, target := filepath.Join(t.TempDir(), "procore.db"), storetest.NewPostgres(t)
	administrator := initialize(t, database)
	masterKey := masterKeyFile(t, 1)
	serving := append([]string{"--master-key-file", masterKey}, sameIssuer...)
	before := serve(t, database, nil, serving...)
	admin := signIn(t, client30, before.url, administrator)
	kept, gone := admin.create(t, "exporter é"), admin.create(t, "short-lived")
	admin.do(t, 200, "PUT", "service_accounts/"+kept.ID+"/permissions", `{"company":{"documents":"readonly"}}`)
	project := data[account](t, admin.do(t, 201, "POST", "projects", `{"name":"Tower"}`)).ID
	admin.do(t, 201, "PUT", "service_accounts/"+kept.ID+"/project_assignments/"+project, `{"permissions":{"daily_log":"standard"}}`)
	admin.do(t, 200, "PATCH", "service_accounts/"+kept.ID, `{"description":"two\nlines","deletion_protection":true}`)
	const idempotency = "3f1c9d60-6f39-4d0e-b8cf-6b2f2d1a7c55"
	once := map[string]string{"Idempotency-Token": idempotency}
	made, err := admin.ask(t.Context(), "POST", "service_accounts", `{"name":"once"}`, once)
	if err != nil || made.status != 201 {
		t.Fatal(made, err)
	}
	revoked := admin.as(t, kept)
	client{url: before.url, http: client30}.do(t, 200, "POST", "/oauth/revoke", tokenForm(kept.ClientID, kept.ClientSecret)+"&token="+revoked.token)
	holder := admin.as(t, kept)
	last := admin.create(t, "last")
	for _, id := range []string{gone.ID, last.ID} {
		admin.do(t, 204, "DELETE", "service_accounts/"+id, "")
	}
	paths := []string{
		"service_accounts", "service_accounts?filters[search]=EXPORTER", "service_accounts?sort=-name", "projects", "audit_events?per_page=1000",
		"directory/contacts", "service_accounts/" + kept.ID + "/permissions", "service_accounts/" + kept.ID + "/project_assignments",
	}
	var answers []string
	for _, path := range paths {
		answers = append(answers, admin.do(t, 200, "GET", path, ""))
	}

	run(t, "migrate", "--from", database, "--to", target).failed(t, "in use")
	before.stop()
	output := succeed(t, "migrate", "--from", database, "--to", target)
	for _, word := range []string{"service_accounts     3 ", "audit_events", "same rows"} {
		if !strings.Contains(output, word) {
			t.Errorf("the output lacks %q: %s", word, output)
		}
	}
	run(t, "migrate", "--from", database, "--to", target).failed(t, "already has a company")

	after := serve(t, target, nil, serving...)
	for _, c := range []*client{&admin, &holder, &revoked} {
		c.url = after.url
	}
	for i, path := range paths {
		if got := admin.do(t, 200, "GET", path, ""); stable(t, got) != stable(t, answers[i]) {
			t.Errorf("%s answers\n%s\nand before\n%s", path, got, answers[i])
		}
	}
	holder.do(t, 200, "GET", "me", "")
	if status, _, err := revoked.request(t.Context(), "GET", "me", ""); err != nil || status != 401 {
		t.Errorf("a revoked token is answered %d, %v", status, err)
	}
	again, err := admin.ask(t.Context(), "POST", "service_accounts", `{"name":"once"}`, once)
	if err != nil || again.text != made.text || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("a repeated request is answered %d %s, %v", again.status, again.text, err)
	}
	admin.as(t, kept).do(t, 200, "GET", "me", "")
	if next := admin.create(t, "next"); len(next.ID) < len(last.ID) || len(next.ID) == len(last.ID) && next.ID <= last.ID {
		t.Errorf("after the deleted account %s came %s", last.ID, next.ID)
	}
	// The tests' own PostgreSQL gives up durability, and that is all that there is to find.
	if got := run(t, "doctor", "--database", target, "--master-key-file", masterKey); strings.Count(got.stdout, "problem ") != 1 || !strings.Contains(got.stdout, "problem  durability") {
		t.Errorf("the doctor says: %s", got.stdout)
	}
	after.stop()
}

// stable is an answer without what a use of the account changes.
func stable(t *testing.T, answer string) string {
	t.Helper()
	var read struct{ Data any }
	if err := json.Unmarshal([]byte(answer), &read); err != nil {
		t.Fatal(err)
	}
	items, _ := read.Data.([]any)
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok {
			delete(fields, "last_token_at")
		}
	}
	text, err := json.Marshal(read.Data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMigrateLeavesNothingWhereItFails(t *testing.T) {
	t.Parallel()
	database, target := filepath.Join(t.TempDir(), "procore.db"), storetest.NewPostgres(t)
	initialize(t, database)
	// A value that PostgreSQL can't hold, in the table that is moved last but one.
	db := storetest.Open(t, database)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO audit_events (company_id, service_account_id, action, actor_service_account_id, actor_client_id, request_id, created_at) VALUES (1, 1, 'a' || char(0), 0, '', '', 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, "migrate", "--from", database, "--to", target).failed(t, "audit_events")
	run(t, "serve", "--database", target, "--listen", "127.0.0.1:0").failed(t, "no company yet")
	for name, args := range map[string][]string{
		"the other way": {"--from", target, "--to", database}, "no URL": {"--from", database, "--to", database},
	} {
		if got := run(t, append([]string{"migrate"}, args...)...); got.status != 2 {
			t.Errorf("%s: exit status %d, %s", name, got.status, got.stderr)
		}
	}
}

func TestPostgresURLIsRefusedWhereAFileIsMeant(t *testing.T) {
	t.Parallel()
	url := storetest.NewPostgres(t)
	for _, args := range [][]string{{"backup", "--to", "x"}, {"restore", "--from", "x"}} {
		got := run(t, append(args, "--database", url)...)
		if got.status != 2 || !strings.Contains(got.stderr, "pg_dump") {
			t.Errorf("%v: exit status %d, %s", args, got.status, got.stderr)
		}
	}
}

func TestDoctorTellsWhatIsWrongWithAPostgresDatabase(t *testing.T) {
	t.Parallel()
	database := storetest.NewPostgres(t)
	find := func(check string) (status string) {
		t.Helper()
		var findings []struct{ Check, Status, Message string }
		got := run(t, "doctor", "--database", database, "--output", "json")
		if err := json.Unmarshal([]byte(got.stdout), &findings); err != nil {
			t.Fatalf("%v: %s %s", err, got.stdout, got.stderr)
		}
		for _, finding := range findings {
			if finding.Check == check {
				return finding.Status
			}
		}
		return ""
	}
	equal(t, "an empty database", find("schema_version"), "problem")
	initialize(t, database)
	for _, check := range []string{"reachable", "encryption", "clock", "connections", "schema_version", "audit_triggers", "companies", "administrators", "signing_keys"} {
		equal(t, check, find(check), "ok")
	}
	equal(t, "durability", find("durability"), "problem") // the tests' own PostgreSQL has given it up
	execute(t, database, "ALTER TABLE audit_events DISABLE TRIGGER audit_events_are_not_edited")
	equal(t, "a trigger that is off", find("audit_triggers"), "problem")
	execute(t, database, "UPDATE contacts SET email_address = 'elsewhere@example.com'")
	equal(t, "a company without an administrator", find("administrators"), "problem")
	execute(t, database, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
	equal(t, "a newer schema", find("schema_version"), "problem")
}
