package rest_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestAssignmentIsMadeAndThenReplaced(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	account, project := admin.create("member").ID, admin.project("Tower").ID
	path := assignmentPath(account, project)
	made := clock.now().UTC().Format(time.RFC3339)

	for _, test := range []struct {
		body         string
		status       int
		want         string
		updatedAfter bool
	}{
		{`{"permissions":{"daily_log":"standard","rfis":"readonly"}}`, 201, `{"daily_log":"standard","rfis":"readonly"}`, true},
		{`{"permissions":{"drawings":"admin"}}`, 200, `{"drawings":"admin"}`, true},
		{`{"permissions":{"drawings":"admin"}}`, 200, `{"drawings":"admin"}`, false},
		{`{"permissions":{"drawings":"admin","rfis":"none"}}`, 200, `{"drawings":"admin"}`, false},
		{`{"permissions":{"rfis":"none"}}`, 200, `{}`, true},
		{`{"permissions":{}}`, 200, `{}`, false},
		{`{}`, 200, `{}`, false},
		{`{"permissions":{"admin":"readonly","directory":"standard"}}`, 200, `{"admin":"readonly","directory":"standard"}`, true},
		{`{}`, 200, `{}`, true}, // what is left out is at none, as in a map that leaves it out
	} {
		before := clock.now()
		if test.status == 200 {
			before, _ = time.Parse(time.RFC3339, data[assignment](admin.get(path)).UpdatedAt)
			clock.advance(time.Minute)
		}
		a := admin.put(path, test.body).want(test.status)
		got := data[assignment](a)
		equal(t, "service_account_id", got.ServiceAccountID, account)
		equal(t, "project_id", got.ProjectID, project)
		equal(t, "permissions after "+test.body, asJSON(t, got.Permissions), test.want)
		equal(t, "created_at", got.CreatedAt, made)
		updated := before
		if test.updatedAfter {
			updated = clock.now()
		}
		equal(t, "updated_at after "+test.body, got.UpdatedAt, updated.UTC().Format(time.RFC3339))
		stored := admin.get(path).want(200)
		equal(t, "what is stored", asJSON(t, data[assignment](stored)), asJSON(t, got))
		if etag := a.header.Get("ETag"); etag == "" || etag != stored.header.Get("ETag") {
			t.Errorf("ETag %s when put, %s when read", etag, stored.header.Get("ETag"))
		}
	}
}

func TestAssignmentOfOneAccountLeavesTheOthersAlone(t *testing.T) {
	t.Parallel()
	admin := start(t)
	one, two := admin.create("one").ID, admin.create("two").ID
	tower, bridge := admin.project("Tower").ID, admin.project("Bridge").ID
	for _, account := range []string{one, two} {
		for _, project := range []string{tower, bridge} {
			admin.assign(account, project, levels{"rfis": "readonly"})
		}
	}
	admin.put(assignmentPath(one, tower), object{"permissions": levels{"rfis": "admin"}}).want(200)
	admin.delete(assignmentPath(two, bridge)).want(204)

	equal(t, "projects of one", admin.assigned(one), tower+","+bridge)
	equal(t, "projects of two", admin.assigned(two), tower)
	for path, want := range map[string]string{
		assignmentPath(one, tower): `{"rfis":"admin"}`, assignmentPath(one, bridge): `{"rfis":"readonly"}`,
		assignmentPath(two, tower): `{"rfis":"readonly"}`,
	} {
		equal(t, path, asJSON(t, data[assignment](admin.get(path).want(200)).Permissions), want)
	}
}

func TestAssignmentIsGoneAfterItsDeletionAndCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	admin := start(t)
	account, project := admin.create("member").ID, admin.project("Tower").ID
	path := assignmentPath(account, project)
	admin.assign(account, project, levels{"rfis": "admin"})

	a := admin.delete(path).want(204)
	equal(t, "length of the body", len(a.body), 0)
	admin.get(path).refused(404, "NOT_FOUND")
	admin.delete(path).refused(404, "NOT_FOUND")
	equal(t, "projects", admin.assigned(account), "")
	again := data[assignment](admin.put(path, `{}`).want(201))
	equal(t, "levels of the new assignment", asJSON(t, again.Permissions), `{}`)
}

func TestAssignmentsAreListedInPages(t *testing.T) {
	t.Parallel()
	admin := start(t)
	account := admin.create("everywhere").ID
	path := "service_accounts/" + account + "/project_assignments"
	a := admin.get(path).want(200)
	equal(t, "an empty list", strings.TrimSpace(string(a.body)), `{"data":[],"etags":[]}`)
	equal(t, "Total of an empty list", a.header.Get("Total"), "0")

	var projects []string
	for i := range 5 {
		projects = append(projects, admin.project("Project "+strconv.Itoa(i)).ID)
	}
	for i := range projects { // in the other direction: the list is by project
		admin.assign(account, projects[len(projects)-1-i], levels{"rfis": "readonly"})
	}
	equal(t, "the whole list", admin.assigned(account), strings.Join(projects, ","))

	var got []string
	for next := path + "?per_page=2"; next != ""; {
		a := admin.get(next).want(200)
		equal(t, "Total", a.header.Get("Total"), "5")
		equal(t, "Per-Page", a.header.Get("Per-Page"), "2")
		for _, assignment := range data[[]assignment](a) {
			got = append(got, assignment.ProjectID)
			equal(t, "levels in the list", asJSON(t, assignment.Permissions), `{"rfis":"readonly"}`)
		}
		next = links(t, a)["next"]
	}
	equal(t, "projects of all pages", strings.Join(got, ","), strings.Join(projects, ","))
	equal(t, "beyond the end", len(data[[]assignment](admin.get(path+"?page=9&per_page=2").want(200))), 0)
	admin.get(path+"?page=0&per_page=1001&sort=x").faults(422, unprocessable,
		"page out_of_range", "per_page out_of_range", "sort unknown_parameter")
}

func TestAssignmentOfWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	account, project := admin.create("member").ID, admin.project("Tower").ID
	foreignAccount, foreignProject := other.create("foreign").ID, other.project("Foreign").ID
	unassigned := admin.project("Unassigned").ID
	admin.assign(account, project, levels{})
	other.assign(foreignAccount, foreignProject, levels{})

	paths := []string{assignmentPath(foreignAccount, project), assignmentPath(account, foreignProject), assignmentPath(foreignAccount, foreignProject)}
	for _, id := range impossibleIDs {
		paths = append(paths, assignmentPath(id, project), assignmentPath(account, id), assignmentPath(id, id))
	}
	for _, path := range paths {
		admin.get(path).refused(404, "NOT_FOUND")
		admin.put(path, `{}`).refused(404, "NOT_FOUND")
		admin.delete(path).refused(404, "NOT_FOUND")
	}
	for _, id := range append([]string{foreignAccount}, impossibleIDs...) {
		admin.get("service_accounts/"+id+"/project_assignments").refused(404, "NOT_FOUND")
	}
	says(t, admin.get(assignmentPath(account, unassigned)).refused(404, "NOT_FOUND").Error.Message, "is not assigned to project "+unassigned)
	equal(t, "projects of the account", admin.assigned(account), project)
	equal(t, "projects of the other company's account", other.assigned(foreignAccount), foreignProject)
}

func TestAssignmentTakesEveryLevelOfAProjectTool(t *testing.T) {
	t.Parallel()
	admin := start(t)
	path := assignmentPath(admin.create("levels").ID, admin.project("Tower").ID)
	all := data[tools](admin.get("tools").want(200)).Project

	for _, level := range []string{"readonly", "standard", "admin"} {
		put := levels{}
		for _, tool := range all {
			put[tool.Name] = level
		}
		a := admin.do("PUT", path, object{"permissions": put})
		equal(t, level, asJSON(t, data[assignment](a).Permissions), asJSON(t, put))
	}
}

func TestAssignmentRefusesBadLevelsOneByOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	account, project := admin.create("bad levels").ID, admin.project("Tower").ID
	admin.assign(account, project, levels{"rfis": "readonly"})
	fresh := admin.project("Bridge").ID

	for _, test := range []struct {
		body   string
		faults []string
		says   string
	}{
		{`{"permissions":{"dialy_log":"admin"}}`, []string{"permissions.dialy_log unknown_tool"}, "is not a project tool; did you mean daily_log?"},
		{`{"permissions":{"planroom":"admin"}}`, []string{"permissions.planroom unknown_tool"}, "is not a project tool"},
		{`{"permissions":{"bid_board":"none"}}`, []string{"permissions.bid_board unknown_tool"}, ""},
		{`{"permissions":{"rfis":"write"}}`, []string{"permissions.rfis not_allowed"}, "must be one of none, readonly, standard, admin"},
		{`{"permissions":{"rfis":"write","planroom":"admin","rfi":"admin"}}`, []string{"permissions.rfis not_allowed", "permissions.planroom unknown_tool", "permissions.rfi unknown_tool"}, "did you mean rfis?"},
		{`{"permissions":null}`, []string{"permissions wrong_type"}, ""},
		{`{"permissions":[]}`, []string{"permissions wrong_type"}, ""},
		{`{"permissions":{"rfis":7}}`, []string{"permissions.rfis wrong_type"}, ""},
		{`{"permissions":{"rfis":null}}`, []string{"permissions.rfis wrong_type"}, ""},
		{`{"company":{}}`, []string{"company unknown_field"}, ""},
		{`{"rfis":"admin"}`, []string{"rfis unknown_field"}, ""},
		{`[]`, []string{"body wrong_type"}, ""},
		{`null`, []string{"body wrong_type"}, ""},
	} {
		for _, to := range []string{project, fresh} {
			body := admin.put(assignmentPath(account, to), test.body).faults(422, unprocessable, test.faults...)
			says(t, body.messages(), test.says)
		}
	}
	admin.put(assignmentPath(account, project), `{"permissions"`).faults(400, badRequest, "body invalid")
	admin.put(assignmentPath(account, project), ``).faults(400, badRequest, "body invalid_body")
	equal(t, "projects afterwards", admin.assigned(account), project)
	stored := data[assignment](admin.get(assignmentPath(account, project)))
	equal(t, "levels afterwards", asJSON(t, stored.Permissions), `{"rfis":"readonly"}`)
}

// The project's Admin and Directory tools have the names of the company's, and none of their power.
func TestProjectLevelsGrantNothingInTheCompany(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("project administrator")
	admin.assign(created.ID, admin.project("Tower").ID, levels{"admin": "admin", "directory": "admin"})
	holder := admin.as(created)

	holder.get("service_accounts").refused(403, "FORBIDDEN")
	holder.get("projects").refused(403, "FORBIDDEN")
	equal(t, "levels", asJSON(t, data[me](holder.get("me")).Permissions.Company), `{}`)
	equal(t, "permissions", admin.granted(created.ID), `{}`)
}

func TestAssignmentsEndWithTheirAccount(t *testing.T) {
	t.Parallel()
	admin := start(t)
	account, project := admin.create("leaver").ID, admin.project("Tower").ID
	admin.assign(account, project, levels{"rfis": "admin"})

	admin.delete("service_accounts/" + account).want(204)
	admin.get(assignmentPath(account, project)).refused(404, "NOT_FOUND")
	admin.get("service_accounts/"+account+"/project_assignments").refused(404, "NOT_FOUND")
	admin.get("projects/" + project).want(200)
	admin.delete("projects/" + project).want(204)
}
