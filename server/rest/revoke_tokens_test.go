package rest_test

import "testing"

func TestRevokeTokensEndsEveryTokenAndKeepsTheSecret(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("revoked")
	bystander := admin.as(admin.create("bystander"))
	one, two := admin.as(created), admin.as(created)

	a := admin.post("service_accounts/"+created.ID+"/actions/revoke_tokens", nil).want(204)
	equal(t, "length of the body", len(a.body), 0)
	one.isGone()
	two.isGone()
	bystander.get("me").want(200)
	admin.get("me").want(200)

	admin.as(created).get("me").want(200)
	got := admin.account(created.ID)
	equal(t, "secret_version", got.SecretVersion, 1)
	equal(t, "secret_fingerprint", got.SecretFingerprint, created.SecretFingerprint)
}

func TestRevokeTokensEndsThoseOfThePreviousSecretToo(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("revoked overlap")
	admin.reset(created.ID, object{"previous_secret_ttl": 3600})
	old := admin.as(created)

	admin.post("service_accounts/"+created.ID+"/actions/revoke_tokens", nil).want(204)
	old.isGone()
	admin.as(created).get("me").want(200)
}

func TestRevokeTokensOfOneselfEndsTheCallersOwn(t *testing.T) {
	t.Parallel()
	admin := start(t)
	admin.post("service_accounts/"+admin.me().ID+"/actions/revoke_tokens", nil).want(204)
	admin.isGone()
	admin.signIn(admin.server.ClientID, admin.server.ClientSecret).get("service_accounts").want(200)
}
