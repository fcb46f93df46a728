package oauth

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// maxClientID is far more than any client id has; longer ones are not looked up.
const maxClientID = 255

// client is an account that has authenticated with a secret of its own.
type client struct {
	account store.ServiceAccount
	// secretVersion is the version of the secret that it used: the current one, or the one before.
	secretVersion int
}

// wrongCredentials is one sentence for an unknown client and for a wrong secret: nobody learns which client ids exist.
const wrongCredentials = "Client authentication failed: the client_id is unknown, or the client_secret is wrong."

// authenticateClient finds the client that a request comes from (RFC 6749 2.3), and counts the request against its rate
// limit, whose headers go into the answer.
//
// An unknown client takes the same way and the same work as a wrong secret: one lookup, one hash, the same comparisons,
// the same count of failures and the same answers.
func (s *Server) authenticateClient(w http.ResponseWriter, r *http.Request, body clientParameters) (client, *failure) {
	clientID, secret, refused := presentedCredentials(r.Header.Values("Authorization"), body)
	if refused != nil {
		return client{}, refused
	}
	account, known, err := s.lookUp(r.Context(), clientID)
	if err != nil {
		return client{}, serverFault(err)
	}
	version, accepted := account.Credentials.Accepts(store.DigestSecret(secret), s.now())
	if !known || !accepted {
		if _, wellFormed := store.ParseSecret(secret); !wellFormed {
			// Only the log says so: in the answer it would make two kinds of wrong secret out of one.
			s.logger.LogAttrs(r.Context(), slog.LevelDebug, "a client presented a client_secret that is mistyped or cut short")
		}
		return client{}, s.wrongGuess(r.Context(), clientID, account)
	}
	s.observe.Authenticated(r.Context(), account)
	if refused := s.admitted(w, account); refused != nil {
		return client{}, refused
	}
	return client{account, version}, nil
}

// lookUp finds the account with this client id. Where there is none it returns one that no secret opens. A text that no
// client id can be is not looked up: that it is quicker tells nothing that its sender doesn't know.
func (s *Server) lookUp(ctx context.Context, clientID string) (account store.ServiceAccount, known bool, err error) {
	unknown := store.ServiceAccount{Credentials: store.Credentials{SecretDigest: s.noSecret}}
	if !printable(clientID) || len(clientID) > maxClientID {
		return unknown, false, nil // RFC 6749 A.1; and not every database takes every text
	}
	account, err = s.tokens.ServiceAccountByClientID(ctx, clientID)
	if errors.Is(err, &store.Error{Code: store.CodeNotFound}) {
		return unknown, false, nil
	}
	return account, err == nil, err
}

// presentedCredentials returns what the client authenticates with: HTTP Basic or the body, never both.
func presentedCredentials(authorization []string, body clientParameters) (clientID, secret string, refused *failure) {
	switch len(authorization) {
	case 0:
		if body.ClientID == "" || body.ClientSecret == "" {
			return "", "", invalidClient("Client authentication is missing: send client_id and client_secret, " +
				"in the request body or as HTTP Basic.")
		}
		return body.ClientID, body.ClientSecret, nil
	case 1:
	default:
		return "", "", invalidRequest("The Authorization header is repeated.")
	}
	// RFC 6749 2.3: not more than one method in a request.
	if body.ClientSecret != "" {
		return "", "", invalidRequest("The client authenticates twice, with the Authorization header and " +
			"with client_secret in the request body. Use one of them.")
	}
	scheme, value, _ := strings.Cut(authorization[0], " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", invalidClient("A client authenticates here with HTTP Basic, or with client_id and client_secret " +
			"in the request body.")
	}
	clientID, secret, wellFormed := parseBasic(value)
	if !wellFormed {
		return "", "", invalidClient("The Authorization header is not well-formed HTTP Basic with " +
			"form-urlencoded client_id and client_secret.")
	}
	// RFC 6749 3.2.1: client_id alone says who the client is and authenticates nobody, so it may stand beside Basic.
	if body.ClientID != "" && body.ClientID != clientID {
		return "", "", invalidRequest("The client_id in the request body is not the one in the Authorization header.")
	}
	return clientID, secret, nil
}

// parseBasic reads the credentials of RFC 7617, form-urlencoded before they were joined (RFC 6749 2.3.1).
func parseBasic(value string) (clientID, secret string, ok bool) {
	joined, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return "", "", false
	}
	encodedID, encodedSecret, found := strings.Cut(string(joined), ":")
	clientID, errID := url.QueryUnescape(encodedID)
	secret, errSecret := url.QueryUnescape(encodedSecret)
	ok = found && errID == nil && errSecret == nil && clientID != "" && secret != ""
	return clientID, secret, ok
}

// bearer returns the token of the Authorization header (RFC 6750 2.1), and whether the header brings one.
func bearer(r *http.Request) (token string, found bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// printable reports whether the text is all VSCHAR (RFC 6749 appendix A).
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
