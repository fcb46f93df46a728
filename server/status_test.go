package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

const moveContact = "UPDATE contacts SET email_address = 'somebody@example.com' WHERE service_account_id = ?"

func TestChangedContactMakesAnAccountNonfunctionalUntilItIsPutBack(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	admin := open(t, database, initialize(t, database))
	made := admin.create(t, "moved")
	holder := admin.as(t, made)

	execute(t, database, moveContact, made.ID)
	got := data[account](t, admin.do(t, 200, "GET", "service_accounts/"+made.ID, ""))
	equal(t, "status", got.Status, "nonfunctional")
	equal(t, "status_reasons", strings.Join(got.StatusReasons, ","), "contact_email_changed")
	holder.do(t, 401, "GET", "me", "")
	stranger := client{url: admin.url, http: admin.http}
	if text := stranger.do(t, 400, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret)); !strings.Contains(text, "unauthorized_client") {
		t.Errorf("the token request is answered %s", text)
	}
	for status, count := range map[string]int{"nonfunctional": 1, "active": 1, "expired": 0} {
		list := data[[]account](t, admin.do(t, 200, "GET", "service_accounts?filters[status]="+status, ""))
		equal(t, "accounts that are "+status, len(list), count)
	}

	execute(t, database, "UPDATE contacts SET email_address = assigned_email_address")
	equal(t, "status", data[account](t, admin.do(t, 200, "GET", "service_accounts/"+made.ID, "")).Status, "active")
	admin.as(t, made).do(t, 200, "GET", "me", "")
}

func TestAdministratorThatDoesNotWorkIsNoneForTheLastAdminRule(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	admin := open(t, database, initialize(t, database))
	succeed(t, "admin", "recover", "--database", database, "--company-id", "1")
	execute(t, database, moveContact, 2)

	if text := admin.do(t, 409, "DELETE", "service_accounts/1", ""); !strings.Contains(text, `"last_admin"`) {
		t.Errorf("refused with %s", text)
	}
	admin.do(t, 409, "POST", "service_accounts/1/actions/reset_secret", "{}")
	admin.do(t, 204, "DELETE", "service_accounts/2", "") // the one that doesn't work may go
}

func TestRightsFollowTheLevelsOnTheAdminAndTheDirectoryTool(t *testing.T) {
	t.Parallel()
	for levels, want := range map[string]struct{ accounts, permissions int }{
		"":                                       {403, 403},
		"('admin','none')":                       {403, 403},
		"('admin','admin')":                      {200, 403},
		"('directory','admin')":                  {200, 200},
		"('directory','standard')":               {403, 403},
		"('directory','readonly')":               {403, 403},
		"('admin','admin'),('directory','none')": {200, 403},
		"('documents','admin')":                  {403, 403},
		"('permissions','admin')":                {403, 403},
	} {
		t.Run(levels, func(t *testing.T) {
			t.Parallel()
			database := fresh(t)
			admin := open(t, database, initialize(t, database))
			made := admin.create(t, "holder")
			if levels != "" {
				execute(t, database, "INSERT INTO company_permissions (service_account_id, company_id, tool, level) SELECT "+made.ID+", 1, v.column1, v.column2 FROM (VALUES "+levels+") v")
			}
			holder := admin.as(t, made)
			for _, path := range []string{"service_accounts", "service_accounts/1", "tools"} {
				holder.do(t, want.accounts, "GET", path, "")
			}
			holder.do(t, want.permissions, "GET", "service_accounts/1/permissions", "")
			holder.do(t, 200, "GET", "me", "")
		})
	}
}

// Nobody has a token after the sunset, so nobody can ask the API for the status then: the store is asked instead.
func TestAccountsAreExpiredAfterTheSunset(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	opened := storetest.OpenStore(t, database, false, store.Policy{Sunset: time.Now().Add(-time.Second)}, nil)
	for status, count := range map[store.Status]int{store.StatusExpired: 1, store.StatusActive: 0, store.StatusNonfunctional: 0} {
		page, err := opened.ListServiceAccounts(t.Context(), 1, store.ServiceAccountQuery{Status: status, Page: store.PageRequest{Number: 1, Size: 10}})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "accounts that are "+string(status), page.Total, count)
		for _, account := range page.Items {
			equal(t, "status", account.Status, status)
			equal(t, "status_reasons", strings.Join(account.StatusReasons, ","), "sunset")
		}
	}
}
