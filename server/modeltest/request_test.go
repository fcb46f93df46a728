package modeltest

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// caller is who sends a request, and to which company's path.
type caller struct {
	token   *token // nil: none, or what is in header
	header  string // Authorization, where there is no token
	company *company
	// claims is the header Procore-Company-Id.
	claims string
}

func (c caller) account() *account { return c.token.account }

type request struct {
	method, path string // a path that begins with a slash is taken as it is, any other is below the company
	body         any    // nil: none; a text or bytes go as they are, anything else as JSON
	contentType  string // application/json unless told
	ifMatch      string
	once         []string // the values of Idempotency-Token
}

type answer struct {
	what   string
	status int
	header http.Header
	body   []byte
}

// send sends a request, and checks what holds for every answer.
func (w *world) send(c caller, r request) answer {
	w.t.Helper()
	if !strings.HasPrefix(r.path, "/") {
		r.path = strings.TrimSuffix("/rest/v2.0/companies/"+number(c.company.id)+"/"+r.path, "/")
	}
	payload, sent := payloadOf(r.body)
	request, err := http.NewRequestWithContext(w.t.Context(), r.method, w.server.URL+r.path, payload)
	if err != nil {
		w.t.Fatal(err)
	}
	set := func(name, value string) {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	set("Authorization", c.header)
	if c.token != nil {
		set("Authorization", "Bearer "+c.token.text)
	}
	if r.body != nil {
		set("Content-Type", "application/json")
	}
	set("Content-Type", r.contentType)
	set("If-Match", r.ifMatch)
	request.Header["Idempotency-Token"] = r.once
	set("Procore-Company-Id", c.claims)
	response, err := w.server.Client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{what: c.String() + " " + r.method + " " + r.path, status: response.StatusCode, header: response.Header, body: got}
	w.requests++
	w.seen[kindOfAnswer(r, a)]++
	if len(sent) > 1000 {
		sent = sent[:100] + "…"
	}
	w.note("%s %s%s%s -> %d", a.what, sent, note("If-Match", r.ifMatch), note("Idempotency-Token", strings.Join(r.once, " and ")), a.status)
	w.checkEvery(r, a)
	return a
}

var (
	idsInPaths = regexp.MustCompile(`/(companies|service_accounts|project_assignments|projects|contacts)/[^/]+`)
	reasonCode = regexp.MustCompile(`"reason_code":"([a-z_]+)"|"error":"([a-z_]+)"`)
)

// kindOfAnswer is a route with the status and the reasons of its answer.
func kindOfAnswer(r request, a answer) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/rest/v2.0/"), "?")
	path = idsInPaths.ReplaceAllString("/"+path, "/$1/*")
	reasons := reasonCode.FindAllStringSubmatch(string(a.body), 1)
	reason := ""
	if len(reasons) > 0 && a.status >= 400 {
		reason = " " + reasons[0][1] + reasons[0][2]
	}
	return r.method + " " + path + " " + strconv.Itoa(a.status) + reason
}

func payloadOf(body any) (payload io.Reader, shown string) {
	switch body := body.(type) {
	case nil:
		return nil, ""
	case string:
		shown = body
	default:
		shown = text(body)
	}
	return strings.NewReader(shown), shown
}

func note(name, value string) string {
	if value == "" {
		return ""
	}
	return " " + name + ": " + value
}

// String says who the caller is, for the script that a failure prints.
func (c caller) String() string {
	if c.token == nil {
		return fmt.Sprintf("nobody (%q)", c.header)
	}
	return fmt.Sprintf("account %d (%s)", c.token.account.id, c.token.account.name)
}

// checkEvery checks what every answer must have.
func (w *world) checkEvery(r request, a answer) {
	w.t.Helper()
	id := a.header.Get("X-Request-Id")
	if id == "" || w.requestIDs[id] {
		w.t.Fatalf("%s: X-Request-Id %q is missing or was used before", a.what, id)
	}
	w.requestIDs[id] = true
	if a.status >= 500 {
		w.t.Fatalf("%s: %d %s", a.what, a.status, a.body)
	}
	if control := a.header.Get("Cache-Control"); control != "no-store" {
		w.t.Fatalf("%s: Cache-Control is %q", a.what, control)
	}
	if a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "" {
		w.t.Fatalf("%s: a 401 without WWW-Authenticate", a.what)
	}
	if len(a.body) > 0 && a.header.Get("Content-Type") != "application/json" {
		w.t.Fatalf("%s: Content-Type is %q", a.what, a.header.Get("Content-Type"))
	}
	sunset, days := "", ""
	if !w.sunset.IsZero() && (strings.HasPrefix(r.path, "/rest/") || r.path == "/oauth/token") {
		sunset, days = w.sunset.UTC().Format(http.TimeFormat), number(w.daysLeft())
	}
	if a.header.Get("Sunset") != sunset || a.header.Get("X-Days-Until-Sunset") != days {
		w.t.Fatalf("%s: Sunset is %q (%s days), want %q (%s days)", a.what, a.header.Get("Sunset"), a.header.Get("X-Days-Until-Sunset"), sunset, days)
	}
}
