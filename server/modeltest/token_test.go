package modeltest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const formType = "application/x-www-form-urlencoded"

// oauthBody is a body in one of the ways that OAuth's parameters may come, and the Authorization header with it.
func (w *world) oauthBody(how, clientID, secret string, more object) (r request, authorization string) {
	parameters := with(more)
	if how == "basic" {
		authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(clientID)+":"+url.QueryEscape(secret)))
	} else if clientID != "" {
		parameters["client_id"], parameters["client_secret"] = clientID, secret
	}
	if how == "json" {
		return request{method: "POST", body: parameters}, authorization
	}
	form := url.Values{}
	for name, value := range parameters {
		form.Set(name, value.(string))
	}
	return request{method: "POST", body: form.Encode(), contentType: formType}, authorization
}

// requestToken asks for a token with a secret that counts.
func (w *world) requestToken(a *account, secret string) *token {
	w.t.Helper()
	return w.askToken("form", a, a.clientID, secret)
}

// askToken asks for a token and compares the answer. The account is the one that has the client id, if there is one.
func (w *world) askToken(how string, a *account, clientID, secret string) *token {
	w.t.Helper()
	r, authorization := w.oauthBody(how, clientID, secret, object{"grant_type": "client_credentials"})
	r.path = "/oauth/token"
	got := w.send(caller{header: authorization}, r)
	version := 0
	if a != nil && !a.deleted {
		version = w.accepts(a, secret)
	}
	switch {
	case version == 0:
		w.isWrongSecret(got, clientID)
		return nil
	case w.status(a) != "active":
		w.isOAuthError(got, http.StatusBadRequest, "unauthorized_client")
		return nil
	}
	var shown struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(got.body, &shown); err != nil || got.status != http.StatusOK || shown.AccessToken == "" {
		w.t.Fatalf("%s: the secret is version %d and counts, but the answer is %d %s", got.what, version, got.status, got.body)
	}
	k := w.issue(a, version, shown.AccessToken)
	w.is(got, object{
		"access_token": k.text, "token_type": "bearer", "scope": "public", "created_at": w.now.Unix(),
		"expires_in": int(k.expiresAt.Sub(w.now).Seconds()),
	})
	return k
}

// is compares the whole body of an answer.
func (w *world) is(got answer, want object) {
	w.t.Helper()
	var shown object
	if err := json.Unmarshal(got.body, &shown); err != nil || got.status != http.StatusOK {
		w.t.Fatalf("%s: %d %s", got.what, got.status, got.body)
	}
	if found := differences(shown, want); len(found) > 0 {
		w.t.Fatalf("%s: %s", got.what, strings.Join(found, "; "))
	}
}

func (w *world) isOAuthError(got answer, status int, code string) {
	w.t.Helper()
	var shown struct {
		Error       string
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(got.body, &shown); err != nil || got.status != status || shown.Error != code || shown.Description == "" {
		w.t.Fatalf("%s: want %d %s: %d %s", got.what, status, code, got.status, got.body)
	}
}

// guesses is how many wrong secrets a client may be shown before they are slowed down.
const guesses = 10

// isWrongSecret wants the refusal of a secret that doesn't count, or of a guess too many.
func (w *world) isWrongSecret(got answer, clientID string) {
	w.t.Helper()
	w.failures[clientID]++
	if got.status == http.StatusTooManyRequests && w.failures[clientID] > guesses && got.header.Get("Retry-After") != "" {
		return
	}
	w.isOAuthError(got, http.StatusUnauthorized, "invalid_client")
}

// drawClient draws whose client id is presented, and with which secret.
func (w *world) drawClient() (a *account, clientID, secret string) {
	a = draw(w, "client", w.accounts...)
	candidates := []string{a.secret, a.secret, a.secret, "wrong", secretOf(strings.Repeat("z", 43))}
	if a.previous != "" {
		candidates = append(candidates, a.previous, a.previous)
	}
	candidates = append(candidates, a.older...)
	secret = draw(w, "secret that is presented", candidates...)
	if w.oneIn(20, "unknown client") {
		return nil, strings.Repeat("0", 64), secret
	}
	return a, a.clientID, secret
}

func (w *world) askForToken() {
	a, clientID, secret := w.drawClient()
	w.askToken(draw(w, "how", "form", "json", "basic"), a, clientID, secret)
}

// drawToken draws a token, one that counts no more as likely as one that does.
func (w *world) drawToken() (text string, known *token) {
	if w.oneIn(20, "no token of ours") {
		return draw(w, "text of a token", "x", "a.b.c"), nil
	}
	living := slices.DeleteFunc(slices.Clone(w.tokens), func(k *token) bool { return !w.counts(k) })
	if len(living) > 0 && w.oneIn(2, "a living one") {
		known = draw(w, "living token", living...)
	} else {
		known = draw(w, "any token", w.tokens...)
	}
	return known.text, known
}

func (w *world) tokenInfo() {
	w.informs(w.drawToken())
}

// informs asks what there is to say of a token.
func (w *world) informs(text string, k *token) {
	w.t.Helper()
	got := w.send(caller{header: "Bearer " + text}, request{method: "GET", path: "/oauth/token/info"})
	if k == nil || !w.counts(k) {
		w.isOAuthError(got, http.StatusUnauthorized, "invalid_token")
		return
	}
	w.is(got, object{
		"resource_owner_id": k.account.id, "scopes": []string{"public"}, "expires_in_seconds": int(k.expiresAt.Sub(w.now).Seconds()),
		"application": object{"uid": k.account.clientID}, "created_at": k.issuedAt.Unix(),
	})
}

// breakAndHeal breaks an account that has a living token and heals it at once. The token must stay ended.
func (w *world) breakAndHeal() {
	_, k := w.drawToken()
	if k == nil || !w.counts(k) {
		w.askForToken()
		return
	}
	by, a := w.administrator(k.account.company), k.account
	if by.token == nil || by.account() == a || !by.account().administers("directory") || w.isLastAdmin(a) {
		w.informs(k.text, k)
		return
	}
	w.setEmail(by, a.contact, "away@example.com")
	w.setEmail(by, a.contact, a.contact.assigned)
	w.informs(k.text, k)
}

func (w *world) introspect() {
	asked, k := w.drawToken()
	var by *account
	var got answer
	if w.oneIn(2, "as a bearer") {
		bearer, caller := w.drawToken()
		got = w.send(callerWith("Bearer "+bearer), request{
			method: "POST", path: "/oauth/introspect", body: url.Values{"token": {asked}}.Encode(), contentType: formType,
		})
		if caller == nil || !w.counts(caller) {
			w.isOAuthError(got, http.StatusUnauthorized, "invalid_token")
			return
		}
		by = caller.account
	} else {
		a, refused, answer := w.asClient("/oauth/introspect", asked)
		if refused {
			return
		}
		by, got = a, answer
	}
	if k == nil || !w.counts(k) || k.account.company != by.company || w.status(by) != "active" {
		w.is(got, object{"active": false})
		return
	}
	var shown object
	_ = json.Unmarshal(got.body, &shown)
	w.is(got, object{
		"active": true, "scope": "public", "client_id": k.account.clientID, "token_type": "bearer", "exp": k.expiresAt.Unix(),
		"iat": k.issuedAt.Unix(), "sub": number(k.account.id), "aud": w.server.URL, "iss": w.server.URL, "jti": claim(k.text, "jti"),
		"company_id": number(k.account.company.id),
	})
}

// claim reads a claim of a JWT.
func claim(jwt, name string) any {
	payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(jwt+"..", ".")[1])
	var claims object
	_ = json.Unmarshal(payload, &claims)
	return claims[name]
}

func callerWith(authorization string) caller { return caller{header: authorization} }

// asClient asks about a token with a client's own credentials.
func (w *world) asClient(path, asked string) (by *account, refused bool, got answer) {
	a, clientID, secret := w.drawClient()
	r, authorization := w.oauthBody(draw(w, "how", "form", "json", "basic"), clientID, secret, object{"token": asked})
	r.path = path
	got = w.send(callerWith(authorization), r)
	if a == nil || a.deleted || w.accepts(a, secret) == 0 {
		w.isWrongSecret(got, clientID)
		return nil, true, got
	}
	return a, false, got
}

func (w *world) revokeToken() {
	asked, k := w.drawToken()
	by, refused, got := w.asClient("/oauth/revoke", asked)
	switch {
	case refused:
	case k != nil && w.now.Before(k.expiresAt) && k.account != by:
		w.isOAuthError(got, http.StatusBadRequest, "unauthorized_client")
	case got.status != http.StatusOK || len(got.body) > 0:
		w.t.Fatalf("%s: want 200 without a body: %d %s", got.what, got.status, got.body)
	case k != nil && k.account == by:
		k.revoked = true
	}
}
