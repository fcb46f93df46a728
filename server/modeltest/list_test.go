package modeltest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is the query of a list, and what is wrong with it.
type query struct {
	values        url.Values
	faults        []string
	page, perPage int
}

func (q *query) set(name, value string) { q.values.Set(name, value) }

func (q *query) wrong(name, value, reason string) {
	if !q.values.Has(name) {
		q.values.Set(name, value)
		q.faults = append(q.faults, name+" "+reason)
	}
}

// drawQuery draws the paging of a list, and now and then what no list takes.
func (w *world) drawQuery() *query {
	q := &query{values: url.Values{}, page: 1, perPage: 100}
	if w.oneIn(2, "per_page") {
		q.perPage = draw(w, "items on a page", 2, 1, 3, 5, 1000)
		q.set("per_page", number(q.perPage))
	}
	if w.oneIn(3, "page") {
		q.page = draw(w, "which page", 1, 2, 3, 9, 1_000_000)
		q.set("page", number(q.page))
	}
	if !w.oneIn(15, "bad query") {
		return q
	}
	switch draw(w, "what is bad", "unknown", "page", "per_page", "text", "repeated", "blank") {
	case "unknown":
		q.wrong("colour", "red", "unknown_parameter")
	case "page":
		q.wrong("page", draw(w, "bad page", "0", "-1"), "out_of_range")
	case "per_page":
		q.wrong("per_page", draw(w, "bad per_page", "0", "1001", "-5"), "out_of_range")
	case "text":
		q.wrong("page", draw(w, "no page", "x", "1.5"), "wrong_type")
	case "repeated":
		q.values["per_page"] = []string{"1", "1"}
		q.faults = append(q.faults, "per_page repeated")
	case "blank":
		q.wrong("page", "", "blank")
	}
	return q
}

func (q *query) path(list string) string {
	if len(q.values) == 0 {
		return list
	}
	return list + "?" + q.values.Encode()
}

var linkPattern = regexp.MustCompile(`<([^>]*)>; rel="([a-z]+)"`)

// showsList compares a page of a list: what is on it, in this order, and its headers.
func (w *world) showsList(got answer, q *query, all []object, ids func(i int, shown object)) {
	w.t.Helper()
	var shown struct{ Data []object }
	if err := json.Unmarshal(got.body, &shown); err != nil || got.status != http.StatusOK || shown.Data == nil {
		w.t.Fatalf("%s: %v in %d %s", got.what, err, got.status, got.body)
	}
	from := min((q.page-1)*q.perPage, len(all))
	page := all[from:min(from+q.perPage, len(all))]
	if len(shown.Data) != len(page) {
		w.t.Fatalf("%s: %d on the page, want %d of %d: %s\nwant %s", got.what, len(shown.Data), len(page), len(all), got.body, text(page))
	}
	for i, item := range shown.Data {
		ids(from+i, item)
		if found := differences(item, all[from+i]); len(found) > 0 {
			w.t.Fatalf("%s: item %d: %s", got.what, i, strings.Join(found, "; "))
		}
	}
	w.pages(got, q, len(all))
}

// pages checks the paging headers.
func (w *world) pages(got answer, q *query, total int) {
	w.t.Helper()
	if got.header.Get("Total") != number(total) || got.header.Get("Per-Page") != number(q.perPage) {
		w.t.Fatalf("%s: Total is %s, want %d; Per-Page is %s, want %d", got.what, got.header.Get("Total"), total, got.header.Get("Per-Page"), q.perPage)
	}
	last := max(1, (total+q.perPage-1)/q.perPage)
	want := map[string]int{"first": 1, "last": last}
	if q.page > 1 {
		want["prev"] = min(q.page-1, last)
	}
	if q.page < last {
		want["next"] = q.page + 1
	}
	links := map[string]int{}
	_, asked, _ := strings.Cut(got.what, "/")
	asked, _, _ = strings.Cut("/"+asked, "?")
	for _, link := range linkPattern.FindAllStringSubmatch(got.header.Get("Link"), -1) {
		target, err := url.Parse(link[1])
		if err != nil || target.Path != asked {
			w.t.Fatalf("%s: a link to %s: %v", got.what, link[1], err)
		}
		values := target.Query()
		links[link[2]], _ = strconv.Atoi(values.Get("page"))
		values.Del("page")
		values.Del("per_page")
		rest := url.Values{}
		for name, value := range q.values {
			if name != "page" && name != "per_page" {
				rest[name] = value
			}
		}
		if values.Encode() != rest.Encode() || target.Query().Get("per_page") != number(q.perPage) {
			w.t.Fatalf("%s: the link %s has not the query that was asked for", got.what, link[1])
		}
	}
	if text(links) != text(want) {
		w.t.Fatalf("%s: Link is %q, want pages %v", got.what, got.header.Get("Link"), want)
	}
}

func nobody(int, object) {}

// drawIDs draws the filter by id, and returns which ids it selects.
func (w *world) drawIDs(q *query, ids []string) (selects func(id string) bool) {
	if !w.oneIn(8, "filters[id]") {
		return func(string) bool { return true }
	}
	spelling := draw(w, "spelling", "filters[id][]", "filters[id]")
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
	selected := w.drawIDs(q, ids)
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
	all := make([]object, len(there))
	w.showsList(got, q, w.filled(all, there), func(i int, shown object) { all[i] = w.expected(there[i], shown) })
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
	selected := w.drawIDs(q, ids)
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
	var all []object
	for _, p := range there {
		all = append(all, p.wire())
	}
	w.showsList(got, q, all, nobody)
}

func (w *world) listPlaces() {
	c := w.drawCaller()
	target := w.drawAccount(c.company)
	q := w.drawQuery()
	got := w.send(c, request{method: "GET", path: q.path(accountPath(target.id) + "/project_assignments")})
	if w.isRefused(got, first(w.gate(c, "directory"), invalid(q.faults), target.refusal())) {
		return
	}
	var all []object
	for _, p := range target.object.projects() {
		all = append(all, target.object.placeJSON(p))
	}
	w.showsList(got, q, all, nobody)
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
