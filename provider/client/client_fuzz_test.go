package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/oauth2"
)

// FuzzBaseURL wants of an address that is accepted: the paths of the API can be put behind it, on the very host that it names, and
// credentials go there over TLS or not beyond this machine.
func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://api.example.com", "https://api.example.com/", "https://api.example.com/procore//", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost",
		"http://example.com", "https://user:secret@example.com", "https://example.com?", "https://example.com?a=b", "https://example.com#", "https://example.com/#a",
		"https://", "https:example.com", "//example.com", "ftp://example.com", "https://example.com:99999", "https://exa mple.com", "https://example.com/%2f", "https://[fe80::1%25en0]",
		"HTTPS://EXAMPLE.COM", "http://127.1", "http://0.0.0.0", "http://localhost.example.com", "http://[::ffff:127.0.0.1]", "http://127.0.0.1.nip.io", "https://example.com\n", "https://a?#", "https://:80", "http://localhost:x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		base, err := parseBaseURL(address, false)
		if err != nil {
			if base != "" || err.Error() == "" {
				t.Errorf("%q is refused with %q, %v", address, base, err)
			}
			return
		}
		given, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		asked, err := url.Parse(base + "/oauth/token")
		if err != nil || asked.Host != given.Host || asked.User != nil || asked.RawQuery != "" || asked.Fragment != "" || !strings.HasSuffix(asked.Path, "/oauth/token") {
			t.Errorf("with %q a token is asked for at %q: %v", address, base+"/oauth/token", err)
		}
		if asked.Scheme != "https" && !isLoopback(asked.Hostname()) {
			t.Errorf("%q takes the credentials over plain HTTP to %s", address, asked.Hostname())
		}
		if again, err := parseBaseURL(base, false); err != nil || again != base {
			t.Errorf("%q becomes %q, and that %q: %v", address, base, again, err)
		}
	})
}

// FuzzRetryAfter wants a time that is not negative, and the one that was asked for.
func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, seed := range []string{
		"", "0", "1", "-1", "+1", " 1", "1.5", "2147483647", "2147483648", "9223372036854775807", "1e3", "soon", now.Format(http.TimeFormat), now.Add(time.Hour).Format(time.RFC850),
		"Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := retryAfter(http.Header{"Retry-After": {value}}, now)
		if got < 0 {
			t.Errorf("%q waits %s", value, got)
		}
		if seconds, err := strconv.ParseUint(value, 10, 31); err == nil && got != time.Duration(seconds)*time.Second {
			t.Errorf("%q waits %s", value, got)
		}
		if date, err := http.ParseTime(value); err == nil && date.After(now) && got != date.Sub(now) {
			t.Errorf("%q waits %s", value, got)
		}
	})
}

// madeUpSecret and madeUpToken have the shapes of the real ones.
const (
	madeUpSecret = "pcs_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghij"
	madeUpToken  = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIiwiaWF0IjoxfQ.c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ"
)

// FuzzErrorBody wants that whatever answers in the server's place becomes an error that can be shown: one line of text, not
// endless, with the status, without a secret, and without codes that play tricks on a terminal.
func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		`{"error":{"code":"NOT_FOUND","message":"There is no such account.","details":[{"reason_code":"not_found","message":"x","source":"id","existing_id":"17"}]}}`,
		`{"error":{"code":"CONFLICT","message":"SECRET","details":[{"reason_code":"SECRET","message":"SECRET TOKEN","source":"SECRET","existing_id":"SECRET"}]}}`,
		`{"error":{"code":"SECRET","message":"TOKEN"}}`, `{"error":{"code":"X","message":"\u001b[31mred\u0007\r\n"}}`, `{"error":{"code":"X","details":null}}`,
		`{"error":"invalid_client","error_description":"SECRETSECRET"}`, `{"error":"SECRET"}`, `{"error":{}}`, `{"error":null}`, `[]`, `null`, ``, `<html>502</html>`,
		`{"error":{"code":"X","message":"` + strings.Repeat("x", 20_000) + `"}}`, "{\"error\":{\"code\":\"\xff\",\"message\":\"\xff\"}}", `{"error":{"code":1}}`,
		`{"error":{"code":"X","message":"\u202egnp"}}`,
	} {
		f.Add(409, "application/json", "0123456789abcdef", body)
	}
	f.Add(502, "text/html; charset=\x1b[2J", "SECRET", "")
	f.Add(302, "SECRET", "\x1b[2J", "")
	f.Fuzz(func(t *testing.T, status int, contentType, requestID, body string) {
		if status < 300 || status > 999 {
			return // no status of a failure
		}
		fill := strings.NewReplacer("SECRET", madeUpSecret, "TOKEN", madeUpToken).Replace
		contentType, requestID, body = fill(contentType), fill(requestID), fill(body)
		header := http.Header{"Content-Type": {contentType}, "X-Request-Id": {requestID}, "Location": {fill("https://elsewhere/SECRET")}}
		checkShown(t, status, errorFromResponse(status, header, []byte(body)))
		checkShown(t, status, errorFromToken(&oauth2.RetrieveError{
			Response: &http.Response{StatusCode: status, Header: header}, Body: []byte(body), ErrorCode: requestID, ErrorDescription: body,
		}))
	})
}

func checkShown(t *testing.T, status int, failure *Error) {
	t.Helper()
	texts := []string{failure.Error(), failure.Code, failure.Message, failure.RequestID}
	for _, detail := range failure.Details {
		texts = append(texts, detail.ReasonCode, detail.Message, detail.Source, detail.ExistingID)
	}
	for _, text := range texts {
		if strings.Contains(text, madeUpSecret[4:]) || strings.Contains(text, madeUpToken) {
			t.Errorf("shown: %q", text)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) || !utf8.ValidString(text) {
			t.Errorf("plays tricks on a terminal: %q", text)
		}
		if len(text) > 1<<16 {
			t.Errorf("%d bytes", len(text))
		}
	}
	if failure.Status != status || !strings.HasPrefix(failure.Error(), strconv.Itoa(status)+" ") || failure.Message == "" && len(failure.Details) == 0 && failure.Code == "" {
		t.Errorf("%d becomes %q", status, failure.Error())
	}
}

// FuzzData wants that an answer without data is an error, whatever it has instead, and that nothing panics.
func FuzzData(f *testing.F) {
	for _, body := range []string{
		`{"data":{"id":"17","client_secret":"x","contact":null,"status_reasons":null}}`, `{"data":null}`, `{}`, `{"data":[]}`, `{"data":{"id":17}}`, `{"data":{}}x`, `{"data"`, ``, `null`, `{"Data":{}}`, `{"data":{"secret_version":1e30}}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var reset Reset
		if decodeData([]byte(body), &reset, nil) == nil && !strings.Contains(strings.ToLower(body), "data") && !strings.Contains(body, `\u`) {
			t.Errorf("%q has data: %+v", body, reset)
		}
		for _, into := range []any{&ServiceAccount{}, &[]ServiceAccount{}, &Permissions{}, &Project{}, &Tools{}} {
			_ = decodeData([]byte(body), into, nil) // must not panic
		}
	})
}

// FuzzLinks wants the next page of a list to be seen where the server names one (RFC 8288), whatever was asked for.
func FuzzLinks(f *testing.F) {
	f.Add("filters[name]", `a"; rel="next"`, 1, 1, false)
	f.Add("filters[search]", `>; rel="next", <`, 2, 3, true)
	f.Add("", "", 1, 2, true)
	f.Fuzz(func(t *testing.T, name, value string, page, last int, split bool) {
		link := func(relation string, page int) string {
			query := url.Values{name: {value}, "page": {strconv.Itoa(page)}}
			return fmt.Sprintf("</rest/v2.0/companies/1/service_accounts?%s>; rel=%q", query.Encode(), relation)
		}
		links := []string{link("first", 1)}
		if page < last {
			links = append(links, link("next", page+1))
		}
		links = append(links, link("last", last))
		header := http.Header{"Link": {strings.Join(links, ", ")}}
		if split {
			header["Link"] = links
		}
		if got := hasNextPage(header, 1, true); got != (page < last) {
			t.Errorf("%q has a next page: %t", links, got)
		}
	})
}
