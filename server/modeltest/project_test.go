package modeltest

import (
	"net/http"
	"strings"
)

var projectFields = map[string]string{"name": isString, "project_number": isString + isNull, "active": isBool}

func projectKey(p *project) string { return "project " + number(p.id) }

func projectPath(id string) string { return "projects/" + id }

func (w *world) drawProjectBody(create bool) object {
	body := object{}
	if create && !w.oneIn(40, "no name") || !create && w.oneIn(2, "name") {
		body["name"] = w.drawName("name of a project")
	}
	if w.oneIn(3, "project_number") {
		body["project_number"] = draw[any](w, "number of a project", "2026-014", " 7 ", "", nil, "ÉTÉ", longest, longest+"n", "a\nb", 7)
	}
	if w.oneIn(3, "active") {
		body["active"] = draw[any](w, "is active", false, true, "false", nil)
	}
	return w.spoil(body)
}

func projectFaults(body object, required ...string) []string {
	faults := typeFaults(body, projectFields, required...)
	if name, ok := body["name"].(string); ok {
		faults = append(faults, nameFaults("name", name)...)
	}
	if number, ok := body["project_number"].(string); ok {
		faults = append(faults, lineFaults("project_number", number)...)
	}
	return faults
}

func (w *world) showsProject(got answer, status int, p *project) {
	w.t.Helper()
	w.shows(got, status, p.wire())
	w.tagged(got, projectKey(p), p.wire())
}

func (w *world) createProject() {
	c, body := w.drawCaller(), w.drawProjectBody(true)
	w.perform(c, w.drawOnce(&post{
		tool: "directory", path: "projects", body: body, wrong: invalid(projectFaults(body, "name")), do: w.makeProject,
	}))
}

func (w *world) makeProject(c caller, p *post) (*refusal, func(answer)) {
	body := p.body.(object)
	return nil, func(got answer) {
		var shown struct{ ID string }
		w.decode(got, &shown)
		made := &project{
			id: w.fresh("project", shown.ID), company: c.company, name: strings.TrimSpace(textOf(body["name"], "")),
			number: strings.TrimSpace(textOf(body["project_number"], "")), active: boolOf(body["active"], true),
			createdAt: w.now, updatedAt: w.now,
		}
		w.made = append(w.made, made)
		w.record(&event{
			company: c.company, action: "project.created", actor: c.account(), requestID: got.header.Get("X-Request-Id"), after: made.facts(),
		})
		for _, a := range w.of(c.company) {
			if a.addToNewProjects {
				a.places[made] = &place{levels: levels{}, createdAt: w.now, updatedAt: w.now}
				w.record(&event{
					company: c.company, account: a.id, action: "project_assignment.created", actor: c.account(),
					requestID: got.header.Get("X-Request-Id"), after: placeFacts(made, levels{}),
				})
			}
		}
		w.showsProject(got, http.StatusCreated, made)
		if location := "/rest/v2.0/companies/" + number(c.company.id) + "/projects/" + number(made.id); got.header.Get("Location") != location {
			w.t.Fatalf("%s: Location is %q, want %q", got.what, got.header.Get("Location"), location)
		}
	}
}

func (w *world) getProject() {
	c := w.drawCaller()
	target := w.drawProject(c.company)
	query, wrong := w.drawUnknownQuery()
	got := w.send(c, request{method: "GET", path: projectPath(target.id) + query})
	if !w.isRefused(got, first(w.gate(c, "directory"), wrong, target.refusal())) {
		w.showsProject(got, http.StatusOK, target.object)
	}
}

func (w *world) projectCondition(target ref[project]) condition {
	if target.object == nil {
		return condition{draw(w, "If-Match of nothing", "", "*", `"x"`), true}
	}
	return w.drawCondition(projectKey(target.object), projectPath(target.id), target.object.company, target.object.wire())
}

func (w *world) updateProject() {
	c := w.drawCaller()
	target := w.drawProject(c.company)
	body := w.drawProjectBody(false)
	match := w.projectCondition(target)
	got := w.send(c, request{method: "PATCH", path: projectPath(target.id), body: body, ifMatch: match.header})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(projectFaults(body)), target.refusal(), match.refusal())) {
		return
	}
	p := target.object
	before := p.facts()
	p.name = strings.TrimSpace(textOf(body["name"], p.name))
	if sent, is := body["project_number"]; is {
		p.number = strings.TrimSpace(textOf(sent, ""))
	}
	p.active = boolOf(body["active"], p.active)
	if after := p.facts(); text(before) != text(after) {
		p.updatedAt = w.now
		w.record(&event{
			company: c.company, action: "project.updated", actor: c.account(), requestID: got.header.Get("X-Request-Id"),
			before: before, after: after,
		})
	}
	w.showsProject(got, http.StatusOK, p)
}

func (w *world) deleteProject() {
	c := w.drawCaller()
	target := w.drawProject(c.company)
	match := w.projectCondition(target)
	got := w.send(c, request{method: "DELETE", path: projectPath(target.id), ifMatch: match.header})
	if w.isRefused(got, first(w.gate(c, "directory"), target.refusal(), match.refusal())) {
		return
	}
	w.isEmpty(got)
	p := target.object
	p.deleted = true
	places := []object{}
	for _, a := range w.of(p.company) {
		if at := a.places[p]; at != nil {
			places = append(places, object{"service_account_id": number(a.id), "permissions": at.levels})
			w.leave(c, got, a, p)
		}
	}
	w.record(&event{
		company: p.company, action: "project.deleted", actor: c.account(), requestID: got.header.Get("X-Request-Id"),
		before: with(p.facts(), object{"project_assignments": places, "project_assignments_total": len(places)}),
	})
}
