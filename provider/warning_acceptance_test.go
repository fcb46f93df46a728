package provider_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// contains fails the test unless text has every word, in whatever lines.
func contains(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in\n%s", word, text)
		}
	}
}

func TestAccWarningPlannedResetNamesTheAccountAndWhatItLoses(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := func(arguments string) string { return w.config(account(`name = "ci"`), reset(arguments)) }

	contains(t, space.warnings(config("")), "The plan resets the client secret", "clears all permissions and all project memberships")
	space.apply(config(`triggers = { a = "x" }`))
	if text := space.warnings(config(`triggers = { a = "x" }`)); strings.Contains(text, "resets") {
		t.Errorf("an unchanged reset warns:\n%s", text)
	}
	contains(t, space.warnings(config(`triggers = { a = "y" }`)), `The plan resets the client secret of service account `, `("ci")`,
		"no company permissions", "at once", "keep_access = true")
	contains(t, space.warnings(config("triggers = { a = \"y\" }\n previous_secret_ttl = \"36h\"")), "goes on working for 36h")
	if text := space.warnings(config("triggers = { a = \"y\" }\n keep_access = true")); strings.Contains(text, "resets") {
		t.Errorf("a reset that keeps access warns:\n%s", text)
	}
	contains(t, space.warnings(config(`triggers = { a = plantimestamp() == "" ? "x" : terraform_data.later.id }`)+later(1)), "The plan may reset")
}

func TestAccWarningPlannedResetListsThePermissions(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	// The administrator is the one account that has permissions from the start.
	admin := w.find("").ID
	config := w.config("resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \"" + admin + "\"\n}\n")
	contains(t, space.warnings(config), "At the moment it holds these company permissions: admin=admin, directory=admin.")
}

func TestAccWarningStaleSecretSaysWhatHappenedAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	config := w.config(account(`name = "ci"`))
	space.apply(config)
	done := w.resetElsewhere("ci")
	contains(t, space.warnings(config), "not the live one", done.SecretCreatedAt, "version 2", done.SecretFingerprint, "is not replaced",
		"procore_service_account_secret_reset")
	space.apply(config)
	if text := space.warnings(config); text != "" {
		t.Errorf("the warning is repeated when the state has no secret any more:\n%s", text)
	}

	config = w.config(account(`name = "ci"`), reset())
	space.apply(config)
	done = w.resetElsewhere("ci")
	contains(t, space.warnings(config), "not the live one", "version 4", done.SecretFingerprint, "change a value in triggers")
}

func TestAccWarningImportOfAnActiveAccountIsQuiet(t *testing.T) {
	w := newWorld(t)
	space := newWorkspace(t)
	made := w.make("ci")
	config := w.config(account(`name = "ci"`), "import {\n  to = "+accountAddress+"\n  id = \""+made.ID+"\"\n}\n")
	if text := space.warnings(config); text != "" {
		t.Errorf("importing warns:\n%s", text)
	}
	space.apply(config)
	if text := space.warnings(config); text != "" {
		t.Errorf("the plan after an import warns:\n%s", text)
	}
}

// The proxy makes an account nonfunctional in the server's own answer: nothing that this provider can do makes one so.
func TestAccWarningANonfunctionalAccountSaysWhyAndWhatToDo(t *testing.T) {
	w := newWorld(t)
	var broken atomic.Bool
	target, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(response *http.Response) error {
		body, err := io.ReadAll(response.Body)
		if broken.Load() {
			body = bytes.Replace(body, []byte(`"status":"active","status_reasons":[]`),
				[]byte(`"status":"nonfunctional","status_reasons":["contact_email_changed"]`), 1)
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		response.Header.Del("Content-Length")
		response.ContentLength = int64(len(body))
		return err
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	space := newWorkspace(t)
	config := provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = \"1\"", front.URL, w.ClientID, w.ClientSecret)) +
		account(`name = "ci"`)
	space.apply(config)
	broken.Store(true)
	contains(t, space.warnings(config), `Service account "ci" is nonfunctional`, "no access tokens", "contact_email_changed", "put the generated address back")
	space.apply(config)
	if got := space.attributes(accountAddress)["status"]; got != "nonfunctional" {
		t.Errorf("status = %v", got)
	}
}
