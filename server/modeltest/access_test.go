package modeltest

import (
	"net/http"
)

func (a *account) permissionsJSON() object { return object{"company": a.levels} }

func permissionsKey(a *account) string { return "permissions of account " + number(a.id) }

func (w *world) getPermissions() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	got := w.send(c, request{method: "GET", path: accountPath(target.id) + "/permissions"})
	if !w.isRefused(got, first(w.gate(c, "directory"), target.refusal())) {
		w.showsPermissions(got, target.object)
	}
}

func (w *world) showsPermissions(got answer, a *account) {
	w.t.Helper()
	w.shows(got, http.StatusOK, a.permissionsJSON())
	w.tagged(got, permissionsKey(a), a.permissionsJSON())
}

func (w *world) putPermissions() {
	c := w.drawCaller()
	target := w.spared(w.drawAccount(c.company))
	sent := w.drawLevels(companyTools)
	if w.oneIn(4, "an administrator") {
		sent[draw(w, "tool of an administrator", "directory", "admin")] = "admin"
	}
	body := w.spoil(object{"company": sent})
	wrong := append(typeFaults(body, map[string]string{"company": isObject}, "company"), levelFaults("company", sent, companyTools)...)
	if w.oneIn(30, "bad company") {
		body = object{"company": draw[any](w, "levels", nil, "admin", []string{})}
		wrong = []string{"company wrong_type"}
	}
	path := accountPath(target.id) + "/permissions"
	match := condition{"", true}
	if a := target.object; a != nil {
		match = w.drawCondition(permissionsKey(a), path, a.company, a.permissionsJSON())
	}
	got := w.send(c, request{method: "PUT", path: path, body: body, ifMatch: match.header})
	want := first(w.gate(c, "directory"), invalid(wrong), target.refusal(), match.refusal())
	after := granted(sent)
	if want == nil && text(after) != text(target.object.levels) {
		stays := (&account{levels: after}).administers("admin")
		want = when(!stays && w.isLastAdmin(target.object), http.StatusConflict, "last_admin")
	}
	if w.isRefused(got, want) {
		return
	}
	w.granted(c, got, target.object, after)
}

// grant gives an account its levels on company tools.
func (w *world) grant(c caller, a *account, sent object) {
	w.t.Helper()
	got := w.send(c, request{method: "PUT", path: accountPath(number(a.id)) + "/permissions", body: object{"company": sent}})
	w.granted(c, got, a, granted(sent))
}

func (w *world) granted(c caller, got answer, a *account, after levels) {
	w.t.Helper()
	if before := a.levels; text(before) != text(after) {
		a.levels = after
		w.record(&event{
			company: a.company, account: a.id, action: "permissions.updated", actor: c.account(),
			requestID: got.header.Get("X-Request-Id"), before: object{"permissions": before}, after: object{"permissions": after},
		})
	}
	w.showsPermissions(got, a)
}

func placePath(account, project string) string {
	return accountPath(account) + "/project_assignments/" + project
}

func placeKey(a *account, p *project) string {
	return "assignment of account " + number(a.id) + " to project " + number(p.id)
}

// place returns the assignment, or nil where there is none.
func placeOf(a ref[account], p ref[project]) *place {
	if a.object == nil || p.object == nil {
		return nil
	}
	return a.object.places[p.object]
}

// drawPlace draws an account and a project, mostly two that belong together.
func (w *world) drawPlace(c *company) (ref[account], ref[project]) {
	a, p := w.drawAccount(c), w.drawProject(c)
	if a.object != nil && len(a.object.places) > 0 && w.oneIn(2, "a project of its own") {
		object := draw(w, "own project", a.object.projects()...)
		p = ref[project]{number(object.id), object}
	}
	return a, p
}

func (w *world) getPlace() {
	c := w.drawCaller()
	a, p := w.drawPlace(c.company)
	got := w.send(c, request{method: "GET", path: placePath(a.id, p.id)})
	want := first(w.gate(c, "directory"), a.refusal(), p.refusal(), when(placeOf(a, p) == nil, http.StatusNotFound, "not_found"))
	if !w.isRefused(got, want) {
		w.showsPlace(got, http.StatusOK, a.object, p.object)
	}
}

func (w *world) showsPlace(got answer, status int, a *account, p *project) {
	w.t.Helper()
	w.shows(got, status, a.placeJSON(p))
	w.tagged(got, placeKey(a, p), a.placeJSON(p))
}

func (w *world) placeCondition(a ref[account], p ref[project]) condition {
	if a.object == nil || p.object == nil {
		return condition{"", true}
	}
	var looks object
	if a.object.places[p.object] != nil {
		looks = a.object.placeJSON(p.object)
	}
	return w.drawCondition(placeKey(a.object, p.object), placePath(a.id, p.id), a.object.company, looks)
}

func (w *world) putPlace() {
	c := w.drawCaller()
	a, p := w.drawPlace(c.company)
	body, sent := object{}, object{}
	if !w.oneIn(5, "no permissions") {
		sent = w.drawLevels(projectTools)
		body["permissions"] = sent
	}
	body = w.spoil(body)
	wrong := append(typeFaults(body, map[string]string{"permissions": isObject}), levelFaults("permissions", sent, projectTools)...)
	match := w.placeCondition(a, p)
	got := w.send(c, request{method: "PUT", path: placePath(a.id, p.id), body: body, ifMatch: match.header})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(wrong), a.refusal(), p.refusal(), match.refusal())) {
		return
	}
	after := granted(sent)
	e := &event{company: c.company, account: a.object.id, actor: c.account(), requestID: got.header.Get("X-Request-Id"), after: placeFacts(p.object, after)}
	at := a.object.places[p.object]
	if at == nil {
		a.object.places[p.object] = &place{levels: after, createdAt: w.now, updatedAt: w.now}
		e.action = "project_assignment.created"
		w.record(e)
		w.showsPlace(got, http.StatusCreated, a.object, p.object)
		return
	}
	if text(at.levels) != text(after) {
		e.action, e.before = "project_assignment.updated", placeFacts(p.object, at.levels)
		at.levels, at.updatedAt = after, w.now
		w.record(e)
	}
	w.showsPlace(got, http.StatusOK, a.object, p.object)
}

func (w *world) deletePlace() {
	c := w.drawCaller()
	a, p := w.drawPlace(c.company)
	match := w.placeCondition(a, p)
	got := w.send(c, request{method: "DELETE", path: placePath(a.id, p.id), ifMatch: match.header})
	want := first(w.gate(c, "directory"), a.refusal(), p.refusal(), when(placeOf(a, p) == nil, http.StatusNotFound, "not_found"), match.refusal())
	if w.isRefused(got, want) {
		return
	}
	w.isEmpty(got)
	w.leave(c, got, a.object, p.object)
}

// leave takes the account out of the project.
func (w *world) leave(c caller, got answer, a *account, p *project) {
	w.record(&event{
		company: a.company, account: a.id, action: "project_assignment.deleted", actor: c.account(),
		requestID: got.header.Get("X-Request-Id"), before: placeFacts(p, a.places[p].levels),
	})
	delete(a.places, p)
}
