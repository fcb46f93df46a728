package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// world is a running server and the model that it is held against.
type world struct {
	t      *attempt
	server *servertest.Server
	clock  atomic.Int64 // Unix seconds
	*model

	acme, beta *company
	// tags are the ETags of each object by what it looked like.
	tags map[string]map[string]string
	// onces are the answers that are kept for those who send the same Idempotency-Token again.
	onces []*once
	// failures counts the wrong secrets that were shown for each client id: too many may be slowed down.
	failures   map[string]int
	lastID     map[string]int
	requestIDs map[string]bool
	tokensMade int
	requests   int
	seen       map[string]int // how often each kind of answer was given
	script     []string       // what happened, for a person
	seed       uint64         // of the operation that is played
	draws      map[string]int // how often it drew each thing
}

func (w *world) note(format string, args ...any) {
	w.script = append(w.script, fmt.Sprintf(format, args...))
}

// newWorld starts a server with the companies Acme and Beta. The dates are how far away they are; 0 is never.
func newWorld(t *attempt, seen map[string]int, cutoff, sunset time.Duration) *world {
	w := &world{
		t: t, model: &model{tokenTTL: 90 * time.Minute}, tags: map[string]map[string]string{}, failures: map[string]int{},
		lastID: map[string]int{}, requestIDs: map[string]bool{}, seen: seen, draws: map[string]int{},
	}
	t.world = w
	// A minute ahead of the real clock, which writes the database's first rows.
	w.setClock(time.Now().Add(time.Minute).Truncate(time.Second))
	if cutoff > 0 {
		w.cutoff = w.now.Add(cutoff)
	}
	if sunset > 0 {
		w.sunset = w.now.Add(sunset)
	}
	w.server = servertest.Start(t, servertest.Dates(w.cutoff, w.sunset),
		servertest.Now(func() time.Time { return time.Unix(w.clock.Load(), 0) }))
	w.acme = w.adopt("Acme", w.server.CompanyID, w.server.ClientID, w.server.ClientSecret)
	made := w.server.AddCompany(t, "Beta")
	w.beta = w.adopt("Beta", made.CompanyID, made.ClientID, made.ClientSecret)
	return w
}

// readable puts names in place of secrets, tokens and client ids.
func (w *world) readable(script string) string {
	var names []string
	add := func(text, name string) {
		if text != "" {
			names = append(names, text, "<"+name+">")
		}
	}
	for i, k := range w.tokens {
		add(k.text, fmt.Sprintf("token %d of account %d", i, k.account.id))
	}
	for _, a := range w.accounts {
		of := " of account " + number(a.id)
		add(a.clientID, "client"+of)
		add(a.secret, "secret"+of)
		add(a.previous, "previous secret"+of)
		for _, old := range a.older {
			add(old, "old secret"+of)
		}
	}
	return strings.NewReplacer(names...).Replace(script)
}

func (w *world) setClock(now time.Time) {
	w.now = now
	w.clock.Store(now.Unix())
}

// adopt takes a company and its first account, which the command line made, into the model.
func (w *world) adopt(name, id, clientID, secret string) *company {
	c := &company{id: w.parse(id), name: name}
	w.companies = append(w.companies, c)
	a := &account{
		company: c, name: "Administrator", appType: "custom", clientID: clientID, version: 1, secret: secret, epoch: 1,
		levels: levels{"admin": "admin", "directory": "admin"}, places: map[*project]*place{},
	}
	a.contact = &contact{account: a, guestOf: map[*company]bool{}}
	w.accounts = append(w.accounts, a)
	caller := w.signedIn(a)
	var me struct {
		ID, Description string
		CreatedAt       time.Time `json:"created_at"`
		Contact         struct{ ID string }
	}
	w.decode(w.send(caller, request{method: "GET", path: "me"}), &me)
	a.id, a.description, a.createdAt, a.updatedAt, a.secretAt = w.parse(me.ID), me.Description, me.CreatedAt, me.CreatedAt, me.CreatedAt
	a.contact = newContact(a, w.parse(me.Contact.ID), me.CreatedAt)
	var found struct {
		CreatedAt time.Time `json:"created_at"`
	}
	w.decode(w.send(caller, request{method: "GET"}), &found)
	c.createdAt = found.CreatedAt
	w.lastID["account"], w.lastID["contact"] = a.id, a.contact.id
	var made []struct {
		CreatedAt time.Time `json:"created_at"`
	}
	w.decode(w.send(caller, request{method: "GET", path: "audit_events"}), &made)
	// The real clock wrote this one, perhaps a second after the account.
	w.record(&event{
		company: c, account: a.id, action: "service_account.created", at: made[len(made)-1].CreatedAt,
		after: with(a.facts(), a.secretFacts(), object{"permissions": a.levels}),
	})
	return c
}

func (w *world) decode(a answer, into any) {
	w.t.Helper()
	envelope := struct{ Data any }{into}
	if err := json.Unmarshal(a.body, &envelope); err != nil || a.status >= 300 {
		w.t.Fatalf("%s: %d %s: %v", a.what, a.status, a.body, err)
	}
}

func (w *world) parse(id string) int {
	w.t.Helper()
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || strconv.Itoa(n) != id {
		w.t.Fatalf("%q is not an id", id)
	}
	return n
}

// fresh checks that a new object's id was never given before.
func (w *world) fresh(noun, id string) int {
	w.t.Helper()
	n := w.parse(id)
	if n <= w.lastID[noun] {
		w.t.Fatalf("the new %s has the id %d, but %d was given already", noun, n, w.lastID[noun])
	}
	w.lastID[noun] = n
	return n
}

func (w *world) record(e *event) {
	if e.at.IsZero() {
		e.at = w.now
	}
	for _, facts := range []any{e.before, e.after} {
		if told, ok := facts.(object); ok {
			e.project = textOf(told["project_id"], e.project)
		}
	}
	w.events = append(w.events, e)
}

// refusal is an answer that says no.
type refusal struct {
	status   int
	faults   []string // "source reason_code" of each entry of details
	existing string   // existing_id, with name_taken
}

func refuse(status int, faults ...string) *refusal { return &refusal{status: status, faults: faults} }

// invalid is the refusal for faults, or nil where there are none.
func invalid(faults ...[]string) *refusal {
	if all := slices.Concat(faults...); len(all) > 0 {
		return refuse(http.StatusUnprocessableEntity, all...)
	}
	return nil
}

// first returns the first refusal that there is.
func first(refusals ...*refusal) *refusal {
	for _, r := range refusals {
		if r != nil {
			return r
		}
	}
	return nil
}

// when returns the refusal if the condition holds.
func when(condition bool, status int, faults ...string) *refusal {
	if condition {
		return refuse(status, faults...)
	}
	return nil
}

// isRefused reports whether the model wants a refusal, and then compares the answer with it.
func (w *world) isRefused(a answer, want *refusal) bool {
	w.t.Helper()
	if want == nil {
		if a.status >= 300 {
			w.t.Fatalf("%s: the model has nothing against it, but the answer is %d %s", a.what, a.status, a.body)
		}
		return false
	}
	if a.status != want.status {
		w.t.Fatalf("%s: status %d, want %d %v: %s", a.what, a.status, want.status, want.faults, a.body)
	}
	var got struct {
		Error struct {
			Code, Message string
			Details       []struct {
				ReasonCode string `json:"reason_code"`
				ExistingID string `json:"existing_id"`
				Source     string
				Message    string
			}
		}
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		w.t.Fatalf("%s: %v in %s", a.what, err, a.body)
	}
	code := strings.ToUpper(strings.ReplaceAll(http.StatusText(want.status), " ", "_"))
	faults, existing := []string{}, ""
	for _, detail := range got.Error.Details {
		faults = append(faults, strings.TrimSpace(detail.Source+" "+detail.ReasonCode))
		existing += detail.ExistingID
		if detail.Message == "" {
			w.t.Fatalf("%s: a detail without a message: %s", a.what, a.body)
		}
	}
	slices.Sort(faults)
	slices.Sort(want.faults)
	if got.Error.Code != code || got.Error.Message == "" || !slices.Equal(faults, want.faults) || existing != want.existing {
		w.t.Fatalf("%s: want %s %q existing_id %q: %s", a.what, code, want.faults, want.existing, a.body)
	}
	return true
}

// gate says what must be refused whatever the request is about: the token, the company, the rights.
func (w *world) gate(c caller, tool string) *refusal {
	switch {
	case c.token == nil && c.header == "":
		return refuse(http.StatusUnauthorized, "Authorization missing_token")
	case c.token == nil || !w.counts(c.token):
		return refuse(http.StatusUnauthorized, "Authorization invalid_token")
	case c.claims != "" && c.claims != number(c.company.id):
		return refuse(http.StatusBadRequest, "Procore-Company-Id company_mismatch")
	case c.company != c.account().company:
		return refuse(http.StatusNotFound, "company_id not_found")
	case !c.account().administers(tool):
		return refuse(http.StatusForbidden, "missing_permission")
	}
	return nil
}

// shows compares the data of an answer with what the model wants to see.
func (w *world) shows(a answer, status int, want object) {
	w.t.Helper()
	if a.status != status {
		w.t.Fatalf("%s: status %d, want %d: %s", a.what, a.status, status, a.body)
	}
	var got struct{ Data object }
	if err := json.Unmarshal(a.body, &got); err != nil {
		w.t.Fatalf("%s: %v in %s", a.what, err, a.body)
	}
	if found := differences(got.Data, want); len(found) > 0 {
		w.t.Fatalf("%s: %s", a.what, strings.Join(found, "; "))
	}
}

// isEmpty wants an answer without a body.
func (w *world) isEmpty(a answer) {
	w.t.Helper()
	if a.status != http.StatusNoContent || len(a.body) > 0 {
		w.t.Fatalf("%s: want 204 without a body: %d %s", a.what, a.status, a.body)
	}
}

// tagged checks the ETag of an answer: the same object has the same tag for as long as nothing in it changes, and another
// one afterwards. The object is without what changes by itself.
func (w *world) tagged(a answer, key string, shown object) {
	w.t.Helper()
	w.isTag(a, a.header.Get("ETag"), key, shown)
}

// isTag is tagged for an ETag that stands anywhere in an answer.
func (w *world) isTag(a answer, tag, key string, shown object) {
	w.t.Helper()
	looks := text(shown)
	known := w.tags[key]
	if known == nil {
		known = map[string]string{}
		w.tags[key] = known
	}
	if len(tag) < 4 || tag[0] != '"' || tag[len(tag)-1] != '"' {
		w.t.Fatalf("%s: %q is not a strong ETag", a.what, tag)
	}
	if before, seen := known[looks]; seen && before != tag {
		w.t.Fatalf("%s: the ETag of %s was %s, and is %s now, though nothing changed: %s", a.what, key, before, tag, looks)
	}
	for other, before := range known {
		if before == tag && other != looks {
			w.t.Fatalf("%s: the ETag %s of %s stayed, though this changed: %s, was %s", a.what, tag, key, looks, other)
		}
	}
	known[looks] = tag
}
