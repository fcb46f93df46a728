package rest_test

import (
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

func TestWhatChangesNothingLeavesNoEvent(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	s := newSubject(admin, "untouched")
	plain := admin.as(admin.create("plain"))
	protected := admin.create("protected").ID
	admin.patch("service_accounts/"+protected, object{"deletion_protection": true}).want(200)
	path, contactPath := "service_accounts/"+s.ID, "directory/contacts/"+s.Contact.ID
	last := admin.me()
	count, elsewhere := admin.eventCount(), other.eventCount()

	for name, test := range map[string]struct {
		a      answer
		status int
	}{
		"the same name":            {admin.patch(path, object{"name": s.Name}), 200},
		"an empty edit":            {admin.patch(path, object{}), 200},
		"the same permissions":     {admin.put(path+"/permissions", object{"company": levels{"documents": "readonly", "reports": "none"}}), 200},
		"the same assignment":      {admin.put(assignmentPath(s.ID, s.project), object{"permissions": levels{"rfis": "standard"}}), 200},
		"the same address":         {admin.setEmail(s.Contact.ID, s.Contact.EmailAddress), 200},
		"a project's own name":     {admin.patch("projects/"+s.project, object{"name": "Project of untouched"}), 200},
		"a bad project":            {admin.post("projects", object{"name": ""}), 422},
		"a bad project's name":     {admin.patch("projects/"+s.project, object{"name": ""}), 422},
		"another's project":        {other.delete("projects/" + s.project), 404},
		"a stale project":          {admin.do("PATCH", "projects/"+s.project, object{"name": "x"}, "If-Match", `"x"`), 412},
		"a stale project deleted":  {admin.do("DELETE", "projects/"+s.project, nil, "If-Match", `"x"`), 412},
		"reading":                  {admin.get(path), 200},
		"reading permissions":      {admin.get(path + "/permissions"), 200},
		"a token":                  {admin.tokenAnswer(s.ClientID, s.ClientSecret), 200},
		"a taken name":             {admin.post("service_accounts", object{"name": s.Name}), 409},
		"renamed to a taken one":   {admin.patch(path, object{"name": "plain"}), 409},
		"a bad name":               {admin.patch(path, object{"name": ""}), 422},
		"a bad account":            {admin.post("service_accounts", object{"name": "", "app_type": "x"}), 422},
		"a protected account":      {admin.delete("service_accounts/" + protected), 409},
		"the last admin deleted":   {admin.delete("service_accounts/" + last.ID), 409},
		"the last admin reset":     {admin.resetAnswer(last.ID, object{}), 409},
		"the last admin's levels":  {admin.put("service_accounts/"+last.ID+"/permissions", object{"company": levels{}}), 409},
		"the last admin's address": {admin.setEmail(last.Contact.ID, "x@example.com"), 409},
		"the last admin elsewhere": {other.addContact(last.Contact.ID), 409},
		"a bad reset":              {admin.resetAnswer(s.ID, object{"previous_secret_ttl": -1}), 422},
		"the same secret":          {admin.resetAnswer(s.ID, object{"client_secret": s.ClientSecret}), 422},
		"bad levels":               {admin.put(path+"/permissions", object{"company": levels{"x": "y"}}), 422},
		"bad project levels":       {admin.put(assignmentPath(s.ID, s.project), object{"permissions": levels{"x": "y"}}), 422},
		"no such project":          {admin.put(assignmentPath(s.ID, "999"), object{}), 404},
		"no such assignment":       {admin.delete(assignmentPath(protected, s.project)), 404},
		"a bad address":            {admin.setEmail(s.Contact.ID, "x"), 422},
		"in the directory already": {admin.addContact(s.Contact.ID), 409},
		"out of the home":          {admin.delete(contactPath), 409},
		"a guest not there":        {other.delete(contactPath), 404},
		"a stale edit":             {admin.do("PATCH", path, object{"name": "x"}, "If-Match", `"x"`), 412},
		"a stale delete":           {admin.do("DELETE", path, nil, "If-Match", `"x"`), 412},
		"a stale reset":            {admin.do("POST", path+"/actions/reset_secret", object{}, "If-Match", `"x"`), 412},
		"a stale revocation":       {admin.do("POST", path+"/actions/revoke_tokens", nil, "If-Match", `"x"`), 412},
		"stale permissions":        {admin.do("PUT", path+"/permissions", object{"company": levels{}}, "If-Match", `"x"`), 412},
		"a stale assignment":       {admin.do("PUT", assignmentPath(s.ID, s.project), object{}, "If-Match", `"x"`), 412},
		"a stale address":          {admin.do("PATCH", contactPath, object{"email_address": "x@example.com"}, "If-Match", `"x"`), 412},
		"without rights":           {plain.delete(path), 403},
		"rights for oneself":       {plain.put("service_accounts/"+plain.me().ID+"/permissions", object{"company": levels{"admin": "admin"}}), 403},
		"another company":          {other.delete(path), 404},
	} {
		if test.a.status != test.status {
			t.Errorf("%s: status %d, want %d: %s", name, test.a.status, test.status, test.a.body)
		}
	}
	if got := admin.eventCount() - count; got != 0 {
		t.Errorf("%d events: %s", got, admin.get("audit_events?per_page=5").body)
	}
	equal(t, "events of the other company", other.eventCount(), elsewhere)
}

func TestEventsShowNoSecret(t *testing.T) {
	t.Parallel()
	admin := start(t)
	own, careless := store.NewSecret(), store.NewSecret()
	created := data[account](admin.post("service_accounts", object{"name": "secretive", "client_secret": own.Reveal()}).want(201))
	first := admin.reset(created.ID, object{"previous_secret_ttl": 3600})
	second := admin.reset(created.ID, object{"client_secret": careless.Reveal()})
	holder := admin.as(second)
	admin.delete("service_accounts/" + created.ID).want(204)

	shown := string(admin.get("audit_events?per_page=1000").want(200).body)
	file := servertest.Bytes(t, admin.server.Database)
	for _, secret := range []string{admin.server.ClientSecret, created.ClientSecret, first.ClientSecret, second.ClientSecret, admin.token, holder.token} {
		if strings.Contains(shown, secret) || strings.Contains(shown, secret[4:40]) {
			t.Error("an event shows a secret or a token")
		}
		if strings.Contains(file, secret) || strings.Contains(file, secret[4:40]) {
			t.Error("the database keeps a secret or a token")
		}
	}
	for _, word := range []string{"digest", "client_secret", "pcs_", "token_epoch"} {
		if strings.Contains(shown, word) {
			t.Errorf("the events speak of %q", word)
		}
	}
}

// An event can't be edited, so a secret that somebody pastes into the wrong field must not get into one.
func TestEventsShowNoSecretThatWasPastedIntoAText(t *testing.T) {
	t.Parallel()
	admin := start(t)
	secret := store.NewSecret().Reveal()
	created := data[account](admin.post("service_accounts", object{"name": "n " + secret, "description": "it is " + secret}).want(201))
	admin.patch("service_accounts/"+created.ID, object{"description": secret, "app_type": "marketplace", "marketplace_app": secret}).want(200)
	admin.setEmail(created.Contact.ID, secret+"@example.com").want(200)
	admin.delete("service_accounts/" + created.ID).want(204)

	a := admin.get("audit_events?filters[service_account_id]=" + created.ID).want(200)
	equal(t, "events", a.header.Get("Total"), "4")
	says(t, string(a.body), "it is pcs_…", "pcs_…@example.com")
	if strings.Contains(string(a.body), secret[4:40]) {
		t.Error("an event shows the secret")
	}
}

func TestEventsOutliveTheirAccountAndItsActor(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()
	actor := second.me()
	created := second.create("short-lived")
	second.delete("service_accounts/" + created.ID).want(204)
	second.delete("service_accounts/" + actor.ID).want(204) // itself, so that it is the actor of its own end

	list := admin.events("filters[service_account_id]=" + created.ID)
	equal(t, "events of the deleted account", len(list), 2)
	for i, action := range []string{"service_account.deleted", "service_account.created"} {
		equal(t, "action", list[i].Action, action)
		equal(t, "actor", list[i].Actor.ServiceAccountID+" "+list[i].Actor.ClientID, actor.ID+" "+actor.ClientID)
	}
	end := admin.events("filters[service_account_id]=" + actor.ID + "&filters[action]=service_account.deleted")
	if len(end) != 1 || end[0].Actor.ServiceAccountID != actor.ID || end[0].Before["name"] != actor.Name {
		t.Errorf("the actor's own end: %s", asJSON(t, end))
	}
}

func TestEventsAreNotEditedOverTheAPI(t *testing.T) {
	t.Parallel()
	admin := start(t)
	id := admin.events("per_page=1")[0].ID
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		a := admin.do(method, "audit_events", object{})
		a.refused(405, "METHOD_NOT_ALLOWED")
		equal(t, "Allow", a.header.Get("Allow"), "GET, HEAD")
		admin.do(method, "audit_events/"+id, object{}).refused(404, "NOT_FOUND")
	}
}
