package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestUpdateChangesWhatIsSentAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	created := data[account](admin.post("service_accounts", object{
		"name": "before", "description": "text", "deletion_protection": true, "add_to_new_projects": true,
	}).want(201))
	clock.advance(time.Hour)

	a := admin.patch("service_accounts/"+created.ID, object{"name": " after "}).want(200)
	got := data[account](a)
	want := created
	want.Name, want.UpdatedAt, want.ClientSecret = "after", clock.now().UTC().Format(time.RFC3339), ""
	equal(t, "account", asJSON(t, got), asJSON(t, want))
	stored := admin.get("service_accounts/" + created.ID).want(200)
	equal(t, "stored account", asJSON(t, data[account](stored)), asJSON(t, want))
	equal(t, "ETag", a.header.Get("ETag"), stored.header.Get("ETag"))

	got = data[account](admin.patch("service_accounts/"+created.ID, object{
		"description": "", "deletion_protection": false, "add_to_new_projects": false,
	}).want(200))
	equal(t, "description", got.Description, "")
	equal(t, "deletion_protection", got.DeletionProtection, false)
	equal(t, "add_to_new_projects", got.AddToNewProjects, false)
	equal(t, "name", got.Name, "after")
}

func TestUpdateKeepsSecretTokensAndContact(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("before")
	holder := admin.as(created)

	got := data[account](admin.patch("service_accounts/"+created.ID, object{"name": "after"}).want(200))
	equal(t, "secret_version", got.SecretVersion, 1)
	equal(t, "secret_fingerprint", got.SecretFingerprint, created.SecretFingerprint)
	equal(t, "contact", got.Contact, created.Contact)
	equal(t, "status", got.Status, "active")
	holder.get("me").want(200)
	admin.as(created)
}

func TestUpdateThatChangesNothingKeepsUpdatedAtAndETag(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	created := data[account](admin.post("service_accounts", object{
		"name": "same", "app_type": "marketplace", "marketplace_app": "Exporter",
	}).want(201))
	before := admin.get("service_accounts/" + created.ID).want(200)
	clock.advance(time.Hour)

	for _, body := range []object{
		{},
		{"name": "same"},
		{"name": "  same "},
		{"description": ""},
		{"marketplace_app": "Exporter"},
		{"app_type": "marketplace", "deletion_protection": false, "add_to_new_projects": false},
	} {
		a := admin.patch("service_accounts/"+created.ID, body).want(200)
		equal(t, "updated_at", data[account](a).UpdatedAt, created.UpdatedAt)
		equal(t, "ETag", a.header.Get("ETag"), before.header.Get("ETag"))
	}
	after := admin.patch("service_accounts/"+created.ID, object{"description": "new"}).want(200)
	if after.header.Get("ETag") == before.header.Get("ETag") {
		t.Error("an edit leaves the ETag as it was")
	}
}

func TestUpdateMovesBetweenAppTypes(t *testing.T) {
	t.Parallel()
	admin := start(t)

	for name, test := range map[string]struct {
		from, change object
		status       int
		app, fault   string
	}{
		"custom to marketplace":                            {object{}, object{"app_type": "marketplace", "marketplace_app": "X"}, 200, "X", ""},
		"custom to marketplace, no app":                    {object{}, object{"app_type": "marketplace"}, 422, "", "marketplace_app blank"},
		"custom to marketplace, null app":                  {object{}, object{"app_type": "marketplace", "marketplace_app": nil}, 422, "", "marketplace_app blank"},
		"custom, an app alone":                             {object{}, object{"marketplace_app": "X"}, 422, "", "marketplace_app not_allowed"},
		"custom, null app":                                 {object{}, object{"marketplace_app": nil}, 200, "", ""},
		"marketplace to custom, null app":                  {marketplace("X"), object{"app_type": "custom", "marketplace_app": nil}, 200, "", ""},
		"marketplace to custom, app left":                  {marketplace("X"), object{"app_type": "custom"}, 422, "X", "marketplace_app not_allowed"},
		"marketplace to custom, app sent":                  {marketplace("X"), object{"app_type": "custom", "marketplace_app": "X"}, 422, "X", "marketplace_app not_allowed"},
		"marketplace, null app":                            {marketplace("X"), object{"marketplace_app": nil}, 422, "X", "marketplace_app blank"},
		"marketplace, another app":                         {marketplace("X"), object{"marketplace_app": "Y"}, 200, "Y", ""},
		"marketplace, another name and nothing of the app": {marketplace("X"), object{"description": "edited"}, 200, "X", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			test.from["name"] = name
			created := data[account](c.post("service_accounts", test.from).want(201))
			a := c.patch("service_accounts/"+created.ID, test.change)
			if test.fault != "" {
				a.faults(422, "UNPROCESSABLE_ENTITY", test.fault)
			}
			a.want(test.status)
			app := c.account(created.ID).MarketplaceApp
			if app == nil && test.app != "" || app != nil && *app != test.app {
				t.Errorf("marketplace_app is %v, want %q", app, test.app)
			}
		})
	}
}

func marketplace(app string) object { return object{"app_type": "marketplace", "marketplace_app": app} }

func TestUpdateRefusesWhatCannotBeEdited(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("fixed")
	before := admin.snapshot()

	for _, field := range []string{"id", "company_id", "client_id", "client_secret", "secret_version", "status", "kind", "contact", "created_at"} {
		a := admin.patch("service_accounts/"+created.ID, object{field: "x", "description": "edited"})
		a.faults(422, "UNPROCESSABLE_ENTITY", field+" unknown_field")
	}
	equal(t, "accounts after the refusals", admin.snapshot(), before)
}

func TestUpdateNamesEveryFault(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("faults")

	admin.patch("service_accounts/"+created.ID, object{
		"name": strings.Repeat("x", 256), "app_type": "other", "description": 5, "deletion_protection": "yes", "colour": "red",
	}).faults(422, "UNPROCESSABLE_ENTITY", "name too_long", "app_type not_allowed", "description wrong_type",
		"deletion_protection wrong_type", "colour unknown_field")
	admin.patch("service_accounts/"+created.ID, object{"name": "a\nb", "description": "a\x00b"}).
		faults(422, "UNPROCESSABLE_ENTITY", "name invalid_characters", "description invalid_characters")
}

func TestUpdateRefusesNullWhereThereIsNoNull(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("nulls")

	for _, field := range []string{"name", "app_type", "description", "deletion_protection", "add_to_new_projects"} {
		a := admin.patch("service_accounts/"+created.ID, object{field: nil})
		a.faults(422, "UNPROCESSABLE_ENTITY", field+" wrong_type")
	}
}
