package rest_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// listed returns the names that a list answers with, joined by commas.
func (c client) listed(query string) string {
	c.t.Helper()
	var names []string
	for _, account := range data[[]account](c.get("service_accounts?" + query).want(200)) {
		names = append(names, account.Name)
	}
	return strings.Join(names, ",")
}

// fixtures makes four accounts, one a minute, whose names don't come in the order of their ids.
func fixtures(t *testing.T) (client, []account) {
	t.Helper()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	made := make([]account, 0, 4)
	for _, body := range []object{
		{"name": "delta 100%", "description": "the ÉCOLE exporter"},
		{"name": "Alpha", "app_type": "marketplace", "marketplace_app": "Exporter"},
		{"name": "charlie_1", "description": "line\nbreak"},
		{"name": "bravo", "app_type": "marketplace", "marketplace_app": "Importer", "description": "Straße"},
	} {
		clock.advance(time.Minute)
		made = append(made, data[account](admin.post("service_accounts", body).want(201)))
	}
	return admin, made
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	admin, made := fixtures(t)
	const id = "filters[id][]="

	for query, want := range map[string]string{
		"filters[name]=Alpha":                                  "Alpha",
		"filters[name]=aLPHA":                                  "Alpha",
		"filters[name]=Alph":                                   "",
		"filters[name]=%25":                                    "",
		"filters[client_id]=" + made[2].ClientID:               "charlie_1",
		"filters[client_id]=" + made[2].ClientID[:63]:          "",
		"filters[app_type]=marketplace":                        "Alpha,bravo",
		"filters[app_type]=custom":                             "Administrator,delta 100%,charlie_1",
		"filters[status]=active&filters[app_type]=marketplace": "Alpha,bravo",
		"filters[status]=nonfunctional":                        "",
		"filters[status]=expired":                              "",
		id + made[3].ID:                                        "bravo",
		id + made[3].ID + "&" + id + made[0].ID:                "delta 100%,bravo",
		id + made[3].ID + "&" + id + made[3].ID:                "bravo",
		"filters[id]=" + made[1].ID:                            "Alpha",
		id + made[3].ID + "&" + id + "999":                     "bravo",
		id + "abc":                                             "",
		id + "0&" + id + "-1&" + id + "007":                    "",
		id + made[0].ID + "&filters[app_type]=marketplace":     "",
		"filters[search]=EXPORTER":                             "delta 100%",
		"filters[search]=école":                                "delta 100%",
		"filters[search]=%C3%89COLE":                           "delta 100%",
		"filters[search]=STRAßE":                               "bravo",
		"filters[search]=100%25":                               "delta 100%",
		"filters[search]=%25":                                  "delta 100%",
		"filters[search]=%00":                                  "",
		"filters[search]=%FF":                                  "",
		"filters[search]=_":                                    "charlie_1",
		"filters[search]=a_pha":                                "",
		"filters[search]=line%0Abreak":                         "charlie_1",
		"filters[search]=%27%20OR%201=1--":                     "",
		"filters[search]=" + made[1].ClientID[10:40]:           "Alpha",
		"filters[search]=" + strings.ToUpper(made[1].ClientID): "Alpha",
		"filters[search]=r&filters[app_type]=marketplace":      "bravo",
		"filters[search]=r&filters[app_type]=custom&filters[name]=DELTA%20100%25": "delta 100%",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			a := c.get("service_accounts?" + query)
			equal(t, "names", c.listed(query), want)
			count := 0
			if want != "" {
				count = strings.Count(want, ",") + 1
			}
			equal(t, "Total", a.header.Get("Total"), strconv.Itoa(count))
		})
	}
}

func TestListSorts(t *testing.T) {
	t.Parallel()
	admin, _ := fixtures(t)

	for query, want := range map[string]string{
		"":                                      "Administrator,delta 100%,Alpha,charlie_1,bravo",
		"sort=name":                             "Administrator,Alpha,bravo,charlie_1,delta 100%",
		"sort=-name":                            "delta 100%,charlie_1,bravo,Alpha,Administrator",
		"sort=created_at":                       "Administrator,delta 100%,Alpha,charlie_1,bravo",
		"sort=-created_at":                      "bravo,charlie_1,Alpha,delta 100%,Administrator",
		"sort=name&per_page=2&page=2":           "bravo,charlie_1",
		"sort=-name&filters[app_type]=custom":   "delta 100%,charlie_1,Administrator",
		"sort=-created_at&per_page=1&page=5":    "Administrator",
		"sort=name&filters[search]=&per_page=1": "refused",
	} {
		if want == "refused" { // an empty filter must not select everything
			admin.get("service_accounts?"+query).faults(422, "UNPROCESSABLE_ENTITY", "filters[search] blank")
			continue
		}
		equal(t, query, admin.listed(query), want)
	}
}

func TestListPagesFollowedByNextShowEveryAccountOnce(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for i := range 6 {
		admin.create(fmt.Sprintf("page %d", i))
	}
	var got []string
	path, pages := "service_accounts?per_page=3&sort=-name&filters[app_type]=custom", 0
	for path != "" {
		a := admin.get(path).want(200)
		equal(t, "Total", a.header.Get("Total"), "7")
		equal(t, "Per-Page", a.header.Get("Per-Page"), "3")
		for _, account := range data[[]account](a) {
			got = append(got, account.Name)
		}
		pages++
		links := links(t, a)
		path = links["next"]
		for relation, wanted := range map[string]bool{"first": true, "last": true, "prev": pages > 1, "next": pages < 3} {
			if _, found := links[relation]; found != wanted {
				t.Errorf("page %d: link %s is there: %v", pages, relation, found)
			}
		}
	}
	equal(t, "pages", pages, 3)
	want := []string{"page 5", "page 4", "page 3", "page 2", "page 1", "page 0", "Administrator"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

var linkShape = regexp.MustCompile(`<([^>]*)>; rel="(\w+)"`)

// links returns the targets of the Link header by their relation, and checks that each can be parsed.
func links(t *testing.T, a answer) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range linkShape.FindAllStringSubmatch(a.header.Get("Link"), -1) {
		if _, err := url.Parse(match[1]); err != nil {
			t.Error(err)
		}
		found[match[2]] = match[1]
	}
	return found
}

func TestListLinksLeadToTheFirstPreviousAndLastPage(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for i := range 4 {
		admin.create(fmt.Sprintf("link %d", i))
	}
	to := links(t, admin.get("service_accounts?per_page=2&page=2").want(200))
	for relation, want := range map[string]string{"first": "Administrator,link 0", "prev": "Administrator,link 0", "next": "link 3", "last": "link 3"} {
		_, query, _ := strings.Cut(to[relation], "?")
		equal(t, relation, admin.listed(query), want)
	}
	// Beyond the end: nothing there, and the way back leads to a page that has something.
	beyond := admin.get("service_accounts?per_page=2&page=9").want(200)
	equal(t, "accounts beyond the end", len(data[[]account](beyond)), 0)
	_, query, _ := strings.Cut(links(t, beyond)["prev"], "?")
	equal(t, "prev from beyond the end", admin.listed(query), "link 3")
}

func TestListPageLimits(t *testing.T) {
	t.Parallel()
	admin := start(t)
	equal(t, "Per-Page unless told", admin.get("service_accounts").want(200).header.Get("Per-Page"), "100")
	equal(t, "the largest Per-Page", admin.get("service_accounts?per_page=1000").want(200).header.Get("Per-Page"), "1000")
	equal(t, "accounts on a page of one", len(data[[]account](admin.get("service_accounts?per_page=1").want(200))), 1)
	// A page number that overflows when multiplied is far beyond the end, and nothing else.
	for _, page := range []string{"9223372036854775807", "92233720368547758", "1000000000"} {
		a := admin.get("service_accounts?per_page=1000&page=" + page).want(200)
		equal(t, "accounts on page "+page, len(data[[]account](a)), 0)
	}
}

func TestListTakesAThousandIDs(t *testing.T) {
	t.Parallel()
	admin := start(t)
	query := strings.TrimSuffix(strings.Repeat("filters[id][]=1&", 1000), "&")
	equal(t, "names", admin.listed(query), "Administrator")
	admin.get("service_accounts?"+query+"&filters[id][]=1").refused(422, "UNPROCESSABLE_ENTITY")
}
