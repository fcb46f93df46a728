package rest_test

import (
	"slices"
	"strings"
	"testing"
)

// member makes an account with access to the company and to some projects, which were made in this order.
func (c client) member(name string, projects int) (account, []string) {
	c.t.Helper()
	created := c.create(name)
	c.grant(created.ID, levels{"documents": "readonly", "schedule": "standard"})
	var ids []string
	for range projects {
		ids = append(ids, c.project("Project of "+name).ID)
	}
	for _, id := range slices.Backward(ids) {
		c.assign(created.ID, id, levels{"rfis": "admin"})
	}
	return created, ids
}

func TestResetClearsPermissionsAndAssignmentsAndReportsThem(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created, projects := admin.member("rotated", 12)
	bystander, others := admin.member("bystander", 1)
	admin.assign(bystander.ID, projects[0], levels{"rfis": "readonly"})

	got := admin.reset(created.ID, object{})
	equal(t, "cleared permissions", asJSON(t, got.Cleared.Permissions), `{"documents":"readonly","schedule":"standard"}`)
	equal(t, "cleared project_ids", strings.Join(got.Cleared.ProjectIDs, ","), strings.Join(projects, ","))
	equal(t, "permissions left", admin.granted(created.ID), `{}`)
	equal(t, "projects left", admin.assigned(created.ID), "")
	for _, project := range projects {
		admin.get(assignmentPath(created.ID, project)).refused(404, "NOT_FOUND")
		admin.get("projects/" + project).want(200)
	}
	equal(t, "the bystander's permissions", admin.granted(bystander.ID), `{"documents":"readonly","schedule":"standard"}`)
	equal(t, "the bystander's projects", admin.assigned(bystander.ID), projects[0]+","+others[0])

	again := admin.reset(created.ID, object{})
	equal(t, "cleared the second time", asJSON(t, again.Cleared.Permissions)+asJSON(t, again.Cleared.ProjectIDs), `{}[]`)
	// What is granted again counts with the new secret.
	admin.grant(created.ID, levels{"directory": "admin"})
	admin.put(assignmentPath(created.ID, projects[0]), `{}`).want(201)
	admin.as(again).get("projects").want(200)
}

func TestResetThatKeepsAccessClearsNothing(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created, projects := admin.member("kept", 2)

	got := admin.reset(created.ID, object{"keep_access": true})
	equal(t, "cleared", asJSON(t, got.Cleared.Permissions)+asJSON(t, got.Cleared.ProjectIDs), `{}[]`)
	equal(t, "permissions", admin.granted(created.ID), `{"documents":"readonly","schedule":"standard"}`)
	equal(t, "projects", admin.assigned(created.ID), strings.Join(projects, ","))
	for _, project := range projects {
		stored := data[assignment](admin.get(assignmentPath(created.ID, project)).want(200))
		equal(t, "levels", asJSON(t, stored.Permissions), `{"rfis":"admin"}`)
	}
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
}

// Clearing and the new secret are one transaction: what is refused leaves all of it.
func TestRefusedResetClearsNothing(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created, projects := admin.member("refused", 2)
	holder := admin.as(created)
	path := "service_accounts/" + created.ID + "/actions/reset_secret"

	admin.do("POST", path, object{}, "If-Match", `"stale"`).refused(412, "PRECONDITION_FAILED")
	admin.post(path, object{"previous_secret_ttl": -1}).refused(422, unprocessable)
	admin.post(path, object{"client_secret": created.ClientSecret}).faults(422, unprocessable, "client_secret unchanged")
	holder.post(path, object{}).refused(403, "FORBIDDEN")

	equal(t, "permissions", admin.granted(created.ID), `{"documents":"readonly","schedule":"standard"}`)
	equal(t, "projects", admin.assigned(created.ID), strings.Join(projects, ","))
	equal(t, "secret_version", admin.account(created.ID).SecretVersion, 1)
	admin.as(created)
}

func TestResetOfTheLastAdministratorKeepsItsAssignmentsToo(t *testing.T) {
	t.Parallel()
	admin := start(t)
	id, project := admin.me().ID, admin.project("Tower").ID
	admin.assign(id, project, levels{"rfis": "admin"})

	admin.resetAnswer(id, object{}).conflict("last_admin")
	equal(t, "permissions", admin.granted(id), `{"admin":"admin","directory":"admin"}`)
	equal(t, "projects", admin.assigned(id), project)

	admin.reset(id, object{"keep_access": true})
	after := admin.secondAdmin() // the first one's secret is the test's no more
	equal(t, "permissions after a reset that keeps them", after.granted(id), `{"admin":"admin","directory":"admin"}`)
	equal(t, "projects after a reset that keeps them", after.assigned(id), project)
	after.reset(id, object{})
	equal(t, "permissions once another administrator is there", after.granted(id), `{}`)
	equal(t, "projects once another administrator is there", after.assigned(id), "")
}

func TestResetLeavesTheFlagForNewProjectsAndTheContact(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := data[account](admin.post("service_accounts", object{"name": "flagged", "add_to_new_projects": true}).want(201))
	first := admin.project("First").ID
	got := admin.reset(created.ID, object{})
	equal(t, "cleared projects", strings.Join(got.Cleared.ProjectIDs, ","), first)
	equal(t, "add_to_new_projects", got.AddToNewProjects, true)
	equal(t, "contact", got.Contact, created.Contact)
	equal(t, "projects", admin.assigned(created.ID), "")
	second := admin.project("Second").ID
	equal(t, "projects made after the reset", admin.assigned(created.ID), second)
}
