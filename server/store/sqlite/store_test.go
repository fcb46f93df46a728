package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	return openAt(t, path, nil)
}

// openAt is open with a clock.
func openAt(t testing.TB, path string, now func() time.Time) *Store {
	t.Helper()
	database, err := Open(t.Context(), Options{Path: path, Create: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	return database
}

// reading returns one of the connections that read, for a test that is alone with the database.
func reading(database *Store) *sql.Conn {
	return database.readers.idle[0].conn
}

// initialized returns a database with the company Acme, and its administrator's account.
func initialized(t testing.TB) (*Store, store.ServiceAccount) {
	t.Helper()
	return initializedAt(t, nil)
}

// initializedAt is initialized with a clock.
func initializedAt(t testing.TB, now func() time.Time) (*Store, store.ServiceAccount) {
	t.Helper()
	database := openAt(t, filepath.Join(t.TempDir(), "procore.db"), now)
	admin, err := database.Initialize(t.Context(), store.NewCompany{Name: "Acme", Admin: newAccount("Administrator", store.AdminLevels())},
		store.SigningKey{ID: "key", Algorithm: "ES256", PrivateKey: []byte{1}, CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return database, admin
}

func newAccount(name string, levels store.Levels) store.NewServiceAccount {
	return store.NewServiceAccount{
		Name: name, ClientID: store.NewClientID(), SecretDigest: store.NewSecret().Digest(), Levels: levels,
	}
}

func create(t *testing.T, database *Store, company store.ID, name string, levels store.Levels) store.ServiceAccount {
	t.Helper()
	account, err := database.CreateServiceAccount(t.Context(), company, newAccount(name, levels), nil)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func wantCode(t *testing.T, err error, code store.Code) {
	t.Helper()
	if !errors.Is(err, &store.Error{Code: code}) {
		t.Errorf("the error is %v, want code %s", err, code)
	}
}

func TestEveryConnectionHasTheSettings(t *testing.T) {
	t.Parallel()
	database := open(t, filepath.Join(t.TempDir(), "a b?#%.db")) // a path that a careless DSN would cut
	check := func(name string, c *connection) {
		for setting, want := range map[string]string{
			"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "cell_size_check": "1",
			"busy_timeout": map[string]string{"writer": "250", "reader": "10000"}[name],
			"query_only":   map[string]string{"writer": "0", "reader": "1"}[name],
		} {
			var got string
			if err := c.conn.QueryRowContext(t.Context(), "PRAGMA "+setting).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %s, want %s (%v)", name, setting, got, want, err)
			}
		}
	}
	check("writer", database.writer.connection)
	for _, c := range database.readers.idle {
		check("reader", c)
	}
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "procore.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %o", suffix, info.Mode().Perm())
		}
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	run := func(name, statement string) string {
		path := filepath.Join(folder, name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := run("foreign.db", "CREATE TABLE t (x)")
	newer := filepath.Join(folder, "newer.db")
	open(t, newer)
	run("newer.db", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	garbage := filepath.Join(folder, "garbage.db")
	if err := os.WriteFile(garbage, []byte("this is no database, but a text that is long enough to be read as a header, and then some more of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, code := range map[string]store.Code{
		foreign: store.CodeNotADatabase, garbage: store.CodeNotADatabase, newer: store.CodeNewerSchema,
		filepath.Join(folder, "missing.db"): store.CodeNotInitialized,
	} {
		before, _ := os.ReadFile(path)
		_, err := Open(t.Context(), Options{Path: path})
		wantCode(t, err, code)
		if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
			t.Errorf("%s was changed", path)
		}
	}
}

func TestManyMayOpenAFreshFileAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "procore.db")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			database, err := Open(context.WithoutCancel(t.Context()), Options{Path: path, Create: true})
			if err != nil {
				t.Error(err)
				return
			}
			if err := database.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestInitializeOnlyOnce(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	_, err := database.Initialize(t.Context(), store.NewCompany{Name: "Other", Admin: newAccount("x", nil)}, store.SigningKey{ID: "other"})
	wantCode(t, err, store.CodeAlreadyInitialized)
	keys, err := database.SigningKeys(t.Context())
	if err != nil || len(keys) != 1 || keys[0].ID != "key" {
		t.Errorf("the keys are %v, %v", keys, err)
	}
}

func TestTheLastWorkingAdministratorStays(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	company := admin.CompanyID
	err := database.DeleteServiceAccount(t.Context(), company, admin.ID, nil)
	wantCode(t, err, store.CodeLastAdmin)
	reset := func(keep bool) error {
		_, _, err := database.ResetSecret(t.Context(), company, admin.ID,
			store.SecretReset{SecretDigest: store.NewSecret().Digest(), KeepAccess: keep}, nil, nil)
		return err
	}
	wantCode(t, reset(false), store.CodeLastAdmin)
	if err := reset(true); err != nil {
		t.Errorf("a reset that keeps access: %v", err)
	}
	// Admin on the Directory tool implies Admin on the Admin tool, but an account that doesn't work is no administrator.
	second := create(t, database, company, "second", store.Levels{store.ToolDirectory: store.LevelAdmin})
	setEmail := func(address string) {
		t.Helper()
		if _, err := database.writer.connection.conn.ExecContext(t.Context(), "UPDATE contacts SET email_address = ? WHERE service_account_id = ?", address, second.ID); err != nil {
			t.Fatal(err)
		}
	}
	setEmail("changed@example.com")
	wantCode(t, reset(false), store.CodeLastAdmin)
	setEmail(second.Contact.AssignedEmailAddress)
	if err := reset(false); err != nil {
		t.Errorf("a reset while another administrator works: %v", err)
	}
	wantCode(t, database.DeleteServiceAccount(t.Context(), company, second.ID, nil), store.CodeLastAdmin)
}

func TestResetClearsAndReportsInOneTransaction(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	levels := store.Levels{"documents": store.LevelReadOnly, "schedule": store.LevelStandard}
	account := create(t, database, admin.CompanyID, "ci", levels)
	refusal := errors.New("changed meanwhile")
	_, _, err := database.ResetSecret(t.Context(), admin.CompanyID, account.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest()},
		func(store.ServiceAccount) error { return refusal }, nil)
	if !errors.Is(err, refusal) {
		t.Errorf("the precondition's error is %v", err)
	}
	if after, err := database.CompanyPermissions(t.Context(), admin.CompanyID, account.ID); err != nil || len(after.Levels) != 2 {
		t.Errorf("a refused reset left %v, %v", after, err)
	}
	after, cleared, err := database.ResetSecret(t.Context(), admin.CompanyID, account.ID, store.SecretReset{SecretDigest: store.NewSecret().Digest()}, nil, nil)
	if err != nil || after.Credentials.SecretVersion != 2 || fmt.Sprint(cleared.Levels) != fmt.Sprint(levels) {
		t.Errorf("version %d, cleared %v, %v", after.Credentials.SecretVersion, cleared.Levels, err)
	}
	if left, err := database.CompanyPermissions(t.Context(), admin.CompanyID, account.ID); err != nil || len(left.Levels) != 0 {
		t.Errorf("the reset left %v, %v", left, err)
	}
}

func TestADeletedAccountsIDNeverComesBack(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	first := create(t, database, admin.CompanyID, "ci", nil)
	if err := database.DeleteServiceAccount(t.Context(), admin.CompanyID, first.ID, nil); err != nil {
		t.Fatal(err)
	}
	if second := create(t, database, admin.CompanyID, "ci", nil); second.ID <= first.ID {
		t.Errorf("after %s came %s", first.ID, second.ID)
	}
	var active bool
	err := reading(database).QueryRowContext(t.Context(), "SELECT active FROM contacts WHERE service_account_id = ?", first.ID).Scan(&active)
	if err != nil || active {
		t.Errorf("the contact of a deleted account is active: %t, %v", active, err)
	}
}

func TestConcurrentCreatesOfOneNameMakeOneAccount(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	var group sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		group.Go(func() {
			_, err := database.CreateServiceAccount(t.Context(), admin.CompanyID, newAccount("same", nil), nil)
			errs <- err
		})
	}
	group.Wait()
	close(errs)
	made := 0
	for err := range errs {
		if err == nil {
			made++
			continue
		}
		wantCode(t, err, store.CodeNameTaken)
	}
	if made != 1 {
		t.Errorf("%d accounts were made", made)
	}
}

func TestBackupIsACompletePrivateCopy(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := Backup(t.Context(), database.path, to); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if found, err := open(t, to).ServiceAccount(t.Context(), admin.CompanyID, admin.ID); err != nil || found.ClientID != admin.ClientID {
		t.Errorf("%s, %v", found.ClientID, err)
	}
	wantCode(t, Backup(t.Context(), database.path, to), store.CodeInvalid)
	if entries, err := os.ReadDir(filepath.Dir(to)); err != nil || len(entries) > 3 { // the copy, its -wal and its -shm
		t.Errorf("left over: %v, %v", entries, err)
	}
}

func TestRevokedTokensAreForgottenOnceTheyHaveExpired(t *testing.T) {
	t.Parallel()
	now := time.Now()
	database, admin := initializedAt(t, func() time.Time { return now })
	revoked := func(token string) bool {
		t.Helper()
		principal, err := database.Principal(t.Context(), admin.ID, token)
		if err != nil {
			t.Fatal(err)
		}
		return principal.Revoked
	}
	for token, ttl := range map[string]time.Duration{"a": time.Minute, "b": time.Hour} {
		if err := database.RevokeToken(t.Context(), token, now.Add(ttl)); err != nil {
			t.Fatal(err)
		}
	}
	if !revoked("a") || !revoked("b") || revoked("c") {
		t.Error("the wrong tokens are revoked")
	}
	revoke := func() {
		t.Helper()
		if err := database.RevokeToken(t.Context(), "b", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(30 * time.Minute)
	revoke()
	if !revoked("a") {
		t.Error("a clock that ran ahead and is put back brings a revoked token to life")
	}
	now = now.Add(24 * time.Hour)
	revoke()
	if revoked("a") || !revoked("b") {
		t.Error("the wrong tokens are forgotten")
	}
}

func TestTheEmbeddedCallerIsAnAccountThatMayDoEverything(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	signsInAs := func() store.ID {
		t.Helper()
		account, err := database.WorkingAdministrator(t.Context(), admin.CompanyID)
		if err != nil {
			t.Fatal(err)
		}
		return account.ID
	}
	if _, err := database.ReplaceCompanyPermissions(t.Context(), admin.CompanyID, admin.ID, store.Levels{store.ToolAdmin: store.LevelAdmin}, nil); err != nil {
		t.Fatal(err)
	}
	if got := signsInAs(); got != admin.ID {
		t.Errorf("the only administrator is %s, but %s signs in", admin.ID, got)
	}
	recovered := create(t, database, admin.CompanyID, "recovered", store.AdminLevels())
	if got := signsInAs(); got != recovered.ID {
		t.Errorf("account %s may do everything, but %s signs in", recovered.ID, got)
	}
}
