package oauth

import (
	"errors"
	"net/http"
	"time"
)

// revoke is POST /oauth/revoke (RFC 7009). It ends one token, on every server of this database.
//
// An account that doesn't work may revoke too: its tokens would count again if the sunset were moved.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) *failure {
	var question tokenQuestion
	if refused := readParameters(w, r, &question); refused != nil {
		return refused
	}
	client, refused := s.authenticateClient(w, r, question.clientParameters)
	if refused != nil {
		return refused
	}
	if question.Token == "" {
		return invalidRequest("The parameter token is missing.")
	}
	claims, err := s.open(r.Context(), question.Token)
	if errors.As(err, new(*InvalidTokenError)) {
		// RFC 7009 2.2: the client's wish is fulfilled already, and it could do nothing about an error.
		writeUncached(w, http.StatusOK, nil)
		return nil
	}
	if err != nil {
		return serverFault(err)
	}
	// RFC 7009 2.1: the token must be the client's own. The account's id is compared, for it never changes.
	if claims.Subject != client.account.ID.String() {
		return &failure{
			status: http.StatusBadRequest, code: codeUnauthorizedClient,
			description: "The token was issued to another client; only that client can revoke it here.",
		}
	}
	// Whether the token still counts isn't asked: one that the sunset has ended may count again.
	if err := s.tokens.RevokeToken(r.Context(), claims.ID, time.Unix(claims.ExpiresAt, 0)); err != nil {
		return serverFault(err)
	}
	writeUncached(w, http.StatusOK, nil)
	return nil
}
