package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestErrorAnswersAreTold(t *testing.T) {
	const nameTaken = `{"error":{"code":"CONFLICT","message":"The name is taken.","details":[{"reason_code":"name_taken","message":"is taken","source":"name","existing_id":"17"}]}}`
	tests := []struct {
		name, contentType, body string
		status                  int
		origin                  Origin
		notFound                bool
		text                    string
	}{
		{
			"gone", "application/json", `{"error":{"code":"NOT_FOUND","message":"There is none.","details":[{"reason_code":"not_found","message":"There is none."}]}}`,
			404, OriginAPI, true, "404 NOT_FOUND: There is none.",
		},
		{
			"another company", "application/json", `{"error":{"code":"NOT_FOUND","message":"No such company.","details":[{"reason_code":"not_found","message":"names no company of the caller's","source":"company_id"}]}}`,
			404, OriginAPI, false, "404 NOT_FOUND: No such company.",
		},
		{
			"a path that the API doesn't know", "application/json", `{"error":{"code":"NOT_FOUND","message":"Nothing here.","details":[]}}`,
			404, OriginAPI, false, "404 NOT_FOUND: Nothing here.",
		},
		{"a proxy's 404", "text/html", "<html>not found</html>", 404, OriginOther, false, "404 Not Found, but not as the management API answers (text/html)"},
		{"another API's 404", "application/json", `{"message":"no route"}`, 404, OriginOther, false, "404 Not Found, but not"},
		{"a 404 whose error is a word", "application/json", `{"error":"not found"}`, 404, OriginOther, false, "404 Not Found, but not"},
		{"a 404 without a body", "", "", 404, OriginOther, false, "no content type"},
		{"a proxy's 502", "text/html; charset=utf-8", "<html>" + strings.Repeat("x", 9000), 502, OriginOther, false, "502 Bad Gateway, but not as the management API answers (text/html)"},
		{"name taken", "application/json", nameTaken, 409, OriginAPI, false, "409 CONFLICT: The name is taken.; name: is taken"},
		{"a redirect", "text/html", "", 302, OriginOther, false, "redirects elsewhere"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{"X-Request-Id": {"r1"}}
			if test.contentType != "" {
				header.Set("Content-Type", test.contentType)
			}
			if test.status == http.StatusFound {
				header.Set("Location", "https://login.example.com")
			}
			err := errorFromResponse(test.status, header, []byte(test.body))
			if err.Status != test.status || err.Origin != test.origin || err.RequestID != "r1" {
				t.Errorf("got %+v", err)
			}
			if IsNotFound(err) != test.notFound {
				t.Errorf("IsNotFound = %t", IsNotFound(err))
			}
			if text := err.Error(); !strings.Contains(text, test.text) || strings.Contains(text, "xxx") || strings.Contains(text, "<html>") {
				t.Errorf("Error() = %q, want %q and no body", text, test.text)
			}
		})
	}
	failure := errorFromResponse(409, nil, []byte(nameTaken))
	if detail := failure.Detail("name_taken"); detail == nil || detail.ExistingID != "17" || failure.Detail("last_admin") != nil {
		t.Errorf("details = %+v", failure.Details)
	}
	if IsNotFound(nil) || IsNotFound(errors.New("404")) {
		t.Error("something else was taken for an answer of the API")
	}
}

func TestTokenErrorsTellWrongCredentialsFromTrouble(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		status                  int
		wrong                   bool
		text                    string
	}{
		{
			"wrong secret", "application/json", `{"error":"invalid_client","error_description":"The client is unknown or the secret wrong."}`,
			401, true, "401 invalid_client: The client is unknown or the secret wrong.",
		},
		{"without a description", "application/json", `{"error":"unauthorized_client"}`, 400, true, "gave no reason"},
		{"an error in the API's form", "application/json", `{"error":{"code":"TOO_MANY_REQUESTS","message":"Slow down."}}`, 429, false, "429 TOO_MANY_REQUESTS: Slow down."},
		{"a proxy's page", "text/html", "<html>pcs_0123456789012345678901234567890123456789012abcdef</html>", 500, false, "500 Internal Server Error, but not"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			api := newFakeAPI(t, func(http.ResponseWriter, *http.Request) { t.Error("the API was called without a token") })
			api.token = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}
			_, err := api.client(t, func(c *Config) { c.MaxRetries = 0 }).GetServiceAccount(t.Context(), "1", "17")
			var failure *Error
			if !errors.As(err, &failure) || failure.Origin != OriginToken || failure.Status != test.status {
				t.Fatalf("got %#v", err)
			}
			if IsWrongCredentials(err) != test.wrong || IsNotFound(err) {
				t.Errorf("IsWrongCredentials = %t", IsWrongCredentials(err))
			}
			if !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "pcs_") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("Error() = %q, want %q and no secret", err, test.text)
			}
		})
	}
}

func TestAnAnswerThatIsNotATokenIsAnError(t *testing.T) {
	for body, kind := range map[string]string{"<html>login</html>": "text/html", `{"token_type":"bearer"}`: "application/json"} {
		api := newFakeAPI(t, func(http.ResponseWriter, *http.Request) { t.Error("the API was called without a token") })
		api.token = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write([]byte(body))
		}
		_, err := api.client(t, func(c *Config) { c.MaxRetries = 0 }).GetServiceAccount(t.Context(), "1", "17")
		var failure *Error
		if !errors.As(err, &failure) || failure.Origin != OriginToken || IsWrongCredentials(err) {
			t.Errorf("got %#v, want an error of the token endpoint", err)
		}
	}
}

func TestAnUnreachableServerIsToldApart(t *testing.T) {
	client, err := New(Config{BaseURL: "http://127.0.0.1:1", ClientID: "id", ClientSecret: "s3cret", MaxRetries: 0})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.ListServiceAccounts(t.Context(), "1", ServiceAccountFilter{Search: "query-value"})
	var failure *Error
	if !errors.As(err, &failure) || failure.Origin != OriginNetwork || failure.Status != 0 || IsWrongCredentials(err) {
		t.Fatalf("got %#v", err)
	}
	if strings.Contains(err.Error(), "query-value") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("Error() = %q", err)
	}
}

func TestAnAnswerWithoutDataIsAnError(t *testing.T) {
	for _, body := range []string{`{}`, `{"data":null}`, `{"data":[]}`, `<html>`, ``} {
		api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := api.client(t).GetServiceAccount(t.Context(), "1", "17")
		var failure *Error
		if !errors.As(err, &failure) || failure.Origin != OriginOther {
			t.Errorf("body %q: got %v", body, err)
		}
	}
}

func TestSecretsAreTakenOutOfWhatAServerSays(t *testing.T) {
	const secret = "pcs_0123456789012345678901234567890123456789012abcdef"
	body := `{"error":{"code":"BAD","message":"bad ` + secret + `","details":[{"message":"also ` + secret + ` eyJhbGciOi.eyJzdWIi.c2ln"}]}}`
	if text := errorFromResponse(422, nil, []byte(body)).Error(); strings.Contains(text, "pcs_") || strings.Contains(text, "eyJ") {
		t.Error(text)
	}
}
