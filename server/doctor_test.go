package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

type finding struct {
	Check, Status, Message string
	NextStep               *string `json:"next_step"`
}

// doctor runs 'doctor' in a process of its own, and fails the test unless the database and all beside it stay as they are.
// The server of a live database goes on writing, so that there the caller has to see to it.
func doctor(t *testing.T, database string, flags ...string) (map[string]finding, result) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary(t), append([]string{"doctor", "--database", database, "--output", "json"}, flags...)...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	_ = command.Run() // the exit status says it
	got := result{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	var list []finding
	if err := json.Unmarshal(stdout.Bytes(), &list); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	findings := map[string]finding{}
	worst := 0
	for _, one := range list {
		if findings[one.Check].Check != "" {
			t.Errorf("the check %s is there twice", one.Check)
		}
		findings[one.Check] = one
		if one.Message == "" || one.NextStep == nil || (one.Status != "ok") && *one.NextStep == "" {
			t.Errorf("the finding is not whole: %+v", one)
		}
		if one.Status == "problem" {
			worst = 1
		}
	}
	equal(t, "exit status", got.status, worst)
	return findings, got
}

// untouched runs doctor, and fails the test when it changed something.
func untouched(t *testing.T, database string, flags ...string) map[string]finding {
	t.Helper()
	before := folderOf(t, database)
	findings, _ := doctor(t, database, flags...)
	wantSameFolder(t, database, before)
	return findings
}

// found lists the checks that are not ok.
func found(findings map[string]finding, status string) (checks []string) {
	for name, one := range findings {
		if one.Status == status {
			checks = append(checks, name)
		}
	}
	return checks
}

func wantSound(t *testing.T, findings map[string]finding) {
	t.Helper()
	for name, one := range findings {
		if one.Status != "ok" {
			t.Errorf("%s: %+v", name, one)
		}
	}
	if len(findings) < 20 {
		t.Errorf("%d checks only", len(findings))
	}
}

func TestDoctorFindsASoundDatabaseSound(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	wantSound(t, untouched(t, b.database))
	wantSound(t, untouched(t, b.backup)) // a backup is a database, too
	if output := succeed(t, "doctor", "--database", b.database); strings.Count(output, "\n") != strings.Count(output, "ok  ") {
		t.Errorf("the text is %s", output)
	}
	sealed, file := freshFile(t, "it damages a file in every way that the doctor knows"), masterKeyFile(t, 1)
	succeed(t, "init", "--database", sealed, "--company", "Acme", "--master-key-file", file)
	wantSound(t, untouched(t, sealed, "--master-key-file", file))
}

func TestDoctorLooksAtALiveDatabaseWithoutTakingPart(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it damages a file in every way that the doctor knows")
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	admin.create(t, "in the log")
	read := func(suffix string) []byte {
		content, err := os.ReadFile(database + suffix)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	// The time of the last token is written behind: after that the server writes nothing by itself.
	comesTrue(t, "the last token being noted", func() bool {
		return !strings.Contains(admin.do(t, 200, "GET", "me", ""), `"last_token_at":null`)
	})
	before := map[string][]byte{"": read(""), "-wal": read("-wal"), "-shm": read("-shm")}
	findings, _ := doctor(t, database)
	wantSound(t, findings)
	for suffix, content := range before {
		if !bytes.Equal(read(suffix), content) {
			t.Errorf("%q was changed", suffix)
		}
	}
	if !strings.Contains(findings["in_use"].Message, fmt.Sprintf("Process %d", p.command.Process.Pid)) {
		t.Errorf("it doesn't say who uses the database: %s", findings["in_use"].Message)
	}
	if !strings.Contains(findings["size"].Message, "Accounts: 2,") {
		t.Errorf("it doesn't see what is in the log: %s", findings["size"].Message)
	}

	// And so after the server was killed, with the log still there.
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	findings = untouched(t, database)
	wantSound(t, findings)
	if !strings.Contains(findings["size"].Message, "Accounts: 2,") {
		t.Errorf("it doesn't see what is in the log of a dead server: %s", findings["size"].Message)
	}
	// And where the files were copied without the shared memory.
	if err := os.Remove(database + "-shm"); err != nil {
		t.Fatal(err)
	}
	findings = untouched(t, database)
	wantSound(t, findings)
	if !strings.Contains(findings["size"].Message, "Accounts: 2,") {
		t.Errorf("it doesn't see what is in the log alone: %s", findings["size"].Message)
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	statements := func(list ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			execute(t, path, "PRAGMA foreign_keys = OFF; "+strings.Join(list, "; "))
		}
	}
	future := time.Now().Add(24 * time.Hour).UnixMicro()
	for name, test := range map[string]struct {
		change        func(*testing.T, string)
		check, status string
		words         string
	}{
		"another's rights": {func(t *testing.T, path string) { t.Helper(); _ = os.Chmod(path, 0o644) }, "permissions", "problem", "0644"}, //#nosec G302 -- the point of the test
		"the log's rights": {func(t *testing.T, path string) { t.Helper(); _ = os.WriteFile(path+"-wal", nil, 0o640) }, "permissions", "problem", "-wal (0640)"},
		"a second name":    {func(t *testing.T, path string) { t.Helper(); _ = os.Link(path, path+".link") }, "names", "problem", "2 names"},
		"a killed restore": {func(t *testing.T, path string) {
			t.Helper()
			_ = os.WriteFile(filepath.Join(filepath.Dir(path), ".restore-1"), nil, 0o600)
		}, "leftovers", "warning", ".restore-1"},
		"a log that only grows": {func(t *testing.T, path string) {
			t.Helper()
			_ = os.WriteFile(path+"-wal", nil, 0o600)
			_ = os.Truncate(path+"-wal", 65<<20)
		}, "log", "warning", "65 MB"},
		"a newer schema":            {statements("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"), "schema_version", "problem", "9999"},
		"no schema version":         {statements("DROP TABLE goose_db_version"), "schema_version", "problem", "can't be read"},
		"a dropped trigger":         {statements("DROP TRIGGER audit_events_are_not_deleted"), "audit_triggers", "problem", "audit_events_are_not_deleted is missing"},
		"a trigger without teeth":   {statements("DROP TRIGGER audit_events_are_not_edited", "CREATE TRIGGER audit_events_are_not_edited BEFORE UPDATE ON audit_events BEGIN SELECT 1; END"), "audit_triggers", "problem", "was changed"},
		"a dropped index":           {statements("DROP INDEX service_accounts_by_company"), "schema", "problem", "service_accounts_by_company is missing"},
		"a trigger of a stranger":   {statements("CREATE TRIGGER t AFTER UPDATE ON service_accounts BEGIN SELECT 1; END"), "schema", "problem", "trigger t was added"},
		"a dangling row":            {statements("INSERT INTO company_permissions (service_account_id, tool, level) VALUES (99, 'documents', 'admin')"), "references", "problem", "company_permissions"},
		"no company":                {statements("DELETE FROM companies"), "companies", "problem", "no company"},
		"a contact that is gone":    {statements("DELETE FROM contacts WHERE service_account_id = 2"), "contacts", "problem", ": 2."},
		"a contact that is not":     {statements("UPDATE contacts SET active = 0 WHERE service_account_id = 3"), "contacts", "problem", ": 3."},
		"half a digest":             {statements("UPDATE service_accounts SET secret_digest = x'0102' WHERE id = 2"), "secrets", "problem", ": 2."},
		"a digest that is a text":   {statements("UPDATE service_accounts SET secret_digest = '0123456789abcdef0123456789abcdef' WHERE id = 2"), "secrets", "problem", ": 2."},
		"a secret without an end":   {statements("UPDATE service_accounts SET previous_secret_digest = secret_digest WHERE id = 3"), "secrets", "problem", ": 3."},
		"no administrator":          {statements("DELETE FROM company_permissions"), "administrators", "problem", ": 1."},
		"a broken administrator":    {statements("UPDATE contacts SET email_address = 'x@example.com' WHERE service_account_id = 1"), "administrators", "problem", ": 1."},
		"a broken account":          {statements("UPDATE contacts SET email_address = 'x@example.com' WHERE service_account_id = 2"), "nonfunctional_accounts", "warning", ": 2."},
		"a counter that is behind":  {statements("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'service_accounts'"), "ids", "problem", "service_accounts"},
		"a time to come":            {statements(fmt.Sprintf("UPDATE service_accounts SET created_at = %d WHERE id = 2", future)), "clock", "warning", "service_accounts.created_at"},
		"a token to come":           {statements(fmt.Sprintf("UPDATE service_accounts SET last_token_at = %d WHERE id = 2", future)), "clock", "warning", "last_token_at"},
		"no signing key":            {statements("DELETE FROM signing_keys"), "signing_keys", "problem", "no signing key"},
		"a damaged signing key":     {statements("UPDATE signing_keys SET private_key = x'00'"), "signing_keys", "problem", "damaged"},
		"another algorithm":         {statements("UPDATE signing_keys SET algorithm = 'RS256'"), "signing_keys", "problem", "does not fit"},
		"a key that signs too late": {statements(fmt.Sprintf("UPDATE signing_keys SET sign_after = %d", future)), "signing", "warning", "signs since"},
		"a text in its place": {func(t *testing.T, path string) {
			t.Helper()
			_ = os.WriteFile(path, bytes.Repeat([]byte("Dear Sir "), 50), 0o600)
		}, "file", "problem", "SQLite"},
		"nothing in its place":     {func(t *testing.T, path string) { t.Helper(); _ = os.Remove(path) }, "file", "problem", "no file"},
		"an empty file":            {func(t *testing.T, path string) { t.Helper(); _ = os.Truncate(path, 0) }, "file", "problem", "too short"},
		"a folder":                 {func(t *testing.T, path string) { t.Helper(); _ = os.Remove(path); _ = os.Mkdir(path, 0o700) }, "file", "problem", "regular"},
		"another's application id": {statements("PRAGMA application_id = 1"), "file", "problem", "another program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := copyOf(t, b.database)
			test.change(t, path)
			var findings map[string]finding
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				findings = untouched(t, path)
			} else {
				findings, _ = doctor(t, path)
			}
			if got := findings[test.check]; got.Status != test.status || !strings.Contains(got.Message, test.words) {
				t.Errorf("%s is %+v; the problems are %v, the warnings %v", test.check, got, found(findings, "problem"), found(findings, "warning"))
			}
		})
	}
}

func TestDoctorFindsDamageOnEveryPageAndAtEveryLength(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	const page = 4096
	content := folderOf(t, b.database)[filepath.Base(b.database)]
	for number := 2; number <= len(content)/page; number++ {
		path := copyOf(t, b.database)
		spoil(t, path, int64(number-1)*page, bytes.Repeat([]byte{0xa5}, page))
		findings := untouched(t, path)
		if findings["integrity"].Status != "problem" {
			t.Errorf("page %d of %d can be damaged without being noticed", number, len(content)/page)
		}
	}
	for _, length := range []int{150, page - 1, page, page + 1, len(content) / 2, len(content) - page, len(content) - 1} {
		path := copyOf(t, b.database)
		if err := os.Truncate(path, int64(length)); err != nil {
			t.Fatal(err)
		}
		findings := untouched(t, path)
		if len(found(findings, "problem")) == 0 {
			t.Errorf("a file cut at %d of %d bytes is found sound", length, len(content))
		}
	}
	for _, offset := range []int64{16, 40, 100, 105} { // page size, schema cookie, the schema's own page
		path := copyOf(t, b.database)
		spoil(t, path, offset, bytes.Repeat([]byte{0xff}, 8))
		untouched(t, path) // whatever it finds, it says it in JSON and changes nothing
	}
}

func TestDoctorFindsAFolderThatCanNotBeWritten(t *testing.T) {
	t.Parallel()
	b := backUp(t)
	path, program := copyOf(t, b.database), copyOf(t, binary(t))
	command := exec.CommandContext(t.Context(), program, "doctor", "--database", path)
	shared := filepath.Dir(filepath.Dir(path)) // of all of this test's folders
	for _, name := range []string{program, filepath.Dir(program), filepath.Dir(path), shared} {
		if err := os.Chmod(name, 0o755); err != nil { //#nosec G302 -- the point of the test
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(path), 0o555); err != nil { //#nosec G302 -- the point of the test
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) }) //#nosec G302 -- a folder
	if os.Getuid() == 0 {                                         // who may write everywhere
		const nobody = 65534
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	output, err := command.Output()
	if err == nil || !strings.Contains(string(output), "problem  folder: "+filepath.Dir(path)+" can't be written") {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestDoctorTriesTheMasterKey(t *testing.T) {
	t.Parallel()
	database, right := freshFile(t, "it damages a file in every way that the doctor knows"), masterKeyFile(t, 1)
	succeed(t, "init", "--database", database, "--company", "Acme", "--master-key-file", right)
	for name, test := range map[string]struct {
		flags                     []string
		check, status, otherCheck string
	}{
		"none":    {nil, "master_key", "warning", "ok"},
		"wrong":   {[]string{"--master-key-file", masterKeyFile(t, 2)}, "signing_keys", "problem", "problem"},
		"right":   {[]string{"--master-key-file", right}, "master_key", "ok", "ok"},
		"missing": {[]string{"--master-key-file", right + ".missing"}, "master_key", "problem", ""},
	} {
		findings := untouched(t, database, test.flags...)
		if got := findings[test.check]; got.Status != test.status {
			t.Errorf("%s: %+v", name, got)
		}
		equal(t, "signing_keys with "+name, findings["signing_keys"].Status, test.otherCheck)
	}
	execute(t, database, "UPDATE signing_keys SET private_key = zeroblob(200)")
	if got := untouched(t, database, "--master-key-file", right)["signing_keys"]; got.Status != "problem" || !strings.Contains(got.Message, "damaged") {
		t.Errorf("a damaged seal is %+v", got)
	}
	plain := freshFile(t, "it damages a file in every way that the doctor knows")
	initialize(t, plain)
	if got := untouched(t, plain, "--master-key-file", right)["master_key"]; got.Status != "warning" {
		t.Errorf("plain keys with a master key are %+v", got)
	}
}
