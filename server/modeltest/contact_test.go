package modeltest

import (
	"net/http"
	"strings"
)

func contactPath(id string) string { return "directory/contacts/" + id }

func contactKey(k *contact) string { return "contact " + number(k.id) }

func (w *world) showsContact(got answer, status int, k *contact) {
	w.t.Helper()
	w.shows(got, status, k.wire())
	w.tagged(got, contactKey(k), k.wire())
}

func (w *world) drawContactOf(c *company) ref[contact] {
	return w.drawContact(func(k *contact) bool { return k.in(c) })
}

func (w *world) sparedContact(target ref[contact]) ref[contact] {
	if target.object == nil {
		return target
	}
	spared := w.spared(ref[account]{object: target.object.account}).object.contact
	return ref[contact]{number(spared.id), spared}
}

func (w *world) getContact() {
	c := w.drawCaller()
	target := w.drawContactOf(c.company)
	got := w.send(c, request{method: "GET", path: contactPath(target.id)})
	if !w.isRefused(got, first(w.gate(c, "directory"), target.refusal())) {
		w.showsContact(got, http.StatusOK, target.object)
	}
}

func (w *world) contactCondition(c *company, target ref[contact]) condition {
	if target.object == nil {
		return condition{"", true}
	}
	return w.drawCondition(contactKey(target.object), contactPath(target.id), c, target.object.wire())
}

func (w *world) updateContact() {
	c := w.drawCaller()
	target := w.sparedContact(w.drawContactOf(c.company))
	addresses := []any{"new@example.com", "other@example.com", "x", "", " y@example.com", nil, 7, strings.Repeat("x", 250) + "@example.com"}
	if k := target.object; k != nil { // back to what it was, three times as likely as anything else
		addresses = append([]any{k.assigned, k.assigned, k.assigned}, addresses...)
	}
	sent := draw(w, "email_address", addresses...)
	body := w.spoil(object{"email_address": sent})
	if w.oneIn(30, "no address") {
		delete(body, "email_address")
	}
	wrong := typeFaults(body, map[string]string{"email_address": isString}, "email_address")
	address, isText := body["email_address"].(string)
	if isText && (!strings.Contains(address, "@") || strings.HasPrefix(address, " ") || len(address) > 254) {
		wrong = append(wrong, "email_address malformed")
	}
	match := w.contactCondition(c.company, target)
	got := w.send(c, request{method: "PATCH", path: contactPath(target.id), body: body, ifMatch: match.header})
	want := first(w.gate(c, "directory"), invalid(wrong), target.refusal(), match.refusal())
	if k := target.object; want == nil {
		breaks := address != k.email && address != k.assigned
		want = first(when(k.account.company != c.company, http.StatusConflict, "not_home_directory"),
			when(breaks && w.isLastAdmin(k.account), http.StatusConflict, "last_admin"))
	}
	if w.isRefused(got, want) {
		return
	}
	w.addressed(c, got, target.object, address)
}

// setEmail changes a contact's address.
func (w *world) setEmail(c caller, k *contact, address string) {
	w.t.Helper()
	got := w.send(c, request{method: "PATCH", path: contactPath(number(k.id)), body: object{"email_address": address}})
	w.addressed(c, got, k, address)
}

func (w *world) addressed(c caller, got answer, k *contact, address string) {
	w.t.Helper()
	if address != k.email {
		before := k.facts()
		k.email, k.updatedAt = address, w.now
		if address != k.assigned {
			w.breakIt(k.account)
		}
		w.record(&event{
			company: k.account.company, account: k.account.id, action: "contact.updated", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), before: before, after: k.facts(),
		})
	}
	w.showsContact(got, http.StatusOK, k)
}

func directoryFacts(k *contact, c *company) object {
	return object{"contact_id": number(k.id), "directory_company_id": number(c.id)}
}

func (w *world) addContact() {
	c := w.drawCaller()
	target := w.drawContact(func(*contact) bool { return true }) // one of another company's is what is wanted
	if target.object != nil && target.object.in(c.company) && !w.oneIn(4, "its own") {
		for _, a := range w.accounts {
			if !a.contact.in(c.company) {
				target = ref[contact]{number(a.contact.id), a.contact}
			}
		}
	}
	target = w.sparedContact(target)
	body := w.spoil(object{"contact_id": target.id})
	if w.oneIn(20, "bad contact_id") {
		body = object{"contact_id": draw[any](w, "contact_id", nil, 5, true)}
	}
	wrong := invalid(typeFaults(body, map[string]string{"contact_id": isString}, "contact_id"))
	w.perform(c, w.drawOnce(&post{
		tool: "directory", path: "directory/contacts", body: body, wrong: first(wrong, known(target.id)),
		do: func(c caller, _ *post) (*refusal, func(answer)) { return w.doAddContact(c, target.id) },
	}))
}

func (w *world) doAddContact(c caller, id string) (*refusal, func(answer)) {
	var k *contact
	for _, a := range w.accounts {
		if number(a.contact.id) == id {
			k = a.contact
		}
	}
	if k == nil {
		return refuse(http.StatusNotFound, "not_found"), nil
	}
	want := first(when(k.in(c.company), http.StatusConflict, "already_in_directory"),
		when(w.isLastAdmin(k.account), http.StatusConflict, "last_admin"))
	return want, func(got answer) {
		k.guestOf[c.company] = true
		w.breakIt(k.account)
		w.record(&event{
			company: k.account.company, account: k.account.id, action: "contact.added_to_directory", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), after: directoryFacts(k, c.company),
		})
		w.showsContact(got, http.StatusCreated, k)
	}
}

func (w *world) removeContact() {
	c := w.drawCaller()
	target := w.drawContactOf(c.company)
	if w.oneIn(2, "a guest") {
		for _, a := range w.accounts {
			if a.contact.guestOf[c.company] {
				target = ref[contact]{number(a.contact.id), a.contact}
			}
		}
	}
	match := w.contactCondition(c.company, target)
	got := w.send(c, request{method: "DELETE", path: contactPath(target.id), ifMatch: match.header})
	want := first(w.gate(c, "directory"), target.refusal(), match.refusal())
	if want == nil {
		want = when(target.object.account.company == c.company, http.StatusConflict, "home_directory")
	}
	if w.isRefused(got, want) {
		return
	}
	w.isEmpty(got)
	k := target.object
	delete(k.guestOf, c.company)
	w.record(&event{
		company: k.account.company, account: k.account.id, action: "contact.removed_from_directory", actor: c.account(),
		requestID: got.header.Get("X-Request-Id"), before: directoryFacts(k, c.company),
	})
}
