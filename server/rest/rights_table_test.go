package rest_test

import (
	"encoding/json"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// rights is every route below /rest/, who may call it, and what it answers then. {account}, {project} and {contact} are
// the caller's company's own, {foreign} is another company's contact, and {guest} such a contact that is in the caller's
// directory.
//
// The tool is the one whose admin level the route needs: admin on the Directory tool is admin on the Admin tool too, and
// not the other way round. "" lets every working account of the company in.
var rights = []struct {
	method, path, body, tool string
	status                   int
}{
	{"GET", "/rest/v2.0/companies", "", "", 200},
	{"GET", "", "", "", 200},
	{"GET", "me", "", "", 200},

	{"GET", "tools", "", "admin", 200},
	{"GET", "service_accounts", "", "admin", 200},
	{"POST", "service_accounts", `{"name":"new {number}"}`, "admin", 201},
	{"GET", "service_accounts/{account}", "", "admin", 200},
	{"PATCH", "service_accounts/{account}", `{"description":"edited"}`, "admin", 200},
	{"DELETE", "service_accounts/{account}", "", "admin", 204},
	{"POST", "service_accounts/{account}/actions/reset_secret", `{}`, "admin", 200},
	{"POST", "service_accounts/{account}/actions/revoke_tokens", "", "admin", 204},
	{"GET", "audit_events", "", "admin", 200},

	{"GET", "service_accounts/{account}/permissions", "", "directory", 200},
	{"PUT", "service_accounts/{account}/permissions", `{"company":{"documents":"admin"}}`, "directory", 200},
	{"GET", "permissions", "", "directory", 200},
	{"GET", "project_assignments", "", "directory", 200},
	{"GET", "service_accounts/{account}/project_assignments", "", "directory", 200},
	{"GET", "service_accounts/{account}/project_assignments/{project}", "", "directory", 200},
	{"PUT", "service_accounts/{account}/project_assignments/{project}", `{}`, "directory", 200},
	{"DELETE", "service_accounts/{account}/project_assignments/{project}", "", "directory", 204},
	{"GET", "projects", "", "directory", 200},
	{"POST", "projects", `{"name":"new"}`, "directory", 201},
	{"GET", "projects/{project}", "", "directory", 200},
	{"PATCH", "projects/{project}", `{"name":"edited"}`, "directory", 200},
	{"DELETE", "projects/{project}", "", "directory", 204},
	{"GET", "directory/contacts", "", "directory", 200},
	{"POST", "directory/contacts", `{"contact_id":"{foreign}"}`, "directory", 201},
	{"GET", "directory/contacts/{contact}", "", "directory", 200},
	{"PATCH", "directory/contacts/{contact}", `{"email_address":"new@example.com"}`, "directory", 200},
	{"DELETE", "directory/contacts/{guest}", "", "directory", 204},
}

// callers are the kinds of caller, and the tools whose routes each may call.
var callers = []struct {
	name    string
	company levels
	may     string
}{
	{"nobody in particular", levels{}, ""},
	{"readonly", levels{"directory": "readonly", "documents": "readonly", "permissions": "readonly"}, ""},
	{"standard", levels{"directory": "standard", "documents": "standard", "permissions": "standard"}, ""},
	{"admin of other tools", levels{"permissions": "admin", "app_management": "admin", "portfolio": "admin"}, ""},
	{"Admin tool", levels{"admin": "admin", "directory": "standard"}, "admin"},
	{"Directory tool", levels{"directory": "admin"}, "admin directory"},
	{"both tools", levels{"admin": "admin", "directory": "admin"}, "admin directory"},
}

func TestRightsOfEveryRouteAndCaller(t *testing.T) {
	t.Parallel()
	for _, kind := range callers {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			other := admin.otherCompany("Beta")
			caller := admin.holder("caller", kind.company)
			// A project's levels count for nothing here.
			admin.assign(caller.me().ID, admin.project("Tower").ID, levels{"admin": "admin", "directory": "admin"})
			requests := make([]route, len(rights))
			for i, row := range rights {
				fill := fixture(admin, other, strconv.Itoa(i), row.path+row.body)
				requests[i] = route{row.method, fill(row.path), fill(row.body)}
			}
			before, events := admin.snapshot(), admin.eventCount()
			for i, row := range rights {
				if !mayCall(kind.may, row.tool) {
					a := caller.send(requests[i], "").faults(403, "FORBIDDEN", " missing_permission")
					says(t, a.messages(), "needs admin on the company tool "+row.tool)
				}
			}
			equal(t, "accounts after the refusals", admin.snapshot(), before)
			equal(t, "events after the refusals", admin.eventCount(), events)
			for i, row := range rights {
				if !mayCall(kind.may, row.tool) {
					continue
				}
				if a := caller.send(requests[i], ""); a.status != row.status {
					t.Errorf("%s %s: status %d, want %d: %s", row.method, row.path, a.status, row.status, a.body)
				}
			}
		})
	}
}

// mayCall tells whether a caller who may call the routes of these tools may call one of this tool.
func mayCall(tools, tool string) bool { return tool == "" || strings.Contains(tools, tool) }

// fixture makes the objects that a text speaks of, and returns how to put their ids into it.
func fixture(admin, other client, n, text string) func(string) string {
	admin.t.Helper()
	ids := []string{"{number}", n}
	add := func(name, id string) { ids = append(ids, name, id) }
	subject := admin.create("subject " + n)
	add("{account}", subject.ID)
	add("{contact}", subject.Contact.ID)
	if strings.Contains(text, "{project}") {
		project := admin.project("Project " + n).ID
		admin.assign(subject.ID, project, levels{})
		add("{project}", project)
	}
	if strings.Contains(text, "{foreign}") {
		add("{foreign}", other.create("foreign "+n).Contact.ID)
	}
	if strings.Contains(text, "{guest}") {
		guest := other.create("guest " + n).Contact.ID
		admin.addContact(guest).want(201)
		add("{guest}", guest)
	}
	return strings.NewReplacer(ids...).Replace
}

// A route that somebody adds must get its row.
func TestRightsTableHasEveryRouteOfTheDocument(t *testing.T) {
	t.Parallel()
	admin := start(t)
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(admin.get("/openapi.json").want(200).body, &document); err != nil {
		t.Fatal(err)
	}
	var documented, tested []string
	for path, operations := range document.Paths {
		for method := range operations {
			if strings.HasPrefix(path, "/rest/") {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	parameters := strings.NewReplacer("project_assignments/{project}", "project_assignments/{project_id}",
		"{account}", "{id}", "{project}", "{id}", "{contact}", "{id}", "{guest}", "{id}")
	for _, row := range rights {
		path := row.path
		if !strings.HasPrefix(path, "/") {
			path = strings.TrimSuffix("/rest/v2.0/companies/{company_id}/"+parameters.Replace(path), "/")
		}
		tested = append(tested, row.method+" "+path)
	}
	sort.Strings(documented)
	sort.Strings(tested)
	equal(t, "routes", strings.Join(tested, "\n"), strings.Join(documented, "\n"))
}

func TestRightsEndWithTheAccountThatHoldsThem(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for name, end := range map[string]func(a account){
		"deleted": func(a account) { admin.delete("service_accounts/" + a.ID).want(204) },
		"reset":   func(a account) { admin.reset(a.ID, object{"keep_access": true}) },
		"revoked": func(a account) {
			admin.post("service_accounts/"+a.ID+"/actions/revoke_tokens", nil).want(204)
		},
		"broken": func(a account) { admin.setEmail(a.Contact.ID, "new@example.com").want(200) },
	} {
		holder := admin.holder(name, levels{"directory": "admin"})
		holder.get("projects").want(200)
		end(holder.me())
		for _, row := range rights {
			a := holder.send(route{row.method, row.path, row.body}, "")
			if a.status != http.StatusUnauthorized {
				t.Errorf("%s: %s %s: status %d", name, row.method, row.path, a.status)
			}
		}
	}
}
