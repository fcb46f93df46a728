package modeltest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
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

// tagsList checks the ETags of a page: each is the one that its item has by itself.
func (w *world) tagsList(got answer, q *query, total int, item func(i int) (key string, looks object)) {
	w.t.Helper()
	var shown struct{ ETags []string }
	from := min((q.page-1)*q.perPage, total)
	count := min(q.perPage, total-from)
	if err := json.Unmarshal(got.body, &shown); err != nil || shown.ETags == nil || len(shown.ETags) != count {
		w.t.Fatalf("%s: %v: %d ETags, want %d: %s", got.what, err, len(shown.ETags), count, got.body)
	}
	for i, tag := range shown.ETags {
		key, looks := item(from + i)
		w.isTag(got, tag, key, looks)
	}
}
