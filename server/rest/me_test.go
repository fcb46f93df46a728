package rest_test

import (
	"encoding/json"
	"testing"
)

type me struct {
	account
	Permissions struct {
		Company map[string]string `json:"company"`
	} `json:"permissions"`
}

func TestMeIsTheCallersAccountWithItsEffectiveLevels(t *testing.T) {
	t.Parallel()
	admin := start(t)

	a := admin.get("me").want(200)
	got := data[me](a)
	equal(t, "client_id", got.ClientID, admin.server.ClientID)
	equal(t, "company_id", got.CompanyID, admin.company)
	// Admin on the Directory tool is Admin on every tool.
	equal(t, "number of tools", len(got.Permissions.Company), 22)
	for tool, level := range got.Permissions.Company {
		equal(t, tool, level, "admin")
	}
	if a.header.Get("ETag") == "" {
		t.Error("me has no ETag")
	}
}

func TestMeOfANewAccountHasNoPermissions(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("plain")

	a := admin.as(created).get("me").want(200)
	got := data[me](a)
	equal(t, "id", got.ID, created.ID)
	equal(t, "client_secret", got.ClientSecret, "")
	if got.Permissions.Company == nil || len(got.Permissions.Company) > 0 {
		t.Errorf("want an empty object, got %s", a.body)
	}
}

func TestMeHasEveryFieldOfTheAccount(t *testing.T) {
	t.Parallel()
	admin := start(t)
	of := func(path string) map[string]any { return data[map[string]any](admin.get(path).want(200)) }

	mine, stored := of("me"), of("service_accounts/"+admin.me().ID)
	delete(mine, "permissions")
	delete(mine, "last_token_at") // written behind: the two requests may see it change
	delete(stored, "last_token_at")
	if got, want := asJSON(t, mine), asJSON(t, stored); got != want {
		t.Errorf("me is %s\nthe account is %s", got, want)
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
