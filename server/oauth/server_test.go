package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/store"
)

func TestTokensAreCountedWithTheReasonsOfRefusals(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	counted := map[string]int{}
	count := func(what string) { mu.Lock(); counted[what]++; mu.Unlock() }
	h := newHouse(t, func(config *oauth.Config) {
		config.Observe = oauth.Observe{TokenIssued: func() { count("issued") }, TokenRefused: count}
	})
	h.token(h.account, h.secret)
	h.post("/oauth/token", "grant_type=client_credentials&"+form(h.account.ClientID, "wrong"))
	h.post("/oauth/token", "grant_type=password")
	h.post("/oauth/introspect", "token=x&"+form(h.account.ClientID, "wrong"))
	mu.Lock()
	defer mu.Unlock()
	if want := (map[string]int{"issued": 1, "invalid_client": 1, "unsupported_grant_type": 1}); !maps.Equal(counted, want) {
		t.Errorf("got %v, want %v", counted, want)
	}
}

func TestEveryEndpointTellsADatabaseFailureFromARefusal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	for _, test := range []struct {
		failure error
		status  int
		code    string
	}{
		{&store.Error{Code: store.CodeUnavailable, Message: "The disk is full."}, http.StatusServiceUnavailable, "temporarily_unavailable"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), http.StatusServiceUnavailable, "temporarily_unavailable"},
		{errors.New("page 7 is damaged"), http.StatusInternalServerError, "server_error"},
	} {
		h.store.fail(test.failure)
		for _, got := range []answer{
			h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()),
			h.post("/oauth/introspect", "token="+token, basic(h.account.ClientID, h.secret)),
			h.post("/oauth/introspect", "token="+token, bearer(token)),
			h.post("/oauth/revoke", "token="+token, basic(h.account.ClientID, h.secret)),
			h.get("/oauth/token/info", bearer(token)),
		} {
			h.wantRefused(got, test.status, test.code)
			if (got.header.Get("Retry-After") == "1") != (test.status == http.StatusServiceUnavailable) {
				t.Errorf("%d: Retry-After is %q", test.status, got.header.Get("Retry-After"))
			}
			if strings.Contains(got.text, test.failure.Error()) {
				t.Errorf("the answer shows the inside: %s", got.text)
			}
		}
		if logs := h.logs.String(); !strings.Contains(logs, test.failure.Error()) || !strings.Contains(logs, "level=ERROR") {
			t.Errorf("the log lacks the reason %q", test.failure)
		}
		_, err := h.server.Principal(t.Context(), token)
		if invalid := (*oauth.InvalidTokenError)(nil); err == nil || errors.As(err, &invalid) || !errors.Is(err, test.failure) {
			t.Errorf("Principal: %v", err)
		}
	}
	h.store.fail(nil)
	if got := h.get("/oauth/token/info", bearer(token)); got.status != http.StatusOK {
		t.Errorf("the token did not survive: %s", got.text)
	}
}

func TestTokenRequestsAndChangesAtTheSameTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, adminSecret := h.addAccount(1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				token, _, err := h.server.IssueFor(admin)
				if err == nil {
					_, err = h.server.Principal(t.Context(), token)
				}
				if err != nil {
					t.Error(err)
				}
				var claims map[string]any
				got := h.post("/oauth/introspect", "token="+token, basic(admin.ClientID, adminSecret))
				if json.Unmarshal([]byte(got.text), &claims) != nil || claims["active"] != true {
					t.Errorf("got %s", got.text)
				}
			}
		})
	}
	for range 5 {
		h.store.reset(t, h.account.ID, 0)
		h.store.addKey(t, "EdDSA")
		h.clock.advance(5 * time.Second)
		h.get("/oauth/jwks.json")
	}
	group.Wait()
}
