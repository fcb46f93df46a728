package server

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzDate wants of a date of the command line: a moment that can be written down, and the same one when that is read.
func FuzzDate(f *testing.F) {
	for _, seed := range []string{
		"2024-10-01", "2024-10-01T00:00:00Z", "2024-10-01T00:00:00+14:00", "2024-10-01T23:59:60Z", "2024-02-30", "0000-01-01", "9999-12-31T23:59:59.999999999Z", "10000-01-01",
		"2024-1-1", " 2024-10-01", "2024-10-01T00:00:00", "now", "", "2024-10-01T00:00:00,5Z", "2024-10-01T24:00:00Z", "2024-10-01T00:00:00+99:99",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var parsed date
		if err := parsed.UnmarshalText([]byte(text)); err != nil {
			if !parsed.IsZero() || !strings.Contains(err.Error(), "2024-10-01") {
				t.Errorf("%q is refused with %v, and is %v", text, err, parsed)
			}
			return
		}
		var again date
		if err := again.UnmarshalText([]byte(parsed.Format(time.RFC3339Nano))); err != nil || !again.Equal(parsed.Time) {
			t.Errorf("%q is %v, which is %v: %v", text, parsed, again, err)
		}
		if len(text) == len(time.DateOnly) && !parsed.Equal(parsed.UTC().Truncate(24*time.Hour)) {
			t.Errorf("%q doesn't begin at midnight UTC: %v", text, parsed)
		}
	})
}

// FuzzIssuer wants of a public address that the command line takes: it can be the issuer of tokens (RFC 8414 2), and paths can be put
// behind it.
func FuzzIssuer(f *testing.F) {
	for _, seed := range []string{
		"https://accounts.example.com", "https://accounts.example.com/", "http://127.0.0.1:8080", "https://a?", "https://a#", "https://a?#", "https://u@a", "https://", "a", "https://a/b c", "https://a/%zz", "https://[::1", "https://a\x7f", "HTTPS://A",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkBaseURL(text) != nil {
			return
		}
		endpoint, err := url.Parse(strings.TrimSuffix(text, "/") + "/oauth/token")
		if err != nil || endpoint.RawQuery != "" || endpoint.ForceQuery || endpoint.Fragment != "" || !strings.HasSuffix(endpoint.Path, "/oauth/token") {
			t.Errorf("with %q tokens are asked for at %q: %v", text, endpoint, err)
		}
	})
}
