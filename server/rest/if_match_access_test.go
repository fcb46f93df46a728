package rest_test

import (
	"strconv"
	"testing"
)

// accessChanges are the routes that honour If-Match below permissions, assignments, projects and the directory. Each
// makes an object of its own to change, and returns the object's path.
var accessChanges = []struct {
	name         string
	object       func(admin client, n string) string
	method, body string
	status       int
	edit         string // PUT or PATCH, so that the ETag becomes a stale one
	editBody     string
}{
	{"permissions", permissionsObject, "PUT", `{"company":{"documents":"admin"}}`, 200, "PUT", `{"company":{"documents":"readonly"}}`},
	{"assignment replaced", assignmentObject, "PUT", `{"permissions":{"rfis":"admin"}}`, 200, "PUT", `{"permissions":{"rfis":"readonly"}}`},
	{"assignment deleted", assignmentObject, "DELETE", "", 204, "PUT", `{"permissions":{"rfis":"readonly"}}`},
	{"project edited", projectObject, "PATCH", `{"name":"edited"}`, 200, "PATCH", `{"active":false}`},
	{"project deleted", projectObject, "DELETE", "", 204, "PATCH", `{"active":false}`},
	{"contact edited", contactObject, "PATCH", `{"email_address":"edited@example.com"}`, 200, "PATCH", `{"email_address":"other@example.com"}`},
}

func permissionsObject(admin client, n string) string {
	return "service_accounts/" + admin.create("permissions "+n).ID + "/permissions"
}

func assignmentObject(admin client, n string) string {
	a, p := admin.create("assignment "+n).ID, admin.project("project "+n).ID
	admin.assign(a, p, levels{})
	return assignmentPath(a, p)
}

func projectObject(admin client, n string) string {
	return "projects/" + admin.project("project "+n).ID
}

func contactObject(admin client, n string) string {
	return "directory/contacts/" + admin.create("contact "+n).Contact.ID
}

func TestIfMatchOfAccessLetsTheCurrentETagPass(t *testing.T) {
	t.Parallel()
	for _, change := range accessChanges {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			for i, form := range []string{"%s", `"other", %s`, `%s , "other"`, "*"} {
				path := change.object(admin, strconv.Itoa(i))
				etag := admin.get(path).want(200).header.Get("ETag")
				admin.send(route{change.method, path, change.body}, "", "If-Match", replaceETag(form, etag)).want(change.status)
			}
		})
	}
}

func TestIfMatchOfAccessRefusesAStaleETagAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, change := range accessChanges {
		t.Run(change.name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			path := change.object(admin, "stale")
			stale := admin.get(path).want(200).header.Get("ETag")
			current := admin.do(change.edit, path, change.editBody).want(200).header.Get("ETag")
			before := admin.get(path)
			for _, header := range []string{stale, `"nothing"`, "W/" + current, current[1 : len(current)-1], `"a", "b"`, ","} {
				a := admin.send(route{change.method, path, change.body}, "", "If-Match", header)
				a.faults(412, "PRECONDITION_FAILED", "If-Match precondition_failed")
			}
			after := admin.get(path)
			equal(t, "the object", string(after.body), string(before.body))
			equal(t, "its ETag", after.header.Get("ETag"), current)

			admin.send(route{change.method, path, change.body}, "", "If-Match", current).want(change.status)
		})
	}
}

func TestIfMatchMakesNoAssignment(t *testing.T) {
	t.Parallel()
	admin := start(t)
	account, project := admin.create("nowhere").ID, admin.project("Tower").ID
	path := assignmentPath(account, project)
	for _, header := range []string{"*", `"nothing"`, `""`, ",", "W/*"} {
		a := admin.do("PUT", path, object{}, "If-Match", header)
		a.faults(412, "PRECONDITION_FAILED", "If-Match precondition_failed") // RFC 9110 13.1.1: * is false where there is nothing
		admin.do("DELETE", path, nil, "If-Match", header).refused(404, "NOT_FOUND")
	}
	equal(t, "projects", admin.assigned(account), "")
}

func TestIfMatchOfAGuestInTheDirectory(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	guest := other.create("guest").Contact
	path := "directory/contacts/" + guest.ID
	stale := admin.addContact(guest.ID).want(201).header.Get("ETag")
	other.setEmail(guest.ID, "new@example.com").want(200)

	admin.do("DELETE", path, nil, "If-Match", stale).faults(412, "PRECONDITION_FAILED", "If-Match precondition_failed")
	current := admin.get(path).want(200).header.Get("ETag")
	admin.do("DELETE", path, nil, "If-Match", current).want(204)
}

func TestOneOfManyGrantsOfTheSameStateWins(t *testing.T) {
	t.Parallel()
	admin := start(t)
	path := permissionsObject(admin, "contested")
	etag := admin.get(path).header.Get("ETag")
	tools := []string{"documents", "schedule", "reports", "planroom", "calendar", "timecard"}
	statuses := together(len(tools), func(i int) answer {
		return admin.do("PUT", path, object{"company": levels{tools[i]: "readonly"}}, "If-Match", etag)
	})
	equal(t, "statuses", asJSON(t, statuses), "[200,412,412,412,412,412]")
}

func TestIfMatchOfPermissionsIsNoneOfAnotherAccountsThatHoldsTheSame(t *testing.T) {
	t.Parallel()
	admin := start(t)
	one, other := permissionsObject(admin, "one"), permissionsObject(admin, "other")
	etag := admin.get(one).want(200).header.Get("ETag")
	admin.send(route{"PUT", other, `{"company":{"documents":"admin"}}`}, "", "If-Match", etag).want(412)
	admin.send(route{"PUT", one, `{"company":{"documents":"admin"}}`}, "", "If-Match", etag).want(200)
}
