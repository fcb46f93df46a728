package rest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// expiresIn asks for a token and returns how long it lives.
func (c client) expiresIn(a account) int {
	c.t.Helper()
	var got struct {
		ExpiresIn int `json:"expires_in"`
	}
	if err := json.Unmarshal(c.tokenAnswer(a.ClientID, a.ClientSecret).want(200).body, &got); err != nil {
		c.t.Fatal(err)
	}
	return got.ExpiresIn
}

func TestPreviousSecretAndItsTokensLiveUntilTheirTimeIsUp(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	created := admin.create("overlap")
	early := admin.as(created)

	got := admin.reset(created.ID, object{"previous_secret_ttl": 3600})
	late := admin.as(created) // the old secret still gets tokens
	current := admin.as(got)
	equal(t, "life of a token of the old secret", admin.expiresIn(created), 3600)
	equal(t, "life of a token of the new secret", admin.expiresIn(got), 5400)

	clock.advance(time.Hour - time.Second)
	for _, c := range []client{early, late, current} {
		c.get("me").want(200)
	}
	equal(t, "life of a token in the last second", admin.expiresIn(created), 1)

	clock.advance(time.Second)
	early.isGone()
	late.isGone()
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
	current.get("me").want(200)
	admin.as(got)
}

func TestPreviousSecretEndsWithTheNextReset(t *testing.T) {
	t.Parallel()
	admin := start(t)
	first := admin.create("two resets")
	holder := admin.as(first)

	second := admin.reset(first.ID, object{"previous_secret_ttl": 3600})
	holder.get("me").want(200)
	third := admin.reset(first.ID, object{"previous_secret_ttl": 3600})
	holder.isGone()
	admin.secretIsRefused(first.ClientID, first.ClientSecret)
	admin.as(second)
	admin.as(third)

	// A reset without a time ends both at once: the way out when a secret has leaked.
	admin.reset(first.ID, object{})
	admin.secretIsRefused(first.ClientID, second.ClientSecret)
	admin.secretIsRefused(first.ClientID, third.ClientSecret)
}

func TestPreviousSecretKeepsNoPermissionsThatTheResetCleared(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin.secondAdmin()

	admin.reset(second.me().ID, object{"previous_secret_ttl": 3600})
	second.get("me").want(200)
	second.get("service_accounts").refused(403, "FORBIDDEN")
}

func TestPreviousSecretTTLTakesUpToThirtyDays(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	created := admin.create("long overlap")
	admin.reset(created.ID, object{"previous_secret_ttl": 2592000})

	clock.advance(30*24*time.Hour - time.Second)
	admin.as(created)
	clock.advance(time.Second)
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
}
