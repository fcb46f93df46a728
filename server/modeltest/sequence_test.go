package modeltest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const day = 24 * time.Hour

// pass lets time pass, often to just before or just after something ends.
func (w *world) pass() {
	steps := []time.Duration{time.Second, time.Minute, 10 * time.Minute, 89 * time.Minute, 90 * time.Minute, day}
	for _, k := range w.tokens[max(0, len(w.tokens)-5):] {
		steps = append(steps, k.expiresAt.Sub(w.now)-time.Second, k.expiresAt.Sub(w.now))
	}
	for _, a := range w.accounts {
		if !a.previousUntil.IsZero() {
			steps = append(steps, a.previousUntil.Sub(w.now)-time.Second, a.previousUntil.Sub(w.now))
		}
	}
	for _, o := range w.onces {
		steps = append(steps, o.until.Sub(w.now)-time.Second, o.until.Sub(w.now))
	}
	for _, date := range []time.Time{w.cutoff, w.sunset} {
		if !date.IsZero() {
			steps = append(steps, date.Sub(w.now)-time.Second, date.Sub(w.now))
		}
	}
	steps = slices.DeleteFunc(steps, func(step time.Duration) bool { return step <= 0 || step > 3*day })
	step := draw(w, "time that passes", steps...)
	w.note("%s pass", step)
	w.setClock(w.now.Add(step))
}

// badTransport sends what is no request at all to a route that takes a body.
func (w *world) badTransport() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	route := draw(w, "route", []string{"POST", "service_accounts", "admin"}, []string{"PATCH", accountPath(target.id), "admin"},
		[]string{"PUT", accountPath(target.id) + "/permissions", "directory"}, []string{"POST", "projects", "directory"},
		[]string{"POST", "directory/contacts", "directory"})
	r := request{method: route[0], path: route[1], body: `{"name":"never"}`}
	var want *refusal
	switch draw(w, "what is wrong", "cut", "type", "size", "list", "empty", "no text") {
	case "cut":
		r.body, want = `{"name":"never"`, refuse(http.StatusBadRequest, "body invalid")
	case "type":
		r.contentType, want = "text/plain", refuse(http.StatusUnsupportedMediaType, "Content-Type unsupported_media_type")
	case "size":
		r.body, want = `{"name":"`+strings.Repeat("n", 1<<20)+`"}`, refuse(http.StatusRequestEntityTooLarge, "body invalid_body")
	case "list":
		r.body, want = `[]`, refuse(http.StatusUnprocessableEntity, "body wrong_type")
	case "empty":
		r.body, want = "", refuse(http.StatusBadRequest, "body invalid_body")
	case "no text":
		r.body, want = "null", refuse(http.StatusUnprocessableEntity, "body wrong_type")
	}
	if !w.isRefused(w.send(c, r), first(w.gate(c, route[2]), want)) {
		w.t.Fatal("unreachable")
	}
}

// everything compares all that both companies have.
func (w *world) everything() {
	for _, c := range w.companies {
		if w.ended() {
			return // nobody gets in
		}
		by := w.administrator(c)
		whole := &query{page: 1, perPage: 1000}
		there := w.of(c)
		w.showsAccounts(w.send(by, request{method: "GET", path: "service_accounts?per_page=1000"}), w.sameQuery(whole), there)
		w.showsEvents(w.send(by, request{method: "GET", path: "audit_events?per_page=1000"}), w.sameQuery(whole), w.eventsOf(c))
		if !by.account().administers("directory") {
			continue
		}
		for _, a := range there {
			w.showsPermissions(w.send(by, request{method: "GET", path: accountPath(number(a.id)) + "/permissions"}), a)
			w.showsPlaces(w.send(by, request{method: "GET", path: accountPath(number(a.id)) + "/project_assignments?per_page=1000"}), w.sameQuery(whole), []*account{a})
		}
		w.showsLevels(w.send(by, request{method: "GET", path: "permissions?per_page=1000"}), w.sameQuery(whole), there)
		w.showsPlaces(w.send(by, request{method: "GET", path: "project_assignments?per_page=1000"}), w.sameQuery(whole), there)
		contacts := []object{}
		for _, k := range w.directory(c) {
			contacts = append(contacts, k.wire())
		}
		w.showsList(w.send(by, request{method: "GET", path: "directory/contacts?per_page=1000"}), w.sameQuery(whole), contacts, nobody)
		w.showsProjects(w.send(by, request{method: "GET", path: "projects?per_page=1000"}), w.sameQuery(whole), w.projectsOf(c))
	}
}

func (w *world) sameQuery(q *query) *query {
	same := *q
	same.values = map[string][]string{"per_page": {number(q.perPage)}}
	return &same
}

// secrets asks for a token with every secret that there is or was.
func (w *world) secrets() {
	for _, a := range slices.Clone(w.accounts) {
		w.askToken("form", a, a.clientID, a.secret)
		if a.previous != "" {
			w.askToken("form", a, a.clientID, a.previous)
		}
		for _, old := range a.older {
			w.askToken("form", a, a.clientID, old)
		}
	}
}

// callers makes accounts of every kind that calls: all by the API, and held against the model like anything else.
func (w *world) callers() {
	admin := w.administrator(w.acme)
	defer w.note("The callers are there.")
	for _, kind := range []struct {
		name   string
		levels object
	}{
		{"directory admin", object{"directory": "admin"}},
		{"admin tool", object{"admin": "admin"}},
		{"no rights", object{}},
		{"broken", object{"directory": "admin", "documents": "readonly"}},
		{"gone", object{"directory": "admin"}},
	} {
		w.perform(admin, &post{tool: "admin", path: "service_accounts", body: object{"name": kind.name}, do: w.makeAccount})
		a := w.accounts[len(w.accounts)-1]
		w.signedIn(a)
		if len(kind.levels) > 0 {
			w.grant(admin, a, kind.levels)
		}
	}
	w.perform(admin, &post{tool: "directory", path: "projects", body: object{"name": "Tower"}, do: w.makeProject})
	broken, gone := w.accounts[len(w.accounts)-2], w.accounts[len(w.accounts)-1]
	w.setEmail(admin, broken.contact, "reachable@example.com")
	w.remove(admin, gone)
}

// operations are what is played, and how often beside the others.
var operations = []struct {
	name   string
	weight int
	play   func(*world)
}{
	{"createAccount", 4, (*world).createAccount},
	{"getAccount", 2, (*world).getAccount},
	{"listAccounts", 4, (*world).listAccounts},
	{"updateAccount", 4, (*world).updateAccount},
	{"deleteAccount", 2, (*world).deleteAccount},
	{"resetSecret", 4, (*world).resetSecret},
	{"revokeTokens", 1, (*world).revokeTokens},
	{"getMe", 2, (*world).getMe},
	{"getPermissions", 1, (*world).getPermissions},
	{"putPermissions", 4, (*world).putPermissions},
	{"getPlace", 1, (*world).getPlace},
	{"listPlaces", 1, (*world).listPlaces},
	{"listAccess", 2, (*world).listAccess},
	{"putPlace", 4, (*world).putPlace},
	{"deletePlace", 2, (*world).deletePlace},
	{"getProject", 1, (*world).getProject},
	{"listProjects", 3, (*world).listProjects},
	{"createProject", 3, (*world).createProject},
	{"updateProject", 2, (*world).updateProject},
	{"deleteProject", 1, (*world).deleteProject},
	{"getContact", 1, (*world).getContact},
	{"listContacts", 1, (*world).listContacts},
	{"updateContact", 3, (*world).updateContact},
	{"addContact", 2, (*world).addContact},
	{"removeContact", 2, (*world).removeContact},
	{"listCompanies", 1, (*world).listCompanies},
	{"getCompany", 1, (*world).getCompany},
	{"listTools", 1, (*world).listTools},
	{"listEvents", 3, (*world).listEvents},
	{"askForToken", 5, (*world).askForToken},
	{"tokenInfo", 2, (*world).tokenInfo},
	{"breakAndHeal", 2, (*world).breakAndHeal},
	{"introspect", 2, (*world).introspect},
	{"revokeToken", 2, (*world).revokeToken},
	{"replay", 5, (*world).replay},
	{"pass", 4, (*world).pass},
	{"badTransport", 1, (*world).badTransport},
}

// lots has each operation as often as its weight.
var lots = func() (lots []int) {
	for i, operation := range operations {
		lots = append(lots, slices.Repeat([]int{i}, operation.weight)...)
	}
	return lots
}()

// play plays the operation that a seed stands for.
func (w *world) play(seed uint64) {
	w.seed, w.draws = seed, map[string]int{}
	operation := operations[draw(w, "operation", lots...)]
	w.note("%s:", operation.name)
	operation.play(w)
}

// report says how many answers were compared, and of which kinds: a kind that never comes is not tested.
func report(t *testing.T, seen map[string]int) {
	t.Helper()
	var lines []string
	total := 0
	for kind, count := range seen {
		total += count
		lines = append(lines, fmt.Sprintf("%6d %s", count, kind))
	}
	slices.SortFunc(lines, func(x, y string) int { return strings.Compare(x[7:], y[7:]) })
	t.Logf("%d answers of %d kinds were compared", total, len(seen))
	if testing.Verbose() {
		t.Log("\n" + strings.Join(lines, "\n"))
	}
}
