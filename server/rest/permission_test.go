package rest_test

import "testing"

func TestPermissionsAreTheGrantedLevels(t *testing.T) {
	t.Parallel()
	admin := start(t)
	type permissions struct {
		Company map[string]string `json:"company"`
	}
	of := func(id string) answer { return admin.get("service_accounts/" + id + "/permissions").want(200) }

	// As granted, not as they amount to: that is what /me shows.
	a := of(admin.me().ID)
	equal(t, "permissions", asJSON(t, data[permissions](a).Company), `{"admin":"admin","directory":"admin"}`)
	if a.header.Get("ETag") == "" {
		t.Error("permissions have no ETag")
	}
	b := of(admin.create("none").ID)
	equal(t, "permissions of a new account", asJSON(t, data[permissions](b).Company), `{}`)
	if a.header.Get("ETag") == b.header.Get("ETag") {
		t.Error("different permissions have the same ETag")
	}
	admin.get("service_accounts/999/permissions").refused(404, "NOT_FOUND")
}
