package rest_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// breakage is a way to make an account nonfunctional, and the way back.
type breakage struct {
	name, reasons string
	damage, heal  func(home, other client, contactID, address string)
}

func changeEmail(home, _ client, contactID, _ string) {
	home.t.Helper()
	home.setEmail(contactID, "reachable@example.com").want(200)
}

func putEmailBack(home, _ client, contactID, address string) {
	home.t.Helper()
	home.setEmail(contactID, address).want(200)
}

func addElsewhere(_, other client, contactID, _ string) {
	other.t.Helper()
	other.addContact(contactID).want(201)
}

func removeElsewhere(_, other client, contactID, _ string) {
	other.t.Helper()
	other.delete("directory/contacts/" + contactID).want(204)
}

var breakages = []breakage{
	{"e-mail address", "contact_email_changed", changeEmail, putEmailBack},
	{"second directory", "contact_in_other_directory", addElsewhere, removeElsewhere},
	{
		"both", "contact_email_changed,contact_in_other_directory",
		func(home, other client, contactID, address string) {
			addElsewhere(home, other, contactID, address)
			changeEmail(home, other, contactID, address)
		},
		func(home, other client, contactID, address string) {
			putEmailBack(home, other, contactID, address)
			removeElsewhere(home, other, contactID, address)
		},
	},
}

func TestBrokenContactMakesTheAccountNonfunctionalUntilItIsHealed(t *testing.T) {
	t.Parallel()
	for _, test := range breakages {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			other := admin.otherCompany("Beta")
			created := admin.create("fragile")
			admin.grant(created.ID, levels{"directory": "admin"})
			holder := admin.as(created)
			healthy := admin.get("service_accounts/" + created.ID).header.Get("ETag")

			test.damage(admin, other, created.Contact.ID, created.Contact.EmailAddress)
			admin.showsStatus(created, "nonfunctional", test.reasons)
			equal(t, "nonfunctional accounts", admin.listed("filters[status]=nonfunctional"), "fragile")
			equal(t, "active accounts", admin.listed("filters[status]=active"), "Administrator")
			if admin.get("service_accounts/"+created.ID).header.Get("ETag") == healthy {
				t.Error("the ETag doesn't tell")
			}
			holder.isGone()
			holder.tokenIsDead(admin)
			admin.getsNoToken(created, test.reasons)
			admin.secretIsRefused(created.ClientID, "wrong") // a wrong secret learns nothing of the account

			test.heal(admin, other, created.Contact.ID, created.Contact.EmailAddress)
			admin.showsStatus(created, "active", "")
			equal(t, "nonfunctional accounts once healed", admin.listed("filters[status]=nonfunctional"), "")
			equal(t, "ETag once healed", admin.get("service_accounts/"+created.ID).header.Get("ETag"), healthy)
			holder.isGone() // a token that has ended stays so
			admin.as(created).get("projects").want(200)
		})
	}
}

// showsStatus fails the test unless every answer that shows the account shows this status.
func (c client) showsStatus(a account, status, reasons string) {
	c.t.Helper()
	shown := map[string]account{
		"get":   c.account(a.ID),
		"list":  data[[]account](c.get("service_accounts?filters[id]=" + a.ID).want(200))[0],
		"patch": data[account](c.patch("service_accounts/"+a.ID, object{}).want(200)),
	}
	for name, got := range shown {
		equal(c.t, name+" status", got.Status, status)
		equal(c.t, name+" status_reasons", strings.Join(got.StatusReasons, ","), reasons)
		equal(c.t, name+" e-mail address", got.Contact.EmailAddress, c.contact(a.Contact.ID).EmailAddress)
	}
}

// getsNoToken fails the test unless the account's good secret is refused for these reasons.
func (c client) getsNoToken(a account, reasons string) {
	c.t.Helper()
	answer := c.tokenAnswer(a.ClientID, a.ClientSecret).want(400)
	var refused struct {
		Error       string
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(answer.body, &refused); err != nil || refused.Error != "unauthorized_client" {
		c.t.Errorf("want unauthorized_client, got %s", answer.body)
	}
	says(c.t, refused.Description, strings.Split(reasons, ",")...)
}

// tokenIsDead fails the test if an OAuth endpoint takes the client's token.
func (c client) tokenIsDead(observer client) {
	c.t.Helper()
	c.get("/oauth/token/info").want(401)
	form := "token=" + c.token
	a := observer.do("POST", "/oauth/introspect", form, "Content-Type", "application/x-www-form-urlencoded").want(200)
	equal(c.t, "introspection", strings.TrimSpace(string(a.body)), `{"active":false}`)
}

func TestOneReasonIsLeftWhenOneOfTwoIsUndone(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other, third := admin.otherCompany("Beta"), admin.otherCompany("Gamma")
	created := admin.create("fragile")
	contactID, address := created.Contact.ID, created.Contact.EmailAddress

	changeEmail(admin, other, contactID, address)
	addElsewhere(admin, other, contactID, address)
	addElsewhere(admin, third, contactID, address)
	admin.showsStatus(created, "nonfunctional", "contact_email_changed,contact_in_other_directory")
	putEmailBack(admin, other, contactID, address)
	admin.showsStatus(created, "nonfunctional", "contact_in_other_directory")
	removeElsewhere(admin, other, contactID, address)
	admin.showsStatus(created, "nonfunctional", "contact_in_other_directory") // it is still in the third
	admin.setEmail(contactID, "again@example.com").want(200)
	removeElsewhere(admin, third, contactID, address)
	admin.showsStatus(created, "nonfunctional", "contact_email_changed")
	admin.setEmail(contactID, strings.ToUpper(address)).want(200) // another spelling is another address
	admin.showsStatus(created, "nonfunctional", "contact_email_changed")
	putEmailBack(admin, other, contactID, address)
	admin.showsStatus(created, "active", "")
	admin.as(created)
}

// What was done to an account while it was broken holds when it is healed.
func TestNonfunctionalAccountCanBeManaged(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("fragile")
	project := admin.project("Tower").ID
	holder := admin.as(created)
	changeEmail(admin, admin, created.Contact.ID, "")

	got := admin.reset(created.ID, object{})
	equal(t, "status in the reset's answer", got.Status, "nonfunctional")
	equal(t, "reasons in the reset's answer", strings.Join(got.StatusReasons, ","), "contact_email_changed")
	admin.grant(created.ID, levels{"documents": "readonly"})
	admin.assign(created.ID, project, levels{"rfis": "admin"})
	admin.patch("service_accounts/"+created.ID, object{"name": "renamed"}).want(200)
	admin.getsNoToken(got, "contact_email_changed")

	putEmailBack(admin, admin, created.Contact.ID, created.Contact.EmailAddress)
	holder.isGone() // by the reset, which healing doesn't undo
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
	after := data[me](admin.as(got).get("me").want(200))
	equal(t, "name", after.Name, "renamed")
	equal(t, "levels", asJSON(t, after.Permissions.Company), `{"documents":"readonly"}`)
	changeEmail(admin, admin, created.Contact.ID, "")
	admin.delete("service_accounts/" + created.ID).want(204)
}

// A rename changes neither the contact nor its address, so it can't break the account.
func TestRenamedAccountStaysFunctional(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("old name")
	admin.patch("service_accounts/"+created.ID, object{"name": "new name"}).want(200)
	admin.showsStatus(created, "active", "")
	equal(t, "e-mail address", admin.contact(created.Contact.ID).EmailAddress, created.Contact.EmailAddress)
}
