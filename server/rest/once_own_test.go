package rest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// Each of these ends the access token that it is sent with, or takes the rights that its repetition needs.
var ownActions = map[string]struct {
	action string
	body   any
}{
	"reset":                       {"reset_secret", nil},
	"reset that keeps access":     {"reset_secret", object{"keep_access": true}},
	"reset with the old one live": {"reset_secret", object{"previous_secret_ttl": 60}},
	"revocation":                  {"revoke_tokens", nil},
}

func TestOwnResetAndRevocationAreReplayedToTheTokenThatTheyEnded(t *testing.T) {
	t.Parallel()
	for name, own := range ownActions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			admin := start(t, servertest.Now(clock.now))
			second := admin.secondAdmin()
			path := "service_accounts/" + second.me().ID + "/actions/" + own.action
			first := second.once("a", path, own.body)
			if first.status >= 300 {
				t.Fatalf("status %d: %s", first.status, first.body)
			}
			before := admin.snapshot() + asJSON(t, admin.events("per_page=1000"))
			second.once("a", path, own.body).isReplayOf(first)
			second.once("a", path, own.body, "If-Match", `"stale"`).isReplayOf(first)
			clock.advance(time.Hour) // the previous secret's time is up as well
			second.once("a", path, own.body).isReplayOf(first)
			equal(t, "accounts and events", admin.snapshot()+asJSON(t, admin.events("per_page=1000")), before)
			if own.action == "reset_secret" {
				admin.as(data[account](first)).get("me").want(200)
			}
			second.isGone()
			clock.advance(31 * time.Minute) // the access token expires
			second.once("a", path, own.body).faults(401, "UNAUTHORIZED", "Authorization invalid_token")
		})
	}
}

// These requests come near to the one that is replayed. Each carries an ended token, and gets no further than any other
// request with one.
func TestEndedTokenGetsNothingButTheReplayOfItsOwnRequest(t *testing.T) {
	t.Parallel()
	for name, own := range ownActions {
		if name == "reset with the old one live" {
			continue // its token isn't ended: see below
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			admin := start(t, servertest.Now(clock.now))
			other := admin.otherCompany("Beta")
			second := admin.secondAdmin()
			id, subject := second.me().ID, admin.create("subject").ID
			sibling := second
			sibling.token = anotherToken(t, clock, admin, second)
			path := "service_accounts/" + id + "/actions/" + own.action
			second.once("create", "service_accounts", object{"name": "kept"}).want(201)
			second.once("of another", "service_accounts/"+subject+"/actions/"+own.action, own.body)
			first := second.once("a", path, own.body)
			if first.status >= 300 {
				t.Fatalf("status %d: %s", first.status, first.body)
			}
			reset, revoke := "service_accounts/"+id+"/actions/reset_secret", "service_accounts/"+id+"/actions/revoke_tokens"
			otherAction := map[string]string{reset: revoke, revoke: reset}[path]
			before := everything(admin, other)
			for what, a := range map[string]answer{
				"without a token":              second.post(path, own.body),
				"with another token":           second.once("b", path, own.body),
				"with an empty token":          second.once("", path, own.body),
				"with two tokens":              second.postRepeated(path, "", []string{"a", "a"}),
				"with another body":            second.once("a", path, object{"keep_access": false, "previous_secret_ttl": 0}),
				"with a body that isn't valid": second.once("a", path, object{"unknown": true}),
				"with a broken body":           second.once("a", path, `{"keep`),
				"with another action":          second.once("a", otherAction, own.body),
				"about another account":        second.once("a", "service_accounts/"+subject+"/actions/"+own.action, own.body),
				"kept, about another account":  second.once("of another", "service_accounts/"+subject+"/actions/"+own.action, own.body),
				"a kept create":                second.once("create", "service_accounts", object{"name": "kept"}),
				"a create with that token":     second.once("a", "service_accounts", object{"name": "new"}),
				"a project":                    second.once("a", "projects", object{"name": "new"}),
				"a read":                       second.do("GET", "me", nil, "Idempotency-Token", "a"),
				"an edit":                      second.do("PATCH", "service_accounts/"+id, object{"name": "x"}, "Idempotency-Token", "a"),
				"a deletion":                   second.do("DELETE", "service_accounts/"+id, nil, "Idempotency-Token", "a"),
				"another token's":              sibling.once("a", path, own.body),
				"another company's path":       second.once("a", "/rest/v2.0/companies/"+other.company+"/"+path, own.body),
				"another company's header":     second.once("a", path, own.body, "Procore-Company-Id", other.company),
			} {
				if a.status != 401 || a.header.Get("WWW-Authenticate") != `Bearer realm="procore", error="invalid_token"` || a.header.Get("Idempotency-Replayed") != "" {
					t.Errorf("%s: status %d: %s", what, a.status, a.body)
				}
			}
			equal(t, "everything", everything(admin, other), before)
			second.once("a", path, own.body).isReplayOf(first)

			// The account doesn't work any more.
			contact := admin.account(id).Contact
			admin.setEmail(contact.ID, "changed@example.com").want(200)
			second.once("a", path, own.body).faults(401, "UNAUTHORIZED", "Authorization invalid_token")
			admin.setEmail(contact.ID, contact.EmailAddress).want(200)
			second.once("a", path, own.body).isReplayOf(first)
			// The one token is revoked by itself (RFC 7009).
			revokeToken(t, admin, second, id)
			second.once("a", path, own.body).faults(401, "UNAUTHORIZED", "Authorization invalid_token")
		})
	}
}

// anotherToken returns another access token of the account that second speaks for, from before its own action. Nobody but
// 'admin recover' knows the account's secret, so it is reset to one that the test knows.
func anotherToken(t *testing.T, clock *clock, admin, second client) string {
	t.Helper()
	clock.advance(time.Second)
	known := admin.reset(second.me().ID, object{"keep_access": true, "previous_secret_ttl": 86400})
	return admin.as(known).token
}

// revokeToken ends second's one token, as its account may.
func revokeToken(t *testing.T, admin, second client, id string) {
	t.Helper()
	known := admin.reset(id, object{"keep_access": true})
	form := url.Values{"token": {second.token}, "client_id": {known.ClientID}, "client_secret": {known.ClientSecret}}
	anonymous := second
	anonymous.token = ""
	anonymous.do("POST", "/oauth/revoke", form.Encode(), "Content-Type", "application/x-www-form-urlencoded").want(200)
}

func TestReplayToATokenWithoutRightsCountsAgainstItsRateLimit(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) { c.RateLimit = 3 }))
	second := admin.secondAdmin()
	path, body := "service_accounts/"+second.me().ID+"/actions/reset_secret", object{"previous_secret_ttl": 3600}
	first := second.once("a", path, body).want(200)
	second.once("a", path, body).isReplayOf(first)
	second.once("a", path, body).refused(429, "TOO_MANY_REQUESTS")
	clock.advance(time.Minute)
	second.once("a", path, body).isReplayOf(first)
}

func TestReplayToAnEndedTokenHasARateLimitOfItsOwn(t *testing.T) {
	t.Parallel()
	for name, own := range ownActions {
		if name == "reset with the old one live" {
			continue // its token isn't ended: it counts against its account's own limit
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) { c.RateLimit = 4 }))
			second := admin.secondAdmin()
			path := "service_accounts/" + second.me().ID + "/actions/" + own.action
			first := second.once("a", path, own.body)
			for _, remaining := range []string{"3", "2", "1", "0"} {
				again := second.once("a", path, own.body)
				again.isReplayOf(first)
				equal(t, "X-Rate-Limit-Remaining", again.header.Get("X-Rate-Limit-Remaining"), remaining)
			}
			second.once("a", path, own.body).refused(429, "TOO_MANY_REQUESTS")
			second.once("b", path, own.body).refused(429, "TOO_MANY_REQUESTS") // nothing is kept for it
			if own.action == "reset_secret" {
				admin.as(data[account](first)).get("me").want(200) // its owner isn't locked out
			}
			clock.advance(time.Minute)
			second.once("a", path, own.body).isReplayOf(first)
		})
	}
}

// A reset that takes the caller's rights and lets the old secret live leaves a token that counts and may do nothing.
func TestTokenWithoutRightsGetsNothingButTheReplayOfItsOwnReset(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	second := admin.secondAdmin()
	path := "service_accounts/" + second.me().ID + "/actions/reset_secret"
	body := object{"previous_secret_ttl": 60}
	second.once("create", "service_accounts", object{"name": "kept"}).want(201)
	first := second.once("a", path, body).want(200)
	before := everything(admin, other)
	for what, a := range map[string]answer{
		"without a token":    second.post(path, body),
		"with another token": second.once("b", path, body),
		"with another body":  second.once("a", path, object{"previous_secret_ttl": 61}),
		"a kept create":      second.once("create", "service_accounts", object{"name": "kept"}),
		"another token's":    admin.as(data[account](first)).once("a", path, body),
	} {
		if a.status != 403 || a.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("%s: status %d: %s", what, a.status, a.body)
		}
	}
	equal(t, "everything", everything(admin, other), before)
	second.once("a", path, body).isReplayOf(first)
}
