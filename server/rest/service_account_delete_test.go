package rest_test

import "testing"

func TestDeleteEndsTheAccountItsSecretAndItsTokens(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("short-lived")
	holder := admin.as(created)

	a := admin.delete("service_accounts/" + created.ID).want(204)
	equal(t, "length of the body", len(a.body), 0)
	holder.isGone()
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
	admin.get("service_accounts/"+created.ID).refused(404, "NOT_FOUND")
	admin.delete("service_accounts/"+created.ID).refused(404, "NOT_FOUND")
	admin.patch("service_accounts/"+created.ID, object{}).refused(404, "NOT_FOUND")
	admin.post("service_accounts/"+created.ID+"/actions/reset_secret", object{}).refused(404, "NOT_FOUND")
	admin.post("service_accounts/"+created.ID+"/actions/revoke_tokens", nil).refused(404, "NOT_FOUND")
	equal(t, "accounts left", admin.listed(""), "Administrator")
}

func TestDeleteIsRefusedWhileTheAccountIsProtected(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := data[account](admin.post("service_accounts", object{"name": "protected", "deletion_protection": true}).want(201))

	body := admin.delete("service_accounts/"+created.ID).refused(409, "CONFLICT")
	equal(t, "reason_code", body.Error.Details[0].ReasonCode, "deletion_protected")
	admin.as(created).get("me").want(200)

	admin.patch("service_accounts/"+created.ID, object{"deletion_protection": false}).want(200)
	admin.delete("service_accounts/" + created.ID).want(204)
}

func TestDeleteOfTheLastAdministratorIsRefused(t *testing.T) {
	t.Parallel()
	admin := start(t)
	admin.create("no administrator")
	other := admin.otherCompany("Beta") // its administrator doesn't count for this company

	for _, c := range []client{admin, other} {
		body := c.delete("service_accounts/"+c.me().ID).refused(409, "CONFLICT")
		equal(t, "reason_code", body.Error.Details[0].ReasonCode, "last_admin")
		c.get("me").want(200)
	}
	second := admin.secondAdmin()
	second.delete("service_accounts/" + admin.me().ID).want(204)
	admin.isGone()
	second.delete("service_accounts/"+second.me().ID).refused(409, "CONFLICT")
}

func TestDeleteOfOneselfIsFineWhenAnotherAdministratorIsLeft(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()
	second.delete("service_accounts/" + second.me().ID).want(204)
	second.isGone()
	admin.get("me").want(200)
}
