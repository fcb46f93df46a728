package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// open serves a database and signs in.
func open(t *testing.T, database string, as server.Credentials, options ...servertest.Option) client {
	t.Helper()
	running := servertest.Open(t, database, options...)
	return signIn(t, running.Client, running.URL, as)
}

var exports = regexp.MustCompile(`\Aexport PROCORE_BASE_URL=http://127\.0\.0\.1:8080
export PROCORE_COMPANY_ID=1
export PROCORE_CLIENT_ID=([0-9a-f]{64})
export PROCORE_CLIENT_SECRET=(pcs_[0-9A-Za-z]{49})
\z`)

func TestInitPrintsTheCredentialsAsExports(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	output := succeed(t, "init", "--database", database, "--company", "Acme")
	match := exports.FindStringSubmatch(output)
	if match == nil {
		t.Fatalf("not the four lines: %q", output)
	}
	admin := open(t, database, server.Credentials{CompanyID: "1", ClientID: match[1], ClientSecret: match[2]})
	if got := admin.do(t, 200, "GET", "/rest/v2.0/companies/1", ""); !strings.Contains(got, `"name":"Acme"`) {
		t.Errorf("the company is %s", got)
	}
	equal(t, "permissions", admin.do(t, 200, "GET", "service_accounts/1/permissions", ""),
		`{"data":{"company":{"admin":"admin","directory":"admin"}}}`+"\n")
}

func TestInitPrintsTheCredentialsAsJSON(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	output := succeed(t, "init", "--database", database, "--company", "Acme", "--output", "json", "--base-url", "https://accounts.example.com/")
	var got map[string]string
	if err := json.Unmarshal([]byte(output), &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "number of fields", len(got), 4)
	equal(t, "base_url", got["base_url"], "https://accounts.example.com")
	equal(t, "company_id", got["company_id"], "1")
	if _, ok := store.ParseSecret(got["client_secret"]); !ok {
		t.Error("the secret is not well-formed")
	}
	open(t, database, credentials(t, output)).do(t, 200, "GET", "service_accounts", "")
}

// brokenPipe is a stdout that nobody reads.
type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCredentialsThatCannotBePrintedAreNamedAsLost(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	var stderr bytes.Buffer
	status := server.Main(t.Context(), []string{"init", "--database", database, "--company", "Acme"}, brokenPipe{}, &stderr, build)
	result{status, "", stderr.String()}.failed(t, "admin recover --company-id 1")
	recovered := credentials(t, succeed(t, "admin", "recover", "--database", database, "--company-id", "1", "--output", "json"))
	open(t, database, recovered).do(t, 200, "GET", "service_accounts", "")
}

func TestDatabaseMayHaveAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b?c#d%20é.db", ":memory:", "file:x.db?mode=ro", "it's.db", "-.db"} {
		database := filepath.Join(t.TempDir(), name)
		open(t, database, initialize(t, database)).create(t, "in "+name)
		if _, err := os.Stat(database); err != nil {
			t.Error(err)
		}
	}
}

func TestExportsSurviveAShell(t *testing.T) {
	t.Parallel()
	const address = `https://example.com/it's $HOME;"x"&y`
	script := succeed(t, "init", "--database", fresh(t), "--company", "Acme", "--base-url", address)
	got, err := exec.CommandContext(t.Context(), "sh", "-c", script+`printf %s "$PROCORE_BASE_URL"`).Output()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "PROCORE_BASE_URL", string(got), address)
}

func TestDatabaseIsReadableByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(path string) error{
		"a new file":               func(string) error { return nil },
		"an empty file of others'": func(path string) error { return os.WriteFile(path, nil, 0o644) }, //#nosec G306 -- the point of the test
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := freshFile(t, "it is about the modes of the files")
			if err := prepare(database); err != nil {
				t.Fatal(err)
			}
			admin := open(t, database, initialize(t, database))
			admin.create(t, "a write, so that there is a WAL")
			for _, suffix := range []string{"", "-wal", "-shm"} {
				equal(t, "mode of "+suffix, mode(t, database+suffix), 0o600)
			}
		})
	}
}

func TestSecondInitIsRefusedWithTheWayOnAndChangesNothing(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	first := initialize(t, database)
	run(t, "init", "--database", database, "--company", "Beta").
		failed(t, "already has a company", "Acme", "company add", "admin recover --company-id 1")

	admin := open(t, database, first)
	equal(t, "accounts", admin.names(t), "Administrator")
	admin.do(t, 404, "GET", "/rest/v2.0/companies/2", "")
}

func TestInitWithoutAFolderFailsWithOneSentence(t *testing.T) {
	t.Parallel()
	run(t, "init", "--database", filepath.Join(t.TempDir(), "nowhere", "procore.db"), "--company", "Acme").failed(t, "nowhere")
	run(t, "init", "--database", t.TempDir(), "--company", "Acme").failed(t)
}

func TestInitRefusesACompanyWithoutAName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "  ", "a\nb", strings.Repeat("x", 256)} {
		database := fresh(t)
		got := run(t, "init", "--database", database, "--company", name)
		if got.status == 0 || got.stdout != "" || !strings.Contains(got.stderr, "name") {
			t.Errorf("company %q: %+v", name, got)
		}
		if _, err := os.Lstat(database); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("company %q: left a file behind: %v", name, err)
		}
		// The next try, with a name, works.
		initialize(t, database)
	}
}

func TestCompanyAddMakesAnotherCompanyWithAnAdministrator(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	first := initialize(t, database)
	second := credentials(t, succeed(t, "company", "add", "--database", database, "--name", " Beta ", "--output", "json"))
	equal(t, "company_id", second.CompanyID, "2")
	equal(t, "base_url", second.BaseURL, "http://127.0.0.1:8080")

	beta := open(t, database, second)
	equal(t, "accounts of Beta", beta.names(t), "Administrator")
	if got := beta.do(t, 200, "GET", "/rest/v2.0/companies/2", ""); !strings.Contains(got, `"name":"Beta"`) {
		t.Errorf("the company is %s", got)
	}
	if output := succeed(t, "company", "add", "--database", database, "--name", "Gamma"); !strings.Contains(output, "export PROCORE_COMPANY_ID=3\n") {
		t.Errorf("output %q", output)
	}
	run(t, "company", "add", "--database", database, "--name", "ACME").failed(t, "company called", "id 1")
	run(t, "company", "add", "--database", database, "--name", " ").failed(t, "name")
	open(t, database, first).do(t, 200, "GET", "service_accounts", "")
}

func TestAdminRecoverLetsALockedOutCompanyInAgain(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	locked := open(t, database, initialize(t, database))
	execute(t, database, "DELETE FROM company_permissions")
	locked.do(t, 403, "GET", "service_accounts", "")

	for range 3 { // as often as it takes
		recovered := credentials(t, succeed(t, "admin", "recover", "--database", database, "--company-id", "1", "--output", "json"))
		admin := open(t, database, recovered)
		admin.create(t, "made by "+recovered.ClientID)
		admin.do(t, 200, "GET", "service_accounts/1/permissions", "")
	}
	locked.do(t, 403, "GET", "service_accounts", "")
}

func TestAdminRecoverWorksWithoutAnyAccountLeft(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	execute(t, database, "DELETE FROM service_accounts")
	recovered := credentials(t, succeed(t, "admin", "recover", "--database", database, "--company-id", "1", "--output", "json"))
	open(t, database, recovered).create(t, "back")
}

func TestAdminRecoverNeedsACompanyThatIsThere(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	run(t, "admin", "recover", "--database", database, "--company-id", "2").failed(t, "company", "2")
}

func TestGenerateSecretPrintsOneWellFormedSecret(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 20 {
		line, found := strings.CutSuffix(succeed(t, "generate-secret"), "\n")
		if _, ok := store.ParseSecret(line); !ok || !found || seen[line] {
			t.Errorf("not a new secret on a line of its own: %d characters", len(line))
		}
		seen[line] = true
	}
}

func TestVersionNamesVersionCommitAndGo(t *testing.T) {
	t.Parallel()
	output := succeed(t, "version")
	for _, word := range []string{"1.2.3", "abc1234", runtime.Version()} {
		if !strings.Contains(output, word) {
			t.Errorf("%q is not in %q", word, output)
		}
	}
	equal(t, "lines", strings.Count(output, "\n"), 1)
}
