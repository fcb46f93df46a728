package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestContactOfAnAccountIsInItsCompanysDirectory(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("ci exporter")

	a := admin.get("directory/contacts/" + created.Contact.ID).want(200)
	got := data[contact](a)
	equal(t, "name", got.Name, "ci-exporter-acme")
	equal(t, "email_address", got.EmailAddress, created.Contact.EmailAddress)
	equal(t, "home_company_id", got.HomeCompanyID, admin.company)
	equal(t, "service_account_id", got.ServiceAccountID, created.ID)
	equal(t, "active", got.Active, true)
	equal(t, "created_at", got.CreatedAt, created.CreatedAt)
	if a.header.Get("ETag") == "" {
		t.Error("a contact has no ETag")
	}
}

func TestContactsAreListedInPages(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	var want []string
	for _, name := range []string{"one", "two", "three", "four"} {
		want = append(want, admin.create(name).Contact.ID)
	}
	foreign := other.create("foreign").Contact.ID
	other.create("never shown")
	admin.addContact(foreign).want(201)
	want = append([]string{admin.me().Contact.ID}, append(want, foreign)...)

	var got []string
	for next := "directory/contacts?per_page=4"; next != ""; {
		a := admin.get(next).want(200)
		equal(t, "Total", a.header.Get("Total"), "6")
		equal(t, "Per-Page", a.header.Get("Per-Page"), "4")
		for _, contact := range data[[]contact](a) {
			got = append(got, contact.ID)
		}
		next = links(t, a)["next"]
	}
	equal(t, "contacts of all pages", strings.Join(got, ","), strings.Join(want, ","))
	equal(t, "contacts of the other company", other.get("directory/contacts").header.Get("Total"), "3")
	admin.get("directory/contacts?page=0&filters[name]=x").faults(422, unprocessable, "page out_of_range", "filters[name] unknown_parameter")
}

func TestContactThatIsNotInTheDirectoryIsNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	foreign := other.create("foreign").Contact
	third := admin.otherCompany("Gamma")
	third.addContact(foreign.ID).want(201) // which says nothing of Acme's directory

	for _, id := range append([]string{foreign.ID}, impossibleIDs...) {
		path := "directory/contacts/" + id
		admin.get(path).refused(404, "NOT_FOUND")
		admin.setEmail(id, "new@example.com").refused(404, "NOT_FOUND")
		admin.delete(path).refused(404, "NOT_FOUND")
		if id != foreign.ID && !strings.Contains(id, "%") {
			admin.addContact(id).refused(404, "NOT_FOUND")
		}
	}
	equal(t, "the foreign contact", other.contact(foreign.ID).EmailAddress, foreign.EmailAddress)
}

func TestContactsEmailIsChangedInItsHomeDirectory(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	contactID := admin.create("moved").Contact.ID

	for _, test := range []struct {
		address string
		changes bool
	}{
		{"new@example.com", true},
		{"new@example.com", false},
		{"New@example.com", true},
		{"o'neil+x@sub.example.com", true},
		{strings.Repeat("x", 64) + "@example.com", true},
		{"köln@münchen.example", true},
	} {
		before := admin.get("directory/contacts/" + contactID).want(200)
		clock.advance(time.Minute)
		a := admin.setEmail(contactID, test.address).want(200)
		got := data[contact](a)
		equal(t, "email_address", got.EmailAddress, test.address)
		if changed := got.UpdatedAt == clock.now().UTC().Format(time.RFC3339); changed != test.changes {
			t.Errorf("%s: updated_at is %s", test.address, got.UpdatedAt)
		}
		if same := a.header.Get("ETag") == before.header.Get("ETag"); same == test.changes {
			t.Errorf("%s: the ETag stays: %v", test.address, same)
		}
		equal(t, "what is stored", string(admin.get("directory/contacts/"+contactID).body), string(a.body))
	}
}

func TestContactRefusesABadBody(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("bad bodies")
	path := "directory/contacts/" + created.Contact.ID
	long := `{"email_address":"` + strings.Repeat("x", 250) + `@example.com"}`

	for _, test := range []struct {
		body   string
		faults []string
	}{
		{`{}`, []string{"email_address blank"}},
		{`{"email_address":null}`, []string{"email_address wrong_type"}},
		{`{"email_address":5}`, []string{"email_address wrong_type"}},
		{`{"email_address":""}`, []string{"email_address malformed"}},
		{`{"email_address":"x"}`, []string{"email_address malformed"}},
		{`{"email_address":"x@"}`, []string{"email_address malformed"}},
		{`{"email_address":"Name <x@example.com>"}`, []string{"email_address malformed"}},
		{`{"email_address":" x@example.com"}`, []string{"email_address malformed"}},
		{`{"email_address":"x@example.com, y@example.com"}`, []string{"email_address malformed"}},
		{`{"email_address":"x\u0000@example.com"}`, []string{"email_address malformed"}},
		{`{"email_address":"x@example.com\n"}`, []string{"email_address malformed"}},
		{long, []string{"email_address malformed"}},
		{`{"email_address":"x@example.com","name":"y"}`, []string{"name unknown_field"}},
		{`{"email_address":"x@example.com","active":false}`, []string{"active unknown_field"}},
		{`{"Email_Address":"x@example.com"}`, []string{"email_address blank", "Email_Address unknown_field"}},
		{`{"email_address":"x","colour":"red"}`, []string{"email_address malformed", "colour unknown_field"}},
		{`[]`, []string{"body wrong_type"}},
		{`null`, []string{"body wrong_type"}},
	} {
		t.Run(test.body, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			c.patch(path, test.body).faults(422, unprocessable, test.faults...)
			equal(t, "e-mail address", c.contact(created.Contact.ID).EmailAddress, created.Contact.EmailAddress)
		})
	}
	admin.patch(path, `{"email_address"`).faults(400, badRequest, "body invalid")
	admin.patch(path, ``).faults(400, badRequest, "body invalid_body")
	for body, faults := range map[string][]string{
		`{}`:                                  {"contact_id blank"},
		`{"contact_id":null}`:                 {"contact_id wrong_type"},
		`{"contact_id":1}`:                    {"contact_id wrong_type"},
		`{"contact_id":"1","name":"x"}`:       {"name unknown_field"},
		`{"email_address":"x@example.com"}`:   {"contact_id blank", "email_address unknown_field"},
		`[]`:                                  {"body wrong_type"},
		`{"contact_id":["1"],"Contact_ID":1}`: {"contact_id wrong_type", "Contact_ID unknown_field"},
	} {
		admin.post("directory/contacts", body).faults(422, unprocessable, faults...)
	}
	equal(t, "status", admin.account(created.ID).Status, "active")
}

func TestContactIsPutIntoASecondDirectoryAndTakenOutAgain(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	created := admin.create("shared")
	path := "directory/contacts/" + created.Contact.ID
	home := admin.contact(created.Contact.ID)

	for range 2 { // as often as one likes
		a := other.addContact(created.Contact.ID).want(201)
		equal(t, "the answer", asJSON(t, data[contact](a)), asJSON(t, home))
		read := other.get(path).want(200)
		equal(t, "the contact in the second directory", asJSON(t, data[contact](read)), asJSON(t, home))
		equal(t, "ETag", a.header.Get("ETag"), read.header.Get("ETag"))
		other.addContact(created.Contact.ID).conflict("already_in_directory")

		equal(t, "length of the body", len(other.delete(path).want(204).body), 0)
		other.delete(path).refused(404, "NOT_FOUND")
		other.get(path).refused(404, "NOT_FOUND")
		equal(t, "the contact at home", asJSON(t, admin.contact(created.Contact.ID)), asJSON(t, home))
	}
}

func TestContactStaysInItsHomeDirectory(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	created := admin.create("at home")
	path := "directory/contacts/" + created.Contact.ID

	admin.addContact(created.Contact.ID).conflict("already_in_directory")
	says(t, admin.delete(path).conflict("home_directory").Error.Message, "home directory")
	other.addContact(created.Contact.ID).want(201)
	admin.delete(path).conflict("home_directory") // not even while it is elsewhere too
	admin.addContact(created.Contact.ID).conflict("already_in_directory")
	equal(t, "contacts at home", admin.get("directory/contacts").header.Get("Total"), "2")
}

func TestContactIsNotChangedFromASecondDirectory(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	created := admin.create("guest")
	other.addContact(created.Contact.ID).want(201)

	for _, address := range []string{"taken-over@example.com", created.Contact.EmailAddress} {
		says(t, other.setEmail(created.Contact.ID, address).conflict("not_home_directory").Error.Message, "home directory only")
	}
	equal(t, "e-mail address", admin.contact(created.Contact.ID).EmailAddress, created.Contact.EmailAddress)
	// The account itself stays its own company's.
	other.get("service_accounts/"+created.ID).refused(404, "NOT_FOUND")
	other.get("service_accounts/"+created.ID+"/permissions").refused(404, "NOT_FOUND")
	equal(t, "accounts of the other company", other.listed(""), "Administrator")
}

func TestContactOfADeletedAccountIsInactiveAndStillListed(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	other := admin.otherCompany("Beta")
	created, shared := admin.create("leaver"), admin.create("shared leaver")
	other.addContact(shared.Contact.ID).want(201)
	clock.advance(time.Minute)
	for _, id := range []string{created.ID, shared.ID} {
		admin.delete("service_accounts/" + id).want(204)
	}

	for _, c := range []struct {
		client
		id string
	}{{admin, created.Contact.ID}, {admin, shared.Contact.ID}, {other, shared.Contact.ID}} {
		got := c.contact(c.id)
		equal(t, "active", got.Active, false)
		equal(t, "updated_at", got.UpdatedAt, clock.now().UTC().Format(time.RFC3339))
	}
	equal(t, "contacts of the directory", admin.get("directory/contacts").header.Get("Total"), "3")
	// It breaks nothing any more, and can still be put right.
	admin.setEmail(created.Contact.ID, "left@example.com").want(200)
	other.addContact(created.Contact.ID).want(201)
	other.delete("directory/contacts/" + shared.Contact.ID).want(204)
	// A new account of the name gets a contact and an address of its own.
	again := admin.create("leaver")
	if again.Contact.ID == created.Contact.ID || again.Contact.EmailAddress == created.Contact.EmailAddress {
		t.Errorf("the contact is used twice: %v", again.Contact)
	}
	equal(t, "status of the new account", again.Status, "active")
}
