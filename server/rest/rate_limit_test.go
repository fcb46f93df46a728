package rest_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestRateLimitRefusesTheRequestsBeyondIt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	clock.seconds.Store(time.Now().Truncate(time.Minute).Unix() + 15)
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) { c.RateLimit = 4 }))
	reset := strconv.FormatInt(clock.now().Truncate(time.Minute).Add(time.Minute).Unix(), 10)
	check := func(a answer, remaining int) {
		t.Helper()
		equal(t, "X-Rate-Limit-Limit", a.header.Get("X-Rate-Limit-Limit"), "4")
		equal(t, "X-Rate-Limit-Remaining", a.header.Get("X-Rate-Limit-Remaining"), strconv.Itoa(remaining))
		equal(t, "X-Rate-Limit-Reset", a.header.Get("X-Rate-Limit-Reset"), reset)
	}

	created := data[account](admin.post("service_accounts", object{"name": "limited"}).want(201))
	check(admin.get("me").want(200), 2)
	check(admin.get("service_accounts/abc").want(404), 1) // a refused request counts as well
	check(admin.get("service_accounts").want(200), 0)
	for range 2 {
		a := admin.post("service_accounts", object{"name": "one too many"})
		body := a.refused(429, "TOO_MANY_REQUESTS")
		equal(t, "reason_code", body.Error.Details[0].ReasonCode, "rate_limited")
		check(a, 0)
		wait, err := strconv.Atoi(a.header.Get("Retry-After"))
		if err != nil || wait < 45 || wait > 46 {
			t.Errorf("Retry-After %q, want the 45 seconds that are left of the minute", a.header.Get("Retry-After"))
		}
	}

	// Another account has its own count, and who waits as long as told goes on.
	holder := admin.as(created)
	check(holder.get("me").want(200), 3)
	clock.advance(46 * time.Second)
	equal(t, "accounts", admin.listed("sort=name"), "Administrator,limited")
}

func TestRateLimitIsOffUnlessSet(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for range 50 {
		a := admin.get("me").want(200)
		equal(t, "X-Rate-Limit-Limit", a.header.Get("X-Rate-Limit-Limit"), "")
	}
}

func TestRateLimitWindowEndsThoughTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) { c.RateLimit = 1 }))
	admin.get("me").want(200)
	admin.get("me").refused(429, "TOO_MANY_REQUESTS")
	clock.advance(-3 * time.Hour)
	admin.get("me").want(200)
	a := admin.get("me")
	a.refused(429, "TOO_MANY_REQUESTS")
	if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait > 61 {
		t.Errorf("Retry-After %q, want a minute at most", a.header.Get("Retry-After"))
	}
	clock.advance(time.Minute)
	admin.get("me").want(200)
}

func TestTokenRequestsHaveTheirOwnRateLimit(t *testing.T) {
	t.Parallel()
	clock := newClock()
	clock.seconds.Store(time.Now().Truncate(time.Minute).Unix())
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) { c.RateLimit = 3 }))
	id, secret := admin.server.ClientID, admin.server.ClientSecret
	for _, remaining := range []string{"1", "0"} { // one got the token that start signs in with
		a := admin.tokenAnswer(id, secret).want(200)
		equal(t, "X-Rate-Limit-Limit", a.header.Get("X-Rate-Limit-Limit"), "3")
		equal(t, "X-Rate-Limit-Remaining", a.header.Get("X-Rate-Limit-Remaining"), remaining)
	}
	a := admin.tokenAnswer(id, secret).want(429)
	equal(t, "Retry-After", a.header.Get("Retry-After"), "60")
	admin.tokenAnswer(id, "wrong").want(401) // not the account's own request
	for range 3 {
		admin.get("me").want(200)
	}
	admin.get("me").refused(429, "TOO_MANY_REQUESTS")
}
