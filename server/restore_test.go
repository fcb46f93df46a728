package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
)

// backedUp is a database with an account made before its backup, and one made after.
type backedUp struct {
	database, backup string
	administrator    server.Credentials
}

func backUp(t *testing.T) backedUp {
	t.Helper()
	b := backedUp{database: freshFile(t, "a restore puts a file in the place of another"), backup: filepath.Join(t.TempDir(), "backup.db")}
	b.administrator = initialize(t, b.database)
	p := serve(t, b.database, nil)
	admin := signIn(t, client30, p.url, b.administrator)
	admin.create(t, "before")
	succeed(t, "backup", "--database", b.database, "--to", b.backup)
	admin.create(t, "after")
	p.stop()
	return b
}

func (b backedUp) restore(t *testing.T, flags ...string) result {
	t.Helper()
	return run(t, append([]string{"restore", "--database", b.database, "--from", b.backup}, flags...)...)
}

// names lists the accounts of a database, as a server sees them.
func (b backedUp) names(t *testing.T, database string) string {
	t.Helper()
	p := serve(t, database, nil)
	defer p.stop()
	return signIn(t, client30, p.url, b.administrator).names(t)
}

// folderOf is what is in the folder of a file, by name.
func folderOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	contents := map[string][]byte{}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(path), file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[file.Name()] = content
	}
	return contents
}

func wantSameFolder(t *testing.T, path string, before map[string][]byte) {
	t.Helper()
	after := folderOf(t, path)
	for name, content := range after {
		if old, found := before[name]; !found || !bytes.Equal(old, content) {
			t.Errorf("%s was made or changed", name)
		}
	}
	for name := range before {
		if _, found := after[name]; !found {
			t.Errorf("%s is gone", name)
		}
	}
}

// keptFile is the database that a restore has put aside.
func keptFile(t *testing.T, database string) string {
	t.Helper()
	found, err := filepath.Glob(database + ".before-restore-*")
	if err != nil || len(found) != 1 {
		t.Fatalf("kept are %v, %v", found, err)
	}
	return found[0]
}

func TestRestoreBringsTheBackupBackAndKeepsWhatItReplaces(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	before := folderOf(t, b.backup)
	got := b.restore(t)
	kept := keptFile(t, b.database)
	for _, word := range []string{"Accounts: 2,", kept, "secrets that were reset", "keys rotate --discard-old --database " + b.database, "Ids that were given since the backup are not given again"} {
		if !strings.Contains(got.stdout, word) {
			t.Errorf("the output doesn't mention %q: %+v", word, got)
		}
	}
	wantSameFolder(t, b.backup, before)
	equal(t, "mode", mode(t, b.database), 0o600)
	equal(t, "mode of what is kept", mode(t, kept), 0o600)
	equal(t, "files", len(folderOf(t, b.database)), 2)
	equal(t, "accounts", b.names(t, b.database), "Administrator,before")
	equal(t, "accounts of what is kept", b.names(t, kept), "Administrator,before,after")

	// The account made after the backup had id 3: nobody gets it again.
	p := serve(t, b.database, nil)
	equal(t, "id of the next account", signIn(t, client30, p.url, b.administrator).create(t, "next").ID, "4")
	p.stop()
}

func TestRestoreTakesTheLogOfAServerThatWasKilledWithWhatItKeeps(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	p := serve(t, b.database, nil)
	signIn(t, client30, p.url, b.administrator).create(t, "in the log")
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if info, err := os.Stat(b.database + "-wal"); err != nil || info.Size() == 0 {
		t.Fatalf("there is no log: %v", err)
	}
	if got := b.restore(t); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(b.database + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", suffix, err)
		}
	}
	equal(t, "accounts", b.names(t, b.database), "Administrator,before")
	equal(t, "accounts of what is kept", b.names(t, keptFile(t, b.database)), "Administrator,before,after,in the log")
}

func TestRestoreIsRefusedWhileTheDatabaseIsInUse(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	restore := func() result {
		command := exec.CommandContext(t.Context(), binary(t), "restore", "--database", b.database, "--from", b.backup)
		var stdout, stderr bytes.Buffer
		command.Stdout, command.Stderr = &stdout, &stderr
		_ = command.Run() // the exit status says it
		return result{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
	p := serve(t, b.database, nil)
	admin := signIn(t, client30, p.url, b.administrator)
	restore().failed(t, b.database, "in use")
	admin.create(t, "while it was tried") // nothing has happened to the server
	equal(t, "accounts", admin.names(t), "Administrator,before,after,while it was tried")
	p.stop()

	// An embedded server is one, too: the provider's, in the middle of an apply.
	for range 2 {
		if status, err := embeddedRequest(t, b.database); err != nil || status != 200 {
			t.Fatalf("%d %v", status, err)
		}
		// Nothing of the database may be read here meanwhile: closing a file takes all of this process's locks off it.
		restore().failed(t, b.database, "in use")
	}
	equal(t, "accounts", accountNames(t, b.database), "Administrator,before,after,while it was tried")
}

// spoil overwrites a part of a file.
func spoil(t *testing.T, path string, offset int64, with []byte) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(with, offset)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(to, content, 0o600); err != nil { //#nosec G703 -- a test's own folder
		t.Fatal(err)
	}
	return to
}

func TestBackupThatIsNotSoundIsRefusedBeforeAnythingIsReplaced(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	change := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			for _, statement := range statements {
				execute(t, path, statement)
			}
		}
	}
	size := len(folderOf(t, b.backup)["backup.db"])
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(i*7 + 13)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	execute(t, foreign, "CREATE TABLE precious (data TEXT)")

	for name, test := range map[string]struct {
		spoil func(*testing.T, string)
		words []string
	}{
		"no file":         {func(t *testing.T, path string) { t.Helper(); _ = os.Remove(path) }, []string{"no file"}},
		"a text":          {func(t *testing.T, path string) { t.Helper(); spoil(t, path, 0, noise[:200]) }, []string{"isn't a database"}},
		"an empty file":   {func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, 0) }, []string{"too short"}},
		"half a file":     {func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, int64(size/2)) }, []string{"can't be used"}},
		"a page less":     {func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, int64(size-4096)) }, []string{"can't be used"}},
		"a byte less":     {func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, int64(size-1)) }, []string{"it was cut"}},
		"another's file":  {func(t *testing.T, path string) { t.Helper(); _ = os.Remove(path); _ = os.Link(foreign, path) }, []string{"another program"}},
		"a folder":        {func(t *testing.T, path string) { t.Helper(); _ = os.Remove(path); _ = os.Mkdir(path, 0o700) }, []string{"no regular file"}},
		"a bad schema":    {func(t *testing.T, path string) { t.Helper(); spoil(t, path, 100, noise[:3000]) }, []string{"can't be"}},
		"a bad page":      {func(t *testing.T, path string) { t.Helper(); spoil(t, path, int64(size/2), noise) }, []string{"can't be used"}},
		"a bad last page": {func(t *testing.T, path string) { t.Helper(); spoil(t, path, int64(size-4096), noise) }, []string{"can't be used"}},
		"newer":           {change("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"), []string{"newer version", "9999"}},
		"no company": {change("PRAGMA foreign_keys = OFF; DROP TRIGGER audit_events_are_not_deleted; DELETE FROM audit_events; DELETE FROM contacts; " +
			"DELETE FROM company_permissions; DELETE FROM service_accounts; DELETE FROM companies; " +
			"CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events\nBEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END"), []string{"no company"}},
		"a trigger of somebody's": {
			change("CREATE TRIGGER theirs AFTER INSERT ON service_accounts BEGIN UPDATE service_accounts SET description = 'theirs'; END"),
			[]string{"trigger theirs was added"},
		},
		"an audit without its guard": {change("DROP TRIGGER audit_events_are_not_edited"), []string{"audit_events_are_not_edited is missing"}},
		"a dangling row":             {change("PRAGMA foreign_keys = OFF; INSERT INTO company_permissions (service_account_id, tool, level) VALUES (99, 'documents', 'admin')"), []string{"gone"}},
		"no signing key":             {change("DELETE FROM signing_keys"), []string{"no signing key"}},
		"a broken key":               {change("UPDATE signing_keys SET private_key = x'0102'"), []string{"signing key", "damaged"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b
			c.backup, c.database = copyOf(t, b.backup), copyOf(t, b.database)
			test.spoil(t, c.backup)
			before, beside := folderOf(t, c.database), filepath.Dir(c.backup)
			c.restore(t).failed(t, append(test.words, c.backup)...)
			wantSameFolder(t, c.database, before)
			if left, _ := filepath.Glob(filepath.Join(beside, "*")); len(left) > 1 {
				t.Errorf("beside the backup there are %v", left)
			}
		})
	}
}

func TestRestoreRefusesToReplaceWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	for name, path := range strangers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := folderOf(t, path)
			run(t, "restore", "--database", path, "--from", b.backup).failed(t, path, "move it away")
			wantSameFolder(t, path, before)
		})
	}
	run(t, "restore", "--database", b.backup, "--from", b.backup).failed(t, "itself")
}

func TestRestoreToWhereThereIsNoDatabase(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	b.database = freshFile(t, "a restore puts a file in the place of another")
	// What a database left that somebody has removed would be taken for the log of the new one.
	if err := os.WriteFile(b.database+"-wal", []byte("stale"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := b.restore(t); got.status != 0 || !strings.Contains(got.stdout, "may be given again") {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(b.database + "-wal"); err == nil {
		t.Error("the stale log is still there")
	}
	equal(t, "accounts", b.names(t, b.database), "Administrator,before")
	run(t, "restore", "--database", filepath.Join(t.TempDir(), "nowhere", "x.db"), "--from", b.backup).failed(t, "nowhere")
}

func TestRestoreReplacesADamagedDatabaseAndKeepsItAsItWas(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, path string){
		"a bad schema": func(t *testing.T, path string) { t.Helper(); spoil(t, path, 100, bytes.Repeat([]byte{0xa5}, 3000)) },
		"a bad page":   func(t *testing.T, path string) { t.Helper(); spoil(t, path, 3*4096, bytes.Repeat([]byte{0xa5}, 4096)) },
		"cut off":      func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, 3*4096+100) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := backUp(t)
			damage(t, b.database)
			damaged := folderOf(t, b.database)[filepath.Base(b.database)]
			if got := b.restore(t); got.status != 0 {
				t.Fatalf("%+v", got)
			}
			kept, err := os.ReadFile(keptFile(t, b.database))
			// All but the header's counters is as it was.
			if err != nil || !bytes.Equal(kept[100:], damaged[100:]) {
				t.Errorf("what is kept differs: %v", err)
			}
			equal(t, "accounts", b.names(t, b.database), "Administrator,before")
		})
	}
}

func TestRestoreOfAnEarlierSchemaAndOfALinkedDatabase(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(b.database, link); err != nil {
		t.Fatal(err)
	}
	succeed(t, "restore", "--database", link, "--from", b.backup)
	if target, err := os.Readlink(link); err != nil || target != b.database {
		t.Errorf("the link was replaced: %v", err)
	}
	equal(t, "accounts", b.names(t, b.database), "Administrator,before")
	// Twice in a second: nothing that was kept is overwritten.
	succeed(t, "restore", "--database", b.database, "--from", b.backup)
	succeed(t, "restore", "--database", b.database, "--from", b.backup)
	if kept, _ := filepath.Glob(b.database + ".before-restore-*"); len(kept) != 3 {
		t.Errorf("kept are %v", kept)
	}
}

func TestRestoreTriesTheMasterKeyOnTheBackup(t *testing.T) {
	t.Parallel()
	b := backedUp{database: freshFile(t, "a restore puts a file in the place of another"), backup: filepath.Join(t.TempDir(), "sealed.db")}
	right := masterKeyFile(t, 1)
	b.administrator = credentials(t, succeed(t, "init", "--database", b.database, "--company", "Acme", "--output", "json", "--master-key-file", right))
	succeed(t, "backup", "--database", b.database, "--to", b.backup)
	b.restore(t, "--master-key-file", masterKeyFile(t, 2)).failed(t, b.backup, "wrong one", "of its own time")
	if got := b.restore(t); got.status != 0 || !strings.Contains(got.stdout, "no master key was given to try") {
		t.Errorf("%+v", got)
	}
	if got := b.restore(t, "--master-key-file", right); got.status != 0 || strings.Contains(got.stdout, "to try") {
		t.Errorf("%+v", got)
	}
	p := serveWith(t, b.database, nil, "--master-key-file", right)
	signIn(t, client30, p.url, b.administrator)
	p.stop()
}

func TestRestoreThatIsKilledLeavesOneOfTheTwoWhole(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	seed := uint64(time.Now().UnixNano()) //#nosec G115 -- any number will do
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1)) //#nosec G404 -- moments, not secrets
	outcomes := map[string]int{}
	longest := 40 * time.Millisecond
	for range 20 {
		c := b
		c.database = copyOf(t, b.database)
		command := exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), "restore", "--database", c.database, "--from", c.backup)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		killer := time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { _ = command.Process.Kill() })
		_ = command.Wait() // killed, or done
		killer.Stop()
		if command.ProcessState.Success() {
			outcomes["done"]++
		} else {
			longest = max(longest, 2*time.Since(began)) // so that a slow machine is killed in the middle, too
		}
		got := run(t, "doctor", "--database", c.database)
		if strings.Contains(got.stdout, "problem  ") && !strings.Contains(got.stdout, "hard links") {
			t.Fatalf("a killed restore leaves a database with problems:\n%s", got.stdout)
		}
		switch names := accountNames(t, c.database); names {
		case "Administrator,before":
			outcomes["new"]++
			for _, suffix := range []string{"-wal", "-shm", "-journal"} {
				if _, err := os.Stat(c.database + suffix); err == nil {
					t.Errorf("the new database has %s of the old one", suffix)
				}
			}
		case "Administrator,before,after":
			outcomes["old"]++
		default:
			t.Errorf("a killed restore leaves %s", names)
		}
		// Trying again does it.
		if got := c.restore(t); got.status != 0 {
			t.Fatalf("%+v", got)
		}
		equal(t, "accounts", accountNames(t, c.database), "Administrator,before")
	}
	t.Logf("%v", outcomes)
	if outcomes["old"] == 0 {
		t.Error("no restore was killed in time: the test shows nothing")
	}
}

// accountNames are the accounts of a database that nobody serves.
func accountNames(t *testing.T, database string) string {
	t.Helper()
	return strings.Join(query(t, database, "SELECT name FROM service_accounts ORDER BY id"), ",")
}

func query(t *testing.T, database, statement string) (texts []string) {
	t.Helper()
	db, err := openReadOnly(database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}
