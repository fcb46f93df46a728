package server_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// clock is set by a test while a server goes by it.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.set(at)
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) set(at time.Time) { c.at.Store(&at) }

func (c *clock) step(by time.Duration) { c.set(c.now().Add(by)) }

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestClockThatIsPutBackEndsNoTokenAndNoSecret(t *testing.T) {
	t.Parallel()
	database, clock := fresh(t), newClock(noon)
	admin := open(t, database, initialize(t, database), servertest.Now(clock.now))
	made := admin.create(t, "steady")
	before := admin.as(t, made)
	for _, step := range []time.Duration{-time.Minute, -24 * time.Hour, -365 * 24 * time.Hour} {
		clock.step(step)
		before.do(t, 200, "GET", "me", "")
		before.do(t, 200, "GET", "/oauth/token/info", "")
		after := admin.as(t, made)
		after.do(t, 200, "GET", "me", "")

		// Versions grow all the same, and what a reset ends has ended.
		reset := data[struct {
			account
			SecretVersion int    `json:"secret_version"`
			UpdatedAt     string `json:"updated_at"`
		}](t, admin.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", "{}"))
		before.do(t, 401, "GET", "me", "")
		after.do(t, 401, "GET", "me", "")
		stranger := client{url: admin.url, http: admin.http}
		stranger.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret))
		if reset.UpdatedAt < noon.Format(time.RFC3339) {
			t.Errorf("updated_at went back to %s", reset.UpdatedAt)
		}
		made.ClientSecret = reset.ClientSecret
		before = admin.as(t, made)
	}
	var actions []string
	for _, event := range data[[]struct{ Action string }](t, admin.do(t, 200, "GET", "audit_events?filters[service_account_id]="+made.ID, "")) {
		actions = append(actions, strings.TrimPrefix(event.Action, "service_account."))
	}
	equal(t, "events, newest first", strings.Join(actions, ","), "secret_reset,secret_reset,secret_reset,created")
}

func TestClockThatJumpsAheadEndsTokensAndNewOnesWorkOnceItIsPutRight(t *testing.T) {
	t.Parallel()
	database, clock := fresh(t), newClock(noon)
	administrator := initialize(t, database)
	admin := open(t, database, administrator, servertest.Now(clock.now))
	clock.step(10 * 365 * 24 * time.Hour)
	admin.do(t, 401, "GET", "me", "")
	ahead := signIn(t, admin.http, admin.url, administrator)
	made := ahead.create(t, "made ahead of time")
	ahead.as(t, made)
	clock.set(noon)
	for _, c := range []client{admin, ahead, signIn(t, admin.http, admin.url, administrator)} {
		c.do(t, 200, "GET", "service_accounts/"+made.ID, "") // a token ends by the clock as it is
	}
	admin.as(t, made).do(t, 200, "GET", "me", "")
	eventually(t, "last_token_at is not in the future", func() bool {
		at, _ := data[map[string]any](t, admin.do(t, 200, "GET", "service_accounts/"+made.ID, ""))["last_token_at"].(string)
		admin.as(t, made)
		return at == noon.Format(time.RFC3339)
	})
}

func TestRevokedTokenStaysRevokedWhenAClockThatRanAheadIsPutRight(t *testing.T) {
	t.Parallel()
	database, clock := fresh(t), newClock(noon)
	admin := open(t, database, initialize(t, database), servertest.Now(clock.now))
	made := admin.create(t, "revoked")
	stranger := client{url: admin.url, http: admin.http}
	revoke := func(c client) {
		stranger.do(t, 200, "POST", "/oauth/revoke", tokenForm(made.ClientID, made.ClientSecret)+"&token="+c.token)
	}
	revoked := admin.as(t, made)
	revoke(revoked)
	clock.step(12 * time.Hour) // its time has passed, and the next revocation cleans up
	revoke(admin.as(t, made))
	clock.set(noon)
	revoked.do(t, 401, "GET", "me", "")
}

func TestPreviousSecretThatHasEndedDoesNotComeBackWithTheClock(t *testing.T) {
	t.Parallel()
	database, clock := fresh(t), newClock(noon)
	admin := open(t, database, initialize(t, database), servertest.Now(clock.now))
	made := admin.create(t, "rotated")
	holder := admin.as(t, made)
	admin.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", `{"previous_secret_ttl":600}`)
	stranger := client{url: admin.url, http: admin.http}
	form := tokenForm(made.ClientID, made.ClientSecret)
	stranger.do(t, 200, "POST", "/oauth/token", form)
	clock.step(-5 * time.Minute)
	stranger.do(t, 200, "POST", "/oauth/token", form)
	clock.set(noon.Add(10 * time.Minute))
	stranger.do(t, 401, "POST", "/oauth/token", form)
	var left int
	eventually(t, "its digest is cleared", func() bool {
		queryRow(t, database, "SELECT count(*) FROM service_accounts WHERE previous_secret_digest IS NOT NULL", &left)
		return left == 0
	})
	clock.set(noon)
	stranger.do(t, 401, "POST", "/oauth/token", form)
	holder.do(t, 401, "GET", "me", "")
}

func TestDatesOfThePolicyGoByTheClockAsItIs(t *testing.T) {
	t.Parallel()
	database, clock := fresh(t), newClock(noon)
	administrator := initialize(t, database)
	admin := open(t, database, administrator, servertest.Now(clock.now), servertest.Configure(func(config *server.Config) {
		config.Policy = store.Policy{CreationCutoff: noon.Add(time.Hour), Sunset: noon.Add(48 * time.Hour)}
	}))
	made := admin.create(t, "before the cutoff")
	clock.set(noon.Add(time.Hour))
	signIn(t, admin.http, admin.url, administrator).do(t, 409, "POST", "service_accounts", `{"name":"after the cutoff"}`)
	clock.set(noon.Add(48 * time.Hour))
	stranger := client{url: admin.url, http: admin.http}
	stranger.do(t, 400, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret))
	clock.set(noon) // the dates had not been reached after all
	admin.create(t, "before the cutoff again")
	admin.as(t, made).do(t, 200, "GET", "me", "")
}

func TestClockIsTheDateOfEveryAnswer(t *testing.T) {
	t.Parallel()
	clock := newClock(time.Date(2041, 7, 1, 12, 0, 0, 0, time.UTC))
	running := servertest.Start(t, servertest.Now(clock.now))
	for _, path := range []string{"/healthz", "/nowhere", "/rest/v2.0/companies/1/me", "/oauth/token/info"} {
		response, err := running.Client.Get(running.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close() // only its header counts
		equal(t, "Date of "+path, response.Header.Get("Date"), "Mon, 01 Jul 2041 12:00:00 GMT")
	}
}
