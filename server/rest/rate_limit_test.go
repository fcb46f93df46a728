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
