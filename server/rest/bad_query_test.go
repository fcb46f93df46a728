package rest_test

import (
	"strings"
	"testing"
)

func TestListRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	admin := start(t)

	for query, faults := range map[string][]string{
		"page=0":                                 {"page out_of_range"},
		"page=-1":                                {"page out_of_range"},
		"page=x":                                 {"page wrong_type"},
		"page=1.5":                               {"page wrong_type"},
		"page=99999999999999999999":              {"page wrong_type"},
		"page=":                                  {"page blank"},
		"page=1&page=2":                          {"page repeated"},
		"per_page=0":                             {"per_page out_of_range"},
		"per_page=1001":                          {"per_page out_of_range"},
		"per_page=-5":                            {"per_page out_of_range"},
		"per_page=all":                           {"per_page wrong_type"},
		"sort=client_id":                         {"sort not_allowed"},
		"sort=Name":                              {"sort not_allowed"},
		"sort=name,created_at":                   {"sort not_allowed"},
		"sort=--name":                            {"sort not_allowed"},
		"sort=":                                  {"sort blank"},
		"sort=name&sort=-name":                   {"sort repeated"},
		"filters[app_type]=Custom":               {"filters[app_type] not_allowed"},
		"filters[status]=live":                   {"filters[status] not_allowed"},
		"filters[name]=":                         {"filters[name] blank"},
		"filters[search]=":                       {"filters[search] blank"},
		"filters[client_id]=":                    {"filters[client_id] blank"},
		"filters[id][]=":                         {"filters[id][] blank"},
		"filters[name]=a&filters[name]=b":        {"filters[name] repeated"},
		"filters[kind]=traditional":              {"filters[kind] unknown_parameter"},
		"filters=x":                              {"filters unknown_parameter"},
		"name=x":                                 {"name unknown_parameter"},
		"Page=1":                                 {"Page unknown_parameter"},
		"filters[Name]=x":                        {"filters[Name] unknown_parameter"},
		"%zz":                                    {"query invalid"},
		"page=0&per_page=1001&sort=x&colour=red": {"page out_of_range", "per_page out_of_range", "sort not_allowed", "colour unknown_parameter"},
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			admin.named(t).get("service_accounts?"+query).faults(422, "UNPROCESSABLE_ENTITY", faults...)
		})
	}
}

func TestEveryRouteRefusesAnUnknownQueryParameter(t *testing.T) {
	t.Parallel()
	admin := start(t)
	id := admin.create("queried").ID
	before := admin.snapshot()

	for _, r := range append(adminRoutes, anyRoutes...) {
		r.path += "?force=true"
		admin.send(r, id).faults(422, "UNPROCESSABLE_ENTITY", "force unknown_parameter")
	}
	admin.get("/rest/v2.0/companies/"+admin.company+"?force=true").faults(422, "UNPROCESSABLE_ENTITY", "force unknown_parameter")
	equal(t, "accounts afterwards", admin.snapshot(), before)
}

func TestIDThatCannotExistIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	before := admin.snapshot()

	for _, id := range []string{
		"0", "-1", "007", "01", "+1", "1.0", "1e0", "abc", "999", "99999999999999999999", "9223372036854775807",
		"1%20", "%201", "1%00", "0x1", "1%2F", "%D9%A1", "1;2", "*",
	} {
		for _, r := range adminRoutes {
			if strings.Contains(r.path, "{id}") {
				admin.send(r, id).refused(404, "NOT_FOUND")
			}
		}
	}
	equal(t, "accounts afterwards", admin.snapshot(), before)
}
