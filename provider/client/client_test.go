package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fakeAPI is a management API whose answers a test writes itself: what the real server never says.
type fakeAPI struct {
	*httptest.Server
	tokens atomic.Int64 // how many tokens were given out
	calls  atomic.Int64 // how many API calls came
	token  http.HandlerFunc
}

func newFakeAPI(t *testing.T, answer http.HandlerFunc) *fakeAPI {
	t.Helper()
	api := &fakeAPI{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		if api.token != nil {
			api.token(w, r)
			return
		}
		// net/http sends a GET again by itself when a kept connection turns out closed; that would spoil the counts.
		w.Header().Set("Connection", "close")
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token": "token-" + strconv.FormatInt(api.tokens.Add(1), 10),
			"token_type":   "bearer", "expires_in": 5400,
		})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		api.calls.Add(1)
		answer(w, r)
	})
	api.Server = httptest.NewServer(mux)
	t.Cleanup(api.Close)
	return api
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func writeError(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": "words of the server"}})
}

func (f *fakeAPI) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	config := Config{BaseURL: f.URL, ClientID: "id", ClientSecret: "s3cret", MaxRetries: 2}
	for _, apply := range change {
		apply(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func account(id string) map[string]any {
	return map[string]any{"data": map[string]any{"id": id, "company_id": "1", "name": "ci", "secret_version": 1}}
}

func TestEveryCallNamesTheCompanyAndItsClientAndCarriesAToken(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Procore-Company-Id"); got != "7" {
			t.Errorf("Procore-Company-Id = %q", got)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer token-1" {
			t.Errorf("Authorization = %q", got)
		}
		if got := r.Header.Get("User-Agent"); got != "test/1" {
			t.Errorf("User-Agent = %q", got)
		}
		writeJSON(w, http.StatusOK, account("17"))
	})
	client := api.client(t, func(c *Config) { c.UserAgent = "test/1" })
	for range 3 {
		got, err := client.GetServiceAccount(t.Context(), "7", "17")
		if err != nil || got.ID != "17" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if n := api.tokens.Load(); n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
}

func TestPathElementsAreEscaped(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if want := "/rest/v2.0/companies/1/service_accounts/a%2F..%2Fb%3Fc"; r.URL.EscapedPath() != want {
			t.Errorf("path = %s, want %s", r.URL.EscapedPath(), want)
		}
		writeJSON(w, http.StatusOK, account("17"))
	})
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "a/../b?c"); err != nil {
		t.Fatal(err)
	}
}

func TestABasePathIsKept(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/procore/oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "bearer"})
	})
	mux.HandleFunc("/procore/rest/v2.0/companies/1", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"id": "1", "name": "Acme"}})
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	client, err := New(Config{BaseURL: server.URL + "/procore/", ClientID: "id", ClientSecret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	if company, err := client.GetCompany(t.Context(), "1"); err != nil || company.Name != "Acme" {
		t.Fatalf("got %+v, %v", company, err)
	}
}

func TestListReadsEveryPage(t *testing.T) {
	for _, style := range []string{"Link", "Total"} {
		t.Run(style, func(t *testing.T) {
			api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
				page, _ := strconv.Atoi(r.URL.Query().Get("page"))
				if style == "Link" {
					next := ""
					if page < 3 {
						next = `, <https://unreachable.invalid/?page=` + strconv.Itoa(page+1) + `>; rel="next"`
					}
					w.Header().Set("Link", `<https://unreachable.invalid/?page=1>; rel="first"`+next)
				} else {
					w.Header().Set("Total", "3")
				}
				if got := r.URL.Query().Get("filters[name]"); got != "ci" {
					t.Errorf("filters[name] = %q", got)
				}
				writeJSON(w, http.StatusOK, map[string]any{"data": []map[string]any{{"id": strconv.Itoa(page)}}})
			})
			accounts, err := api.client(t).ListServiceAccounts(t.Context(), "1", ServiceAccountFilter{Name: "ci"})
			if err != nil || len(accounts) != 3 || accounts[2].ID != "3" {
				t.Fatalf("got %+v, %v", accounts, err)
			}
		})
	}
}

// silentListener takes connections and never answers: a server whose packets are dropped.
func TestConfigIsChecked(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk.pem")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for field, configs := range map[string][]Config{
		"BaseURL": {
			{},
			{BaseURL: "example.com"},
			{BaseURL: "ftp://example.com"},
			{BaseURL: "https://"},
			{BaseURL: "https://u:p@example.com"},
			{BaseURL: "https://example.com?a=b"},
			{BaseURL: "https://example.com#a"},
			{BaseURL: "http://a b"},
			{BaseURL: "http://example.com"},
		},
		"MaxRetries":        {{BaseURL: "https://example.com", MaxRetries: -1}},
		"RequestTimeout":    {{BaseURL: "https://example.com", RequestTimeout: -1}},
		"CACertificateFile": {{BaseURL: "https://example.com", CACertificateFile: junk}, {BaseURL: "https://example.com", CACertificateFile: junk + "x"}},
	} {
		for _, config := range configs {
			_, err := New(config)
			var invalid *ConfigError
			if !errors.As(err, &invalid) || invalid.Field != field {
				t.Errorf("New(%+v) = %v, want an error about %s", config, err, field)
			}
		}
	}
}

func TestLogsNameTheCallAndNothingSecret(t *testing.T) {
	const secret = "pcs_0123456789012345678901234567890123456789012abcdef"
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "r1")
		writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"id": "17", "client_secret": secret}})
	})
	var mutex sync.Mutex
	var lines []string
	client := api.client(t, func(c *Config) {
		c.ClientSecret = secret
		c.Logger = func(_ context.Context, message string, fields map[string]any) {
			line, err := json.Marshal(fields)
			if err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			lines = append(lines, message+string(line))
		}
	})
	if _, err := client.ResetSecret(t.Context(), "1", "17", ResetOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ListServiceAccounts(t.Context(), "1", ServiceAccountFilter{Search: "query-value"}); err == nil {
		t.Error("a list that is an object was accepted")
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{`"method":"POST"`, `/service_accounts/17/actions/reset_secret`, `"attempt":1`, `"status":200`, `"request_id":"r1"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in the log:\n%s", want, all)
		}
	}
	for _, secret := range []string{secret, "token-1", "query-value"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in the log:\n%s", secret, all)
		}
	}
}

func TestChangesTellNullFromAbsent(t *testing.T) {
	for want, changes := range map[string]ServiceAccountChanges{
		`{}`:                       {},
		`{"marketplace_app":null}`: {MarketplaceApp: &Nullable{}},
	} {
		if got, err := json.Marshal(changes); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	if query := (ServiceAccountFilter{Status: "active"}).query(); !equalValues(query, url.Values{"sort": {"name"}, "filters[status]": {"active"}}) {
		t.Errorf("query = %v", query)
	}
}

func equalValues(a, b url.Values) bool { return a.Encode() == b.Encode() }

func TestPlainHTTPIsForThisMachineUnlessAllowed(t *testing.T) {
	for address, local := range map[string]bool{
		"http://localhost:8080": true, "http://LOCALHOST": true, "http://127.0.0.1": true, "http://127.8.9.10:80/prefix": true, "http://[::1]:8080": true,
		"http://[::ffff:127.0.0.1]":     true,
		"http://192.168.1.1":            false, // another machine, however near
		"http://localhost.example.com":  false,
		"http://127.0.0.1.example.com":  false,
		"http://2130706433":             false, // some resolvers take it for 127.0.0.1, and others don't
		"http://0.0.0.0:8080":           false,
		"http://[::]:8080":              false,
		"http://[fe80::1%25lo]":         false,
		"HTTP://EXAMPLE.COM":            false,
		"http://embedded.invalid":       false,
		"http://host.docker.internal:1": false,
	} {
		_, err := New(Config{BaseURL: address})
		var invalid *ConfigError
		if local != (err == nil) || (!local && (!errors.As(err, &invalid) || !invalid.Insecure)) {
			t.Errorf("%s: %v", address, err)
		}
		for _, allowed := range []Config{{BaseURL: address, AllowInsecureHTTP: true}, {BaseURL: "https" + address[4:]}} {
			if _, err := New(allowed); err != nil {
				t.Errorf("%+v: %v", allowed, err)
			}
		}
	}
}

func TestTheStrongETagGoesBackEvenWhereAProxyWeakenedIt(t *testing.T) {
	var sent string
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("a packed answer is asked for: %s", r.Header.Get("Accept-Encoding"))
		}
		sent = r.Header.Get("If-Match")
		w.Header().Set("ETag", `W/"abc"`)
		w.Header().Set("Date", "Fri, 02 Jan 2026 03:04:05 GMT")
		writeJSON(w, http.StatusOK, account("17"))
	})
	client := api.client(t)
	found, err := client.GetServiceAccount(t.Context(), "1", "17")
	if err != nil || sent != "" || found.Version.ETag != `"abc"` || found.Version.At.Format(time.RFC3339) != "2026-01-02T03:04:05Z" {
		t.Errorf("got %+v, %v; sent %q", found.Version, err, sent)
	}
	if _, err := client.UpdateServiceAccount(t.Context(), "1", "17", ServiceAccountChanges{}, IfMatch(found.Version.ETag)); err != nil || sent != `"abc"` {
		t.Errorf("sent %q, %v", sent, err)
	}
}

func TestASecretForAnIDIsNeitherSentNorLogged(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	lines := 0
	client, err := New(Config{BaseURL: api.URL, Logger: func(context.Context, string, map[string]any) { lines++ }})
	if err != nil {
		t.Fatal(err)
	}
	secret := "pcs_" + strings.Repeat("a", 49)
	for _, err := range []error{
		client.RevokeTokens(t.Context(), "1", secret), client.RevokeTokens(t.Context(), secret, "17"),
	} {
		if !errors.Is(err, ErrMisplacedSecret) {
			t.Errorf("the error is %v", err)
		}
	}
	if api.calls.Load() != 0 || lines != 0 {
		t.Errorf("%d calls, %d lines of log", api.calls.Load(), lines)
	}
}
