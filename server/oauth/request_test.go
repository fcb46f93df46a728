package oauth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzTokenRequest gives the same bytes to both parsers, and the credentials to the ways to authenticate. It wants no
// panic, a refusal that is fit to be sent, and from what was accepted the same when it is written down and read again.
func FuzzTokenRequest(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials&client_id=a&client_secret=b", "scope=public&scope=public", "client_id=%zz", "a;b", "=&=&",
		`{"grant_type":"client_credentials","client_id":"a","client_secret":"b"}`, `{"scope":"a","scope":"b"}`, `{"client_id":null}`,
		`{"x":[[[{}]]]}`, `{"client_id":"\ud800"}`, `[]`, `{}{}`, `{"a"`, "{\"client_id\":\"\xff\"}", "client_id=\xff&scope=\x00",
	} {
		f.Add([]byte(seed), "Basic "+base64.StdEncoding.EncodeToString([]byte(seed)))
	}
	f.Add([]byte(""), "Basic YTpi")
	f.Add([]byte(""), "bearer x")
	f.Fuzz(func(t *testing.T, body []byte, authorization string) {
		for _, contentType := range []string{typeForm, typeJSON} {
			parse, refused := parserFor(contentType)
			if refused != nil {
				t.Fatal(refused)
			}
			var request tokenRequest
			if refused := parse(body, &request); refused != nil {
				checkSendable(t, refused)
				continue
			}
			checkSurvives(t, request)
			if _, _, refused := presentedCredentials([]string{authorization}, request.clientParameters); refused != nil {
				checkSendable(t, refused)
			}
			if _, _, refused := presentedCredentials(nil, request.clientParameters); refused != nil {
				checkSendable(t, refused)
			}
		}
		if id, secret, ok := parseBasic(strings.TrimPrefix(authorization, "Basic ")); ok && (id == "" || secret == "") {
			t.Errorf("empty credentials from %q", authorization)
		}
	})
}

func checkSendable(t *testing.T, refused *failure) {
	t.Helper()
	if refused.status < 400 || refused.code == "" || refused.description == "" ||
		(refused.status == http.StatusUnauthorized) != (len(refused.challenges) > 0) ||
		descriptionText(refused.description) != refused.description {
		t.Errorf("refused with %+v", refused)
	}
}

// checkSurvives writes the request as a form and, where JSON can hold it, as JSON, and reads it again.
func checkSurvives(t *testing.T, request tokenRequest) {
	t.Helper()
	values := map[string]string{
		"grant_type": request.GrantType, "scope": request.Scope, "client_id": request.ClientID, "client_secret": request.ClientSecret,
	}
	form := url.Values{}
	text := true
	for name, value := range values {
		form.Set(name, value)
		text = text && utf8.ValidString(value)
	}
	var again tokenRequest
	if refused := parseForm([]byte(form.Encode()), &again); refused != nil || again != request {
		t.Errorf("as a form: %+v, want %+v: %v", again, request, refused)
	}
	if !text {
		return
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	again = tokenRequest{}
	if refused := parseJSON(encoded, &again); refused != nil || again != request {
		t.Errorf("as JSON: %+v, want %+v: %v", again, request, refused)
	}
}

func TestDescriptionsKeepToTheCharactersOfTheRFC(t *testing.T) {
	t.Parallel()
	if got, want := descriptionText("a\"b\\c\nd\x7fé ~!"), "a'b/c?d?? ~!"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
