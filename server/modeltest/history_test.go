package modeltest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shownEvent is an audit event as the API shows it.
type shownEvent struct {
	ID        string
	Account   string `json:"service_account_id"`
	Action    string
	Before    object
	After     object
	RequestID string `json:"request_id"`
}

// history returns all events of the company, oldest first.
func (c *crowd) history() []shownEvent {
	c.t.Helper()
	var events []shownEvent
	for page := 1; ; page++ {
		found := dataAs[[]shownEvent](c.t, c.send(page, "GET", "audit_events?per_page=1000&page="+number(page), nil))
		events = append(events, found...)
		if len(found) < 1000 {
			break
		}
	}
	slices.Reverse(events)
	for i := 1; i < len(events); i++ {
		one, _ := strconv.Atoi(events[i-1].ID)
		two, _ := strconv.Atoi(events[i].ID)
		if one >= two {
			c.t.Errorf("event %d comes after event %d", one, two)
		}
	}
	return events
}

// wasHeardOnce holds the events against the answers: an acknowledged change left its event once, and a refused one none.
func (c *crowd) wasHeardOnce(events []shownEvent) {
	c.t.Helper()
	left := map[string][]shownEvent{}
	for _, e := range events {
		left[e.RequestID] = append(left[e.RequestID], e)
	}
	known := map[string]bool{"": true} // the command line's
	for _, h := range c.heard {
		events := left[h.requestID]
		known[h.requestID] = true
		acknowledged := h.status >= 200 && h.status < 300
		switch {
		case !acknowledged && len(events) > 0:
			c.t.Errorf("%s: was answered with %d, and left %v", h.what, h.status, events)
		case acknowledged && h.account != "" && len(events) > 1:
			c.t.Errorf("%s: left %d events", h.what, len(events))
		case acknowledged && h.action != "" && (len(events) != 1 || events[0].Action != h.action || events[0].Account != h.account):
			c.t.Errorf("%s: was answered with %d, and left %v, want one %s of account %s", h.what, h.status, events, h.action, h.account)
		}
	}
	for id, events := range left {
		if !known[id] {
			c.t.Errorf("nobody was told of %v", events)
		}
	}
}

// replayed is an account as the events tell of it.
type replayed struct {
	facts       object // as service_account.updated tells them
	version     float64
	fingerprint string
	levels      object
	places      map[string]any // levels by project id
	email       string         // "": as it was made
	directories map[string]bool
}

// replay plays the events again, one after the other. Each must begin where the one before it ended.
func (c *crowd) replay(events []shownEvent) map[string]*replayed {
	c.t.Helper()
	accounts := map[string]*replayed{}
	for _, e := range events {
		if e.Account == "" {
			continue // a project's own
		}
		a := accounts[e.Account]
		if (a == nil) != (e.Action == "service_account.created") && !strings.HasPrefix(e.Action, "contact.") { // a contact outlives its account
			c.t.Errorf("event %s: %s of account %s, which is there: %v", e.ID, e.Action, e.Account, a != nil)
			continue
		}
		switch e.Action {
		case "service_account.created":
			a = &replayed{facts: accountFacts(e.After), version: 1, levels: object{}, places: map[string]any{}, directories: map[string]bool{}}
			a.fingerprint, _ = e.After["secret_fingerprint"].(string)
			if held, given := e.After["permissions"].(map[string]any); given {
				a.levels = held
			}
			accounts[e.Account] = a
			nameIsFree(c.t, accounts, e)
		case "service_account.deleted":
			follows(c.t, e, a.facts, accountFacts(e.Before))
			follows(c.t, e, a.access(), object{"permissions": e.Before["permissions"], "project_assignments": e.Before["project_assignments"]})
			delete(accounts, e.Account)
		default:
			if a != nil {
				a.goesOn(c.t, accounts, e)
			}
		}
		someAdministratorIsLeft(c.t, accounts, e)
	}
	return accounts
}

// goesOn changes the account as the event tells.
func (a *replayed) goesOn(t *testing.T, accounts map[string]*replayed, e shownEvent) {
	t.Helper()
	project, _ := with(e.Before, e.After)["project_id"].(string)
	switch e.Action {
	case "service_account.updated":
		follows(t, e, a.facts, accountFacts(e.Before))
		a.facts = accountFacts(e.After)
		nameIsFree(t, accounts, e)
	case "service_account.secret_reset":
		follows(t, e, object{"version": a.version, "fingerprint": a.fingerprint},
			object{"version": e.Before["secret_version"], "fingerprint": e.Before["secret_fingerprint"]})
		if _, clears := e.Before["permissions"]; clears {
			follows(t, e, a.access(), object{"permissions": e.Before["permissions"], "project_assignments": e.Before["project_assignments"]})
			a.levels, a.places = object{}, map[string]any{}
		}
		a.version++
		a.fingerprint, _ = e.After["secret_fingerprint"].(string)
		follows(t, e, object{"version": a.version}, object{"version": e.After["secret_version"]})
	case "permissions.updated":
		follows(t, e, object{"permissions": a.levels}, e.Before)
		a.levels, _ = e.After["permissions"].(map[string]any)
	case "project_assignment.created":
		follows(t, e, object{"place": nil}, object{"place": a.places[project]})
		a.places[project] = e.After["permissions"]
	case "project_assignment.updated":
		follows(t, e, object{"place": a.places[project]}, object{"place": e.Before["permissions"]})
		a.places[project] = e.After["permissions"]
	case "project_assignment.deleted":
		follows(t, e, object{"place": a.places[project]}, object{"place": e.Before["permissions"]})
		delete(a.places, project)
	case "contact.updated":
		if a.email != "" {
			follows(t, e, object{"email": a.email}, object{"email": e.Before["email_address"]})
		}
		a.email, _ = e.After["email_address"].(string)
	case "contact.added_to_directory":
		a.directories[text(e.After["directory_company_id"])] = true
	case "contact.removed_from_directory":
		delete(a.directories, text(e.Before["directory_company_id"]))
	}
}

func accountFacts(told object) object {
	facts := object{}
	for _, name := range []string{"name", "app_type", "description", "client_id", "deletion_protection", "add_to_new_projects", "marketplace_app"} {
		facts[name] = told[name]
	}
	return facts
}

func (a *replayed) access() object {
	places := []object{}
	for _, id := range inOrder(a.places) {
		places = append(places, object{"project_id": id, "permissions": a.places[id]})
	}
	return object{"permissions": a.levels, "project_assignments": places}
}

// follows fails the test unless the event begins where the ones before it ended.
func follows(t *testing.T, e shownEvent, was, before object) {
	t.Helper()
	if text(was) != text(before) {
		t.Errorf("event %s, %s of account %s, begins with %s, but it was %s", e.ID, e.Action, e.Account, text(before), text(was))
	}
}

func nameIsFree(t *testing.T, accounts map[string]*replayed, e shownEvent) {
	t.Helper()
	name, _ := accounts[e.Account].facts["name"].(string)
	for id, other := range accounts {
		if taken, _ := other.facts["name"].(string); id != e.Account && fold(taken) == fold(name) {
			t.Errorf("event %s: account %s got the name %q, which account %s has", e.ID, e.Account, name, id)
		}
	}
}

// someAdministratorIsLeft fails the test when no working account holds admin on the Admin tool. The address of a contact
// that was changed is never put back where this is asked.
func someAdministratorIsLeft(t *testing.T, accounts map[string]*replayed, e shownEvent) {
	t.Helper()
	for _, a := range accounts {
		if a.email == "" && len(a.directories) == 0 && (a.levels["admin"] == "admin" || a.levels["directory"] == "admin") {
			return
		}
	}
	t.Errorf("after event %s, %s of account %s, the company has no working administrator", e.ID, e.Action, e.Account)
}

// hasAllThatWasAcknowledged holds what is stored against what the events tell, and both against what was acknowledged.
func (c *crowd) hasAllThatWasAcknowledged(told map[string]*replayed) {
	c.t.Helper()
	there := dataAs[[]shownAccount](c.t, c.send(0, "GET", "service_accounts?per_page=1000", nil))
	if len(there) != len(told) {
		c.t.Errorf("%d accounts are there, but the events tell of %d", len(there), len(told))
	}
	resets, created, deleted := map[string]int{}, map[string]int{}, map[string]int{}
	for _, h := range c.heard {
		if h.status < 300 && h.action == "service_account.secret_reset" {
			resets[h.account]++
		}
		if h.status < 300 && h.action == "service_account.created" {
			created[h.account]++
		}
		if h.status < 300 && h.action == "service_account.deleted" {
			deleted[h.account]++
		}
	}
	for id, times := range created {
		if _, is := told[id]; times != 1 || is == (deleted[id] == 1) || deleted[id] > 1 {
			c.t.Errorf("account %s was created %d times and deleted %d times, and is there: %v", id, times, deleted[id], is)
		}
	}
	for _, a := range there {
		is := told[a.ID]
		if is == nil {
			c.t.Errorf("account %s is there, but the events don't tell of it", a.ID)
			continue
		}
		if a.SecretVersion != resets[a.ID]+1 || is.version != float64(a.SecretVersion) || is.fingerprint != a.Fingerprint {
			c.t.Errorf("account %s was reset %d times, the events tell of %v, and its secret's version is %d", a.ID, resets[a.ID], is.version-1, a.SecretVersion)
		}
		if steps := c.steps[a.ID]; a.Description != number(steps) && created[a.ID] == 1 {
			c.t.Errorf("account %s was counted up %d times, to %s", a.ID, steps, a.Description)
		}
		if is.facts["name"] != a.Name || is.email != "" && is.email != a.Contact.EmailAddress {
			c.t.Errorf("account %s is %v, %s to the events, and %q, %s to itself", a.ID, is.facts, is.email, a.Name, a.Contact.EmailAddress)
		}
		c.hasAccess(a.ID, is)
	}
}

func (c *crowd) hasAccess(id string, told *replayed) {
	c.t.Helper()
	held := dataAs[struct{ Company object }](c.t, c.send(0, "GET", accountPath(id)+"/permissions", nil))
	places := map[string]any{}
	for _, p := range dataAs[[]object](c.t, c.send(1, "GET", accountPath(id)+"/project_assignments?per_page=1000", nil)) {
		places[p["project_id"].(string)] = p["permissions"]
	}
	if text(held.Company) != text(told.levels) || text(places) != text(told.places) {
		c.t.Errorf("account %s has %s %s, but the events tell of %s %s", id, text(held.Company), text(places), text(told.levels), text(told.places))
	}
}

// onlyTheLastSecretsCount asks for a token with every secret that anybody was told.
func (c *crowd) onlyTheLastSecretsCount() {
	c.t.Helper()
	clients, versions := map[string]string{}, map[string]int{}
	for _, a := range dataAs[[]shownAccount](c.t, c.send(0, "GET", "service_accounts?per_page=1000&filters[status]=active", nil)) {
		clients[a.ID], versions[a.ID] = a.ClientID, a.SecretVersion
	}
	told := map[string]map[int]bool{}
	for _, h := range c.heard {
		if h.secret == "" || clients[h.account] == "" {
			continue
		}
		if told[h.account] == nil {
			told[h.account] = map[int]bool{}
		}
		if told[h.account][h.version] {
			c.t.Errorf("two were told version %d of the secret of account %s", h.version, h.account)
		}
		told[h.account][h.version] = true
		got := c.ask(h.version, clients[h.account], h.secret)
		counts := h.version == versions[h.account]
		if counts != (got.status == http.StatusOK) || !counts && got.status != http.StatusUnauthorized && got.status != http.StatusTooManyRequests {
			c.t.Errorf("version %d of the secret of account %s, whose version is %d, is answered with %d", h.version, h.account, versions[h.account], got.status)
		}
	}
}

// inOrder returns the ids of a map, by number.
func inOrder(byID map[string]any) []string {
	return slices.SortedFunc(maps.Keys(byID), func(x, y string) int { return cmp.Or(len(x)-len(y), strings.Compare(x, y)) })
}
