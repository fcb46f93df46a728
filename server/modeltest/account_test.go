package modeltest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// lasting is an account without what changes by itself, which is what its ETag stands for.
func lasting(account object) object {
	kept := with(account)
	delete(kept, "last_token_at")
	delete(kept, "days_until_sunset")
	return kept
}

func accountKey(a *account) string { return "account " + number(a.id) }

func accountPath(id string) string { return "service_accounts/" + id }

// expected is the account as it should be shown, with the last_token_at that the answer has if that can be.
func (w *world) expected(a *account, shown object) object {
	w.t.Helper()
	want := w.accountJSON(a)
	last, _ := shown["last_token_at"].(string)
	if last != "" && slices.Contains(a.issued, last) && last >= a.lastToken {
		a.lastToken = last
	}
	want["last_token_at"] = orNull(a.lastToken) // written behind: what was seen once may only grow
	return want
}

func (w *world) dataOf(a answer) object {
	w.t.Helper()
	var got struct{ Data object }
	if err := json.Unmarshal(a.body, &got); err != nil || got.Data == nil {
		w.t.Fatalf("%s: %v in %d %s", a.what, err, a.status, a.body)
	}
	return got.Data
}

// showsAccount compares an answer that shows an account, and its ETag.
func (w *world) showsAccount(got answer, status int, a *account, more object) {
	w.t.Helper()
	want := w.expected(a, w.dataOf(got))
	w.shows(got, status, with(want, more))
	w.tagged(got, accountKey(a), lasting(want))
}

// account returns the account that the company has under an id, or nil.
func (w *world) account(c *company, id string) *account {
	for _, a := range w.of(c) {
		if number(a.id) == id {
			return a
		}
	}
	return nil
}

func (w *world) getAccount() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	query, wrong := w.drawUnknownQuery()
	got := w.send(c, request{method: "GET", path: accountPath(target.id) + query})
	if !w.isRefused(got, first(w.gate(c, "admin"), wrong, target.refusal())) {
		w.showsAccount(got, http.StatusOK, target.object, nil)
	}
}

// drawUnknownQuery draws a parameter that a route doesn't know, now and then.
func (w *world) drawUnknownQuery() (query string, want *refusal) {
	if !w.oneIn(30, "unknown parameter") {
		return "", nil
	}
	name := draw(w, "parameter", "colour", "page", "filters[name]", "sort")
	return "?" + name + "=1", refuse(http.StatusUnprocessableEntity, name+" unknown_parameter")
}

var (
	createFields = map[string]string{
		"name": isString, "app_type": isString, "marketplace_app": isString + isNull, "description": isString,
		"deletion_protection": isBool, "add_to_new_projects": isBool, "client_secret": isString + isNull,
	}
	updateFields = map[string]string{
		"name": isString, "app_type": isString, "marketplace_app": isString + isNull, "description": isString,
		"deletion_protection": isBool, "add_to_new_projects": isBool,
	}
)

// drawAccountBody draws the body of a create or of an edit.
func (w *world) drawAccountBody(create bool) object {
	body := object{}
	if create && !w.oneIn(40, "no name") || !create && w.oneIn(3, "name") {
		body["name"] = w.drawName("name")
	}
	if w.oneIn(4, "app_type") {
		body["app_type"] = draw[any](w, "type", "custom", "marketplace", "marketplace", "marketplace", "Custom", "", 1, nil)
	}
	if body["app_type"] == "marketplace" && !w.oneIn(6, "no app") || w.oneIn(15, "app") {
		body["marketplace_app"] = draw[any](w, "marketplace_app", "Exporter", " Exporter ", "Importer", nil, "", " ", longest+"n", "a\nb", 3, false)
	}
	if w.oneIn(3, "description") {
		body["description"] = draw[any](w, "text", "", "nightly", " Nightly\tand\r\nweekly ", strings.Repeat("ü", 10_000), strings.Repeat("ü", 10_001), "\u0001", nil, 4)
	}
	if w.oneIn(6, "deletion_protection") {
		body["deletion_protection"] = draw[any](w, "protected", false, true, true, "true", nil)
	}
	if w.oneIn(4, "add_to_new_projects") {
		body["add_to_new_projects"] = draw[any](w, "to new projects", true, false, true, 1, nil)
	}
	if create {
		if secret := w.drawSecret(); secret != nil {
			body["client_secret"] = secret
		}
	}
	return w.spoil(body)
}

// bodyFaults are what is wrong with the fields that can be judged by themselves.
func bodyFaults(body object, fields map[string]string, required ...string) []string {
	faults := typeFaults(body, fields, required...)
	add := func(found ...string) { faults = append(faults, found...) }
	if name, ok := body["name"].(string); ok {
		add(nameFaults("name", name)...)
	}
	if kind, ok := body["app_type"].(string); ok && kind != "custom" && kind != "marketplace" {
		add("app_type not_allowed")
	}
	if description, ok := body["description"].(string); ok {
		add(descriptionFaults(description)...)
	}
	if secret, ok := body["client_secret"].(string); ok && !wellFormed(secret) {
		add("client_secret malformed")
	}
	return faults
}

// createFaults adds what is wrong with the app beside its type, unless one of them makes no sense by itself.
func createFaults(body object) []string {
	faults := bodyFaults(body, createFields, "name")
	kind, app := textOf(body["app_type"], "custom"), textOf(body["marketplace_app"], "")
	if !slices.ContainsFunc(faults, func(fault string) bool {
		return strings.HasPrefix(fault, "app_type ") || strings.HasPrefix(fault, "marketplace_app ")
	}) {
		faults = append(faults, appFaults(kind, app)...)
	}
	return faults
}

func textOf(value any, otherwise string) string {
	if text, ok := value.(string); ok {
		return text
	}
	return otherwise
}

func boolOf(value any, otherwise bool) bool {
	if is, ok := value.(bool); ok {
		return is
	}
	return otherwise
}

var clientIDs = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (w *world) createAccount() {
	c, body := w.drawCaller(), w.drawAccountBody(true)
	w.perform(c, w.drawOnce(&post{tool: "admin", path: "service_accounts", body: body, wrong: invalid(createFaults(body)), do: w.makeAccount}))
}

// makeAccount is the model's side of a create: what is refused, or what is done once the answer is there.
func (w *world) makeAccount(c caller, p *post) (*refusal, func(answer)) {
	body := p.body.(object)
	name := strings.TrimSpace(textOf(body["name"], ""))
	if !w.cutoff.IsZero() && !w.now.Before(w.cutoff) {
		return refuse(http.StatusConflict, "creation_closed"), nil
	}
	if taken := w.named(c.company, name, nil); taken != nil {
		return &refusal{status: http.StatusConflict, faults: []string{"name name_taken"}, existing: number(taken.id)}, nil
	}
	return nil, func(got answer) {
		a := &account{
			company: c.company, name: name, appType: textOf(body["app_type"], "custom"),
			app: strings.TrimSpace(textOf(body["marketplace_app"], "")), description: textOf(body["description"], ""),
			protected: boolOf(body["deletion_protection"], false), addToNewProjects: boolOf(body["add_to_new_projects"], false),
			version: 1, epoch: 1, levels: levels{}, places: map[*project]*place{}, createdAt: w.now, updatedAt: w.now, secretAt: w.now,
		}
		w.learn(got, a)
		if brought, ok := body["client_secret"].(string); ok && brought != a.secret {
			w.t.Fatalf("%s: the secret is not the one that was brought", got.what)
		}
		w.accounts = append(w.accounts, a)
		w.record(&event{
			company: a.company, account: a.id, action: "service_account.created", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), after: with(a.facts(), a.secretFacts()),
		})
		w.showsAccount(got, http.StatusCreated, a, object{"client_secret": a.secret})
		if location := "/rest/v2.0/companies/" + number(a.company.id) + "/service_accounts/" + number(a.id); got.header.Get("Location") != location {
			w.t.Fatalf("%s: Location is %q, want %q", got.what, got.header.Get("Location"), location)
		}
	}
}

// learn takes over what only the server can choose.
func (w *world) learn(got answer, a *account) {
	w.t.Helper()
	var shown struct {
		Data struct {
			ID           string
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
			Contact      struct{ ID string }
		}
	}
	if err := json.Unmarshal(got.body, &shown); err != nil {
		w.t.Fatalf("%s: %v in %s", got.what, err, got.body)
	}
	a.id, a.clientID, a.secret = w.fresh("account", shown.Data.ID), shown.Data.ClientID, shown.Data.ClientSecret
	a.contact = newContact(a, w.fresh("contact", shown.Data.Contact.ID), w.now)
	if !clientIDs.MatchString(a.clientID) || !wellFormed(a.secret) {
		w.t.Fatalf("%s: the client_id or the client_secret is not well-formed: %s", got.what, got.body)
	}
	for _, other := range w.accounts {
		if other.clientID == a.clientID {
			w.t.Fatalf("%s: account %d has the same client_id", got.what, other.id)
		}
	}
}

func (w *world) updateAccount() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	body := w.drawAccountBody(false)
	match := w.accountCondition(target)
	got := w.send(c, request{method: "PATCH", path: accountPath(target.id), body: body, ifMatch: match.header})
	want := first(w.gate(c, "admin"), invalid(bodyFaults(body, updateFields)), target.refusal(), match.refusal())
	if want == nil {
		want = w.cannotBecome(target.object, body)
	}
	if w.isRefused(got, want) {
		return
	}
	a := target.object
	before := a.facts()
	a.name = strings.TrimSpace(textOf(body["name"], a.name))
	a.appType, a.app = becomes(a, body)
	a.description = textOf(body["description"], a.description)
	a.protected = boolOf(body["deletion_protection"], a.protected)
	a.addToNewProjects = boolOf(body["add_to_new_projects"], a.addToNewProjects)
	if after := a.facts(); text(before) != text(after) {
		a.updatedAt = w.now
		w.record(&event{
			company: a.company, account: a.id, action: "service_account.updated", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), before: before, after: after,
		})
	}
	w.showsAccount(got, http.StatusOK, a, nil)
}

// becomes returns the app type and the app after an edit.
func becomes(a *account, body object) (kind, app string) {
	kind, app = textOf(body["app_type"], a.appType), a.app
	if sent, is := body["marketplace_app"]; is {
		app = textOf(sent, "")
	}
	return kind, strings.TrimSpace(app)
}

// cannotBecome is the refusal of an edit for what the account would be then.
func (w *world) cannotBecome(a *account, body object) *refusal {
	if wrong := invalid(appFaults(becomes(a, body))); wrong != nil {
		return wrong
	}
	if taken := w.named(a.company, strings.TrimSpace(textOf(body["name"], a.name)), a); taken != nil {
		return &refusal{status: http.StatusConflict, faults: []string{"name name_taken"}, existing: number(taken.id)}
	}
	return nil
}

func (w *world) accountCondition(target ref[account]) condition {
	if target.object == nil {
		return condition{draw(w, "If-Match of nothing", "", "*", `"x"`), true}
	}
	a := target.object
	return w.drawCondition(accountKey(a), accountPath(target.id), a.company, lasting(w.accountJSON(a)))
}

func (w *world) deleteAccount() {
	c := w.drawCaller()
	target := w.spared(w.drawAccount(c.company))
	match := w.accountCondition(target)
	got := w.send(c, request{method: "DELETE", path: accountPath(target.id), ifMatch: match.header})
	want := first(w.gate(c, "admin"), target.refusal(), match.refusal())
	if want == nil {
		want = first(when(target.object.protected, http.StatusConflict, "deletion_protected"),
			when(w.isLastAdmin(target.object), http.StatusConflict, "last_admin"))
	}
	if w.isRefused(got, want) {
		return
	}
	w.isEmpty(got)
	w.removed(c, got, target.object)
}

func (w *world) getMe() {
	c := w.drawCaller()
	got := w.send(c, request{method: "GET", path: "me"})
	if w.isRefused(got, w.gate(c, "")) {
		return
	}
	a := c.account()
	want := with(w.expected(a, w.dataOf(got)), object{"permissions": object{"company": a.levels.effective()}})
	w.shows(got, http.StatusOK, want)
	w.tagged(got, "me of account "+number(a.id), lasting(want))
}

// remove deletes an account.
func (w *world) remove(c caller, a *account) {
	w.t.Helper()
	got := w.send(c, request{method: "DELETE", path: accountPath(number(a.id))})
	w.isEmpty(got)
	w.removed(c, got, a)
}

func (w *world) removed(c caller, got answer, a *account) {
	w.record(&event{
		company: a.company, account: a.id, action: "service_account.deleted", actor: c.account(),
		requestID: got.header.Get("X-Request-Id"), before: with(a.facts(), a.accessFacts()),
	})
	a.deleted, a.levels, a.places, a.contact.updatedAt = true, levels{}, map[*project]*place{}, w.now
}
