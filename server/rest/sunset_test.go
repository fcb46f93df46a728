package rest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

func TestCreationIsRefusedFromTheCutoffOn(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cutoff := clock.now().Add(time.Hour)
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) {
		c.Policy = store.Policy{CreationCutoff: cutoff}
	}))

	clock.advance(time.Hour - time.Second)
	created := admin.create("just in time")
	clock.advance(time.Second)
	body := admin.post("service_accounts", object{"name": "too late"}).refused(409, "CONFLICT")
	equal(t, "reason_code", body.Error.Details[0].ReasonCode, "creation_closed")
	equal(t, "accounts", admin.listed(""), "Administrator,just in time")

	// What is there goes on as before.
	admin.as(created).get("me").want(200)
	admin.patch("service_accounts/"+created.ID, object{"name": "edited"}).want(200)
	admin.reset(created.ID, object{})
	admin.delete("service_accounts/" + created.ID).want(204)
}

func TestSunsetEndsAccountsTheirTokensAndNewOnes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) {
		c.Policy = store.Policy{Sunset: clock.now().Add(time.Hour)}
	}))
	created := admin.create("traditional")
	holder := admin.as(created)

	clock.advance(time.Hour - time.Second)
	equal(t, "status before", admin.account(created.ID).Status, "active")
	equal(t, "active accounts before", admin.listed("filters[status]=active"), "Administrator,traditional")
	holder.get("me").want(200)

	clock.advance(time.Second)
	holder.isGone()
	admin.isGone()
	a := admin.tokenAnswer(created.ClientID, created.ClientSecret).want(400)
	var refused struct{ Error string }
	if err := json.Unmarshal(a.body, &refused); err != nil || refused.Error != "unauthorized_client" {
		t.Errorf("want unauthorized_client, got %s", a.body)
	}
	admin.secretIsRefused(created.ClientID, "wrong") // a wrong secret learns nothing of the account
}
