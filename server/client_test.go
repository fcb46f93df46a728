package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// client speaks to a server as one account.
type client struct {
	url, company, token string
	http                *http.Client
}

// account is what these tests ask of a service account.
type account struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	ClientID      string   `json:"client_id"`
	ClientSecret  string   `json:"client_secret"`
	Status        string   `json:"status"`
	StatusReasons []string `json:"status_reasons"`
}

// request sends a request and returns the status and the body. A path without a slash in front is below the company.
func (c client) request(ctx context.Context, method, path, body string) (int, string, error) {
	got, err := c.ask(ctx, method, path, body, nil)
	return got.status, got.text, err
}

// reply is an answer with its headers.
type reply struct {
	status int
	header http.Header
	text   string
}

// ask is request with headers, of the request and of the answer.
func (c client) ask(ctx context.Context, method, path, body string, header map[string]string) (reply, error) {
	if !strings.HasPrefix(path, "/") {
		path = "/rest/v2.0/companies/" + c.company + "/" + path
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if strings.HasPrefix(body, "grant_type=") {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(text)}, err
}

// do is request for a test that ends unless the status is this one.
func (c client) do(t testing.TB, status int, method, path, body string) string {
	t.Helper()
	got, text, err := c.request(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	if got != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, text)
	}
	return text
}

func tokenForm(clientID, secret string) string {
	return "grant_type=client_credentials&" + url.Values{"client_id": {clientID}, "client_secret": {secret}}.Encode()
}

// signIn returns a client of the server at this address that speaks for the account.
func signIn(t testing.TB, h *http.Client, address string, as server.Credentials) client {
	t.Helper()
	c := client{url: address, company: as.CompanyID, http: servertest.Watched(t, h)}
	var err error
	if c.token, err = c.freshToken(t.Context(), as); err != nil {
		t.Fatal(err)
	}
	return c
}

// freshToken gets a token for the account.
func (c client) freshToken(ctx context.Context, as server.Credentials) (string, error) {
	c.token = ""
	status, text, err := c.request(ctx, "POST", "/oauth/token", tokenForm(as.ClientID, as.ClientSecret))
	switch {
	case err != nil:
		return "", err
	case status != http.StatusOK:
		return "", fmt.Errorf("POST /oauth/token: status %d: %s", status, text)
	}
	return tokenOf(text)
}

// tokenOf is the access token in the token endpoint's answer.
func tokenOf(text string) (string, error) {
	var got struct {
		AccessToken string `json:"access_token"`
	}
	err := json.Unmarshal([]byte(text), &got)
	return got.AccessToken, err
}

// as signs in with an account that was just made.
func (c client) as(t *testing.T, a account) client {
	t.Helper()
	return signIn(t, c.http, c.url, server.Credentials{CompanyID: c.company, ClientID: a.ClientID, ClientSecret: a.ClientSecret})
}

func (c client) create(t *testing.T, name string) account {
	t.Helper()
	return data[account](t, c.do(t, 201, "POST", "service_accounts", fmt.Sprintf(`{"name":%q}`, name)))
}

func data[T any](t *testing.T, body string) T {
	t.Helper()
	var envelope struct{ Data T }
	if err := json.Unmarshal([]byte(body), &envelope); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return envelope.Data
}

// names lists the names of the company's accounts, in the order of their ids.
func (c client) names(t *testing.T) string {
	t.Helper()
	var names []string
	for _, account := range data[[]account](t, c.do(t, 200, "GET", "service_accounts?per_page=1000", "")) {
		names = append(names, account.Name)
	}
	return strings.Join(names, ",")
}
