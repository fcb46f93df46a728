package rest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// accountLevels is an item of the list of all accounts' permissions.
type accountLevels struct {
	ServiceAccountID string `json:"service_account_id"`
	Company          levels `json:"company"`
}

// etags returns the "etags" beside an answer's "data".
func etags(a answer) []string {
	a.t.Helper()
	var envelope struct{ ETags []string }
	if err := json.Unmarshal(a.body, &envelope); err != nil || envelope.ETags == nil {
		a.t.Fatalf("no etags in %s: %v", a.body, err)
	}
	return envelope.ETags
}

// allItems reads a list page by page, and returns its items with their ETags.
func allItems[T any](c client, path string, items func(answer) []T) (all []T, tags []string) {
	c.t.Helper()
	for next := path; next != ""; {
		a := c.get(next).want(200)
		page := items(a)
		if tags = append(tags, etags(a)...); len(etags(a)) != len(page) {
			c.t.Fatalf("%d etags for %d items: %s", len(etags(a)), len(page), a.body)
		}
		all = append(all, page...)
		next = links(c.t, a)["next"]
	}
	return all, tags
}

// accessFixtures makes three accounts beside the administrator, in turn with accounts of another company: one in two
// projects, one in one, and one that holds nothing.
func accessFixtures(t *testing.T, options ...servertest.Option) (admin client, accounts, projects []string) {
	t.Helper()
	admin = start(t, options...)
	other := admin.otherCompany("Beta")
	tower, bridge := admin.project("Tower").ID, admin.project("Bridge").ID
	foreign := other.project("Foreign").ID
	for _, name := range []string{"one", "two", "three"} {
		accounts = append(accounts, admin.create(name).ID)
		stranger := other.create("foreign " + name).ID
		other.grant(stranger, levels{"reports": "admin"})
		other.assign(stranger, foreign, levels{"rfis": "admin"})
	}
	admin.grant(accounts[0], levels{"documents": "readonly", "schedule": "admin"})
	admin.grant(accounts[1], levels{"documents": "readonly", "schedule": "admin"})
	admin.assign(accounts[0], bridge, levels{"rfis": "admin", "drawings": "readonly"})
	admin.assign(accounts[0], tower, levels{})
	admin.assign(accounts[1], bridge, levels{"rfis": "readonly"})
	return admin, accounts, []string{tower, bridge}
}

func TestPermissionsOfAllAccountsAreListed(t *testing.T) {
	t.Parallel()
	admin, accounts, _ := accessFixtures(t)
	one, two, three := accounts[0], accounts[1], accounts[2]
	own := admin.me().ID
	all := []string{own + ` {"admin":"admin","directory":"admin"}`, one + ` {"documents":"readonly","schedule":"admin"}`, two + ` {"documents":"readonly","schedule":"admin"}`, three + ` {}`}
	const filter = "filters[service_account_id][]="

	for query, want := range map[string][]string{
		"":                                   all,
		"per_page=3":                         all,
		"per_page=1":                         all,
		filter + two:                         {all[2]},
		filter + three + "&" + filter + own:  {all[0], all[3]},
		filter + two + "&" + filter + two:    {all[2]},
		"filters[service_account_id]=" + one: {all[1]},
		filter + "4":                         {}, // another company's
		filter + "abc":                       {},
		filter + "999&per_page=1":            {},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			held, tags := allItems(c, "permissions?"+query, data[[]accountLevels])
			got := []string{}
			for i, account := range held {
				got = append(got, account.ServiceAccountID+" "+asJSON(t, account.Company))
				single := c.get("service_accounts/" + account.ServiceAccountID + "/permissions").want(200)
				equal(t, "ETag of account "+account.ServiceAccountID, tags[i], single.header.Get("ETag"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	equal(t, "Total", admin.get("permissions?per_page=1").header.Get("Total"), "4")
	equal(t, "beyond the end", strings.TrimSpace(string(admin.get("permissions?page=9").want(200).body)), `{"data":[],"etags":[]}`)
	refusesOtherQueries(admin, "permissions")
}

func TestAssignmentsOfAllAccountsAreListed(t *testing.T) {
	t.Parallel()
	admin, accounts, projects := accessFixtures(t)
	one, two, three := accounts[0], accounts[1], accounts[2]
	tower, bridge := projects[0], projects[1]
	all := []string{one + " " + tower + ` {}`, one + " " + bridge + ` {"drawings":"readonly","rfis":"admin"}`, two + " " + bridge + ` {"rfis":"readonly"}`}
	const filter = "filters[service_account_id][]="

	for query, want := range map[string][]string{
		"":                                   all,
		"per_page=2":                         all,
		"per_page=1":                         all,
		filter + one:                         all[:2],
		filter + one + "&per_page=1":         all[:2],
		filter + two + "&" + filter + three:  all[2:],
		"filters[service_account_id]=" + one: all[:2],
		filter + three:                       {},
		filter + "4":                         {}, // another company's
		filter + "x":                         {},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			places, tags := allItems(c, "project_assignments?"+query, data[[]assignment])
			got := []string{}
			for i, place := range places {
				got = append(got, place.ServiceAccountID+" "+place.ProjectID+" "+asJSON(t, place.Permissions))
				single := c.get(assignmentPath(place.ServiceAccountID, place.ProjectID)).want(200)
				equal(t, "an item", asJSON(t, place), asJSON(t, data[assignment](single)))
				equal(t, "its ETag", tags[i], single.header.Get("ETag"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	equal(t, "Total", admin.get("project_assignments?per_page=1").header.Get("Total"), "3")
	refusesOtherQueries(admin, "project_assignments")
}

func refusesOtherQueries(admin client, list string) {
	admin.t.Helper()
	admin.get(list+"?page=0&per_page=1001&sort=id&filters[id]=1&filters[service_account_id]=").faults(422, unprocessable,
		"page out_of_range", "per_page out_of_range", "sort unknown_parameter", "filters[id] unknown_parameter", "filters[service_account_id] blank")
	query := strings.TrimSuffix(strings.Repeat("filters[service_account_id][]=1&", 1000), "&")
	equal(admin.t, "of a thousand ids", strings.Contains(string(admin.get(list+"?"+query).want(200).body), `"data":[`), true)
	admin.get(list+"?"+query+"&filters[service_account_id][]=1").refused(422, unprocessable)
}

// What a list says of an object's ETag holds as the object's own If-Match does, also where the object has changed since.
func TestETagsOfListsAreThoseOfTheirItems(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin, accounts, projects := accessFixtures(t, servertest.Now(clock.now))
	assignments := "service_accounts/" + accounts[0] + "/project_assignments"
	before := map[string][]string{}
	for range 2 {
		for list, single := range map[string]string{
			"service_accounts?per_page=2":        "service_accounts/",
			"service_accounts?sort=-name":        "service_accounts/",
			"service_accounts?filters[search]=t": "service_accounts/",
			"projects":                           "projects/",
			assignments + "?":                    assignments + "/",
		} {
			objects, tags := allItems(admin, list, data[[]map[string]any])
			for i, item := range objects {
				id, _ := item["id"].(string)
				if id == "" {
					id, _ = item["project_id"].(string)
				}
				equal(t, "ETag of "+single+id, tags[i], admin.get(single+id).want(200).header.Get("ETag"))
			}
			if len(tags) == 0 || slices.Equal(tags, before[list]) {
				t.Errorf("%s has the ETags %q, and had %q before the changes", list, tags, before[list])
			}
			before[list] = tags
		}
		clock.advance(time.Minute)
		admin.patch("service_accounts/"+accounts[1], object{"description": "edited"}).want(200)
		admin.patch("projects/"+projects[1], object{"name": "Long bridge"}).want(200)
		admin.put(assignmentPath(accounts[0], projects[1]), object{"permissions": levels{"rfis": "standard"}}).want(200)
	}
}
