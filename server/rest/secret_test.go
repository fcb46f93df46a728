package rest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// reset resets the secret of an account.
func (c client) reset(id string, body any) account {
	c.t.Helper()
	return data[account](c.resetAnswer(id, body).want(200))
}

func (c client) resetAnswer(id string, body any) answer {
	c.t.Helper()
	return c.post("service_accounts/"+id+"/actions/reset_secret", body)
}

func TestResetGivesANewSecretAndEndsTheOldOneAtOnce(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	created := admin.create("rotated")
	holder := admin.as(created)
	clock.advance(time.Hour)

	a := admin.resetAnswer(created.ID, object{}).want(200)
	got := data[account](a)
	equal(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	equal(t, "client_id", got.ClientID, created.ClientID)
	equal(t, "secret_version", got.SecretVersion, 2)
	equal(t, "secret_created_at", got.SecretCreatedAt, clock.now().UTC().Format(time.RFC3339))
	equal(t, "updated_at", got.UpdatedAt, clock.now().UTC().Format(time.RFC3339))
	equal(t, "created_at", got.CreatedAt, created.CreatedAt)
	if !secretShape.MatchString(got.ClientSecret) || got.ClientSecret == created.ClientSecret {
		t.Error("the new secret is none")
	}
	if got.SecretFingerprint == created.SecretFingerprint {
		t.Error("the fingerprint stays")
	}
	holder.isGone()
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
	admin.as(got).get("me").want(200)

	stored := admin.get("service_accounts/" + created.ID).want(200)
	equal(t, "ETag", a.header.Get("ETag"), stored.header.Get("ETag"))
	if strings.Contains(string(stored.body), got.ClientSecret) {
		t.Error("the new secret is shown again")
	}
}

func TestResetCountsVersionsOneByOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("often rotated")
	for version := 2; version <= 5; version++ {
		equal(t, "secret_version", admin.reset(created.ID, object{}).SecretVersion, version)
	}
	equal(t, "stored secret_version", admin.account(created.ID).SecretVersion, 5)
}

func TestResetTakesNoBodyAsTheDefaults(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("bodies")
	for i, body := range []any{nil, object{}, "", object{"client_secret": nil, "keep_access": false, "previous_secret_ttl": 0}} {
		got := admin.reset(created.ID, body)
		equal(t, "secret_version", got.SecretVersion, i+2)
		admin.as(got).get("me").want(200)
	}
}

func TestResetClearsThePermissionsAndSaysWhich(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()
	id := second.me().ID

	got := admin.reset(id, object{})
	equal(t, "cleared permissions", asJSON(t, got.Cleared.Permissions), `{"admin":"admin","directory":"admin"}`)
	equal(t, "cleared project_ids", asJSON(t, got.Cleared.ProjectIDs), `[]`)
	equal(t, "permissions left", string(admin.get("service_accounts/"+id+"/permissions").want(200).body), `{"data":{"company":{}}}`+"\n")
	after := admin.as(got)
	after.get("me").want(200)
	after.get("service_accounts").refused(403, "FORBIDDEN")

	again := admin.reset(id, object{})
	equal(t, "cleared the second time", asJSON(t, again.Cleared.Permissions), `{}`)
}

func TestResetKeepsAccessWhenAsked(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()

	got := admin.reset(second.me().ID, object{"keep_access": true})
	equal(t, "cleared permissions", asJSON(t, got.Cleared.Permissions), `{}`)
	second.isGone() // the tokens end all the same
	admin.as(got).get("service_accounts").want(200)
}

func TestResetOfTheLastAdministratorIsRefusedUnlessItKeepsAccess(t *testing.T) {
	t.Parallel()
	admin := start(t)
	id := admin.me().ID

	for _, body := range []any{nil, object{}, object{"keep_access": false}, object{"previous_secret_ttl": 60}} {
		refused := admin.resetAnswer(id, body).refused(409, "CONFLICT")
		equal(t, "reason_code", refused.Error.Details[0].ReasonCode, "last_admin")
	}
	admin.signIn(admin.server.ClientID, admin.server.ClientSecret)
	equal(t, "secret_version", admin.account(id).SecretVersion, 1)

	got := admin.reset(id, object{"keep_access": true})
	admin.isGone()
	admin.as(got).get("service_accounts").want(200)
}

func TestResetTakesASecretOfOnesOwn(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("own secret")
	own := store.NewSecret().Reveal()

	got := admin.reset(created.ID, object{"client_secret": own})
	equal(t, "client_secret", got.ClientSecret, own)
	admin.as(got).get("me").want(200)

	// The one that is live already is no reset.
	admin.resetAnswer(created.ID, object{"client_secret": own}).faults(422, "UNPROCESSABLE_ENTITY", "client_secret unchanged")
	for _, malformed := range []string{"", "hunter2", own[:52], own + "x"} {
		admin.resetAnswer(created.ID, object{"client_secret": malformed}).faults(422, "UNPROCESSABLE_ENTITY", "client_secret malformed")
	}
	equal(t, "secret_version", admin.account(created.ID).SecretVersion, 2)
	admin.as(got)

	// An older one of its own is a new secret again.
	admin.reset(created.ID, object{"client_secret": created.ClientSecret})
	admin.as(created).get("me").want(200)
}

func TestResetRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("bad resets")
	before := admin.snapshot()

	for body, fault := range map[string]string{
		`{"previous_secret_ttl":-1}`:                   "previous_secret_ttl out_of_range",
		`{"previous_secret_ttl":2592001}`:              "previous_secret_ttl out_of_range",
		`{"previous_secret_ttl":99999999999999999999}`: "previous_secret_ttl out_of_range",
		`{"previous_secret_ttl":1.5}`:                  "previous_secret_ttl wrong_type",
		`{"previous_secret_ttl":"60"}`:                 "previous_secret_ttl wrong_type",
		`{"keep_access":"true"}`:                       "keep_access wrong_type",
		`{"keep_access":1}`:                            "keep_access wrong_type",
		`{"keepaccess":true}`:                          "keepaccess unknown_field",
		`{"Keep_Access":true}`:                         "Keep_Access unknown_field",
		`{"client_secret":5}`:                          "client_secret wrong_type",
		`[]`:                                           "body wrong_type",
		`null`:                                         "body wrong_type",
	} {
		admin.resetAnswer(created.ID, body).faults(422, "UNPROCESSABLE_ENTITY", fault)
	}
	equal(t, "accounts after the refusals", admin.snapshot(), before)
	admin.as(created)
}
