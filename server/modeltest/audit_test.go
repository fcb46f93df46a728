package modeltest

import (
	"slices"
	"time"
)

var actions = []string{
	"service_account.created", "service_account.updated", "service_account.deleted", "service_account.secret_reset",
	"service_account.tokens_revoked", "permissions.updated", "project.created", "project.updated", "project.deleted", "project_assignment.created", "project_assignment.updated",
	"project_assignment.deleted", "contact.updated", "contact.added_to_directory", "contact.removed_from_directory",
}

func (w *world) listEvents() {
	c := w.drawCaller()
	q := w.drawQuery()
	there := w.eventsOf(c.company)
	keep := func(matches func(*event) bool) {
		there = slices.DeleteFunc(there, func(e *event) bool { return !matches(e) })
	}
	if w.oneIn(4, "filters[service_account_id]") {
		ids := []string{"999999", "0", "x", "-1"}
		for _, a := range w.accounts {
			ids = append(ids, number(a.id))
		}
		id := draw(w, "events of", ids...)
		q.set("filters[service_account_id]", id)
		keep(func(e *event) bool { return e.account != 0 && number(e.account) == id })
	}
	if w.oneIn(6, "filters[project_id]") {
		ids := []string{"999999", "01"}
		for _, p := range w.made {
			ids = append(ids, number(p.id))
		}
		id := draw(w, "events of project", ids...)
		q.set("filters[project_id]", id)
		keep(func(e *event) bool { return e.project == id })
	}
	if w.oneIn(4, "filters[action]") {
		action := draw(w, "action", actions...)
		q.set("filters[action]", action)
		keep(func(e *event) bool { return e.action == action })
	}
	if w.oneIn(4, "filters[created_at]") {
		from, to := w.drawTime(), w.drawTime()
		q.set("filters[created_at]", from+"..."+to)
		keep(func(e *event) bool { return (from == "" || stamp(e.at) >= from) && (to == "" || stamp(e.at) <= to) })
		if from == "" && to == "" {
			q.faults = append(q.faults, "filters[created_at] malformed")
		}
	}
	if w.oneIn(30, "bad filter of events") {
		q.wrong("filters[action]", draw(w, "no action", "created", "Service_account.created"), "not_allowed")
	}
	got := w.send(c, request{method: "GET", path: q.path("audit_events")})
	if !w.isRefused(got, first(w.gate(c, "admin"), invalid(q.faults))) {
		w.showsEvents(got, q, there)
	}
}

// eventsOf returns the events of the company, newest first.
func (w *world) eventsOf(c *company) []*event {
	var found []*event
	for _, e := range w.events {
		if e.company == c {
			found = append(found, e)
		}
	}
	slices.Reverse(found)
	return found
}

// showsEvents compares a page of events. An event's id grows with time and stays what it was.
func (w *world) showsEvents(got answer, q *query, there []*event) {
	w.t.Helper()
	all := make([]object, len(there))
	for i, e := range there {
		all[i] = e.wire("")
	}
	newer := 0
	w.showsList(got, q, all, func(i int, shown object) {
		e := there[i]
		id := w.parse(textOf(shown["id"], ""))
		if e.id != 0 && e.id != id || newer != 0 && id >= newer {
			w.t.Fatalf("%s: the event %s has the id %d, had %d, and the one before has %d", got.what, text(shown), id, e.id, newer)
		}
		e.id, newer = id, id
		all[i] = e.wire(number(id))
	})
}

// drawTime draws an end of a range of times around the events.
func (w *world) drawTime() string {
	if w.oneIn(4, "open end") {
		return ""
	}
	e := draw(w, "time of", w.events...)
	return stamp(e.at.Truncate(time.Second).Add(draw(w, "and", 0, time.Second, -time.Second)))
}
