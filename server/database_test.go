package server_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// onDatabase are the subcommands that need a database that is there.
func onDatabase(t *testing.T, database string) map[string][]string {
	t.Helper()
	return map[string][]string{
		"serve":         {"serve", "--database", database, "--listen", "127.0.0.1:0"},
		"company add":   {"company", "add", "--database", database, "--name", "Beta"},
		"admin recover": {"admin", "recover", "--database", database, "--company-id", "1"},
		"keys list":     {"keys", "list", "--database", database},
		"keys rotate":   {"keys", "rotate", "--database", database},
		"keys prune":    {"keys", "prune", "--database", database},
		"backup":        {"backup", "--database", database, "--to", filepath.Join(t.TempDir(), "copy.db")},
	}
}

func TestMissingDatabaseIsNamedWithTheWayToMakeOne(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	for _, args := range onDatabase(t, database) {
		run(t, args...).failed(t, database, "init --database")
		if _, err := os.Stat(database); err == nil {
			t.Fatalf("%v makes a database", args)
		}
	}
}

func TestDatabaseWithoutACompanyIsNoServer(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	empty, err := sqlite.Open(t.Context(), sqlite.Options{Path: database, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, onDatabase(t, database)["serve"]...).failed(t, "no company", "init")
	run(t, onDatabase(t, database)["company add"]...).failed(t, "no company", "init")
	run(t, onDatabase(t, database)["admin recover"]...).failed(t, "company")
	initialize(t, database)
}

// strangers are files that are not ours.
func strangers(t *testing.T) map[string]string {
	t.Helper()
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	execute(t, foreign, "CREATE TABLE precious (data TEXT); INSERT INTO precious VALUES ('x')")
	text := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(text, bytes.Repeat([]byte("Dear Sir or Madam\n"), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{foreign, text} {
		if err := os.Chmod(path, 0o644); err != nil { //#nosec G302 -- the point of the test
			t.Fatal(err)
		}
	}
	return map[string]string{"another program's database": foreign, "a text": text}
}

func TestFileOfOthersIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	for name, path := range strangers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			commands := onDatabase(t, path)
			commands["init"] = []string{"init", "--database", path, "--company", "Acme"}
			for command, args := range commands {
				run(t, args...).failed(t, "another file")
				after, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(before, after) {
					t.Errorf("%s changes the file", command)
				}
				equal(t, "mode after "+command, mode(t, path), 0o644)
				for _, suffix := range []string{"-wal", "-shm", "-journal"} {
					if _, err := os.Stat(path + suffix); err == nil {
						t.Errorf("%s leaves %s behind", command, suffix)
					}
				}
			}
		})
	}
}

func TestNewerDatabaseIsRefusedAndLeftAsItIs(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	administrator := initialize(t, database)
	execute(t, database, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")

	for _, name := range []string{"serve", "company add", "admin recover"} {
		run(t, onDatabase(t, database)[name]...).failed(t, "newer version", "9999")
	}
	run(t, "init", "--database", database, "--company", "Beta").failed(t, "newer version", "9999")
	execute(t, database, "DELETE FROM goose_db_version WHERE version_id = 9999")
	equal(t, "accounts", open(t, database, administrator).names(t), "Administrator")
}

func TestDamagedDatabaseFailsWithOneSentence(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	initialize(t, database)
	execute(t, database, "PRAGMA wal_checkpoint(TRUNCATE)")
	file, err := os.OpenFile(database, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, 4096), 100) // all of the schema but the header's beginning
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	run(t, onDatabase(t, database)["serve"]...).failed(t, "damaged")
}

func TestOpeningADatabaseTwiceIsFine(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	administrator := initialize(t, database)
	one, two := open(t, database, administrator), open(t, database, administrator)

	// Both serve it at once: what one writes the other sees.
	made := one.create(t, "by the first")
	two.do(t, 200, "GET", "service_accounts/"+made.ID, "")
	two.create(t, "by the second")
	equal(t, "accounts", one.names(t), "Administrator,by the first,by the second")
	one.do(t, 204, "POST", "service_accounts/"+made.ID+"/actions/revoke_tokens", "")
}

func TestOpeningANewFileAtTheSameTimeWorksForEverybody(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		database := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", round))
		const openers = 6
		results := make([]error, openers)
		var group sync.WaitGroup
		for i := range openers {
			group.Go(func() {
				opened, err := sqlite.Open(t.Context(), sqlite.Options{Path: database, Create: true})
				if err == nil {
					_, err = opened.Companies(t.Context())
					err = errors.Join(err, opened.Close())
				}
				results[i] = err
			})
		}
		group.Wait()
		if err := errors.Join(results...); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func TestInitOfTwoProcessesAtTheSameTimeMakesOneCompany(t *testing.T) {
	t.Parallel()
	for range 3 {
		database := freshFile(t, "it is about what a database file may be")
		const processes = 3
		outputs, problems := make([]bytes.Buffer, processes), make([]bytes.Buffer, processes)
		statuses := make([]int, processes)
		var group sync.WaitGroup
		for i := range processes {
			command := exec.CommandContext(t.Context(), binary(t), "init", "--database", database, "--company", "Acme", "--output", "json")
			command.Stdout, command.Stderr = &outputs[i], &problems[i]
			group.Go(func() {
				_ = command.Run() // the exit status says it
				statuses[i] = command.ProcessState.ExitCode()
			})
		}
		group.Wait()
		done := -1
		for i, status := range statuses {
			switch {
			case status == 0 && done < 0:
				done = i
			case status != 1 || !strings.Contains(problems[i].String(), "already has a company"):
				t.Errorf("exit status %d: %s", status, &problems[i])
			}
		}
		if done < 0 {
			t.Fatal("nobody made the company")
		}
		equal(t, "accounts", open(t, database, credentials(t, outputs[done].String())).names(t), "Administrator")
	}
}

func TestNewDatabaseIsWholeAndKeepsAWriteAheadLog(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it is about what a database file may be")
	initialize(t, database)
	db, err := sql.Open("sqlite", "file:"+database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for pragma, want := range map[string]string{"journal_mode": "wal", "integrity_check": "ok"} {
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil {
			t.Fatal(err)
		}
		equal(t, pragma, got, want)
	}
}
