package rest_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// eventFixtures makes an account, and changes it once in each of the minutes after the returned time: a reset, a grant,
// an edit and a revocation. A second account is made in the fifth.
func eventFixtures(t *testing.T) (admin client, one, two string, from time.Time) {
	t.Helper()
	clock := newClock()
	admin = start(t, servertest.Now(clock.now))
	clock.advance(time.Minute)
	one, from = admin.create("one").ID, clock.now()
	for _, change := range []func(){
		func() { admin.reset(one, object{}) },
		func() { admin.grant(one, levels{"documents": "admin"}) },
		func() { admin.patch("service_accounts/"+one, object{"description": "x"}).want(200) },
		func() { admin.post("service_accounts/"+one+"/actions/revoke_tokens", nil).want(204) },
		func() { two = admin.create("two").ID },
	} {
		clock.advance(time.Minute)
		change()
	}
	admin.otherCompany("Beta").create("never shown")
	return admin, one, two, from
}

// eventsListed returns the actions that a list of events answers with, in short, joined by commas.
func (c client) eventsListed(query string) string {
	c.t.Helper()
	var actions []string
	for _, event := range c.events(query) {
		_, action, _ := strings.Cut(event.Action, ".")
		actions = append(actions, action)
	}
	return strings.Join(actions, ",")
}

func TestEventsAreListedNewestFirstAndFiltered(t *testing.T) {
	t.Parallel()
	admin, one, two, from := eventFixtures(t)
	const all = "created,tokens_revoked,updated,updated,secret_reset,created,created"
	at := func(minute int, shift time.Duration) string {
		return from.Add(time.Duration(minute)*time.Minute + shift).UTC().Format(time.RFC3339)
	}
	east := url.QueryEscape(from.Add(3 * time.Minute).In(time.FixedZone("", 2*3600)).Format(time.RFC3339))
	const account, action, created = "filters[service_account_id]=", "filters[action]=", "filters[created_at]="

	for query, want := range map[string]string{
		"":                      all,
		account + one:           "tokens_revoked,updated,updated,secret_reset,created",
		account + two:           "created",
		account + admin.me().ID: "created", account + "999": "", account + "abc": "", account + "0": "", account + "-1": "", account + "01": "",
		action + "service_account.created":                                                     "created,created,created",
		action + "permissions.updated":                                                         "updated",
		action + "contact.updated":                                                             "",
		action + "service_account.created&" + account + one:                                    "created",
		created + at(1, 0) + "..." + at(3, 0):                                                  "updated,updated,secret_reset",
		created + at(1, time.Second) + "..." + at(3, -time.Second):                             "updated",
		created + at(4, 0) + "...":                                                             "created,tokens_revoked",
		created + "..." + at(0, 0) + "&" + account + one:                                       "created",
		created + at(2, 0) + "..." + at(2, 0):                                                  "updated",
		created + east + "..." + east:                                                          "updated",
		created + at(3, 0) + "..." + at(1, 0):                                                  "",
		created + "2099-01-01T00:00:00Z...":                                                    "",
		created + "...2099-01-01T00:00:00.5Z":                                                  all,
		created + at(1, 0) + "...&" + account + one + "&" + action + "service_account.updated": "updated",
		"per_page=2":        "created,tokens_revoked",
		"per_page=2&page=4": "created",
		"per_page=2&page=9": "",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			equal(t, "actions", c.eventsListed(query), want)
			if total := c.get("audit_events?" + query).header.Get("Total"); !strings.Contains(query, "page=") && total != count(want) {
				t.Errorf("Total is %s, want %s", total, count(want))
			}
		})
	}
}

// count returns how many things a list that is joined by commas has.
func count(list string) string {
	if list == "" {
		return "0"
	}
	return strconv.Itoa(strings.Count(list, ",") + 1)
}

func TestEventsOfAllPagesAreEachThereOnce(t *testing.T) {
	t.Parallel()
	admin, one, _, _ := eventFixtures(t)
	var ids []int
	pages := 0
	for next := "audit_events?per_page=2&filters[service_account_id]=" + one; next != ""; pages++ {
		a := admin.get(next).want(200)
		equal(t, "Total", a.header.Get("Total"), "5")
		equal(t, "Per-Page", a.header.Get("Per-Page"), "2")
		for _, event := range data[[]event](a) {
			id, err := strconv.Atoi(event.ID)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		next = links(t, a)["next"]
	}
	equal(t, "pages", pages, 3)
	newestFirst := slices.IsSortedFunc(ids, func(a, b int) int { return b - a })
	slices.Sort(ids)
	if !newestFirst || len(slices.Compact(ids)) != 5 {
		t.Errorf("the ids are %v", ids)
	}
}

func TestEventListRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	admin := start(t)
	const created = "filters[created_at]="
	for query, faults := range map[string][]string{
		"filters[action]=service_account":             {"filters[action] not_allowed"},
		"filters[action]=Service_Account.created":     {"filters[action] not_allowed"},
		"filters[action]=":                            {"filters[action] blank"},
		"filters[service_account_id]=":                {"filters[service_account_id] blank"},
		created:                                       {"filters[created_at] blank"},
		created + "...":                               {"filters[created_at] malformed"},
		created + "2026-01-01":                        {"filters[created_at] malformed"},
		created + "2026-01-01...2026-01-02":           {"filters[created_at] malformed"},
		created + "2026-01-01T00:00:00Z":              {"filters[created_at] malformed"},
		created + "2026-01-01T00:00:00Z...x":          {"filters[created_at] malformed"},
		created + "x...2026-01-01T00:00:00Z":          {"filters[created_at] malformed"},
		created + "2026-01-01T00:00:00...":            {"filters[created_at] malformed"},
		created + "yesterday...today":                 {"filters[created_at] malformed"},
		"filters[actor]=1":                            {"filters[actor] unknown_parameter"},
		"filters[id]=1":                               {"filters[id] unknown_parameter"},
		"sort=created_at":                             {"sort unknown_parameter"},
		"action=service_account.created":              {"action unknown_parameter"},
		"page=0":                                      {"page out_of_range"},
		"per_page=1001":                               {"per_page out_of_range"},
		"filters[action]=x&" + created + "x&colour=1": {"filters[action] not_allowed", "filters[created_at] malformed", "colour unknown_parameter"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			admin.named(t).get("audit_events?"+query).faults(422, unprocessable, faults...)
		})
	}
}

func TestEventsOfOneCompanyAreNotShownToAnother(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	foreign := other.create("foreign").ID
	equal(t, "events of Acme", admin.eventCount(), 1)
	equal(t, "events of Beta", other.eventCount(), 2)
	equal(t, "events by a foreign id", admin.eventsListed("filters[service_account_id]="+foreign), "")
}

// The filter's list in the document and the store's list of actions are two; they must not part.
func TestActionsOfTheDocumentAreThoseOfTheStore(t *testing.T) {
	t.Parallel()
	admin := start(t)
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(admin.get("/openapi.json").want(200).body, &document); err != nil {
		t.Fatal(err)
	}
	for _, parameter := range document.Paths["/rest/v2.0/companies/{company_id}/audit_events"]["get"].Parameters {
		if parameter.Name == "filters[action]" {
			equal(t, "actions", strings.Join(parameter.Schema.Enum, " "), strings.Join(store.AuditActions(), " "))
			return
		}
	}
	t.Error("the document has no filter by action")
}
