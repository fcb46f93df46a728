package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

var itsOwn = Credentials{ClientID: "its-id", ClientSecret: "its+secret &"}

func TestATokenIsGotWithItsOwnCredentialsAndByTheServersClock(t *testing.T) {
	api := newFakeAPI(t, func(http.ResponseWriter, *http.Request) { t.Error("the API was called") })
	answer := map[string]any{"access_token": "t", "token_type": "bearer", "expires_in": 60, "created_at": 1511289006}
	api.token = func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_id") != itsOwn.ClientID || r.FormValue("client_secret") != itsOwn.ClientSecret ||
			r.FormValue("grant_type") != "client_credentials" || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
			t.Error("the request is not the client credentials grant, with the credentials in the body alone")
		}
		w.Header().Set("Date", "Tue, 21 Nov 2017 19:30:06 GMT")
		writeJSON(w, http.StatusOK, answer)
	}
	client := api.client(t)
	for _, want := range []time.Time{time.Unix(1511289066, 0).UTC(), time.Date(2017, 11, 21, 19, 31, 6, 0, time.UTC)} {
		token, err := client.GetToken(t.Context(), itsOwn)
		if err != nil || token.Token != "t" || token.Type != "bearer" || !token.ExpiresAt.Equal(want) {
			t.Errorf("got %+v, %v; want one that expires at %s", token, err, want)
		}
		delete(answer, "created_at") // which RFC 6749 doesn't have: then the answer's date counts
	}
}

func TestATokenIsAskedForAgainAfterAPassingFailureAndNeverAfterARefusal(t *testing.T) {
	api := newFakeAPI(t, nil)
	calls, status := 0, http.StatusServiceUnavailable
	api.token = func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if calls == 1 || status == http.StatusUnauthorized {
			writeJSON(w, status, map[string]any{"error": "invalid_client", "error_description": "wrong " + itsOwn.ClientID})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "bearer", "expires_in": 60})
	}
	client := api.client(t)
	if _, err := client.GetToken(t.Context(), itsOwn); err != nil || calls != 2 {
		t.Errorf("after a 503: %v, %d calls", err, calls)
	}
	calls, status = 0, http.StatusUnauthorized
	var failure *Error
	if _, err := client.GetToken(t.Context(), itsOwn); !errors.As(err, &failure) || failure.Origin != OriginToken || !IsWrongCredentials(err) || calls != 1 {
		t.Errorf("a refusal: %v, %d calls", err, calls)
	}
}

func TestAnAnswerThatIsNoTokenIsAnError(t *testing.T) {
	api := newFakeAPI(t, nil)
	for _, answer := range []string{
		`{}`, `null`, `[]`, `{"access_token":""}`, `{"access_token":"t","token_type":"bearer"}`, `{"access_token":"t","expires_in":60}`,
		`{"access_token":1,"token_type":"bearer","expires_in":60}`, `{"access_token":"t","token_type":"bearer","expires_in":-1}`,
	} {
		api.token = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(answer))
		}
		var failure *Error
		if token, err := api.client(t).GetToken(t.Context(), itsOwn); !errors.As(err, &failure) || failure.Origin != OriginToken {
			t.Errorf("%s: got %+v, %v", answer, token, err)
		}
	}
}

func TestARevocationNeedsNoBodyInItsAnswer(t *testing.T) {
	calls, status, body := 0, http.StatusOK, ""
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		if r.URL.Path != "/oauth/revoke" || r.FormValue("token") != "t" || r.FormValue("client_secret") != itsOwn.ClientSecret || r.Header.Get("Authorization") != "" {
			t.Errorf("%s is not the revocation", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	client := api.client(t)
	for _, test := range []struct {
		status int
		body   string
		done   bool
		calls  int
	}{
		{200, "", true, 1},
		{200, "{}", true, 1},
		{204, "", true, 1},
		{503, "", false, 3},
		{200, "<html>a proxy</html>", false, 3},
		{400, `{"error":"invalid_request"}`, false, 1},
		{500, "", false, 1},
	} {
		calls, status, body = 0, test.status, test.body
		if err := client.RevokeToken(t.Context(), itsOwn, "t"); (err == nil) != test.done || calls != test.calls {
			t.Errorf("%d %q: %v, %d calls", test.status, test.body, err, calls)
		}
	}
}

// Not even where the other side repeats all that it was sent.
func TestNoErrorOfATokenRequestRepeatsASecret(t *testing.T) {
	const secret = "pcs_0000000000000000000000000000000000000000000abcdef"
	const token = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2lnbmF0dXJl"
	echo := func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": r.Form.Encode(), "error_description": r.Form.Encode() + r.Form.Get("token")})
	}
	api := newFakeAPI(t, echo)
	api.token = echo
	credentials := Credentials{ClientID: "id", ClientSecret: secret}
	_, got := api.client(t).GetToken(t.Context(), credentials)
	revoked := api.client(t).RevokeToken(t.Context(), credentials, token)
	api.Close()
	_, gone := api.client(t, func(c *Config) { c.MaxRetries = 0 }).GetToken(t.Context(), credentials)
	for _, err := range []error{got, revoked, gone} {
		if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), token) {
			t.Errorf("the error is %v", err)
		}
	}
}
