package server_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryFlagCanComeFromTheEnvironment(t *testing.T) {
	database, copied := freshFile(t, "it makes a backup"), filepath.Join(t.TempDir(), "copy.db")
	t.Setenv("PROCORE_DATABASE", database)
	t.Setenv("PROCORE_COMPANY", "Acme")
	t.Setenv("PROCORE_OUTPUT", "json")
	t.Setenv("PROCORE_BASE_URL", "https://accounts.example.com")
	first := credentials(t, succeed(t, "init"))
	equal(t, "base_url", first.BaseURL, "https://accounts.example.com")

	t.Setenv("PROCORE_NAME", "Beta")
	equal(t, "company_id", credentials(t, succeed(t, "company", "add")).CompanyID, "2")
	t.Setenv("PROCORE_COMPANY_ID", "2")
	equal(t, "company_id", credentials(t, succeed(t, "admin", "recover")).CompanyID, "2")
	t.Setenv("PROCORE_TO", copied)
	succeed(t, "backup")
	equal(t, "accounts of the copy", open(t, copied, first).names(t), "Administrator")
}

func TestFlagBeatsTheEnvironment(t *testing.T) {
	t.Setenv("PROCORE_DATABASE", filepath.Join(t.TempDir(), "nowhere", "other.db"))
	t.Setenv("PROCORE_OUTPUT", "json")
	t.Setenv("PROCORE_COMPANY", "Other")
	database := freshFile(t, "it makes a backup")
	output := succeed(t, "init", "--database", database, "--company", "Acme", "--output", "env")
	if !exports.MatchString(output) {
		t.Errorf("output %q", output)
	}
	run(t, "init", "--database", database).failed(t, "Acme")
}

func TestWrongValueInTheEnvironmentIsWrongUsage(t *testing.T) {
	for variable, value := range map[string]string{
		"PROCORE_LISTEN": "8080", "PROCORE_TOKEN_TTL": "soon", "PROCORE_RATE_LIMIT": "many", "PROCORE_SUNSET": "soon",
		"PROCORE_CREATION_CUTOFF": "2024", "PROCORE_LOG_FORMAT": "xml", "PROCORE_LOG_LEVEL": "loud", "PROCORE_BASE_URL": "x",
		"PROCORE_TLS_CERT": "cert.pem", "PROCORE_TLS_KEY": "key.pem", "PROCORE_BEHIND_PROXY": "perhaps",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			got := run(t, "serve", "--database", freshFile(t, "it makes a backup"))
			equal(t, "exit status", got.status, 2)
			equal(t, "stdout", got.stdout, "")
			if !strings.Contains(got.stderr, "Usage: ") {
				t.Errorf("stderr %s", got.stderr)
			}
		})
	}
}

func TestServeTakesItsSettingsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it makes a backup")
	administrator := initialize(t, database)
	p := serve(t, database, []string{
		"PROCORE_LISTEN=0.0.0.0:0", "PROCORE_BEHIND_PROXY=true", "PROCORE_LOG_FORMAT=json", "PROCORE_TOKEN_TTL=3m",
		"PROCORE_BASE_URL=https://accounts.example.com", "PROCORE_CREATION_CUTOFF=2024-10-01",
	})
	_, port, _ := net.SplitHostPort(p.address)
	admin := signIn(t, client30, "http://127.0.0.1:"+port, administrator)
	if text := admin.do(t, 409, "POST", "service_accounts", `{"name":"late"}`); !strings.Contains(text, "creation_closed") {
		t.Errorf("refused with %s", text)
	}
	if text := admin.do(t, 200, "GET", "/oauth/token/info", ""); !strings.Contains(text, `"expires_in_seconds":1`) {
		t.Errorf("a token of three minutes is %s", text)
	}
	if !strings.HasPrefix(p.log(), "{") {
		t.Errorf("the log is not JSON: %s", p.log())
	}
	p.stop()
}
