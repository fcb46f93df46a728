package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/procore/terraform-provider-procore/server/store"
)

const challengeBasic = `Basic realm="procore"`

func TestTokenAnswersInProcoresShapeByEveryWayToAuthenticate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id, secret := h.account.ClientID, h.secret
	inJSON := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, id, secret)
	jsonType := header("Content-Type", "application/json")

	for name, got := range map[string]answer{
		"form body":               h.post("/oauth/token", "grant_type=client_credentials&"+h.credentials()),
		"form with a charset":     h.send("POST", "/oauth/token", "grant_type=client_credentials&"+h.credentials(), header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")),
		"form type in upper case": h.send("POST", "/oauth/token", "grant_type=client_credentials&"+h.credentials(), header("Content-Type", "Application/X-WWW-Form-Urlencoded")),
		"JSON body":               h.send("POST", "/oauth/token", inJSON, jsonType),
		"JSON with a charset":     h.send("POST", "/oauth/token", " "+inJSON+"\n", header("Content-Type", "application/json; charset=utf-8")),
		"JSON beside Basic":       h.send("POST", "/oauth/token", `{"grant_type":"client_credentials"}`, jsonType, basic(id, secret)),
		"Basic":                   h.post("/oauth/token", "grant_type=client_credentials", basic(id, secret)),
		"Basic in lower case":     h.post("/oauth/token", "grant_type=client_credentials", basic(id, secret), func(r *http.Request) { r.Header.Set("Authorization", "basic"+r.Header.Get("Authorization")[5:]) }),
		"Basic and its client_id": h.post("/oauth/token", "grant_type=client_credentials&client_id="+id, basic(id, secret)),
		"Basic, empty parameters": h.post("/oauth/token", "grant_type=client_credentials&client_id=&client_secret=", basic(id, secret)),
		"the scope public":        h.post("/oauth/token", "grant_type=client_credentials&scope=public&"+h.credentials()),
		"an empty scope":          h.post("/oauth/token", "grant_type=client_credentials&scope=&"+h.credentials()),
		"unknown parameters":      h.post("/oauth/token?tenant=1", "grant_type=client_credentials&resource=a&resource=b&"+h.credentials()),
		"unknown JSON members":    h.send("POST", "/oauth/token", strings.Replace(inJSON, "{", `{"audience":["a",{"client_id":1}],"redirect_uri":null,`, 1), jsonType),
	} {
		h.secrets = append(h.secrets, got.string("access_token"))
		if got.status != http.StatusOK {
			t.Errorf("%s: got %d %s", name, got.status, got.text)
			continue
		}
		want := map[string]any{
			"access_token": got.body["access_token"], "token_type": "bearer", "expires_in": 5400.0,
			"created_at": float64(h.clock.now().Unix()), "scope": "public",
		}
		if !maps.Equal(got.body, want) {
			t.Errorf("%s: got %s", name, got.text)
		}
		if got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: Content-Type %q", name, got.header.Get("Content-Type"))
		}
		h.wantUncached(got)
	}
}

func TestTokenTakesFormURLEncodedCredentialsInBasic(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account, secret := h.store.add(1, "id: with+all%41 &=")
	got := h.post("/oauth/token", "grant_type=client_credentials", basic(account.ClientID, secret))
	if got.status != http.StatusOK {
		t.Errorf("got %d %s", got.status, got.text)
	}
}

func TestTokenRefusesInTheWordsOfTheRFC(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id, secret := h.account.ClientID, h.secret
	valid := "grant_type=client_credentials&" + h.credentials()
	jsonType := header("Content-Type", "application/json")
	untyped := func(r *http.Request) { r.Header.Del("Content-Type") }

	for _, test := range []struct {
		name   string
		path   string
		body   string
		edits  []edit
		status int
		code   string
	}{
		// RFC 6749 3.2, 4.4.2: the parameters.
		{"no grant_type", "", h.credentials(), nil, 400, "invalid_request"},
		{"an empty grant_type", "", "grant_type=&" + h.credentials(), nil, 400, "invalid_request"},
		{"nothing at all", "", "", []edit{untyped}, 400, "invalid_request"},
		{"grant_type repeated", "", valid + "&grant_type=client_credentials", nil, 400, "invalid_request"},
		{"client_secret repeated, once empty", "", valid + "&client_secret=", nil, 400, "invalid_request"},
		{"scope repeated", "", valid + "&scope=public&scope=public", nil, 400, "invalid_request"},
		{"a broken escape", "", valid + "&x=%zz", nil, 400, "invalid_request"},
		{"a semicolon", "", valid + ";scope=public", nil, 400, "invalid_request"},
		{"no content type", "", valid, []edit{untyped}, 400, "invalid_request"},
		{"another content type", "", valid, []edit{untyped, header("Content-Type", "text/plain")}, 400, "invalid_request"},
		{"a broken content type", "", valid, []edit{untyped, header("Content-Type", "application/json/;;")}, 400, "invalid_request"},
		{"multipart", "", valid, []edit{untyped, header("Content-Type", "multipart/form-data; boundary=x")}, 400, "invalid_request"},
		{"a body of 64 KiB and a byte", "", valid + "&x=" + strings.Repeat("a", 64<<10-len(valid)-2), nil, 413, "invalid_request"},
		{"JSON: not JSON", "", valid, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: an array", "", `["client_credentials"]`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: null", "", `null`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: empty", "", ``, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: cut", "", `{"grant_type":"client_credentials"`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: two objects", "", `{"grant_type":"client_credentials"}{}`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: a number", "", `{"grant_type":1}`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: a null secret", "", `{"grant_type":"client_credentials","client_id":"a","client_secret":null}`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: a list of scopes", "", `{"grant_type":"client_credentials","scope":["public"]}`, []edit{untyped, jsonType}, 400, "invalid_request"},
		{"JSON: a duplicate", "", `{"grant_type":"client_credentials","grant_type":"client_credentials"}`, []edit{untyped, jsonType, basic(id, secret)}, 400, "invalid_request"},
		{"JSON: an unknown duplicate", "", `{"grant_type":"client_credentials","x":1,"x":2}`, []edit{untyped, jsonType, basic(id, secret)}, 400, "invalid_request"},
		{"JSON: another case", "", `{"GRANT_TYPE":"client_credentials"}`, []edit{untyped, jsonType, basic(id, secret)}, 400, "invalid_request"},

		// 2.3, 2.3.1: one method, never in the URI.
		{"the secret in the URI", "?" + h.credentials(), "grant_type=client_credentials", nil, 400, "invalid_request"},
		{"client_id in the URI", "?client_id=" + id, valid, nil, 400, "invalid_request"},
		{"grant_type in the URI", "?grant_type=client_credentials", h.credentials(), nil, 400, "invalid_request"},
		{"Basic and body", "", valid, []edit{basic(id, secret)}, 400, "invalid_request"},
		{"Basic and the body's secret", "", "grant_type=client_credentials&client_secret=" + secret, []edit{basic(id, secret)}, 400, "invalid_request"},
		{"Basic and another client_id", "", "grant_type=client_credentials&client_id=other", []edit{basic(id, secret)}, 400, "invalid_request"},
		{"Basic twice", "", "grant_type=client_credentials", []edit{basic(id, secret), header("Authorization", "Basic eDp5")}, 400, "invalid_request"},

		// 5.2: invalid_client is 401 with a challenge.
		{"no client", "", "grant_type=client_credentials", nil, 401, "invalid_client"},
		{"no secret", "", "grant_type=client_credentials&client_id=" + id, nil, 401, "invalid_client"},
		{"an empty secret", "", "grant_type=client_credentials&client_secret=&client_id=" + id, nil, 401, "invalid_client"},
		{"no client_id", "", "grant_type=client_credentials&client_secret=" + secret, nil, 401, "invalid_client"},
		{"a wrong secret", "", "grant_type=client_credentials&" + form(id, store.NewSecret().Reveal()), nil, 401, "invalid_client"},
		{"a secret with a space", "", "grant_type=client_credentials&" + form(id, secret+" "), nil, 401, "invalid_client"},
		{"an unknown client", "", "grant_type=client_credentials&" + form(store.NewClientID(), secret), nil, 401, "invalid_client"},
		{"a client id in upper case", "", "grant_type=client_credentials&" + form(strings.ToUpper(id), secret), nil, 401, "invalid_client"},
		{"a client id that no text is", "", "grant_type=client_credentials&" + form("\x00\xff", secret), nil, 401, "invalid_client"},
		{"an endless client id", "", "grant_type=client_credentials&" + form(strings.Repeat("a", 60_000), secret), nil, 401, "invalid_client"},
		{"a wrong secret in Basic", "", "grant_type=client_credentials", []edit{basic(id, "wrong")}, 401, "invalid_client"},
		{"Basic without a colon", "", "grant_type=client_credentials", []edit{header("Authorization", "Basic eHk=")}, 401, "invalid_client"},
		{"Basic that is not base64", "", "grant_type=client_credentials", []edit{header("Authorization", "Basic !")}, 401, "invalid_client"},
		{"Basic with a broken escape", "", "grant_type=client_credentials", []edit{func(r *http.Request) { r.SetBasicAuth(id, "%zz") }}, 401, "invalid_client"},
		{"Basic without a value", "", "grant_type=client_credentials", []edit{header("Authorization", "Basic")}, 401, "invalid_client"},
		{"Basic with an empty secret", "", "grant_type=client_credentials", []edit{basic(id, "")}, 401, "invalid_client"},
		{"an access token", "", "grant_type=client_credentials", []edit{bearer("x")}, 401, "invalid_client"},

		{"another grant", "", "grant_type=password&username=a&password=b&" + h.credentials(), nil, 400, "unsupported_grant_type"},
		{"the grant in upper case", "", "grant_type=CLIENT_CREDENTIALS&" + h.credentials(), nil, 400, "unsupported_grant_type"},
		{"another scope", "", valid + "&scope=admin", nil, 400, "invalid_scope"},
		{"one scope too many", "", valid + "&scope=public+admin", nil, 400, "invalid_scope"},
		{"a malformed scope", "", valid + "&scope=+public", nil, 400, "invalid_scope"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.under(t)
			got := h.post("/oauth/token"+test.path, test.body, test.edits...)
			if test.code == "invalid_client" {
				h.wantRefused(got, test.status, test.code, challengeBasic)
			} else {
				h.wantRefused(got, test.status, test.code)
			}
		})
	}
}

func TestTokenTakesNoMethodButPOST(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, method := range []string{"GET", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		got := h.send(method, "/oauth/token", "")
		h.wantRefused(got, http.StatusMethodNotAllowed, "invalid_request")
		if got.header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", method, got.header.Get("Allow"))
		}
	}
}

func TestTokenDoesNotTellAnUnknownClientFromAWrongSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask := func(id, secret string) (got answer, reads int) {
		before, _, _ := h.store.counts()
		got = h.post("/oauth/token", "grant_type=client_credentials&"+form(id, secret))
		after, _, _ := h.store.counts()
		return got, after - before
	}
	want, wantReads := ask(h.account.ClientID, store.NewSecret().Reveal())
	h.wantRefused(want, http.StatusUnauthorized, "invalid_client", challengeBasic)
	for name, pair := range map[string][2]string{
		"unknown client":                       {store.NewClientID(), h.secret},
		"unknown client, wrong secret":         {store.NewClientID(), store.NewSecret().Reveal()},
		"unknown client, mistyped secret":      {store.NewClientID(), "pcs_mistyped"},
		"known client, mistyped secret":        {h.account.ClientID, "pcs_mistyped"},
		"known client, secret cut short":       {h.account.ClientID, h.secret[:30]},
		"known client, secret of another case": {h.account.ClientID, strings.ToLower(h.secret)},
	} {
		got, reads := ask(pair[0], pair[1])
		got.header.Del("Date")
		want.header.Del("Date")
		if got.text != want.text || got.status != want.status || reads != wantReads ||
			!maps.EqualFunc(got.header, want.header, slices.Equal) {
			t.Errorf("%s: got %d %v %s after %d reads, want %d %v %s after %d", name,
				got.status, got.header, got.text, reads, want.status, want.header, want.text, wantReads)
		}
	}
}

func TestTokenAsksTheDatabaseForNoClientIDThatCanNotBeOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	before, _, _ := h.store.counts()
	for _, id := range []string{"\x00", "\xff", "é", "\t", strings.Repeat("a", 256)} {
		got := h.post("/oauth/token", "grant_type=client_credentials&"+form(id, h.secret))
		h.wantRefused(got, http.StatusUnauthorized, "invalid_client", challengeBasic)
	}
	if after, _, _ := h.store.counts(); after != before {
		t.Errorf("the database was asked %d times", after-before)
	}
}

func TestTokenIsRefusedToAnAccountThatDoesNotWorkWithTheReasons(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask := func(secret string) answer {
		return h.post("/oauth/token", "grant_type=client_credentials&"+form(h.account.ClientID, secret))
	}
	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = "someone@example.com" })
	got := ask(h.secret)
	h.wantRefused(got, http.StatusBadRequest, "unauthorized_client")
	if want := "Service account 17 is nonfunctional: contact_email_changed."; got.string("error_description") != want {
		t.Errorf("got %q, want %q", got.string("error_description"), want)
	}
	// Only who has the secret learns of it.
	h.wantRefused(ask("wrong"), http.StatusUnauthorized, "invalid_client", challengeBasic)

	h.store.change(h.account.ID, func(a *store.ServiceAccount) { a.Contact.EmailAddress = a.Contact.AssignedEmailAddress })
	h.token(h.account, h.secret)

	h.store.setPolicy(store.Policy{Sunset: h.clock.now()})
	got = ask(h.secret)
	h.wantRefused(got, http.StatusBadRequest, "unauthorized_client")
	if want := "Service account 17 is expired: sunset."; got.string("error_description") != want {
		t.Errorf("got %q, want %q", got.string("error_description"), want)
	}
}

func TestTokenWithAForeignClient(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, style := range map[string]oauth2.AuthStyle{"body": oauth2.AuthStyleInParams, "Basic": oauth2.AuthStyleInHeader, "detected": oauth2.AuthStyleAutoDetect} {
		config := clientcredentials.Config{
			ClientID: h.account.ClientID, ClientSecret: h.secret, TokenURL: h.url + "/oauth/token",
			Scopes: []string{"public"}, AuthStyle: style,
		}
		token, err := config.Token(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h.secrets = append(h.secrets, token.AccessToken)
		if left := time.Until(token.Expiry); token.Type() != "Bearer" || token.RefreshToken != "" ||
			left > 90*time.Minute || left < 80*time.Minute {
			t.Errorf("%s: type %s, %s left", name, token.Type(), left)
		}
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/oauth/token/info", http.NoBody)
		response, err := config.Client(t.Context()).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: the client's token is refused: %s", name, text)
		}
		config.ClientSecret = "wrong"
		_, err = config.Token(t.Context())
		if refused := (*oauth2.RetrieveError)(nil); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
			t.Errorf("%s: a wrong secret gives %v", name, err)
		}
	}
}

func TestTokenIssueWritesNothingToTheDatabaseUntilLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.store.fail(nil)
	for range 20 {
		h.token(h.account, h.secret)
	}
	if err := h.server.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, writes, _ := h.store.counts(); writes < 1 || writes > 20 {
		t.Errorf("%d writes for 20 tokens", writes)
	}
	if got := h.store.account(h.account.ID).LastTokenAt; !got.Equal(h.clock.now().Truncate(time.Second)) {
		t.Errorf("last token at %v", got)
	}
}
