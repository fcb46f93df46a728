package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// The fuzz targets below send what they are given to the real server with a real database. Whatever it is, the server doesn't
// panic, answers nothing of 500 and above, answers as the OpenAPI document says (servertest looks after that), shows no secret,
// and gives nothing to those who don't hold one.

// credentialed is a server for a fuzz target, with a token. In what the fuzzer makes up, CLIENT, SECRET, BASIC, TOKEN, HEADER, PAYLOAD and
// SIGNATURE stand for the real ones, which it could never find.
type credentialed struct {
	*servertest.Server
	token string
}

func newCredentialed(f *testing.F) *credentialed {
	f.Helper()
	h := &credentialed{Server: servertest.Start(f)}
	h.signIn(f)
	return h
}

func (h *credentialed) signIn(t testing.TB) {
	t.Helper()
	var got struct {
		AccessToken string `json:"access_token"`
	}
	answer := h.Raw(t, "POST", "/oauth/token", "grant_type=client_credentials", "Content-Type", formType, "Authorization", "Basic "+h.basic())
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || got.AccessToken == "" {
		t.Fatalf("no token: %d", answer.Code)
	}
	h.token = got.AccessToken
}

const formType = "application/x-www-form-urlencoded"

func (h *credentialed) basic() string {
	return base64.StdEncoding.EncodeToString([]byte(h.ClientID + ":" + h.ClientSecret))
}

// fill puts the real ones in.
func (h *credentialed) fill(text string) string {
	parts := strings.Split(h.token, ".")
	return strings.NewReplacer("CLIENT", h.ClientID, "SECRET", h.ClientSecret, "BASIC", h.basic(), "TOKEN", h.token,
		"HEADER", parts[0], "PAYLOAD", parts[1], "SIGNATURE", parts[2]).Replace(text)
}

// brings reports whether any reading of a request's body or of its Authorization header has the text in it.
func brings(text, authorization, body string) bool {
	_, encoded, _ := strings.Cut(authorization, " ")
	joined, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	readings := []string{authorization, body, string(joined)}
	var members map[string]any
	if json.Unmarshal([]byte(body), &members) == nil {
		for _, value := range members {
			if value, isText := value.(string); isText {
				readings = append(readings, value)
			}
		}
	}
	for _, reading := range slices.Clone(readings) {
		if unescaped, err := url.QueryUnescape(reading); err == nil {
			readings = append(readings, unescaped)
		}
		for _, pair := range strings.FieldsFunc(reading, func(r rune) bool { return r == '&' || r == ':' }) {
			if unescaped, err := url.QueryUnescape(pair); err == nil {
				readings = append(readings, unescaped)
			}
		}
	}
	return slices.ContainsFunc(readings, func(reading string) bool { return strings.Contains(reading, text) })
}

// FuzzTokenEndpoint wants a token for those alone who bring the secret, by one way.
func FuzzTokenEndpoint(f *testing.F) {
	h := newCredentialed(f)
	const whole = "grant_type=client_credentials&client_id=CLIENT&client_secret=SECRET"
	for _, seed := range [][3]string{
		{formType, "", whole},
		{formType, "", whole + "&scope=public+public"},
		{formType, "", whole + "&client_secret="},
		{formType, "", strings.ToUpper(whole)},
		{formType, "", "grant_type=client_credentials&client_id=SECRET&client_secret=CLIENT"},
		{formType, "", "grant_type=client_credentials&client_id=CLIENT&client_secret=%70cs_"},
		{formType, "", "grant_type=client_credentials;client_id=CLIENT;client_secret=SECRET"},
		{formType, "", whole + "%00"},
		{formType, "", whole + "+"},
		{formType, "", "\xef\xbb\xbf" + whole},
		{formType, "", "grant_type=password&username=a&password=SECRET"},
		{formType, "Basic BASIC", "grant_type=client_credentials"},
		{formType, "basic  BASIC ", "grant_type=client_credentials&client_id=CLIENT"},
		{formType, "Basic BASIC", whole},
		{formType, "Basic BASI", "grant_type=client_credentials"},
		{formType, "Bearer TOKEN", "grant_type=client_credentials"},
		{formType, "Basic " + base64.StdEncoding.EncodeToString([]byte(":")), "grant_type=client_credentials"},
		{"application/json", "", `{"grant_type":"client_credentials","client_id":"CLIENT","client_secret":"SECRET"}`},
		{"application/json; charset=utf-8", "", `{"grant_type":"client_credentials","client_id":"CLIENT","client_secret":"SECRET","x":[{}]}`},
		{"application/json", "", `{"grant_type":"client_credentials","client_id":"CLIENT","client_secret":"x","client_secret":"SECRET"}`},
		{"application/json", "", `{"grant_type":"client_credentials","client_id":"CLIENT","Client_Secret":"SECRET"}`},
		{"application/json", "", `{"grant_type":"client_credentials","client_id":"CLIENT","client_secret":null}`},
		{"application/json", "", `{"grant_type":"client_credentials","client_id":"CLIENT","client_secret":"SECRET"}{}`},
		{"multipart/form-data; boundary=x", "", whole},
		{"", "", whole},
		{";", "", whole},
		{"text/plain", "Basic BASIC", ""},
		{"", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, contentType, authorization, body string) {
		h.Under(t)
		authorization, body = h.fill(authorization), h.fill(body)
		headers := []string{"Content-Type", contentType}
		if authorization != "" {
			headers = append(headers, "Authorization", authorization)
		}
		answer := h.Raw(t, "POST", "/oauth/token", body, headers...)
		if answer.Code == http.StatusOK && !brings(h.ClientSecret, authorization, body) {
			t.Errorf("a token for a request without the secret: %q %q %q", contentType, authorization, body)
		}
		if answer.Code == http.StatusOK && brings(h.ClientSecret, authorization, "") && brings("client_secret=pcs_", "", body) {
			t.Errorf("a token for a request that authenticates twice: %q %q", contentType, body)
		}
		checkRefused(t, answer)
	})
}

// checkRefused wants what RFC 6749 5.2 has of a refusal by the server.
func checkRefused(t *testing.T, answer *httptest.ResponseRecorder) {
	t.Helper()
	if servertest.Unread(answer) {
		return
	}
	header := answer.Header()
	if (answer.Code == http.StatusUnauthorized) != (header.Get("WWW-Authenticate") != "") || header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d with the headers %v", answer.Code, header)
	}
}

// FuzzTokenQuestion sends a body to introspection and revocation. A token is known, and ended, by its own text only.
func FuzzTokenQuestion(f *testing.F) {
	h := newCredentialed(f)
	for _, seed := range []string{
		"token=TOKEN", "token=TOKEN&token_type_hint=access_token", "token=TOKEN&token=x", "token=", "", "token=HEADER.PAYLOAD.", "token=HEADER..SIGNATURE",
		"token=TOKEN=", "token=TOKEN%0A", "token= TOKEN", "Token=TOKEN", "token=..", "token=" + strings.Repeat("x", 9000), "token=TOKEN.",
		"token=HEADER.PAYLOAD.SIGNATURA", "token=eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.PAYLOAD.", `{"token":"TOKEN"}`, "token=SECRET", "token=TOKEN&client_id=CLIENT",
	} {
		f.Add(true, seed)
		f.Add(false, seed)
	}
	f.Fuzz(func(t *testing.T, revoke bool, body string) {
		h.Under(t)
		body = h.fill(body)
		contentType, path := formType, "/oauth/introspect"
		if strings.HasPrefix(body, "{") {
			contentType = "application/json"
		}
		if revoke {
			path = "/oauth/revoke"
		}
		answer := h.Raw(t, "POST", path, body, "Content-Type", contentType, "Authorization", "Basic "+h.basic())
		checkRefused(t, answer)
		brought := brings(h.token, "", body)
		if strings.Contains(answer.Body.String(), `"active":true`) && !brought {
			t.Errorf("a token that was not asked about is active: %q", body)
		}
		if info := h.Raw(t, "GET", "/oauth/token/info", "", "Authorization", "Bearer "+h.token); info.Code != http.StatusOK {
			if !revoke || !brought {
				t.Errorf("%s %q ended the token", path, body)
			}
			h.signIn(t)
		}
	})
}

// FuzzBearer presents a token, changed at one place. Nothing but the token itself opens anything: it has one spelling.
func FuzzBearer(f *testing.F) {
	h := newCredentialed(f)
	for _, seed := range []string{
		"TOKEN", "TOKEN ", "HEADER.PAYLOAD.SIGNATURE", "HEADER.PAYLOAD", "HEADER.PAYLOAD.", ".PAYLOAD.SIGNATURE", "TOKEN=", "TOKEN,TOKEN", "SECRET", "BASIC", "x", "",
		"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.PAYLOAD.", "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.PAYLOAD.SIGNATURE", "HEADER.PAYLOAD.SIGNATURE.",
		`{"payload":"PAYLOAD","protected":"HEADER","signature":"SIGNATURE"}`,
	} {
		f.Add(seed, uint16(0), "")
	}
	for end := range uint16(5) { // the last characters of each part, where base64 has bits that say nothing
		for _, by := range []string{"A", "B", "Q", "_", "=", "+", "."} {
			f.Add("TOKEN", end+1, by)
			f.Add("TOKEN", end+1+86, by)
		}
	}
	f.Fuzz(func(t *testing.T, token string, fromEnd uint16, by string) {
		h.Under(t)
		token = h.fill(token)
		if at := len(token) - int(fromEnd); fromEnd > 0 && at >= 0 && at+len(by) <= len(token) {
			token = token[:at] + by + token[at+len(by):]
		}
		answer := h.Raw(t, "GET", "/oauth/token/info", "", "Authorization", "Bearer "+token)
		if own := strings.Trim(token, " \t") == h.token; own != (answer.Code == http.StatusOK) {
			t.Errorf("its own token: %t, and the answer is %d", own, answer.Code)
		}
	})
}
