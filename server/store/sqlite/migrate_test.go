package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store"
)

func migrationFiles(t *testing.T) fs.FS {
	t.Helper()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// firstSchema makes a database as the first version of this program did: the first migration alone, and in it a
// company, its administrator, an account with permissions, and one that was deleted.
func firstSchema(t *testing.T, secret store.Secret) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "first.db")
	_, file, err := prepareFile(t.Context(), path, true)
	if err := errors.Join(err, file.release()); err != nil {
		t.Fatal(err)
	}
	pool, err := openPool(path, settings(patience), 1)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, migrationFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	digest := secret.Digest()
	for _, statement := range []string{
		"INSERT INTO companies VALUES (1, 'Acme', '" + store.FoldCase("Acme") + "', 1000000, 1000000)",
		account0001(1, "Administrator", "a"), account0001(2, "ci exporter", "b"),
		contact0001(1, "TRUE"), contact0001(2, "TRUE"), contact0001(3, "FALSE"), // the third one's account was deleted
		"INSERT INTO company_permissions VALUES (1, 'admin', 'admin'), (1, 'directory', 'admin'), (2, 'documents', 'readonly')",
		"INSERT INTO signing_keys VALUES ('key', 'ES256', x'01', 1000000)",
		"UPDATE sqlite_sequence SET seq = 3 WHERE name = 'service_accounts'",
	} {
		if _, err := pool.ExecContext(t.Context(), statement, sql.Named("digest", digest[:])); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func account0001(id store.ID, name, clientID string) string {
	return `INSERT INTO service_accounts (id, company_id, name, name_key, search_key, app_type, marketplace_app, description,
		client_id, deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch,
		created_at, updated_at) VALUES (` + id.String() + `, 1, '` + name + `', '` + store.FoldCase(name) + `', '` + store.FoldCase(name) +
		`' || char(0) || char(0) || '` + store.FoldCase(clientID) + `', 'custom', '', '', '` + clientID + `', 0, 1, 4, @digest, 1000000, 1, 1000000, 1000000)`
}

func contact0001(account store.ID, active string) string {
	id, address := account.String(), "contact-"+account.String()+"@service-accounts.invalid"
	return `INSERT INTO contacts VALUES (` + id + `, 1, ` + id + `, 'contact', '` + address + `', '` + address + `', ` +
		active + `, 1000000, 1000000)`
}

func TestDatabaseOfTheFirstSchemaIsBroughtUpToDateAndWorks(t *testing.T) {
	t.Parallel()
	secret := store.NewSecret()
	database := open(t, firstSchema(t, secret))
	ctx, company, page := t.Context(), store.ID(1), store.PageRequest{Number: 1, Size: 10}

	// All that was there is there.
	account, err := database.ServiceAccount(ctx, company, 2)
	if err != nil || account.Name != "ci exporter" || account.Status != store.StatusActive || account.Credentials.SecretVersion != 4 {
		t.Fatalf("the account is %+v, %v", account, err)
	}
	if _, ok := account.Credentials.Accepts(secret.Digest(), time.Now()); !ok {
		t.Error("the secret doesn't count any more")
	}
	if levels, err := database.CompanyPermissions(ctx, company, 2); err != nil || len(levels.Levels) != 1 || levels.Levels["documents"] != store.LevelReadOnly {
		t.Errorf("the permissions are %v, %v", levels, err)
	}
	contacts, err := database.ListContacts(ctx, company, page)
	if err != nil || contacts.Total != 3 || contacts.Items[2].Active {
		t.Errorf("the contacts are %+v, %v", contacts, err)
	}
	if events, err := database.ListAuditEvents(ctx, company, store.AuditQuery{Page: page}); err != nil || events.Total != 0 {
		t.Errorf("%d events, %v", events.Total, err)
	}

	// All that is new works.
	wantCode(t, database.DeleteServiceAccount(ctx, company, 1, nil), store.CodeLastAdmin)
	project, err := database.CreateProject(ctx, company, store.NewProject{Name: "Tower", Active: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.Assignment(ctx, company, 2, project.ID); err != nil {
		t.Errorf("an account that is added to new projects: %v", err)
	}
	if _, err := database.ChangeContactEmail(ctx, company, 2, "new@example.com", nil); err != nil {
		t.Error(err)
	}
	if account, err = database.ServiceAccount(ctx, company, 2); err != nil || account.Status != store.StatusNonfunctional {
		t.Errorf("the status is %s, %v", account.Status, err)
	}
	_, cleared, err := database.ResetSecret(ctx, company, 2, store.SecretReset{SecretDigest: store.NewSecret().Digest()}, nil, nil)
	if err != nil || len(cleared.Levels) != 1 || len(cleared.ProjectIDs) != 1 {
		t.Errorf("cleared %+v, %v", cleared, err)
	}
	events, err := database.ListAuditEvents(ctx, company, store.AuditQuery{ServiceAccountID: 2, Page: page})
	if err != nil || events.Total != 3 || events.Items[0].Action != store.ActionSecretReset {
		t.Errorf("the events are %+v, %v", events, err)
	}
	if made := create(t, database, company, "next", nil); made.ID != 4 {
		t.Errorf("the next account has the id %s", made.ID)
	}
}

func TestMigratingIsDoneOnce(t *testing.T) {
	t.Parallel()
	path := firstSchema(t, store.NewSecret())
	first := &scene{Store: open(t, path), t: t, ctx: t.Context()}
	schema := first.rows("SELECT name, sql FROM sqlite_master ORDER BY 1") + first.rows("SELECT version_id FROM goose_db_version ORDER BY 1")
	fresh := &scene{Store: open(t, filepath.Join(t.TempDir(), "fresh.db")), t: t, ctx: t.Context()}
	again := &scene{Store: open(t, path), t: t, ctx: t.Context()}
	for name, other := range map[string]*scene{"opened again": again, "made at once": fresh} {
		got := other.rows("SELECT name, sql FROM sqlite_master ORDER BY 1") + other.rows("SELECT version_id FROM goose_db_version ORDER BY 1")
		if got != schema {
			t.Errorf("%s the schema is\n%s\nand was\n%s", name, got, schema)
		}
	}
}

func TestMigrationKeepsWhatAnOlderBackupHas(t *testing.T) {
	t.Parallel()
	path := firstSchema(t, store.NewSecret())
	to := filepath.Join(t.TempDir(), "before-the-upgrade.db")
	if err := Backup(t.Context(), path, to); err != nil { // copies the old schema as it is
		t.Fatal(err)
	}
	for _, file := range []string{path, to} {
		if account, err := open(t, file).ServiceAccount(t.Context(), 1, 2); err != nil || account.Name != "ci exporter" {
			t.Errorf("%s: %q, %v", file, account.Name, err)
		}
	}
}
