package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// TestMain makes the tests independent of the settings of whoever runs them, and removes the binary that they built.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "PROCORE_") || strings.HasPrefix(name, "TF_") {
			_ = os.Unsetenv(name)
		}
	}
	status := m.Run()
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	os.Exit(status)
}

// folder is where the binary is.
var folder string

// buildOnce builds the real program, the first time that a test asks for it.
var buildOnce = sync.OnceValues(func() (string, error) {
	var err error
	if folder, err = os.MkdirTemp("", "procore-binary-"); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "terraform-provider-procore")
	output, err := exec.CommandContext(context.Background(), "go", "build", "-o", path, "..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return path, nil
})

func binary(t testing.TB) string {
	t.Helper()
	path, err := buildOnce()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// result is what a subcommand left behind.
type result struct {
	status         int
	stdout, stderr string
}

var build = server.Build{Version: "1.2.3", Commit: "abc1234"}

// run runs a subcommand in this process.
func run(t testing.TB, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := server.Main(t.Context(), args, &stdout, &stderr, build)
	return result{status, stdout.String(), stderr.String()}
}

// succeed runs a subcommand that must do its work.
func succeed(t testing.TB, args ...string) string {
	t.Helper()
	got := run(t, args...)
	if got.status != 0 || got.stderr != "" {
		t.Fatalf("%v: exit status %d: %s", args, got.status, got.stderr)
	}
	return got.stdout
}

// failed fails the test unless a subcommand failed with one sentence, in which all of these words are.
func (r result) failed(t *testing.T, words ...string) {
	t.Helper()
	if r.status != 1 {
		t.Errorf("exit status %d, want 1", r.status)
	}
	if r.stdout != "" {
		t.Errorf("stdout has %q", r.stdout)
	}
	if strings.Count(r.stderr, "\n") != 1 || !strings.HasSuffix(r.stderr, "\n") {
		t.Errorf("stderr is not one line: %q", r.stderr)
	}
	for _, word := range words {
		if !strings.Contains(r.stderr, word) {
			t.Errorf("stderr doesn't mention %q: %s", word, r.stderr)
		}
	}
}

// fresh returns what names a database that isn't there yet, of the kind that the tests run on.
func fresh(t testing.TB) string {
	t.Helper()
	return storetest.New(t)
}

// freshFile returns the path of a SQLite database that isn't there yet, for a test that is about files or about what SQLite
// alone has. The test runs on SQLite only.
func freshFile(t testing.TB, why string) string {
	t.Helper()
	storetest.SQLiteOnly(t, why)
	return filepath.Join(t.TempDir(), "procore.db")
}

// initialize makes a database and returns its administrator's credentials.
func initialize(t testing.TB, database string) server.Credentials {
	t.Helper()
	return credentials(t, succeed(t, "init", "--database", database, "--company", "Acme", "--output", "json"))
}

func credentials(t testing.TB, output string) server.Credentials {
	t.Helper()
	var got server.Credentials
	if err := json.Unmarshal([]byte(output), &got); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	servertest.SecretsOf(t).Add(servertest.KindMade, got.ClientSecret)
	return got
}

// execute runs SQL on a database, for what the API can't do yet or never should.
func execute(t testing.TB, database, statement string, arguments ...any) {
	t.Helper()
	storetest.Execute(t, database, statement, arguments...)
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// openReadOnly opens a database as a stranger to it.
func openReadOnly(database string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+database+"?mode=ro&immutable=1")
}
