package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// secretNames are parameters that have no place in a URL: proxies, browsers and their histories keep those (RFC 6749
// 2.3.1, RFC 6750 2.3).
var secretNames = map[string]bool{
	"access_token": true, "refresh_token": true, "id_token": true, "token": true, "bearer_token": true,
	"client_secret": true, "client_secret_wo": true, "secret": true, "password": true,
	"client_assertion": true, "assertion": true, "authorization": true, "idempotency_token": true,
}

// withoutSecretsInURL refuses a request whose query has a secret in it, even where the query would be ignored: whoever
// sends it should learn so before it has been logged everywhere.
func withoutSecretsInURL(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, found := secretInQuery(r.URL.RawQuery); found {
			refuse(w, r, http.StatusBadRequest, "A secret or token must not be sent in a URL, which ends up in logs on its way. "+
				"Send it in a header or in the body, and replace the one that was sent.",
				rest.ErrorDetail{ReasonCode: "secret_in_url", Message: "must not be in the URL", Source: name})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// secretInQuery returns the parameter's name, which is never text of the request unless it is one of those above. It
// reads queries that net/url refuses, too.
func secretInQuery(query string) (name string, found bool) {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(pair, "=")
		key = strings.ReplaceAll(strings.ToLower(unescape(key)), "-", "_")
		for part := range strings.FieldsFuncSeq(key, func(r rune) bool { return r == '[' || r == ']' || r == '.' || r == ' ' }) {
			if secretNames[part] {
				return part, true
			}
		}
		if _, secret := store.ParseSecret(unescape(value)); secret {
			return "query", true
		}
	}
	return "", false
}

func unescape(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
