package modeltest

import (
	"net/http"
	"slices"
	"strings"
)

// drawIDs draws a filter by id, and returns which ids it selects.
func (w *world) drawIDs(q *query, ids []string, filter string) (selects func(id string) bool) {
	if !w.oneIn(8, filter) {
		return func(string) bool { return true }
	}
	spelling := draw(w, "spelling", filter+"[]", filter)
	var wanted []string
	for range 1 + w.uniform(3, "how many ids") {
		wanted = append(wanted, draw(w, "id", append(slices.Clone(ids), "999999", "0", "x", "007")...))
	}
	q.values[spelling] = wanted
	return func(id string) bool { return slices.Contains(wanted, id) }
}

// drawSort draws an order, and returns how it compares.
func drawSort[T any](w *world, q *query, id func(T) int, name, createdAt func(T) string) func(x, y T) int {
	order := draw(w, "sort", "", "", "name", "-name", "created_at", "-created_at", "id")
	if order == "id" {
		q.wrong("sort", draw(w, "bad sort", "id", "Name", "-"), "not_allowed")
		return nil
	}
	if order == "" {
		return func(x, y T) int { return id(x) - id(y) }
	}
	q.set("sort", order)
	key, sign := name, 1
	if strings.HasSuffix(order, "created_at") {
		key = createdAt
	}
	if order[0] == '-' {
		sign = -1
	}
	return func(x, y T) int {
		if compared := strings.Compare(key(x), key(y)); compared != 0 {
			return sign * compared
		}
		return sign * (id(x) - id(y))
	}
}

func (w *world) listAccounts() {
	c := w.drawCaller()
	q := w.drawQuery()
	there := w.of(c.company)
	keep := func(matches func(*account) bool) {
		there = slices.DeleteFunc(there, func(a *account) bool { return !matches(a) })
	}
	var ids, clients []string
	for _, a := range w.accounts {
		ids, clients = append(ids, number(a.id)), append(clients, a.clientID)
	}
	selected := w.drawIDs(q, ids, "filters[id]")
	keep(func(a *account) bool { return selected(number(a.id)) })
	if w.oneIn(8, "filters[name]") {
		name := draw(w, "name that is looked for", append([]string{"administrator", "CI", "strasse"}, names...)...)
		q.set("filters[name]", name)
		keep(func(a *account) bool { return fold(a.name) == fold(name) })
	}
	if w.oneIn(10, "filters[client_id]") {
		clientID := draw(w, "client_id that is looked for", append(clients, "x")...)
		q.set("filters[client_id]", clientID)
		keep(func(a *account) bool { return a.clientID == clientID })
	}
	if w.oneIn(8, "filters[app_type]") {
		kind := draw(w, "app_type that is looked for", "custom", "marketplace")
		q.set("filters[app_type]", kind)
		keep(func(a *account) bool { return a.appType == kind })
	}
	if w.oneIn(8, "filters[status]") {
		status := draw(w, "status that is looked for", "active", "nonfunctional", "expired")
		q.set("filters[status]", status)
		keep(func(a *account) bool { return w.status(a) == status })
	}
	if w.oneIn(6, "filters[search]") {
		search := w.drawSearch()
		q.set("filters[search]", search)
		keep(func(a *account) bool { return has(search, a.name, a.description, a.clientID) })
	}
	if w.oneIn(40, "bad filter") {
		q.wrong(draw(w, "which filter", "filters[status]", "filters[app_type]"), "Active", "not_allowed")
	}
	order := drawSort(w, q, func(a *account) int { return a.id }, func(a *account) string { return fold(a.name) },
		func(a *account) string { return stamp(a.createdAt) })
	got := w.send(c, request{method: "GET", path: q.path("service_accounts")})
	if w.isRefused(got, first(w.gate(c, "admin"), invalid(q.faults))) {
		return
	}
	slices.SortFunc(there, order)
	w.showsAccounts(got, q, there)
}

// showsAccounts compares a page of accounts.
func (w *world) showsAccounts(got answer, q *query, there []*account) {
	w.t.Helper()
	all := make([]object, len(there))
	w.showsList(got, q, w.filled(all, there), func(i int, shown object) { all[i] = w.expected(there[i], shown) })
	w.tagsList(got, q, len(all), func(i int) (string, object) { return accountKey(there[i]), lasting(all[i]) })
}

// filled makes the objects of accounts.
func (w *world) filled(all []object, accounts []*account) []object {
	for i, a := range accounts {
		all[i] = w.accountJSON(a)
	}
	return all
}

func (w *world) drawSearch() string {
	return draw(w, "search", "ci", "CI ", "é", "ß", "ss", "k", "%", "_", "a", "0", "NIGHTLY", "xporter", " ", "\u0000", "ω", "2026")
}

// has reports whether one of the texts contains the search, whatever the case.
func has(search string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(fold(text), fold(search)) })
}

func (w *world) listProjects() {
	c := w.drawCaller()
	q := w.drawQuery()
	there := w.projectsOf(c.company)
	keep := func(matches func(*project) bool) {
		there = slices.DeleteFunc(there, func(p *project) bool { return !matches(p) })
	}
	var ids []string
	for _, p := range w.made {
		ids = append(ids, number(p.id))
	}
	selected := w.drawIDs(q, ids, "filters[id]")
	keep(func(p *project) bool { return selected(number(p.id)) })
	if w.oneIn(6, "filters[name]") {
		name := draw(w, "name that is looked for", names...)
		q.set("filters[name]", name)
		keep(func(p *project) bool { return fold(p.name) == fold(name) })
	}
	if w.oneIn(6, "filters[active]") {
		active := draw(w, "active", "true", "false")
		q.set("filters[active]", active)
		keep(func(p *project) bool { return text(p.active) == active })
	}
	if w.oneIn(6, "filters[search]") {
		search := w.drawSearch()
		q.set("filters[search]", search)
		keep(func(p *project) bool { return has(search, p.name, p.number) })
	}
	order := drawSort(w, q, func(p *project) int { return p.id }, func(p *project) string { return fold(p.name) },
		func(p *project) string { return stamp(p.createdAt) })
	got := w.send(c, request{method: "GET", path: q.path("projects")})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(q.faults))) {
		return
	}
	slices.SortFunc(there, order)
	w.showsProjects(got, q, there)
}

// showsProjects compares a page of projects.
func (w *world) showsProjects(got answer, q *query, there []*project) {
	w.t.Helper()
	var all []object
	for _, p := range there {
		all = append(all, p.wire())
	}
	w.showsList(got, q, all, nobody)
	w.tagsList(got, q, len(all), func(i int) (string, object) { return projectKey(there[i]), all[i] })
}

func (w *world) listPlaces() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	q := w.drawQuery()
	got := w.send(c, request{method: "GET", path: q.path(accountPath(target.id) + "/project_assignments")})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(q.faults), target.refusal())) {
		return
	}
	w.showsPlaces(got, q, []*account{target.object})
}

// showsPlaces compares a page of the accounts' assignments.
func (w *world) showsPlaces(got answer, q *query, accounts []*account) {
	w.t.Helper()
	var all []object
	var keys []string
	for _, a := range accounts {
		for _, p := range a.projects() {
			all, keys = append(all, a.placeJSON(p)), append(keys, placeKey(a, p))
		}
	}
	w.showsList(got, q, all, nobody)
	w.tagsList(got, q, len(all), func(i int) (string, object) { return keys[i], all[i] })
}

// listAccess lists the levels of all accounts, or their places in projects.
func (w *world) listAccess() {
	c := w.drawCaller()
	q := w.drawQuery()
	there := w.of(c.company)
	var ids []string
	for _, a := range w.accounts {
		ids = append(ids, number(a.id))
	}
	selected := w.drawIDs(q, ids, "filters[service_account_id]")
	there = slices.DeleteFunc(there, func(a *account) bool { return !selected(number(a.id)) })
	list, shows := "permissions", w.showsLevels
	if w.oneIn(2, "places") {
		list, shows = "project_assignments", w.showsPlaces
	}
	got := w.send(c, request{method: "GET", path: q.path(list)})
	if !w.isRefused(got, first(w.gate(c, "directory"), invalid(q.faults))) {
		shows(got, q, there)
	}
}

// showsLevels compares a page of the accounts' levels.
func (w *world) showsLevels(got answer, q *query, accounts []*account) {
	w.t.Helper()
	var all []object
	for _, a := range accounts {
		all = append(all, with(a.permissionsJSON(), object{"service_account_id": number(a.id)}))
	}
	w.showsList(got, q, all, nobody)
	w.tagsList(got, q, len(all), func(i int) (string, object) { return permissionsKey(accounts[i]), accounts[i].permissionsJSON() })
}

func (w *world) listContacts() {
	c := w.drawCaller()
	q := w.drawQuery()
	got := w.send(c, request{method: "GET", path: q.path("directory/contacts")})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(q.faults))) {
		return
	}
	var all []object
	for _, k := range w.directory(c.company) {
		all = append(all, k.wire())
	}
	w.showsList(got, q, all, nobody)
}

func (w *world) listCompanies() {
	c := w.drawCaller()
	q := w.drawQuery()
	got := w.send(c, request{method: "GET", path: q.path("/rest/v2.0/companies")})
	if c.token != nil && c.company != c.account().company {
		c.company = c.account().company // the path names none
	}
	if !w.isRefused(got, first(w.gate(c, ""), invalid(q.faults))) {
		w.showsList(got, q, []object{c.company.wire()}, nobody)
	}
}

func (w *world) getCompany() {
	c := w.drawCaller()
	got := w.send(c, request{method: "GET"})
	if !w.isRefused(got, w.gate(c, "")) {
		w.shows(got, http.StatusOK, c.company.wire())
		w.tagged(got, "company "+number(c.company.id), c.company.wire())
	}
}

func (w *world) listTools() {
	c := w.drawCaller()
	got := w.send(c, request{method: "GET", path: "tools"})
	if w.isRefused(got, w.gate(c, "admin")) {
		return
	}
	inOrder := func(tools map[string][]string) []object {
		var list []object
		for name, levels := range tools {
			list = append(list, object{"name": name, "levels": levels})
		}
		slices.SortFunc(list, func(x, y object) int { return strings.Compare(x["name"].(string), y["name"].(string)) })
		return list
	}
	w.shows(got, http.StatusOK, object{"company": inOrder(companyTools), "project": inOrder(projectTools)})
}
