package rest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// The fuzz targets of this package send what they are given to the real API with a real database. Whatever it is, the API
// doesn't panic, answers nothing of 500 and above, answers as the OpenAPI document says (servertest looks after that), shows no
// secret, and a request that it refuses commits nothing.

// fuzzed is a server for a fuzz target, with one object of each kind.
type fuzzed struct {
	server *servertest.Server
	token  string
	// account, project and contact are the ids of one of each.
	account, project, contact string
}

const companyPrefix = "/rest/v2.0/companies/1/"

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	h := &fuzzed{server: servertest.Start(f)}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {h.server.ClientID}, "client_secret": {h.server.ClientSecret}}
	answer := h.send(f, "POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	h.token = field(answer, "access_token")
	if h.token == "" {
		f.Fatalf("no token: %s", answer.Body)
	}
	h.account = field(h.send(f, "POST", companyPrefix+"service_accounts", `{"name":"fuzzed"}`), "data", "id")
	h.contact = field(h.send(f, "GET", companyPrefix+"service_accounts/"+h.account, ""), "data", "contact", "id")
	h.project = field(h.send(f, "POST", companyPrefix+"projects", `{"name":"Bridge"}`), "data", "id")
	if h.account == "" || h.contact == "" || h.project == "" {
		f.Fatal("the objects could not be made")
	}
	return h
}

// field returns a text of a JSON answer, or "".
func field(answer *httptest.ResponseRecorder, path ...string) string {
	var value any
	_ = json.Unmarshal(answer.Body.Bytes(), &value)
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}

// send sends a request as the administrator. A header that is given replaces the usual one.
func (h *fuzzed) send(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return h.server.Raw(t, method, target, body, h.headers(body, headers)...)
}

// try is send for what must change nothing when it is refused.
func (h *fuzzed) try(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	return h.server.RawUnlessDone(t, method, target, body, h.headers(body, headers)...)
}

func (h *fuzzed) headers(body string, given []string) []string {
	headers := slices.Clone(given)
	if h.token != "" && !slices.Contains(given, "Authorization") {
		headers = append(headers, "Authorization", "Bearer "+h.token)
	}
	if body != "" && !slices.Contains(given, "Content-Type") {
		headers = append(headers, "Content-Type", "application/json")
	}
	return headers
}

// FuzzBodies sends a body to each route that takes one. What is done is read back, and undone where it would add up.
func FuzzBodies(f *testing.F) {
	h := newFuzzed(f)
	account, project, contact := "service_accounts/"+h.account, "projects/"+h.project, "directory/contacts/"+h.contact
	routes := []struct{ method, path string }{
		{"POST", "service_accounts"},
		{"PATCH", account},
		{"POST", account + "/actions/reset_secret"},
		{"POST", account + "/actions/revoke_tokens"},
		{"PUT", account + "/permissions"},
		{"PUT", account + "/project_assignments/" + h.project},
		{"POST", "projects"},
		{"PATCH", project},
		{"PATCH", contact},
		{"POST", "directory/contacts"},
	}
	secret := store.NewSecret().Reveal()
	for route, bodies := range [][]string{
		{
			`{"name":"a"}`, `{"name":"FUZZED"}`, `{"name":" b ","app_type":"marketplace","marketplace_app":"App","deletion_protection":true}`,
			`{"name":"c","client_secret":"` + secret + `","add_to_new_projects":true}`, `{"name":null}`, `{"name":"d","name":"e"}`, `{"NAME":"f"}`,
			`{"name":"\ud800"}`, "{\"name\":\"\xff\"}", `{"name":"g","description":"\u0000"}`, `[]`, `null`, `{}`, `{"name":"h"}{}`, "",
		},
		{`{"name":"fuzzed","description":"x"}`, `{"app_type":"marketplace","marketplace_app":"x"}`, `{"marketplace_app":null}`, `{"description":""}`, `{}`},
		{
			`{}`, `{"keep_access":true,"previous_secret_ttl":60}`, `{"previous_secret_ttl":1e3}`, `{"previous_secret_ttl":1e400}`,
			`{"previous_secret_ttl":-0}`, `{"previous_secret_ttl":2592001}`, `{"previous_secret_ttl":0.5}`, `{"client_secret":null}`, `{"client_secret":"pcs_"}`, "",
		},
		{``, `{}`, `x`},
		{`{"company":{"documents":"readonly","admin":"admin"}}`, `{"company":{}}`, `{"company":null}`, `{"company":{"documents":"none","x":"y"}}`, `{"company":{"documents":null}}`},
		{`{"permissions":{"rfis":"admin"}}`, `{}`, `{"permissions":{"rfis":"admin","rfis":"none"}}`, `{"permissions":[]}`},
		{`{"name":"p","project_number":"7","active":false}`, `{"name":"p","project_number":null}`, `{"active":"true"}`},
		{`{"name":"Bridge","active":true}`, `{"project_number":null}`, `{"project_number":"\t"}`},
		{`{"email_address":"a@b.c"}`, `{"email_address":"fuzzed-acme-2@service-accounts.invalid"}`, `{"email_address":""}`, `{"email_address":"A <a@b>"}`},
		{`{"contact_id":"1"}`, `{"contact_id":1}`, `{"contact_id":"01"}`, `{"contact_id":"9223372036854775808"}`},
	} {
		for _, body := range bodies {
			f.Add(uint8(route), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, route uint8, body []byte) {
		h.server.Under(t)
		to := routes[int(route)%len(routes)]
		answer := h.try(t, to.method, companyPrefix+to.path, string(body))
		if answer.Code >= http.StatusBadRequest {
			return
		}
		switch to.method {
		case "POST":
			h.undo(t, answer)
		default:
			read := h.send(t, "GET", companyPrefix+to.path, "")
			if read.Body.String() != answer.Body.String() || read.Header().Get("ETag") != answer.Header().Get("ETag") {
				t.Errorf("what was answered is not what is kept:\n%s%s", answer.Body, read.Body)
			}
		}
	})
}

// undo deletes what was made.
func (h *fuzzed) undo(t testing.TB, made *httptest.ResponseRecorder) {
	t.Helper()
	path := made.Header().Get("Location")
	if made.Code != http.StatusCreated || path == "" {
		return
	}
	if strings.Contains(path, "/service_accounts/") {
		h.send(t, "PATCH", path, `{"deletion_protection":false}`)
	}
	if answer := h.send(t, "DELETE", path, ""); answer.Code != http.StatusNoContent {
		t.Errorf("what was made at %s can't be deleted: %d %s", path, answer.Code, answer.Body)
	}
}

// FuzzQueries sends a query to each list. What is listed is what was asked for.
func FuzzQueries(f *testing.F) {
	h := newFuzzed(f)
	lists := []string{"service_accounts", "projects", "directory/contacts", "service_accounts/" + h.account + "/project_assignments", "audit_events", "tools", "me", "permissions", "project_assignments"}
	for list, queries := range [][]string{
		{
			"page=1&per_page=1", "page=9223372036854775807&per_page=1000", "page=0", "per_page=1001", "sort=-created_at", "sort=", "filters[name]=FUZZED",
			"filters[id][]=1&filters[id][]=01&filters[id]=2", "filters%5Bsearch%5D=%00", "filters[search]=%ff", "filters[search]=%25_", "filters[status]=active",
			"filters[client_id]=x", "filters[id]=9223372036854775808", "a;b", "%zz", "page=1&page=2", "filters[app_type]=custom", "page=%2B1", "page=1_0", "page= 1",
		},
		{"filters[active]=true", "filters[active]=1", "filters[active]=T", "filters[name]=bridge&sort=name", "filters[search]=bri"},
		{"page=2"},
		{"per_page=1"},
		{
			"filters[created_at]=2026-01-01T00:00:00Z...2036-01-01T00:00:00Z", "filters[created_at]=...2036-01-01T00:00:00Z", "filters[created_at]=...",
			"filters[created_at]=0000-01-01T00:00:00Z...9999-12-31T23:59:59.999999999Z", "filters[created_at]=2026-01-01T00:00:00%2B23:59...",
			"filters[created_at]=2036-01-01T00:00:00Z...2026-01-01T00:00:00Z", "filters[action]=service_account.created", "filters[service_account_id]=1",
			"filters[service_account_id]=-1", "filters[service_account_id]=0", "filters[created_at]=2026-02-30T00:00:00Z...",
		},
		{"x=y"},
		{""},
		{"filters[service_account_id]=1&filters[service_account_id][]=2", "filters[service_account_id]=x", "page=2&per_page=1"},
		{"filters[service_account_id][]=1", "sort=id"},
	} {
		for _, query := range queries {
			f.Add(uint8(list), query)
		}
	}
	f.Fuzz(func(t *testing.T, list uint8, query string) {
		h.server.Under(t)
		answer := h.try(t, "GET", companyPrefix+lists[int(list)%len(lists)]+"?"+query, "")
		asked, err := url.ParseQuery(query)
		if answer.Code != http.StatusOK || err != nil || int(list)%len(lists) > 4 {
			return
		}
		checkListed(t, asked, answer)
	})
}

type listed struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	Action           string `json:"action"`
	ServiceAccountID string `json:"service_account_id"`
	CreatedAt        time.Time
}

// checkListed compares a list with what was asked for, in the words of the contract.
func checkListed(t *testing.T, asked url.Values, answer *httptest.ResponseRecorder) {
	t.Helper()
	var body struct{ Data []listed }
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	total, _ := strconv.Atoi(answer.Header().Get("Total"))
	size, _ := strconv.Atoi(answer.Header().Get("Per-Page"))
	if len(body.Data) > total || len(body.Data) > size || size < 1 || size > 1000 || asked.Has("per_page") && asked.Get("per_page") != strconv.Itoa(size) &&
		strings.TrimLeft(asked.Get("per_page"), "+0") != strconv.Itoa(size) {
		t.Errorf("%v: %d items of %d, %d on a page", asked, len(body.Data), total, size)
	}
	ids := slices.Concat(asked["filters[id]"], asked["filters[id][]"])
	for _, item := range body.Data {
		if name := asked.Get("filters[name]"); name != "" && !strings.EqualFold(name, item.Name) ||
			len(ids) > 0 && !slices.Contains(ids, item.ID) ||
			asked.Get("filters[action]") != "" && asked.Get("filters[action]") != item.Action ||
			asked.Get("filters[service_account_id]") != "" && asked.Get("filters[service_account_id]") != item.ServiceAccountID {
			t.Errorf("%v lists %+v", asked, item)
		}
	}
	for _, link := range strings.Split(answer.Header().Get("Link"), ", <") {
		target, _, found := strings.Cut(strings.TrimPrefix(link, "<"), ">; rel=")
		if parsed, err := url.Parse(target); !found || err != nil || parsed.Query().Get("page") == "" {
			t.Errorf("%v has the link %q", asked, link)
		}
	}
}

var accountPath = regexp.MustCompile(`^/rest/v2\.0/companies/1/(service_accounts|projects|directory/contacts)/([1-9][0-9]*)$`)

// FuzzPaths asks for a path with a method that changes nothing. An object is found under one path only.
func FuzzPaths(f *testing.F) {
	h := newFuzzed(f)
	for _, path := range []string{
		"/rest/v2.0/companies/1/service_accounts/2", "/rest/v2.0/companies/1/service_accounts/02", "/rest/v2.0/companies/01/me", "/rest/v2.0/companies/1/projects/1",
		"/rest/v2.0/companies/1/service_accounts/%32", "/rest/v2.0/companies/1/service_accounts/2%2F", "/rest/v2.0/companies/1//me", "/rest/v2.0/companies/1/./me",
		"/rest/v2.0/companies/1/service_accounts/2/", "/rest/v2.0/companies/2/me", "/rest/v2.0/companies/1/service_accounts/+2", "/REST/v2.0/companies",
		"/rest/v2.0/companies/1/service_accounts/9223372036854775808", "/rest/v2.0/companies/1/directory/contacts/1", "/oauth/token", "/oauth/jwks.json", "/metrics",
		"/readyz", "/openapi.json", "http://other/healthz", "*", "/%", "//", "/rest/v2.0/companies/1/service_accounts/2%00", "/rest/v2.0/companies/%EF%BC%91/me",
		"/.well-known/oauth-authorization-server", "/oauth/token/info?access_token=x",
	} {
		for method := range 4 {
			f.Add(uint8(method), path)
		}
	}
	f.Fuzz(func(t *testing.T, method uint8, path string) {
		h.server.Under(t)
		methods := []string{"GET", "HEAD", "OPTIONS", "TRACE"}
		answer := h.try(t, methods[int(method)%len(methods)], path, "")
		id := field(answer, "data", "id")
		if answer.Code != http.StatusOK || id == "" {
			return
		}
		asked, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		match := accountPath.FindStringSubmatch(asked.Path)
		own := asked.Path == "/rest/v2.0/companies/1" || asked.Path == "/rest/v2.0/companies/1/me"
		if !own && (len(match) != 3 || match[2] != id) {
			t.Errorf("%q shows the object %s", path, id)
		}
	})
}

// FuzzHeaders sends a header with a request that would be done without it.
func FuzzHeaders(f *testing.F) {
	h := newFuzzed(f)
	names := []string{"If-Match", "Authorization", "Content-Type", "Procore-Company-Id", "Idempotency-Token", "Accept", "X-Request-Id", "If-None-Match", "Prefer"}
	path := companyPrefix + "service_accounts/" + h.account
	for header, values := range [][]string{
		{`*`, `"x"`, `W/ETAG`, `ETAG`, `"x", ETAG`, `"x,ETAG`, ` ETAG `, ``, `ETAG,`, `"`, `"*"`, `x,*`, `etag`},
		{`Bearer TOKEN`, `bearer  TOKEN `, `Bearer TOKEN.`, `Bearer TOKENA`, `Basic TOKEN`, `Bearer`, ``, `Bearer x.y.z`, `Bearer eyJhbGciOiJub25lIn0.e30.`, `TOKEN`},
		{`application/json`, `Application/JSON; charset=utf-8`, `text/plain`, ``, `application/merge-patch+json`, `application/json,`, `;`},
		{`1`, `2`, `01`, ``, ` 1 `, `1,1`},
		{`9f0c2d51-7d3e-4a8c-9c55-0a1b2c3d4e5f`, ``, `x`, `ü`, strings.Repeat("x", 255), strings.Repeat("x", 256), `"quoted"`, "\t"},
		{`;,00`, `json`, `application/cbor`, `text/html`, `*/*`, `application/json;q=0`, ``, `;;`},
		{`x`},
		{`"x"`, `*`},
		{`return=minimal`},
	} {
		for _, value := range values {
			f.Add(uint8(header), value)
		}
	}
	body := `{"description":"x"}`
	f.Fuzz(func(t *testing.T, header uint8, value string) {
		h.server.Under(t)
		current := h.send(t, "GET", path, "").Header().Get("ETag")
		name := names[int(header)%len(names)]
		switch name { // where they belong; an ETag as an Idempotency-Token would be looked for as a secret
		case "If-Match", "If-None-Match":
			value = strings.ReplaceAll(value, "ETAG", current)
		case "Authorization":
			value = strings.ReplaceAll(value, "TOKEN", h.token)
		}
		answer := h.try(t, "PATCH", path, body, name, value)
		done := answer.Code == http.StatusOK
		switch name {
		case "If-Match":
			if done != (strings.Trim(value, " \t") == "") && done && !strings.Contains(value, current) && !strings.Contains(value, "*") {
				t.Errorf("If-Match: %q lets a change of %s through", value, current)
			}
			if value == current && !done {
				t.Errorf("If-Match: %q is refused: %s", value, answer.Body)
			}
		case "Authorization":
			scheme, token, _ := strings.Cut(strings.Trim(value, " \t"), " ")
			if done && (!strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) != h.token) {
				t.Errorf("Authorization: %q lets a change through", strings.ReplaceAll(value, h.token, "TOKEN"))
			}
		case "Procore-Company-Id":
			if trimmed := strings.Trim(value, " \t"); done && trimmed != "" && trimmed != "1" {
				t.Errorf("Procore-Company-Id: %q lets a change through", value)
			}
		}
	})
}

// FuzzIdempotencyToken repeats a request with a token. A token that is taken makes one project, however often; one that isn't
// makes none.
func FuzzIdempotencyToken(f *testing.F) {
	h := newFuzzed(f)
	for _, token := range []string{
		"9f0c2d51-7d3e-4a8c-9c55-0a1b2c3d4e5f", "", "x", " x ", "x y", "ü", "\t", strings.Repeat("x", 255), strings.Repeat("x", 256), `"quoted"`, `a,b`, "\x7f", "\x00", "~!%20",
	} {
		f.Add(token, `{"name":"once"}`, `{"name":"twice"}`)
	}
	f.Add("equal bodies", `{"name":"once","active":true}`, `{ "active" : true, "name" : "\u006fnce" }`)
	f.Add("almost", `{"name":"once"}`, `{"name":"once","active":true}`)
	path := companyPrefix + "projects"
	f.Fuzz(func(t *testing.T, token, body, other string) {
		h.server.Under(t)
		first := h.try(t, "POST", path, body, "Idempotency-Token", token)
		plain := strings.Trim(token, " \t")
		sendable := plain != "" && len(plain) <= 255 && !strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r > '~' })
		if first.Code != http.StatusCreated {
			return
		}
		if !sendable {
			t.Errorf("the token %q is taken", token)
		}
		before := h.server.Commits(t)
		again := h.send(t, "POST", path, body, "Idempotency-Token", token)
		if again.Code != http.StatusCreated || again.Body.String() != first.Body.String() || again.Header().Get("ETag") != first.Header().Get("ETag") ||
			again.Header().Get("Idempotency-Replayed") != "true" || h.server.Commits(t) != before {
			t.Errorf("the repetition answers %d %s, after %s", again.Code, again.Body, first.Body)
		}
		var a, b any
		equal := json.Unmarshal([]byte(body), &a) == nil && json.Unmarshal([]byte(other), &b) == nil && reflect.DeepEqual(a, b)
		changed := h.try(t, "POST", path, other, "Idempotency-Token", token)
		if changed.Code == http.StatusCreated && !equal {
			t.Errorf("another body gets the answer %s", changed.Body)
		}
		if first.Header().Get("Idempotency-Replayed") == "" {
			h.undo(t, first)
		}
	})
}
