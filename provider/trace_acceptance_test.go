package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
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

// newEcho stands in front of a server. While a failure is set, it answers with that status and with all that it was sent, as the worst
// of proxies and debug pages do: in the form of the API's errors, of the token endpoint's, or as a page.
func newEcho(t *testing.T, address string) (front string, failure *atomic.Int32) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	failure = &atomic.Int32{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status := int(failure.Load())
		if status == 0 || r.URL.Path == "/oauth/token" && status != http.StatusUnauthorized {
			proxy.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		plain, _ := url.QueryUnescape(string(body))
		echo := fmt.Sprint(r.Header, " ", plain)
		w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
		format := "<html>%s</html>"
		switch {
		case r.URL.Path == "/oauth/token":
			format = `{"error":"server_error","error_description":%q}`
		case status != http.StatusBadGateway:
			format = `{"error":{"code":"ECHO","message":%[1]q,"details":[{"reason_code":%[1]q,"message":%[1]q,"source":%[1]q}]}}`
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, format, echo) //nolint:gosec // to echo is what it is for
	}))
	t.Cleanup(server.Close)
	return server.URL, failure
}

// The workspace looks for every secret in what Terraform prints, in its log at TRACE, in the state and in the plan; this test makes sure
// that there is something to find, at every turn in the life of everything.
func TestAccNoSecretIsInAnyLogOrDiagnostic(t *testing.T) {
	w := newWorld(t)
	front, failure := newEcho(t, w.URL)
	own := newClientSecret(t)
	wrong := newClientSecret(t)
	space := newWorkspace(t, "PROCORE_CLIENT_SECRET="+w.ClientSecret, "TF_VAR_own="+own, "TF_VAR_wrong="+wrong)
	secrets := map[string]string{"the provider's secret": w.ClientSecret, "the secret of the configuration's own": own}
	note := func(name, address string) { secrets[name] = space.secret(address) }

	block := func(more string) string {
		return provided(fmt.Sprintf("base_url = %q\n client_id = %q\n company_id = \"1\"\n max_retries = 0\n %s", front, w.ClientID, more)) +
			"variable \"own\" {\n  sensitive = true\n  ephemeral = true\n}\nvariable \"wrong\" {\n  sensitive = true\n}\n" +
			"data \"procore_service_accounts\" \"all\" {}\n"
	}
	const access = `
resource "procore_project" "bridge" {
  name = "Bridge"
}
resource "procore_service_account_permissions" "test" {
  service_account_id = procore_service_account.test.id
  company            = { documents = "readonly" }
}
`
	ours := "resource \"procore_service_account\" \"own\" {\n  name = \"own\"\n  client_secret_wo = var.own\n  client_secret_wo_version = 1\n}\n"
	first := block("") + account(`name = "ci"`) + ours
	space.apply(first)
	note("the secret at create", accountAddress)
	space.apply(first + reset(`triggers = { a = "x" }`) + access)
	note("the secret of the first reset", resetAddress)
	second := first + reset(`triggers = { a = "y" }`) + access
	space.write(second, "main.tf")
	space.run("plan", "-no-color", "-out=second.tfplan")
	space.run("apply", "-no-color", "second.tfplan")
	note("the secret of the second reset", resetAddress)
	last := block("") + account(`name = "ci"`, `description = "changed"`) + ours + reset(`triggers = { a = "y" }`) + access
	space.apply(last)

	fails := func(what, config string) {
		t.Helper()
		space.write(config, "main.tf")
		if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil {
			t.Errorf("%s succeeded", what)
		}
	}
	fails("taking a name", last+"resource \"procore_service_account\" \"taken\" {\n  name = \"CI\"\n  client_secret_wo = var.own\n}\n")
	fails("wrong credentials", block("client_secret = var.wrong")+account(`name = "ci"`)+ours)
	fails("a malformed secret", last+"resource \"procore_service_account\" \"bad\" {\n  name = \"bad\"\n  client_secret_wo = \"${var.own}x\"\n}\n")
	for _, status := range []int32{
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusUnprocessableEntity, http.StatusPreconditionFailed, http.StatusUnauthorized,
	} {
		failure.Store(status)
		fails(strconv.Itoa(int(status)), last)
		space.write("resource \"procore_service_account\" \"more\" {\n  name = \"more\"\n  client_secret_wo = var.own\n}\n", "more.tf")
		if _, err := space.try("apply", "-refresh=false", "-auto-approve", "-no-color", "-target=procore_service_account.more"); err == nil {
			t.Errorf("a create with %d succeeded", status)
		}
		space.write("", "more.tf")
	}
	failure.Store(0)
	space.write(last, "main.tf")
	space.run("destroy", "-auto-approve", "-no-color")

	log, err := os.ReadFile(space.trace)
	if err != nil {
		t.Fatal(err)
	}
	everything := string(log) + space.printed.String()
	// The search can only find nothing for the right reason if the log has the provider's own lines, and if it knows the secrets.
	contains(t, everything, "management API request", "/actions/reset_secret", `Unable to create service account "CI"`, "invalid_client",
		"500 ECHO", "422 ECHO", "412 ECHO", "Bad Gateway", `Unable to create service account "more"`)
	for name, secret := range secrets {
		if secret == "" || len(servertest.SecretsOf(t).Find([]byte("x"+secret))) == 0 || !slices.Contains(leaks(everything+secret, secrets), name) {
			t.Fatalf("the search would not find %s", name)
		}
	}
	if found := leaks(everything, secrets); len(found) > 0 {
		t.Errorf("logs and output hold %s", strings.Join(found, ", "))
	}
}
