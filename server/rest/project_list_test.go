package rest_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// projectsListed returns the names that a list of projects answers with, joined by commas.
func (c client) projectsListed(query string) string {
	c.t.Helper()
	var names []string
	for _, project := range data[[]project](c.get("projects?" + query).want(200)) {
		names = append(names, project.Name)
	}
	return strings.Join(names, ",")
}

// projectFixtures makes four projects, one a minute, whose names don't come in the order of their ids.
func projectFixtures(t *testing.T) (client, []project) {
	t.Helper()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	var made []project
	for _, body := range []object{
		{"name": "delta 100%", "project_number": "2026-014"},
		{"name": "Alpha", "active": false},
		{"name": "École", "project_number": "X_1"},
		{"name": "bravo", "project_number": "2026-015", "active": false},
	} {
		clock.advance(time.Minute)
		made = append(made, data[project](admin.post("projects", body).want(201)))
	}
	admin.otherCompany("Beta").project("Alpha") // never listed
	return admin, made
}

func TestProjectListFilters(t *testing.T) {
	t.Parallel()
	admin, made := projectFixtures(t)
	const id = "filters[id][]="

	for query, want := range map[string]string{
		"":                                        "delta 100%,Alpha,École,bravo",
		"filters[name]=Alpha":                     "Alpha",
		"filters[name]=aLPHA":                     "Alpha",
		"filters[name]=Alph":                      "",
		"filters[name]=%25":                       "",
		"filters[name]=%C3%A9cole":                "École",
		"filters[active]=true":                    "delta 100%,École",
		"filters[active]=false":                   "Alpha,bravo",
		id + made[3].ID:                           "bravo",
		id + made[3].ID + "&" + id + made[0].ID:   "delta 100%,bravo",
		"filters[id]=" + made[1].ID:               "Alpha",
		id + "abc":                                "",
		id + "0&" + id + "-1&" + id + "007":       "",
		id + made[3].ID + "&filters[active]=true": "",
		"filters[search]=2026":                    "delta 100%,bravo",
		"filters[search]=x_1":                     "École",
		"filters[search]=x-1":                     "",
		"filters[search]=ÉCO":                     "École",
		"filters[search]=%25":                     "delta 100%",
		"filters[search]=%00":                     "",
		"filters[search]=%FF":                     "",
		"filters[search]=%27%20OR%201=1--":        "",
		"filters[search]=a&filters[active]=false": "Alpha,bravo",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			equal(t, "names", c.projectsListed(query), want)
			count := 0
			if want != "" {
				count = strings.Count(want, ",") + 1
			}
			equal(t, "Total", c.get("projects?"+query).header.Get("Total"), strconv.Itoa(count))
		})
	}
}

func TestProjectListSortsAndPages(t *testing.T) {
	t.Parallel()
	admin, _ := projectFixtures(t)

	for query, want := range map[string]string{
		"sort=name":                           "Alpha,bravo,delta 100%,École",
		"sort=-name":                          "École,delta 100%,bravo,Alpha",
		"sort=created_at":                     "delta 100%,Alpha,École,bravo",
		"sort=-created_at":                    "bravo,École,Alpha,delta 100%",
		"sort=name&per_page=3&page=2":         "École",
		"sort=-created_at&per_page=1&page=4":  "delta 100%",
		"sort=-name&filters[active]=false":    "bravo,Alpha",
		"per_page=2&page=3":                   "",
		"per_page=2&page=9223372036854775807": "",
	} {
		equal(t, query, admin.projectsListed(query), want)
	}
	var got []string
	for next := "projects?per_page=3&sort=name"; next != ""; {
		a := admin.get(next).want(200)
		equal(t, "Total", a.header.Get("Total"), "4")
		equal(t, "Per-Page", a.header.Get("Per-Page"), "3")
		for _, project := range data[[]project](a) {
			got = append(got, project.Name)
		}
		next = links(t, a)["next"]
	}
	equal(t, "projects of all pages", strings.Join(got, ","), "Alpha,bravo,delta 100%,École")
}

func TestProjectListRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for query, faults := range map[string][]string{
		"page=0":                                 {"page out_of_range"},
		"per_page=1001":                          {"per_page out_of_range"},
		"per_page=all":                           {"per_page wrong_type"},
		"sort=project_number":                    {"sort not_allowed"},
		"sort=Name":                              {"sort not_allowed"},
		"filters[active]=yes":                    {"filters[active] not_allowed"},
		"filters[active]=True":                   {"filters[active] not_allowed"},
		"filters[active]=":                       {"filters[active] blank"},
		"filters[active]=true&filters[active]=x": {"filters[active] repeated"},
		"filters[name]=":                         {"filters[name] blank"},
		"filters[search]=":                       {"filters[search] blank"},
		"filters[id][]=":                         {"filters[id][] blank"},
		"filters[project_number]=7":              {"filters[project_number] unknown_parameter"},
		"filters[status]=active":                 {"filters[status] unknown_parameter"},
		"active=true":                            {"active unknown_parameter"},
		"page=0&per_page=0&sort=x&colour=red":    {"page out_of_range", "per_page out_of_range", "sort not_allowed", "colour unknown_parameter"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			admin.named(t).get("projects?"+query).faults(422, unprocessable, faults...)
		})
	}
}

func TestProjectMadeLaterGetsTheAccountsThatAreAddedToNewProjects(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	earlier := admin.project("Earlier").ID
	flagged := data[account](admin.post("service_accounts", object{"name": "flagged", "add_to_new_projects": true}).want(201)).ID
	second := data[account](admin.post("service_accounts", object{"name": "second", "add_to_new_projects": true}).want(201)).ID
	plain := admin.create("plain").ID
	foreign := data[account](other.post("service_accounts", object{"name": "foreign", "add_to_new_projects": true}).want(201)).ID

	equal(t, "projects before", admin.assigned(flagged), "")
	later := admin.project("Later").ID
	for id, want := range map[string]string{flagged: later, second: later, plain: "", admin.me().ID: ""} {
		equal(t, "projects of "+id, admin.assigned(id), want)
	}
	equal(t, "projects of the other company's account", other.assigned(foreign), "")
	// It gets a place there, and no levels: what it may do is for somebody to say.
	a := data[assignment](admin.get(assignmentPath(flagged, later)).want(200))
	equal(t, "levels", asJSON(t, a.Permissions), `{}`)
	admin.put(assignmentPath(flagged, later), object{"permissions": levels{"rfis": "admin"}}).want(200)

	// Set later, it counts from then on; taken back, not any more.
	admin.patch("service_accounts/"+plain, object{"add_to_new_projects": true}).want(200)
	admin.patch("service_accounts/"+second, object{"add_to_new_projects": false}).want(200)
	latest := admin.project("Latest").ID
	equal(t, "projects of flagged", admin.assigned(flagged), later+","+latest)
	equal(t, "projects of plain", admin.assigned(plain), latest)
	equal(t, "projects of second", admin.assigned(second), later)
	for _, id := range []string{flagged, second, plain} {
		admin.get(assignmentPath(id, earlier)).refused(404, "NOT_FOUND")
	}

	// An edit makes no new project of an old one, and a refused one adds nobody.
	admin.patch("projects/"+earlier, object{"name": "Renamed", "active": false}).want(200)
	admin.post("projects", object{"name": " "}).refused(422, unprocessable)
	equal(t, "projects of flagged afterwards", admin.assigned(flagged), later+","+latest)
}
