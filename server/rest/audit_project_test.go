package rest_test

import (
	"strings"
	"testing"
)

func TestProjectsLifeLeavesAnEventForEachChange(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()
	a := admin.post("projects", object{"name": "Tower", "project_number": "2026-014"}).want(201)
	id := data[project](a).ID
	steps := []struct {
		actor client
		a     answer
		want  string
	}{
		{admin, a, `project.created  {"active":true,"name":"Tower","project_id":"{id}","project_number":"2026-014"}`},
		{
			second, second.patch("projects/"+id, object{"name": "Harbour Tower"}).want(200),
			`project.updated {"active":true,"name":"Tower","project_id":"{id}","project_number":"2026-014"} {"active":true,"name":"Harbour Tower","project_id":"{id}","project_number":"2026-014"}`,
		},
		{
			admin, admin.patch("projects/"+id, object{"project_number": nil, "active": false}).want(200),
			`project.updated {"active":true,"name":"Harbour Tower","project_id":"{id}","project_number":"2026-014"} {"active":false,"name":"Harbour Tower","project_id":"{id}","project_number":null}`,
		},
		{
			second, second.delete("projects/" + id).want(204),
			`project.deleted {"active":false,"name":"Harbour Tower","project_assignments":[],"project_assignments_total":0,"project_id":"{id}","project_number":null} `,
		},
	}
	list := admin.events("filters[project_id]=" + id)
	equal(t, "events", len(list), len(steps))
	for i, step := range steps {
		event := list[len(steps)-1-i] // newest first
		equal(t, "event", strings.Join([]string{event.Action, factsJSON(t, event.Before), factsJSON(t, event.After)}, " "), strings.ReplaceAll(step.want, "{id}", id))
		equal(t, "project_id", event.ProjectID, id)
		equal(t, "service_account_id", event.ServiceAccountID, "")
		event.isBy(t, step.actor, step.a)
	}
	if body := string(admin.get("audit_events?filters[project_id]=" + id).body); strings.Contains(body, `"service_account_id":null`) || strings.Contains(body, `"service_account_id":""`) {
		t.Errorf("an event of a project speaks of an account: %s", body)
	}
}

func TestDeletedProjectsEventSaysWhoWasInItAndWithWhichLevels(t *testing.T) {
	t.Parallel()
	admin := start(t)
	project := admin.project("Tower").ID
	one, two := admin.create("one").ID, admin.create("two").ID
	admin.assign(one, project, levels{"rfis": "standard", "drawings": "admin"})
	admin.assign(two, project, levels{})
	admin.assign(two, admin.project("Bridge").ID, levels{"rfis": "admin"})
	admin.delete("projects/" + project).want(204)

	event := admin.events("per_page=1")[0]
	equal(t, "action", event.Action, "project.deleted")
	equal(t, "before", factsJSON(t, event.Before), `{"active":true,"name":"Tower","project_assignments":[`+
		`{"permissions":{"drawings":"admin","rfis":"standard"},"service_account_id":"`+one+`"},{"permissions":{},"service_account_id":"`+two+`"}],`+
		`"project_assignments_total":2,"project_id":"`+project+`","project_number":null}`)
	equal(t, "after", factsJSON(t, event.After), "")
}

func TestEventsAreFilteredByProject(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	tower, bridge, foreign := admin.project("Tower").ID, admin.project("Bridge").ID, other.project("Foreign").ID
	id := admin.create("assigned").ID
	admin.assign(id, tower, levels{"rfis": "admin"})
	admin.put(assignmentPath(id, tower), object{"permissions": levels{}}).want(200)
	admin.delete("projects/" + tower).want(204)

	const filter = "filters[project_id]="
	for query, want := range map[string]string{
		filter + tower:  "project.deleted,project_assignment.deleted,project_assignment.updated,project_assignment.created,project.created",
		filter + bridge: "project.created",
		filter + tower + "&filters[action]=project_assignment.updated": "project_assignment.updated",
		filter + tower + "&filters[service_account_id]=" + id:          "project_assignment.deleted,project_assignment.updated,project_assignment.created",
		filter + bridge + "&filters[service_account_id]=" + id:         "",
		filter + tower + "&per_page=2&page=2":                          "project_assignment.updated,project_assignment.created",
		filter + foreign:                                               "",
		filter + "999":                                                 "",
		filter + "0":                                                   "",
		filter + "-1":                                                  "",
		filter + "01":                                                  "",
		filter + "abc":                                                 "",
		"filters[action]=project.created":                              "project.created,project.created",
		"filters[action]=project.created&filters[service_account_id]=" + id: "",
	} {
		var got []string
		for _, event := range admin.events(query) {
			got = append(got, event.Action)
		}
		equal(t, query, strings.Join(got, ","), want)
	}
	admin.get("audit_events?"+filter).faults(422, unprocessable, "filters[project_id] blank")
	admin.get("audit_events?"+filter+"1&"+filter+"2").faults(422, unprocessable, "filters[project_id] repeated")
	equal(t, "the other company's events of it", len(other.events(filter+foreign)), 1)
}
