package oauth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// testClientID has the shape that the contract gives a client id.
var testClientID = strings.Repeat("0123456789abcdef", 4)

// house is a whole authorization server on a listener, with one account in company 1. Every answer that it gives is
// held against the OpenAPI document, and its log is searched for secrets when the test ends.
type house struct {
	t       testing.TB
	clock   *clock
	store   *memory
	server  *oauth.Server
	url     string
	http    *http.Client
	account store.ServiceAccount
	secret  string

	logs    *safeBuffer
	specMu  sync.Mutex // a compiler is for one goroutine
	spec    *jsonschema.Compiler
	paths   map[string]map[string]operation
	secrets []string
}

type operation struct {
	Responses map[string]struct {
		Content map[string]any `json:"content"`
	} `json:"responses"`
}

// newHouse starts a house; configure may change its settings.
func newHouse(t testing.TB, configure ...func(*oauth.Config)) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{at: time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)}, logs: &safeBuffer{}}
	h.store = newMemory(t, h.clock.now, "")
	h.account, h.secret = h.store.add(1, testClientID)
	h.secrets = append(h.secrets, h.secret)
	h.server, h.url = h.start(configure...)
	h.http = &http.Client{Timeout: time.Minute}
	h.readSpec()
	t.Cleanup(func() {
		for _, secret := range h.secrets {
			if strings.Contains(h.logs.String(), secret) {
				t.Errorf("the log holds a secret or a token:\n%s", h.logs.String())
			}
		}
	})
	return h
}

// start starts a further server on the same database: another process, or the same after a restart.
func (h *house) start(configure ...func(*oauth.Config)) (server *oauth.Server, base string) {
	h.t.Helper()
	mux := http.NewServeMux()
	listener := httptest.NewServer(mux)
	h.t.Cleanup(listener.Close)
	config := oauth.Config{
		Tokens: h.store, Keys: h.store, Issuer: listener.URL, Now: h.clock.now,
		Logger: slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, set := range configure {
		set(&config)
	}
	server, err := oauth.New(h.t.Context(), config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = server.Close(h.t.Context()) })
	server.Register(mux)
	return server, listener.URL
}

// readSpec makes the OpenAPI document, as its owner does.
func (h *house) readSpec() {
	h.t.Helper()
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: &huma.Info{Title: "test", Version: "1"},
		Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
	}
	h.server.Describe(document)
	encoded, err := document.MarshalJSON()
	if err != nil {
		h.t.Fatal(err)
	}
	var paths struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	if err := json.Unmarshal(encoded, &paths); err != nil {
		h.t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		h.t.Fatal(err)
	}
	h.spec, h.paths = jsonschema.NewCompiler(), paths.Paths
	if err := h.spec.AddResource("openapi.json", parsed); err != nil {
		h.t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

func (a answer) errorCode() string {
	code, _ := a.body["error"].(string)
	return code
}

func (a answer) string(name string) string {
	value, _ := a.body[name].(string)
	return value
}

func (a answer) number(name string) int64 {
	value, _ := a.body[name].(float64)
	return int64(value)
}

// edit changes a request before it is sent.
type edit func(*http.Request)

func header(name, value string) edit {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func basic(id, secret string) edit {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
}

func bearer(token string) edit { return header("Authorization", "Bearer "+token) }

// post sends a form.
func (h *house) post(path, form string, edits ...edit) answer {
	h.t.Helper()
	edits = append([]edit{header("Content-Type", "application/x-www-form-urlencoded")}, edits...)
	return h.send(http.MethodPost, path, form, edits...)
}

func (h *house) get(path string, edits ...edit) answer {
	h.t.Helper()
	return h.send(http.MethodGet, path, "", edits...)
}

func (h *house) send(method, path, body string, edits ...edit) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, change := range edits {
		change(request)
	}
	response, err := h.http.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	result := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &result.body); err != nil {
			h.t.Fatalf("%s %s: %d with a body that is not a JSON object: %q", method, path, result.status, text)
		}
	}
	h.checkDescribed(request, result)
	return result
}

// checkDescribed fails the test when the OpenAPI document doesn't tell of such an answer.
func (h *house) checkDescribed(request *http.Request, got answer) {
	h.t.Helper()
	described, found := h.paths[request.URL.Path][strings.ToLower(request.Method)]
	if !found {
		return // 404 and 405
	}
	name := request.Method + " " + request.URL.Path + " " + http.StatusText(got.status)
	status := jsonNumber(got.status)
	response, found := described.Responses[status]
	if !found {
		h.t.Fatalf("%s: the OpenAPI document has no such status", name)
	}
	contentType := got.header.Get("Content-Type")
	if got.text == "" {
		if len(response.Content) > 0 || contentType != "" {
			h.t.Errorf("%s: no body, but Content-Type %q and %d described", name, contentType, len(response.Content))
		}
		return
	}
	if _, found := response.Content[contentType]; !found {
		h.t.Fatalf("%s: the OpenAPI document has no such content type: %q", name, contentType)
	}
	pointer := func(text string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(text) }
	h.specMu.Lock()
	schema, err := h.spec.Compile("openapi.json#/paths/" + pointer(request.URL.Path) + "/" + strings.ToLower(request.Method) +
		"/responses/" + status + "/content/" + url.PathEscape(pointer(contentType)) + "/schema")
	h.specMu.Unlock()
	if err != nil {
		h.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(got.text))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		h.t.Errorf("%s: the body is not as described: %v\n%s", name, err, got.text)
	}
}

// credentials are the account's, as form parameters.
func (h *house) credentials() string { return form(h.account.ClientID, h.secret) }

func form(id, secret string) string {
	return "client_id=" + url.QueryEscape(id) + "&client_secret=" + url.QueryEscape(secret)
}

// token gets a token with a secret, and wants it to work.
func (h *house) token(account store.ServiceAccount, secret string) string {
	h.t.Helper()
	got := h.post("/oauth/token", "grant_type=client_credentials&"+form(account.ClientID, secret))
	if got.status != http.StatusOK {
		h.t.Fatalf("no token: %d %s", got.status, got.text)
	}
	h.secrets = append(h.secrets, got.string("access_token"))
	return got.string("access_token")
}

// addAccount makes a further account.
func (h *house) addAccount(company store.ID) (store.ServiceAccount, string) {
	account, secret := h.store.add(company, store.NewClientID())
	h.secrets = append(h.secrets, secret)
	return account, secret
}

// under makes the house report to a subtest until that ends.
func (h *house) under(t *testing.T) {
	t.Helper()
	before := h.t
	h.t = t
	t.Cleanup(func() { h.t = before })
}

// wantRefused checks a refusal whole: status, code, challenge, and what no refusal may lack.
func (h *house) wantRefused(got answer, status int, code string, challenges ...string) {
	h.t.Helper()
	if got.status != status || got.errorCode() != code {
		h.t.Errorf("got %d %s, want %d %s", got.status, got.text, status, code)
	}
	if strings.Join(got.header.Values("WWW-Authenticate"), "|") != strings.Join(challenges, "|") {
		h.t.Errorf("WWW-Authenticate: got %q, want %q", got.header.Values("WWW-Authenticate"), challenges)
	}
	h.wantUncached(got)
	if strings.ContainsFunc(got.string("error_description"), func(r rune) bool {
		return r < ' ' || r > '~' || r == '"' || r == '\\'
	}) || got.string("error_description") == "" {
		h.t.Errorf("error_description is empty or has characters that RFC 6749 5.2 forbids: %q", got.text)
	}
	for _, secret := range h.secrets {
		if strings.Contains(got.text, secret) {
			h.t.Errorf("the refusal shows a secret or a token: %s", got.text)
		}
	}
}

func (h *house) wantUncached(got answer) {
	h.t.Helper()
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Pragma") != "no-cache" {
		h.t.Errorf("the answer may be cached: %v", got.header)
	}
}

func jsonNumber(number int) string {
	text, _ := json.Marshal(number)
	return string(text)
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(text)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
