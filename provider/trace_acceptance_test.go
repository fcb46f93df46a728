package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bearerToken finds a signed access token: a JWT's three parts.
var bearerToken = regexp.MustCompile(`eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}`)

// leaks returns the names of the secrets that text holds.
func leaks(text string, secrets map[string]string) []string {
	var found []string
	for name, secret := range secrets {
		if strings.Contains(text, secret) {
			found = append(found, name)
		}
	}
	if bearerToken.MatchString(text) {
		found = append(found, "an access token")
	}
	slices.Sort(found)
	return found
}

func TestAccNoSecretIsInAnyLogOrDiagnostic(t *testing.T) {
	w := newWorld(t)
	logFile := filepath.Join(t.TempDir(), "trace.log")
	own := newClientSecret(t)
	space := newWorkspace(t, "TF_LOG=TRACE", "TF_LOG_PATH="+logFile, "PROCORE_CLIENT_SECRET="+w.ClientSecret, "TF_VAR_own="+own,
		"TF_VAR_wrong="+newClientSecret(t))
	secrets := map[string]string{"the provider's secret": w.ClientSecret, "the secret of the configuration's own": own}
	note := func(name, address string) { secrets[name] = space.secret(address) }

	block := func(more string) string {
		return provided(fmt.Sprintf("base_url = %q\n client_id = %q\n company_id = \"1\"\n max_retries = 0\n %s", w.URL, w.ClientID, more)) +
			"variable \"own\" {\n  sensitive = true\n  ephemeral = true\n}\nvariable \"wrong\" {\n  sensitive = true\n}\n" +
			"data \"procore_service_accounts\" \"all\" {}\n"
	}
	ours := "resource \"procore_service_account\" \"own\" {\n  name = \"own\"\n  client_secret_wo = var.own\n  client_secret_wo_version = 1\n}\n"
	first := block("") + account(`name = "ci"`) + ours
	space.apply(first)
	note("the secret at create", accountAddress)
	space.apply(first + reset(`triggers = { a = "x" }`))
	note("the secret of the first reset", resetAddress)
	space.apply(first + reset(`triggers = { a = "y" }`))
	note("the secret of the second reset", resetAddress)
	space.apply(block("") + account(`name = "ci"`, `description = "changed"`) + ours + reset(`triggers = { a = "y" }`))

	fails := func(what, config string) {
		t.Helper()
		space.write(config, "main.tf")
		if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil {
			t.Errorf("%s succeeded", what)
		}
	}
	fails("taking a name", first+reset(`triggers = { a = "y" }`)+"resource \"procore_service_account\" \"taken\" {\n  name = \"CI\"\n  client_secret_wo = var.own\n}\n")
	fails("wrong credentials", block("client_secret = var.wrong")+account(`name = "ci"`)+ours)
	fails("a malformed secret", first+"resource \"procore_service_account\" \"bad\" {\n  name = \"bad\"\n  client_secret_wo = \"${var.own}x\"\n}\n")
	space.write(first, "main.tf")
	space.run("destroy", "-auto-approve", "-no-color")

	log, err := os.ReadFile(logFile)
	if err != nil {
		t.Fatal(err)
	}
	everything := string(log) + space.printed.String()
	// The search can only find nothing for the right reason if the log has the provider's own lines.
	contains(t, everything, "management API request", "/actions/reset_secret", `Unable to create service account "CI"`, "invalid_client")
	for name, secret := range secrets {
		if secret == "" || !slices.Contains(leaks(everything+secret, secrets), name) {
			t.Fatalf("the search would not find %s", name)
		}
	}
	if found := leaks(everything, secrets); len(found) > 0 {
		for line := range strings.Lines(everything) {
			if len(leaks(line, secrets)) > 0 {
				t.Logf("%.300s", line)
			}
		}
		t.Errorf("logs and output hold %s", strings.Join(found, ", "))
	}
}
