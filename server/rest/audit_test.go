package rest_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// event is an audit event as the API shows it.
type event struct {
	ID               string `json:"id"`
	ServiceAccountID string `json:"service_account_id"`
	ProjectID        string `json:"project_id"`
	Action           string `json:"action"`
	Actor            *struct {
		ServiceAccountID string `json:"service_account_id"`
		ClientID         string `json:"client_id"`
	} `json:"actor"`
	Before    map[string]any `json:"before"`
	After     map[string]any `json:"after"`
	RequestID *string        `json:"request_id"`
	CreatedAt string         `json:"created_at"`
}

// events returns the events that a query selects.
func (c client) events(query string) []event {
	c.t.Helper()
	return data[[]event](c.get("audit_events?" + query).want(200))
}

// eventCount returns how many events the company has.
func (c client) eventCount() int {
	c.t.Helper()
	total, err := strconv.Atoi(c.get("audit_events?per_page=1").want(200).header.Get("Total"))
	if err != nil {
		c.t.Fatal(err)
	}
	return total
}

// subject is what an audited change is about.
type subject struct {
	account
	project string
}

// audited are the changes of a subject, and the event that each leaves. In before and after, names in braces stand for
// what the subject is and has; "" says that there is no such member.
var audited = []struct {
	name, action  string
	by            string // "other": the other company's administrator
	change        func(c client, s subject) answer
	before, after string
}{
	{
		"edit", "service_account.updated", "", func(c client, s subject) answer {
			return c.patch("service_accounts/"+s.ID, object{"name": "renamed", "deletion_protection": true})
		}, `{"add_to_new_projects":false,"app_type":"custom","client_id":"{client}","deletion_protection":false,"description":"","marketplace_app":null,"name":"{name}"}`,
		`{"add_to_new_projects":false,"app_type":"custom","client_id":"{client}","deletion_protection":true,"description":"","marketplace_app":null,"name":"renamed"}`,
	},
	{
		"edit of the app", "service_account.updated", "", func(c client, s subject) answer {
			return c.patch("service_accounts/"+s.ID, object{"app_type": "marketplace", "marketplace_app": "X", "description": "y"})
		}, `{"add_to_new_projects":false,"app_type":"custom","client_id":"{client}","deletion_protection":false,"description":"","marketplace_app":null,"name":"{name}"}`,
		`{"add_to_new_projects":false,"app_type":"marketplace","client_id":"{client}","deletion_protection":false,"description":"y","marketplace_app":"X","name":"{name}"}`,
	},
	{"delete", "service_account.deleted", "", func(c client, s subject) answer {
		return c.delete("service_accounts/" + s.ID)
	}, `{"add_to_new_projects":false,"app_type":"custom","client_id":"{client}","deletion_protection":false,"description":"","marketplace_app":null,"name":"{name}","permissions":{"documents":"readonly"},"project_assignments":[{"permissions":{"rfis":"standard"},"project_id":"{project}"}]}`, ""},
	{
		"reset", "service_account.secret_reset", "", func(c client, s subject) answer {
			return c.resetAnswer(s.ID, object{})
		}, `{"permissions":{"documents":"readonly"},"previous_secret_expires_at":null,"project_assignments":[{"permissions":{"rfis":"standard"},"project_id":"{project}"}],"secret_fingerprint":"{secret}","secret_version":1}`,
		`{"permissions":{},"previous_secret_expires_at":null,"project_assignments":[],"secret_fingerprint":"{new secret}","secret_version":2}`,
	},
	{
		"reset that keeps access and the old secret", "service_account.secret_reset", "", func(c client, s subject) answer {
			return c.resetAnswer(s.ID, object{"keep_access": true, "previous_secret_ttl": 60})
		}, `{"previous_secret_expires_at":null,"secret_fingerprint":"{secret}","secret_version":1}`,
		`{"previous_secret_expires_at":"{in a minute}","secret_fingerprint":"{new secret}","secret_version":2}`,
	},
	{"revoked tokens", "service_account.tokens_revoked", "", func(c client, s subject) answer {
		return c.post("service_accounts/"+s.ID+"/actions/revoke_tokens", nil)
	}, "", ""},
	{"permissions", "permissions.updated", "", func(c client, s subject) answer {
		return c.grant(s.ID, levels{"schedule": "admin", "reports": "none"})
	}, `{"permissions":{"documents":"readonly"}}`, `{"permissions":{"schedule":"admin"}}`},
	{"no permissions", "permissions.updated", "", func(c client, s subject) answer {
		return c.grant(s.ID, levels{})
	}, `{"permissions":{"documents":"readonly"}}`, `{"permissions":{}}`},
	{"replaced assignment", "project_assignment.updated", "", func(c client, s subject) answer {
		return c.put(assignmentPath(s.ID, s.project), object{"permissions": levels{"drawings": "admin"}})
	}, `{"permissions":{"rfis":"standard"},"project_id":"{project}"}`, `{"permissions":{"drawings":"admin"},"project_id":"{project}"}`},
	{"deleted assignment", "project_assignment.deleted", "", func(c client, s subject) answer {
		return c.delete(assignmentPath(s.ID, s.project))
	}, `{"permissions":{"rfis":"standard"},"project_id":"{project}"}`, ""},
	{"e-mail address", "contact.updated", "", func(c client, s subject) answer {
		return c.setEmail(s.Contact.ID, "new@example.com")
	}, `{"contact_id":"{contact}","email_address":"{email}"}`, `{"contact_id":"{contact}","email_address":"new@example.com"}`},
	{"second directory", "contact.added_to_directory", "other", func(c client, s subject) answer {
		return c.addContact(s.Contact.ID)
	}, "", `{"contact_id":"{contact}","directory_company_id":"{other}"}`},
}

func TestEveryChangeLeavesOneEvent(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	other := admin.otherCompany("Beta")
	for i, test := range audited {
		t.Run(test.name, func(t *testing.T) {
			admin, other := admin.named(t), other.named(t)
			s := newSubject(admin, "subject "+strconv.Itoa(i))
			before := admin.eventCount()
			clock.advance(time.Minute)
			actor := admin
			if test.by == "other" {
				actor = other
			}

			a := test.change(actor, s)
			if a.status >= 300 {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			equal(t, "number of new events", admin.eventCount()-before, 1)
			got := admin.events("per_page=1")[0]
			got.isBy(t, actor, a)
			equal(t, "action", got.Action, test.action)
			equal(t, "service_account_id", got.ServiceAccountID, s.ID)
			if wantProject := strings.HasPrefix(test.action, "project_assignment."); wantProject != (got.ProjectID == s.project) || wantProject != (got.ProjectID != "") {
				t.Errorf("project_id is %q", got.ProjectID)
			}
			equal(t, "created_at", got.CreatedAt, clock.now().UTC().Format(time.RFC3339))
			fingerprint := ""
			if strings.Contains(test.after, "{new secret}") {
				fingerprint = data[account](a).SecretFingerprint
			}
			fill := strings.NewReplacer("{client}", s.ClientID, "{name}", s.Name, "{project}", s.project, "{contact}", s.Contact.ID,
				"{email}", s.Contact.EmailAddress, "{secret}", s.SecretFingerprint, "{new secret}", fingerprint, "{other}", other.company,
				"{in a minute}", clock.now().Add(time.Minute).UTC().Format(time.RFC3339)).Replace
			equal(t, "before", factsJSON(t, got.Before), fill(test.before))
			equal(t, "after", factsJSON(t, got.After), fill(test.after))
		})
	}
}

// newSubject makes an account with a permission and a place in a project.
func newSubject(admin client, name string) subject {
	admin.t.Helper()
	s := subject{admin.create(name), admin.project("Project of " + name).ID}
	admin.grant(s.ID, levels{"documents": "readonly"})
	admin.assign(s.ID, s.project, levels{"rfis": "standard"})
	return s
}

// isBy fails the test unless the event says who made the request that has this answer.
func (e event) isBy(t *testing.T, actor client, a answer) {
	t.Helper()
	me := actor.me()
	if e.Actor == nil || e.Actor.ServiceAccountID != me.ID || e.Actor.ClientID != me.ClientID {
		t.Errorf("the actor is %s, want account %s", asJSON(t, e.Actor), me.ID)
	}
	if e.RequestID == nil || *e.RequestID != a.header.Get("X-Request-Id") {
		t.Errorf("request_id is %s, want %s", asJSON(t, e.RequestID), a.header.Get("X-Request-Id"))
	}
}

// factsJSON returns "" for a member that is absent.
func factsJSON(t *testing.T, facts map[string]any) string {
	t.Helper()
	if facts == nil {
		return ""
	}
	return asJSON(t, facts)
}

func TestWhatMakesSomethingLeavesAnEventWithoutBefore(t *testing.T) {
	t.Parallel()
	admin := start(t)
	a := admin.post("service_accounts", object{"name": "made", "add_to_new_projects": true}).want(201)
	made := data[account](a)
	got := admin.events("per_page=1")[0]
	got.isBy(t, admin, a)
	equal(t, "action", got.Action, "service_account.created")
	equal(t, "before", factsJSON(t, got.Before), "")
	equal(t, "after", factsJSON(t, got.After), `{"add_to_new_projects":true,"app_type":"custom","client_id":"`+made.ClientID+
		`","deletion_protection":false,"description":"","marketplace_app":null,"name":"made","previous_secret_expires_at":null,"secret_fingerprint":"`+
		made.SecretFingerprint+`","secret_version":1}`)

	count := admin.eventCount()
	a = admin.post("projects", object{"name": "Tower"}).want(201) // the account is added by the way
	project := data[project](a).ID
	got = admin.events("per_page=1")[0]
	got.isBy(t, admin, a)
	equal(t, "action", got.Action, "project_assignment.created")
	equal(t, "service_account_id", got.ServiceAccountID, made.ID)
	equal(t, "before", factsJSON(t, got.Before), "")
	equal(t, "after", factsJSON(t, got.After), `{"permissions":{},"project_id":"`+project+`"}`)

	other := admin.create("other").ID
	a = admin.put(assignmentPath(other, project), object{"permissions": levels{"rfis": "admin"}}).want(201)
	got = admin.events("per_page=1")[0]
	got.isBy(t, admin, a)
	equal(t, "action", got.Action, "project_assignment.created")
	equal(t, "after", factsJSON(t, got.After), `{"permissions":{"rfis":"admin"},"project_id":"`+project+`"}`)
	equal(t, "number of new events", admin.eventCount()-count, 4) // the project itself, an assignment, an account, its assignment
}

func TestGuestTakenOutOfADirectoryLeavesAnEventInItsHomeCompany(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	s := newSubject(admin, "shared")
	other.addContact(s.Contact.ID).want(201)
	count, elsewhere := admin.eventCount(), other.eventCount()

	a := other.delete("directory/contacts/" + s.Contact.ID).want(204)
	equal(t, "number of new events", admin.eventCount()-count, 1)
	equal(t, "number of new events of the other company", other.eventCount()-elsewhere, 0)
	got := admin.events("per_page=1")[0]
	got.isBy(t, other, a)
	equal(t, "action", got.Action, "contact.removed_from_directory")
	equal(t, "before", factsJSON(t, got.Before), `{"contact_id":"`+s.Contact.ID+`","directory_company_id":"`+other.company+`"}`)
	equal(t, "after", factsJSON(t, got.After), "")
}

func TestDeletedProjectLeavesAnEventForEachOfItsAccounts(t *testing.T) {
	t.Parallel()
	admin := start(t)
	project := admin.project("Tower").ID
	var ids []string
	for _, name := range []string{"one", "two", "three"} {
		id := admin.create(name).ID
		admin.assign(id, project, levels{"rfis": "readonly"})
		ids = append([]string{id}, ids...)
	}
	a := admin.delete("projects/" + project).want(204)
	var got []string
	list := admin.events("per_page=4")
	equal(t, "the last event", list[0].Action, "project.deleted")
	for _, event := range list[1:] {
		event.isBy(t, admin, a)
		equal(t, "action", event.Action, "project_assignment.deleted")
		equal(t, "project_id", event.ProjectID, project)
		got = append(got, event.ServiceAccountID)
	}
	equal(t, "accounts", strings.Join(got, ","), strings.Join(ids, ","))
}

func TestChangeAtTheCommandLineLeavesAnEventWithoutAnActor(t *testing.T) {
	t.Parallel()
	admin := start(t)
	recovered, other := admin.secondAdmin().me(), admin.otherCompany("Beta")

	for _, test := range []struct {
		client
		a account
	}{{admin, admin.me()}, {admin, recovered}, {other, other.me()}} {
		a := test.get("audit_events?filters[service_account_id]=" + test.a.ID).want(200)
		list := data[[]event](a)
		if len(list) != 1 || list[0].Action != "service_account.created" || list[0].Actor != nil || list[0].RequestID != nil {
			t.Fatalf("the events are %s", a.body)
		}
		after := list[0].After
		equal(t, "name", after["name"], any(test.a.Name))
		equal(t, "client_id", after["client_id"], any(test.a.ClientID))
		equal(t, "permissions", asJSON(t, after["permissions"]), `{"admin":"admin","directory":"admin"}`)
		var raw []map[string]json.RawMessage
		if err := json.Unmarshal(a.body[len(`{"data":`):len(a.body)-2], &raw); err != nil || raw[0]["before"] != nil {
			t.Errorf("%s: %v", a.body, err)
		}
	}
}
