package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

const (
	challengeBearer       = `Bearer realm="procore"`
	challengeInvalidToken = `Bearer realm="procore", error="invalid_token"`
)

// wantLive checks at every endpoint that a token of company 1 counts.
func (h *house) wantLive(token string) {
	h.t.Helper()
	observer, observerSecret := h.addAccount(1)
	if got := h.get("/oauth/token/info", bearer(token)); got.status != http.StatusOK {
		h.t.Errorf("token/info: %d %s", got.status, got.text)
	}
	if got := h.post("/oauth/introspect", "token="+token, basic(observer.ClientID, observerSecret)); got.body["active"] != true {
		h.t.Errorf("introspect: %d %s", got.status, got.text)
	}
	if got := h.post("/oauth/introspect", "token="+token, bearer(token)); got.body["active"] != true {
		h.t.Errorf("introspect as bearer: %d %s", got.status, got.text)
	}
	if _, err := h.server.Principal(h.t.Context(), token); err != nil {
		h.t.Errorf("Principal: %v", err)
	}
}

// wantEnded checks at every endpoint that the token doesn't count, and the reason that its bearer is told.
func (h *house) wantEnded(token, reason string) {
	h.t.Helper()
	observer, observerSecret := h.addAccount(1)
	got := h.get("/oauth/token/info", bearer(token))
	h.wantRefused(got, http.StatusUnauthorized, "invalid_token", challengeInvalidToken)
	if got.string("error_description") != reason {
		h.t.Errorf("token/info: got %q, want %q", got.string("error_description"), reason)
	}
	got = h.post("/oauth/introspect", "token="+token, basic(observer.ClientID, observerSecret))
	if got.status != http.StatusOK || got.text != `{"active":false}` {
		h.t.Errorf("introspect: %d %s", got.status, got.text)
	}
	got = h.post("/oauth/introspect", "token="+token, bearer(token))
	h.wantRefused(got, http.StatusUnauthorized, "invalid_token", challengeInvalidToken)
	_, _, err := h.server.Verify(h.t.Context(), token)
	if invalid := (*oauth.InvalidTokenError)(nil); !errors.As(err, &invalid) || invalid.Reason != reason {
		h.t.Errorf("Verify: %v", err)
	}
}

func TestTokensEndAtOnceEverywhere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reason string
		end          func(h *house, token string)
	}{
		{"reset", "The client secret that the access token was got with was reset.", func(h *house, _ string) {
			h.store.reset(h.t, h.account.ID, 0)
		}},
		{"two resets that keep the previous secret", "The client secret that the access token was got with was reset.", func(h *house, _ string) {
			h.store.reset(h.t, h.account.ID, time.Hour)
			h.store.reset(h.t, h.account.ID, time.Hour)
		}},
		{"delete", "The service account of the access token is gone.", func(h *house, _ string) { h.store.remove(h.account.ID) }},
		{"revoke all", "The access tokens that the service account had were all ended.", func(h *house, _ string) {
			h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Credentials.TokenEpoch++ })
		}},
		{"revocation", "The access token was revoked.", func(h *house, token string) {
			if got := h.post("/oauth/revoke", "token="+token, basic(h.account.ClientID, h.secret)); got.status != http.StatusOK {
				h.t.Errorf("revoke: %d %s", got.status, got.text)
			}
		}},
		{"loss of function", "Service account 17 is nonfunctional: contact_email_changed.", func(h *house, _ string) {
			h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = "a@example.com" })
		}},
		{"sunset", "Service account 17 is expired: sunset.", func(h *house, _ string) {
			// From now on nobody works, so the observer is told nothing either.
			h.store.setPolicy(store.Policy{Sunset: h.clock.now()})
		}},
		{"another company", "The access token was issued for another company.", func(h *house, _ string) {
			h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.CompanyID = 2 })
		}},
		{"time", "The access token has expired.", func(h *house, token string) {
			h.clock.advance(90*time.Minute - time.Second)
			h.wantLive(token)
			h.clock.advance(time.Second)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			token := h.token(h.account, h.secret)
			h.wantLive(token)
			test.end(h, token)
			h.wantEnded(token, test.reason)
		})
	}
}

func TestALossOfFunctionEndsTokensForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { // as the store does it
		a.Contact.EmailAddress = "a@example.com"
		a.Credentials.TokenEpoch++
	})
	h.wantEnded(token, "Service account 17 is nonfunctional: contact_email_changed.")
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = a.Contact.AssignedEmailAddress })
	h.wantEnded(token, "The access tokens that the service account had were all ended.")
	h.wantLive(h.token(h.account, h.secret))
}

func TestAnAccountThatDoesNotWorkCanRevokeItsTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	other := h.token(h.account, h.secret)
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = "a@example.com" })
	if got := h.post("/oauth/revoke", "token="+other, basic(h.account.ClientID, h.secret)); got.status != http.StatusOK {
		t.Errorf("revoke: %d %s", got.status, got.text)
	}
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = a.Contact.AssignedEmailAddress })
	h.wantLive(token)
	h.wantEnded(other, "The access token was revoked.")
}

func TestResetEndsTheOldSecretAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	fresh := h.store.reset(t, h.account.ID, 0)
	h.wantRefused(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()), 401, "invalid_client", challengeBasic)
	h.wantRefused(h.post("/oauth/revoke", "token=x&"+h.credentials()), 401, "invalid_client", challengeBasic)
	h.wantRefused(h.post("/oauth/introspect", "token=x&"+h.credentials()), 401, "invalid_client", challengeBasic, challengeBearer)
	h.wantLive(h.token(h.account, fresh))
}

func TestResetThatKeepsThePreviousSecretForAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before := h.token(h.account, h.secret)
	fresh := h.store.reset(t, h.account.ID, time.Hour)
	h.secrets = append(h.secrets, fresh)

	// Both secrets work, and so do the tokens of both.
	h.wantLive(before)
	h.clock.advance(10 * time.Minute)
	newer := h.token(h.account, fresh)
	got := h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials())
	older := got.string("access_token")
	h.secrets = append(h.secrets, older)
	h.wantLive(older)
	if got.number("expires_in") < 3000 || got.number("expires_in") > 3001 {
		t.Errorf("a token of a secret that ends in 3000 s lives %d s", got.number("expires_in"))
	}

	h.clock.advance(50*time.Minute - time.Millisecond)
	h.wantLive(before)
	h.wantLive(older)
	h.clock.advance(time.Millisecond)
	const reason = "The client secret that the access token was got with was reset."
	h.wantEnded(before, reason)
	h.wantEnded(older, reason)
	h.wantLive(newer)
	h.wantRefused(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()), 401, "invalid_client", challengeBasic)
}

func TestResetThatEndsWhatWasPreviousBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second := h.store.reset(t, h.account.ID, time.Hour)
	token := h.token(h.account, second)
	h.store.reset(t, h.account.ID, time.Hour)
	h.wantRefused(h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()), 401, "invalid_client", challengeBasic)
	h.wantLive(token)
	h.wantLive(h.token(h.account, second))
}

func TestRestartOnAnotherAddressEndsNoToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	if err := h.server.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	h.server, h.url = h.start(func(config *oauth.Config) { config.Issuer = "https://elsewhere.example/api/" })
	h.wantLive(token)
	if _, claims, err := h.server.Verify(t.Context(), token); err != nil || claims.Issuer == "https://elsewhere.example/api" {
		t.Errorf("the token kept %q as its issuer: %v", claims.Issuer, err)
	}
	if _, claims, err := h.server.Verify(t.Context(), h.token(h.account, h.secret)); err != nil || claims.Issuer != "https://elsewhere.example/api" {
		t.Errorf("a new token has %q as its issuer: %v", claims.Issuer, err)
	}
}

func TestIssueForGivesTheEmbeddedServerATokenWithoutASecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account := h.store.account(h.account.ID)
	token, expiresAt, err := h.server.IssueFor(account)
	if err != nil {
		t.Fatal(err)
	}
	h.secrets = append(h.secrets, token)
	h.wantLive(token)
	if want := h.clock.now().Add(90 * time.Minute).Truncate(time.Second); !expiresAt.Equal(want) {
		t.Errorf("expires at %v, want %v", expiresAt, want)
	}
	h.store.reset(t, account.ID, 0)
	h.wantEnded(token, "The client secret that the access token was got with was reset.")

	account.Status, account.StatusReasons = store.StatusExpired, []string{store.ReasonSunset}
	if _, _, err := h.server.IssueFor(account); err == nil || err.Error() != "Service account 17 is expired: sunset." {
		t.Errorf("an account that doesn't work: %v", err)
	}
}

func TestTokenTTLIsASetting(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(config *oauth.Config) { config.TokenTTL = 2 * time.Second })
	got := h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials())
	token := got.string("access_token")
	h.secrets = append(h.secrets, token)
	if got.number("expires_in") != 2 {
		t.Errorf("got %s", got.text)
	}
	h.wantLive(token)
	h.clock.advance(2 * time.Second)
	h.wantEnded(token, "The access token has expired.")
}
