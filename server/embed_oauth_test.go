package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server"
)

// The embedded API signs for the administrator, but never for somebody who brings credentials: a wrong secret must be refused.
func TestEmbeddedOAuthEndpointsTakeTheCredentialsOfTheRequest(t *testing.T) {
	t.Parallel()
	transport, company, err := server.Embed(t.Context(), filepath.Join(t.TempDir(), "procore.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: transport}
	ask := func(method, path, kind, body string) (int, map[string]any) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://embedded.invalid"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", kind)
		if strings.HasPrefix(path, "/rest/") {
			request.Header.Set("Procore-Company-Id", company)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var answer map[string]any
		_ = json.NewDecoder(response.Body).Decode(&answer) // a revocation answers nothing
		return response.StatusCode, answer
	}
	const form = "application/x-www-form-urlencoded"
	accounts := "/rest/v2.0/companies/" + company + "/service_accounts"
	status, made := ask(http.MethodPost, accounts, "application/json", `{"name":"ci"}`)
	account, _ := made["data"].(map[string]any)
	clientID, _ := account["client_id"].(string)
	secret, _ := account["client_secret"].(string)
	if status != http.StatusCreated || secret == "" {
		t.Fatalf("create: %d", status)
	}

	credentials := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
	status, issued := ask(http.MethodPost, "/oauth/token", form, credentials.Encode())
	token, _ := issued["access_token"].(string)
	if status != http.StatusOK || token == "" {
		t.Fatalf("token: %d", status)
	}
	question := url.Values{"client_id": {clientID}, "client_secret": {secret}, "token": {token}}
	active := func() any {
		_, answer := ask(http.MethodPost, "/oauth/introspect", form, question.Encode())
		return answer["active"]
	}
	if got := active(); got != true {
		t.Errorf("the token is active: %v", got)
	}
	if status, _ := ask(http.MethodPost, "/oauth/revoke", form, question.Encode()); status != http.StatusOK || active() != false {
		t.Errorf("after the revocation, %d, the token is active: %v", status, active())
	}
	credentials.Set("client_secret", "wrong")
	if status, answer := ask(http.MethodPost, "/oauth/token", form, credentials.Encode()); status != http.StatusUnauthorized || answer["error"] != "invalid_client" {
		t.Errorf("a wrong secret: %d %v", status, answer["error"])
	}
}
