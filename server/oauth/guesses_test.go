package oauth_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

// guess presents a wrong secret for a client id at one of the endpoints that authenticate clients.
func (h *house) guess(path, clientID string) answer {
	h.t.Helper()
	return h.post(path, "grant_type=client_credentials&token=x&"+form(clientID, store.NewSecret().Reveal()))
}

// slowed wants a guess to be one too many, and returns how many seconds it shall wait.
func (h *house) slowed(got answer) int {
	h.t.Helper()
	h.wantRefused(got, http.StatusTooManyRequests, "temporarily_unavailable")
	wait, err := strconv.Atoi(got.header.Get("Retry-After"))
	if err != nil {
		h.t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	return wait
}

var clientEndpoints = []string{"/oauth/token", "/oauth/introspect", "/oauth/revoke"}

func TestGuessesAreSlowedForKnownAndUnknownClientsAlike(t *testing.T) {
	t.Parallel()
	for name, clientID := range map[string]string{
		"known": testClientID, "unknown": strings.Repeat("f", 64), "impossible": "ä\x00", "long": strings.Repeat("x", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			for i := range 10 { // the three endpoints share the count
				got := h.guess(clientEndpoints[i%3], clientID)
				if got.status != http.StatusUnauthorized || got.errorCode() != "invalid_client" {
					t.Fatalf("guess %d is answered %d %s", i+1, got.status, got.text)
				}
			}
			for _, path := range clientEndpoints {
				if wait := h.slowed(h.guess(path, clientID)); wait != 6 {
					t.Errorf("Retry-After is %d, want 6", wait)
				}
			}
			h.clock.advance(6 * time.Second)
			h.wantRefused(h.guess("/oauth/token", clientID), http.StatusUnauthorized, "invalid_client", `Basic realm="procore"`)
			h.slowed(h.guess("/oauth/token", clientID))
		})
	}
}

func TestKnownAndUnknownClientsGetTheSameWordsAndHeadersWhenSlowed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 12 {
		known, unknown := h.guess("/oauth/token", testClientID), h.guess("/oauth/token", strings.Repeat("f", 64))
		for _, header := range []http.Header{known.header, unknown.header} {
			header.Del("Date")
		}
		if known.status != unknown.status || known.text != unknown.text || len(known.header) != len(unknown.header) {
			t.Fatalf("a known client gets %d %s %v, an unknown one %d %s %v",
				known.status, known.text, known.header, unknown.status, unknown.text, unknown.header)
		}
		for name := range known.header {
			if strings.Join(known.header.Values(name), "|") != strings.Join(unknown.header.Values(name), "|") {
				t.Errorf("%s: %q for a known client, %q for an unknown one", name, known.header.Values(name), unknown.header.Values(name))
			}
		}
	}
}

func TestGuessingLocksNobodyOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var attackers sync.WaitGroup
	for range 4 {
		attackers.Go(func() {
			for range 100 {
				h.http.Post(h.url+"/oauth/token", "application/x-www-form-urlencoded", //nolint:errcheck,bodyclose // an attacker's
					strings.NewReader("grant_type=client_credentials&"+form(testClientID, "wrong")))
			}
		})
	}
	for range 50 {
		h.token(h.account, h.secret)
	}
	attackers.Wait()
	h.slowed(h.guess("/oauth/token", testClientID))
	h.token(h.account, h.secret)
	h.slowed(h.guess("/oauth/token", testClientID)) // the success has given nobody further guesses
	got := h.post("/oauth/introspect", "token="+h.token(h.account, h.secret)+"&"+h.credentials())
	if got.status != http.StatusOK {
		t.Errorf("the owner's introspection is answered %d", got.status)
	}
}

func TestGuessesForOneClientLeaveTheOthersAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 11 {
		h.guess("/oauth/token", testClientID)
	}
	slowed := 0
	for i := range 20 { // a bucket may be shared, but hardly by all
		if h.guess("/oauth/token", "other "+strconv.Itoa(i)).status == http.StatusTooManyRequests {
			slowed++
		}
	}
	if slowed > 5 {
		t.Errorf("guesses for one client slow %d of 20 others", slowed)
	}
}

func TestGuessesAreForgottenAfterAMinuteWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 11 {
		h.guess("/oauth/token", testClientID)
	}
	h.clock.advance(-48 * time.Hour)
	if wait := h.slowed(h.guess("/oauth/token", testClientID)); wait != 6 {
		t.Errorf("Retry-After is %d with the clock set back, want 6", wait)
	}
	h.clock.advance(time.Minute)
	for range 10 {
		h.wantRefused(h.guess("/oauth/token", testClientID), http.StatusUnauthorized, "invalid_client", `Basic realm="procore"`)
	}
	h.slowed(h.guess("/oauth/token", testClientID))
}

func TestLogSaysOnceAMinuteThatAKnownClientIsGuessedAt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const line = "failed client authentications are being slowed down"
	pasted := store.NewSecret().Reveal() // in the wrong field
	h.secrets = append(h.secrets, pasted)
	count := func(text string) int { return strings.Count(h.logs.String(), text) }
	for range 20 {
		h.guess("/oauth/token", testClientID)
		h.guess("/oauth/token", pasted)
	}
	if got := count(line); got != 2 {
		t.Errorf("the log has %d lines, want one for each client", got)
	}
	if count("client_id="+testClientID) != 1 || count("client_id=unknown") != 1 {
		t.Error("the log doesn't name the known client, or names the unknown one")
	}
	h.clock.advance(time.Minute)
	for range 20 {
		h.guess("/oauth/token", testClientID)
	}
	if got := count(line); got != 3 {
		t.Errorf("the log has %d lines, want one more a minute later", got)
	}
}

func TestObserverHearsWhoAuthenticatesAndHowOftenThatFails(t *testing.T) {
	t.Parallel()
	var failed, slowed int
	var names []string
	h := newHouse(t, func(c *oauth.Config) {
		c.Observe.AuthenticationFailed = func(tooMany bool) {
			failed++
			if tooMany {
				slowed++
			}
		}
		c.Observe.Authenticated = func(_ context.Context, account store.ServiceAccount) { names = append(names, account.Name) }
	})
	for range 12 {
		h.guess("/oauth/token", testClientID)
	}
	h.get("/oauth/token/info", bearer(h.token(h.account, h.secret)))
	if failed != 12 || slowed != 2 || strings.Join(names, ",") != "ci exporter,ci exporter" {
		t.Errorf("%d failed, %d slowed, authenticated %q", failed, slowed, names)
	}
}

func TestClientsBeyondTheirRateLimitGetNoToken(t *testing.T) {
	t.Parallel()
	reset := time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)
	left := 2
	h := newHouse(t, func(c *oauth.Config) {
		c.Admit = func(store.ID) oauth.Admission {
			left--
			return oauth.Admission{Allowed: left >= 0, Limit: 2, Remaining: max(0, left), Reset: reset, RetryAfter: 1500 * time.Millisecond}
		}
	})
	h.guess("/oauth/token", testClientID) // not the client's own, so not counted
	for _, remaining := range []string{"1", "0"} {
		got := h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials())
		if got.status != http.StatusOK || got.header.Get("X-Rate-Limit-Limit") != "2" || got.header.Get("X-Rate-Limit-Remaining") != remaining ||
			got.header.Get("X-Rate-Limit-Reset") != strconv.FormatInt(reset.Unix(), 10) {
			t.Errorf("%d %v, want %s left", got.status, got.header, remaining)
		}
	}
	if wait := h.slowed(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials())); wait != 2 {
		t.Errorf("Retry-After is %d, want the 1.5 seconds rounded up", wait)
	}
}
