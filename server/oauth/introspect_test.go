package oauth_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

func TestIntrospectSaysWhatATokenIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	observer, observerSecret := h.addAccount(1)
	_, claims, err := h.server.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	now := float64(h.clock.now().Unix())
	want := map[string]any{
		"active": true, "scope": "public", "client_id": h.account.ClientID, "token_type": "bearer", "iat": now,
		"exp": now + 5400, "sub": "17", "aud": h.url, "iss": h.url, "jti": claims.ID, "company_id": "1",
	}
	asJSON, _ := json.Marshal(map[string]string{"token": token, "client_id": observer.ClientID, "client_secret": observerSecret})
	for name, got := range map[string]answer{
		"itself, by Basic":      h.post("/oauth/introspect", "token="+token, basic(h.account.ClientID, h.secret)),
		"another, by Basic":     h.post("/oauth/introspect", "token="+token, basic(observer.ClientID, observerSecret)),
		"another, in the body":  h.post("/oauth/introspect", "token="+token+"&"+form(observer.ClientID, observerSecret)),
		"another, in JSON":      h.send("POST", "/oauth/introspect", string(asJSON), header("Content-Type", "application/json")),
		"itself, as bearer":     h.post("/oauth/introspect", "token="+token, bearer(token)),
		"another, as bearer":    h.post("/oauth/introspect", "token="+token, bearer(h.token(observer, observerSecret))),
		"with a hint":           h.post("/oauth/introspect", "token_type_hint=access_token&token="+token, bearer(token)),
		"with an unknown hint":  h.post("/oauth/introspect", "token_type_hint=refresh_token&token="+token, bearer(token)),
		"with other parameters": h.post("/oauth/introspect", "resource=x&token="+token, bearer(token)),
	} {
		if got.status != http.StatusOK || !maps.Equal(got.body, want) {
			t.Errorf("%s: got %d %s, want %v", name, got.status, got.text, want)
		}
		h.wantUncached(got)
	}
}

func TestIntrospectSaysNothingOfOtherTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stranger, strangerSecret := h.addAccount(2)
	foreign := h.token(stranger, strangerSecret)
	token := h.token(h.account, h.secret)
	for name, unknown := range map[string]string{
		"of another company": foreign, "no token": "x", "dots": "..", "changed": token[:len(token)-8] + "AAAAAAAA",
		"a header only": strings.Split(token, ".")[0], "far too long": strings.Repeat("a", 60_000), "a NUL": "%00",
	} {
		for _, caller := range []edit{basic(h.account.ClientID, h.secret), bearer(token)} {
			got := h.post("/oauth/introspect", "token="+unknown, caller)
			if got.status != http.StatusOK || got.text != `{"active":false}` {
				t.Errorf("%s: got %d %s", name, got.status, got.text)
			}
			h.wantUncached(got)
		}
	}
	if got := h.post("/oauth/introspect", "token="+token, bearer(foreign)); got.text != `{"active":false}` {
		t.Errorf("the other way round: %s", got.text)
	}
}

func TestIntrospectByAnAccountThatDoesNotWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	observer, observerSecret := h.addAccount(1)
	token := h.token(observer, observerSecret)
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = "a@example.com" })
	got := h.post("/oauth/introspect", "token="+token, basic(h.account.ClientID, h.secret))
	if got.status != http.StatusOK || got.text != `{"active":false}` {
		t.Errorf("got %d %s", got.status, got.text)
	}
	if !strings.Contains(h.logs.String(), "level=WARN") {
		t.Error("the operator isn't told why all tokens look ended")
	}
}

func TestIntrospectAndRevokeRefuseInTheWordsOfTheRFC(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	caller := basic(h.account.ClientID, h.secret)
	untyped := func(r *http.Request) { r.Header.Del("Content-Type") }
	for _, path := range []string{"/oauth/introspect", "/oauth/revoke"} {
		unauthenticated := []string{challengeBasic}
		if path == "/oauth/introspect" {
			unauthenticated = append(unauthenticated, challengeBearer)
		}
		for name, test := range map[string]struct {
			got    answer
			status int
			code   string
		}{
			"no token":               {h.post(path, "x=y", caller), 400, "invalid_request"},
			"an empty token":         {h.post(path, "token=", caller), 400, "invalid_request"},
			"no body":                {h.post(path, "", caller, untyped), 400, "invalid_request"},
			"a token twice":          {h.post(path, "token=a&token=b", caller), 400, "invalid_request"},
			"a hint twice":           {h.post(path, "token=a&token_type_hint=b&token_type_hint=b", caller), 400, "invalid_request"},
			"the token in the URI":   {h.post(path+"?token="+token, "", caller), 400, "invalid_request"},
			"a content type":         {h.post(path, "token=a", caller, untyped, header("Content-Type", "text/plain")), 400, "invalid_request"},
			"JSON: a number":         {h.send("POST", path, `{"token":1}`, caller, header("Content-Type", "application/json")), 400, "invalid_request"},
			"Basic and body":         {h.post(path, "token=a&"+h.credentials(), caller), 400, "invalid_request"},
			"two headers":            {h.post(path, "token=a", caller, bearer(token)), 400, "invalid_request"},
			"a large body":           {h.post(path, "token="+strings.Repeat("a", 64<<10), caller), 413, "invalid_request"},
			"nobody":                 {h.post(path, "token=a"), 401, "invalid_client"},
			"nobody, no token":       {h.post(path, ""), 401, "invalid_client"},
			"nobody, nothing":        {h.post(path, "", untyped), 401, "invalid_client"},
			"a wrong secret":         {h.post(path, "token=a", basic(h.account.ClientID, "wrong")), 401, "invalid_client"},
			"an unknown client":      {h.post(path, "token=a", basic("unknown", h.secret)), 401, "invalid_client"},
			"another scheme":         {h.post(path, "token=a", header("Authorization", "Digest x")), 401, "invalid_client"},
			"a bearer without token": {h.post(path, "token=a", header("Authorization", "Bearer ")), 401, "invalid_client"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				h.under(t)
				if test.status == http.StatusUnauthorized {
					h.wantRefused(test.got, test.status, test.code, unauthenticated...)
				} else {
					h.wantRefused(test.got, test.status, test.code)
				}
			})
		}
		got := h.get(path)
		h.wantRefused(got, http.StatusMethodNotAllowed, "invalid_request")
		if got.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", path, got.header.Get("Allow"))
		}
	}
	h.wantRefused(h.post("/oauth/introspect", "token="+token, bearer("x")), 401, "invalid_token", challengeInvalidToken)
	h.wantRefused(h.post("/oauth/introspect", "token="+token+"&"+h.credentials(), bearer(token)), 400, "invalid_request")
	h.wantRefused(h.post("/oauth/introspect", "token="+token, bearer(token), header("Authorization", "Basic eDp5")), 400, "invalid_request")
	// RFC 7009 2.1 asks the client itself.
	h.wantRefused(h.post("/oauth/revoke", "token="+token, bearer(token)), 401, "invalid_client", challengeBasic)
	h.wantLive(token)
}

func TestRevokeEndsOneTokenAndAnswersTheSameForOthersThatAreGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token, sibling := h.token(h.account, h.secret), h.token(h.account, h.secret)
	caller := basic(h.account.ClientID, h.secret)
	for name, body := range map[string]string{
		"unknown": "token=x", "of another server": "token=eyJhbGciOiJub25lIn0.e30.", "a hint": "token_type_hint=refresh_token&token=x",
		"the token": "token_type_hint=unheard_of&token=" + token, "the token again": "token=" + token,
	} {
		got := h.post("/oauth/revoke", body, caller)
		if got.status != http.StatusOK || got.text != "" {
			t.Errorf("%s: got %d %s", name, got.status, got.text)
		}
		h.wantUncached(got)
	}
	h.wantEnded(token, "The access token was revoked.")
	h.wantLive(sibling)

	asJSON, _ := json.Marshal(map[string]string{"token": sibling, "client_id": h.account.ClientID, "client_secret": h.secret})
	if got := h.send("POST", "/oauth/revoke", string(asJSON), header("Content-Type", "application/json")); got.status != http.StatusOK {
		t.Errorf("JSON: got %d %s", got.status, got.text)
	}
	h.wantEnded(sibling, "The access token was revoked.")
}

func TestRevokeRefusesTheTokenOfAnotherClient(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	for _, company := range []store.ID{1, 2} {
		other, otherSecret := h.addAccount(company)
		got := h.post("/oauth/revoke", "token="+token, basic(other.ClientID, otherSecret))
		h.wantRefused(got, http.StatusBadRequest, "unauthorized_client")
	}
	h.wantLive(token)
}

func TestRevokeEndsTheTokenOnEveryServerOfTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	second, _ := h.start()
	token := h.token(h.account, h.secret)
	if _, err := second.Principal(t.Context(), token); err != nil {
		t.Errorf("before: %v", err)
	}
	h.post("/oauth/revoke", "token="+token, basic(h.account.ClientID, h.secret))
	if _, err := second.Principal(t.Context(), token); err == nil {
		t.Error("the token still counts on the second server")
	}
}

func TestTokenInfoHasProcoresShape(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	created := h.clock.now().Unix()
	h.clock.advance(22e9)
	got := h.get("/oauth/token/info", bearer(token))
	want := `{"resource_owner_id":17,"scopes":["public"],"expires_in_seconds":5378,"application":{"uid":"` +
		h.account.ClientID + `"},"created_at":` + jsonNumber(int(created)) + `}`
	if got.status != http.StatusOK || got.text != want {
		t.Errorf("got %d %s, want %s", got.status, got.text, want)
	}
	h.wantUncached(got)
	if got := h.get("/oauth/token/info", header("Authorization", "bearer "+token)); got.status != http.StatusOK {
		t.Errorf("the scheme in lower case: %d %s", got.status, got.text)
	}
}

func TestTokenInfoChallengesAsTheRFCSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(h.account, h.secret)
	elsewhere := newHouse(t)
	foreign := elsewhere.token(elsewhere.account, elsewhere.secret)
	for name, test := range map[string]struct {
		edits     []edit
		path      string
		challenge string
	}{
		"no token":                {nil, "", challengeBearer},
		"another scheme":          {[]edit{basic(h.account.ClientID, h.secret)}, "", challengeBearer},
		"an empty token":          {[]edit{header("Authorization", "Bearer  ")}, "", challengeBearer},
		"only in the query":       {nil, "?access_token=" + token, challengeBearer},
		"not a token":             {[]edit{bearer("x")}, "", challengeInvalidToken},
		"two words":               {[]edit{bearer(token + " x")}, "", challengeInvalidToken},
		"a token cut short":       {[]edit{bearer(token[:len(token)-1])}, "", challengeInvalidToken},
		"another server's token":  {[]edit{bearer(foreign)}, "", challengeInvalidToken},
		"a client secret instead": {[]edit{bearer(h.secret)}, "", challengeInvalidToken},
	} {
		t.Run(name, func(t *testing.T) {
			h.under(t)
			h.wantRefused(h.get("/oauth/token/info"+test.path, test.edits...), 401, "invalid_token", test.challenge)
		})
	}
	got := h.get("/oauth/token/info", bearer(token), bearer(token))
	h.wantRefused(got, 400, "invalid_request", challengeBearer+`, error="invalid_request"`)
	got = h.post("/oauth/token/info", "", bearer(token))
	h.wantRefused(got, http.StatusMethodNotAllowed, "invalid_request")
	if got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow is %q", got.header.Get("Allow"))
	}
}
