package provider_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// fails fails the test unless export failed with one sentence in which all of these words are, and printed nothing.
func (e exported) fails(t *testing.T, words ...string) {
	t.Helper()
	e.stderr = progressNote.ReplaceAllString(e.stderr, "")
	if e.status != 1 || e.stdout != "" || strings.Count(e.stderr, "\n") != 1 || !strings.HasPrefix(e.stderr, "terraform-provider-procore: ") {
		t.Errorf("exit status %d, stdout %q, stderr %q", e.status, e.stdout, e.stderr)
	}
	contains(t, e.stderr, words...)
}

func TestExportOfASmallCompanyReadsAsAPersonWouldWriteIt(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	app := "Field Reporter"
	number := "2026-014"
	bridge := w.makeProject("Harbor bridge")
	if _, err := w.api.CreateProject(t.Context(), w.CompanyID, client.NewProject{Name: "Old dam", ProjectNumber: &number}); err != nil {
		t.Fatal(err)
	}
	exporter := w.makeOf(client.NewServiceAccount{Name: "CI exporter", AppType: "custom", Description: "Exports daily logs.\nEvery night: ${date}.", DeletionProtection: true})
	w.makeOf(client.NewServiceAccount{Name: "ci-exporter", AppType: "marketplace", MarketplaceApp: &app, AddToNewProjects: true})
	w.grant(exporter.ID, map[string]string{"reports": "readonly", "documents": "standard"})
	w.assign(exporter.ID, bridge.ID, map[string]string{"daily_log": "standard"})
	want, err := os.ReadFile("testdata/export.tf")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the same bytes, however often
		if got := w.export(nil).succeeds(t); got != string(want) {
			t.Fatalf("export printed\n%s", got)
		}
	}
}

func TestExportTakesEverySettingFromFlagsOrTheEnvironment(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	want := w.export(nil).succeeds(t)
	command := w.exportCommand("--base-url", w.URL+"/", "--company-id", w.CompanyID, "--max-retries", "0", "--request-timeout", "1m")
	command.Env = []string{
		"PROCORE_CLIENT_ID=" + w.ClientID, "PROCORE_CLIENT_SECRET=" + w.ClientSecret,
		"PROCORE_BASE_URL=http://127.0.0.1:1", "PROCORE_COMPANY_ID=7", "PROCORE_OUTPUT_DIR=",
	}
	if got := w.finished(command).succeeds(t); got != want {
		t.Errorf("with flags export printed\n%s\nwant\n%s", got, want)
	}
	dir := filepath.Join(t.TempDir(), "a", "live")
	contains(t, w.export(nil, "PROCORE_OUTPUT_DIR="+dir).succeeds(t), "Wrote 4 files to "+dir, "2 to import")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Errorf("%d files: %v", len(files), err)
	}
}

func TestExportRefusesWrongUsageBeforeItAsksAnything(t *testing.T) {
	t.Parallel()
	w := &world{Server: &servertest.Server{URL: "http://127.0.0.1:1", CompanyID: "1", ClientID: "id", ClientSecret: "secret"}, t: t}
	for name, test := range map[string]struct {
		arguments, variables []string
		word                 string
	}{
		"stray argument":            {[]string{"extra"}, nil, "extra"},
		"unknown flag":              {[]string{"--nope"}, nil, "--nope"},
		"a secret as a flag":        {[]string{"--client-secret", "x"}, nil, "--client-secret"},
		"no address":                {nil, []string{"PROCORE_BASE_URL="}, "missing flags: --base-url"},
		"two sources":               {[]string{"--base-url", "https://example.com", "--database", "procore.db"}, nil, "exclude each other"},
		"an address that is none":   {[]string{"--base-url", "example.com"}, nil, "--base-url"},
		"plain http elsewhere":      {[]string{"--base-url", "http://example.com"}, nil, "--allow-insecure-http"},
		"no client ID":              {nil, []string{"PROCORE_CLIENT_ID="}, "PROCORE_CLIENT_ID"},
		"no client secret":          {nil, []string{"PROCORE_CLIENT_SECRET="}, "PROCORE_CLIENT_SECRET"},
		"a company that is no id":   {nil, []string{"PROCORE_COMPANY_ID=Acme"}, "--company-id"},
		"company zero":              {[]string{"--company-id", "0"}, nil, "--company-id"},
		"retries that are no count": {nil, []string{"PROCORE_MAX_RETRIES=many"}, "many"},
		"negative retries":          {[]string{"--max-retries=-1"}, nil, "--max-retries"},
		"endless retries":           {[]string{"--max-retries=101"}, nil, "--max-retries"},
		"no time":                   {[]string{"--request-timeout", "0s"}, nil, "--request-timeout"},
		"no certificates":           {[]string{"--ca-certificate-file", "nowhere.pem"}, nil, "--ca-certificate-file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := w.export(test.arguments, test.variables...)
			first, rest, _ := strings.Cut(got.stderr, "\n")
			if got.status != 2 || got.stdout != "" || !strings.HasPrefix(first, "terraform-provider-procore: ") || !strings.Contains(rest, "Usage: ") {
				t.Errorf("exit status %d, stdout %q, stderr %s", got.status, got.stdout, got.stderr)
			}
			contains(t, first, test.word)
		})
	}
}

func TestExportIsInTheHelpAndExplainsItself(t *testing.T) {
	t.Parallel()
	w := &world{Server: &servertest.Server{}, t: t}
	help := w.export([]string{"--help"}).succeeds(t)
	contains(t, help, "PROCORE_CLIENT_ID", "PROCORE_CLIENT_SECRET", "terraform plan")
	for flag := range strings.FieldsSeq("base-url database company-id output-dir ca-certificate-file allow-insecure-http max-retries request-timeout") {
		contains(t, strings.Join(strings.Fields(help), " "), "--"+flag, "($PROCORE_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))+")")
	}
	command := w.exportCommand()
	command.Args = command.Args[:1]
	contains(t, w.finished(command).succeeds(t), "\n  export  ", "\n  serve  ")
}

func TestExportOverwritesNoFile(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	dir := t.TempDir()
	mine := filepath.Join(dir, "service_accounts.tf")
	if err := os.WriteFile(mine, []byte("# mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.export([]string{"--output-dir", dir}).fails(t, mine, "overwrites nothing", "--output-dir")
	files, err := os.ReadDir(dir)
	text, _ := os.ReadFile(mine) // compared below
	if err != nil || len(files) != 1 || string(text) != "# mine\n" {
		t.Errorf("%d files, mine says %q: %v", len(files), text, err)
	}
	w.export([]string{"--output-dir", mine}).fails(t, mine)
}

func TestExportThatFailsWritesNothingAndSaysWhy(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	made := w.make("ci exporter")
	limited := func(levels map[string]string) *world {
		w.grant(made.ID, levels)
		as := *w.Server
		as.ClientID, as.ClientSecret = made.ClientID, made.ClientSecret
		return &world{Server: &as, t: t}
	}
	dir := filepath.Join(t.TempDir(), "live")
	arguments := []string{"--output-dir", dir, "--max-retries", "0"}

	limited(map[string]string{}).export(arguments).fails(t, "unable to read the service accounts of company 1", "403", "PROCORE_CLIENT_ID", "company's Admin tool")
	limited(map[string]string{"admin": "admin"}).export(arguments).fails(t, "permissions and project memberships", "403", "company's Directory tool")
	w.otherCompany().export(arguments).fails(t, "another company than 1", "--company-id")
	wrong := *w.Server
	wrong.ClientSecret = newClientSecret(t)
	servertest.SecretsOf(t).Add(servertest.KindPresented, wrong.ClientSecret)
	(&world{Server: &wrong, t: t}).export(arguments).fails(t, "invalid_client", "PROCORE_CLIENT_SECRET")

	proxy := newFaultProxy(t, w.URL)
	proxy.arm("GET .*/projects", 1, status(http.StatusInternalServerError, ""))
	proxy.behind(w).export(arguments).fails(t, "unable to read the projects of company 1", "500", "Nothing was written")
	proxy.arm("GET .*/project_assignments", 1, pageAfter(http.StatusBadGateway))
	proxy.behind(w).export(arguments).fails(t, "unable to read the permissions and project memberships of service account", "502", proxy.URL)
	proxy.Close()
	proxy.behind(w).export(arguments).fails(t, "Check that the management API runs at "+proxy.URL)
	if _, err := os.Lstat(dir); err == nil {
		t.Error("a failed export left a folder")
	}
}

func TestExportTriesAgainAndSaysSo(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	want := w.export(nil).succeeds(t)
	proxy := newFaultProxy(t, w.URL)
	fault := proxy.arm("GET .*/permissions", 2, status(http.StatusServiceUnavailable, "1"))
	got := proxy.behind(w).export(nil)
	if got.status != 0 || got.stdout != want || proxy.count(fault) != 2 {
		t.Errorf("exit status %d after %d refusals: %s", got.status, proxy.count(fault), got.stdout)
	}
	contains(t, got.stderr, "Attempt 1 of 5", "Attempt 2 of 5")
}

// A URL of a database may hold a password, and export reads files only.
func TestExportRefusesADatabaseThatIsNoFileWithoutRepeatingIt(t *testing.T) {
	got := newWorldWithoutTerraform(t).export([]string{"--database", "postgres://me:hunter2@db.example/procore"}, "PROCORE_COMPANY_ID=")
	if got.status == 0 || !strings.Contains(got.stderr, "SQLite") || strings.Contains(got.stderr+got.stdout, "hunter2") {
		t.Errorf("%+v", got)
	}
}

// A flag for a database beats the variables for a server, and those beat the variable for a database, as in the provider.
func TestExportReadsAnEmbeddedDatabase(t *testing.T) {
	storetest.SQLiteOnly(t, "an embedded database is a file")
	w := newWorldWithoutTerraform(t)
	withServer := w.export(nil, "PROCORE_DATABASE=nowhere.db").succeeds(t)
	want := strings.NewReplacer(
		"# export signed in as this account. If Terraform does, too, destroying it or resetting its secret locks Terraform out.\n", "",
		"# export signed in as this account. If Terraform does, too, taking admin away from it locks Terraform out.\n", "",
	).Replace(withServer)
	if got := w.export([]string{"--database", w.Database}, "PROCORE_COMPANY_ID=").succeeds(t); got != want {
		t.Errorf("with a database export printed\n%s\nwant\n%s", got, want)
	}
	if got := w.export(nil, "PROCORE_BASE_URL=", "PROCORE_DATABASE="+w.Database).succeeds(t); got != want {
		t.Errorf("with PROCORE_DATABASE export printed\n%s\nwant\n%s", got, want)
	}
	missing := filepath.Join(t.TempDir(), "new.db")
	w.export([]string{"--database", missing}).fails(t, "nothing to export", missing)
	if _, err := os.Lstat(missing); err == nil {
		t.Error("export made a database")
	}
	w.export([]string{"--database", w.Database, "--company-id", "7"}).fails(t, w.Database, "--company-id")
	addCompany(t, w.Database, "Beta")
	w.export([]string{"--database", w.Database}, "PROCORE_COMPANY_ID=").fails(t, "several companies", "1 (Acme)", "2 (Beta)")
}

func TestExportLeavesOutWhatIsDeletedMeanwhile(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	w.make("stays")
	project := w.makeProject("Harbor bridge")
	gone := w.make("goes")
	admin := w.find("Administrator")
	w.assign(admin.ID, project.ID, map[string]string{})
	proxy := newFaultProxy(t, w.URL)
	proxy.arm("GET .*/service_accounts/"+gone.ID+"/permissions", 1, meanwhile(func() { w.remove("goes") }))
	proxy.arm("GET .*/projects", 1, meanwhile(func() {
		if err := w.api.DeleteProject(t.Context(), w.CompanyID, project.ID); err != nil {
			t.Error(err)
		}
	}))
	got := proxy.behind(w).export(nil)
	if got.status != 0 {
		t.Fatal(got.stderr)
	}
	contains(t, got.stdout, "3 to import", `"stays"`)
	lacks(t, got.stdout, "goes", "bridge", "membership")
	contains(t, got.stderr, "Service account "+gone.ID+" was deleted while it was read", "Project "+project.ID+" was deleted")
}

func TestExportStopsAtCtrlC(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	proxy := newFaultProxy(t, w.URL)
	dir := filepath.Join(t.TempDir(), "live")
	command := proxy.behind(w).exportCommand("--output-dir", dir)
	running := make(chan struct{})
	proxy.arm("GET .*/permissions", 1, func(_ http.ResponseWriter, r *http.Request, _ func() *answer) {
		<-running // the process is known, and not only asking already
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		<-r.Context().Done()
	})
	began := time.Now()
	w.finished(command, func() { close(running) }).fails(t, "interrupted; nothing was written")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if _, err := os.Lstat(dir); err == nil {
		t.Error("an interrupted export left a folder")
	}
}

func TestExportSaysHowFarItIsWhenItTakesLong(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	w.make("ci exporter")
	proxy := newFaultProxy(t, w.URL)
	proxy.arm("GET .*/service_accounts/2/permissions", 1, meanwhile(func() { time.Sleep(6 * time.Second) }))
	got := proxy.behind(w).export(nil)
	if said, _, _ := strings.Cut(got.stderr, "\n"); got.status != 0 || said != "1 of 2 service accounts read." {
		t.Errorf("exit status %d: %s", got.status, got.stderr)
	}
}

// Many accounts take several pages and many requests side by side.
func TestExportOfManyAccountsHasEachOnce(t *testing.T) {
	w := newWorldWithoutTerraform(t)
	const accounts = 1100
	project := w.makeProject("Harbor bridge")
	for i := range accounts {
		made := w.make("exporter " + strings.Repeat("i", i%7) + " " + time.Unix(int64(i), 0).UTC().Format("150405"))
		if i%100 == 0 {
			w.assign(made.ID, project.ID, map[string]string{"daily_log": "standard"})
		}
	}
	began := time.Now()
	got := w.export(nil)
	t.Logf("%d accounts took %s", accounts, time.Since(began).Round(time.Millisecond))
	if got.status != 0 {
		t.Fatal(got.stderr)
	}
	if count := strings.Count(got.stdout, `resource "procore_service_account" `); count != accounts+1 {
		t.Errorf("%d accounts, want %d", count, accounts+1)
	}
	if count := strings.Count(got.stdout, `resource "procore_project_membership" `); count != accounts/100 {
		t.Errorf("%d memberships", count)
	}
}

func TestExportNeverRepeatsASecretThatIsInTheWrongPlace(t *testing.T) {
	t.Parallel()
	w := &world{Server: &servertest.Server{URL: "http://127.0.0.1:1", CompanyID: "1", ClientID: "id", ClientSecret: "secret"}, t: t}
	secret := newClientSecret(t)
	servertest.SecretsOf(t).Add(servertest.KindPresented, secret) // in what any export prints, it fails the test
	for _, arguments := range [][]string{
		{secret},
		{"--" + secret},
		{"--company-id", secret},
		{"--max-retries", secret},
		{"--request-timeout", secret},
		{"--database", secret},
		{"--ca-certificate-file", secret},
		{"--base-url", "http://127.0.0.1:1/" + secret, "--max-retries", "0"},
	} {
		if got := w.export(arguments); got.status == 0 || got.stderr == "" {
			t.Errorf("exit status %d, and stderr %q", got.status, got.stderr)
		}
	}
	for _, variable := range []string{"COMPANY_ID", "MAX_RETRIES", "REQUEST_TIMEOUT", "BASE_URL", "CA_CERTIFICATE_FILE"} {
		if got := w.export(nil, "PROCORE_"+variable+"="+secret); got.status == 0 || got.stderr == "" {
			t.Errorf("%s: exit status %d, and stderr %q", variable, got.status, got.stderr)
		}
	}
}
