package oauth

import (
	"encoding/json"
	"net/http"
	"strings"
)

// tokenInfo is what Procore says of the bearer token that a request carries.
type tokenInfo struct {
	ResourceOwnerID  int64            `json:"resource_owner_id" doc:"The service account's id, as a number: Procore's shape."`
	Scopes           []string         `json:"scopes" nullable:"false"`
	ExpiresInSeconds int64            `json:"expires_in_seconds"`
	Application      tokenApplication `json:"application"`
	CreatedAt        int64            `json:"created_at" doc:"When the token was issued, in Unix seconds."`
}

type tokenApplication struct {
	UID string `json:"uid" doc:"The client id."`
}

// info is GET /oauth/token/info.
func (s *Server) info(w http.ResponseWriter, r *http.Request) *failure {
	if len(r.Header.Values("Authorization")) > 1 {
		refused := invalidRequest("The Authorization header is repeated.")
		refused.challenges = []string{challengeBearer + `, error="invalid_request"`}
		return refused
	}
	token, found := bearer(r)
	if !found {
		// RFC 6750 3.1: a challenge says nothing of errors where no token was sent.
		refused := invalidToken("An access token is missing: send it as Authorization: Bearer.")
		refused.challenges = []string{challengeBearer}
		return refused
	}
	principal, claims, err := s.Verify(r.Context(), token)
	if err != nil {
		return tokenFailure(err)
	}
	s.observe.Authenticated(r.Context(), principal.Account)
	if refused := s.admitted(w, principal.Account); refused != nil {
		return refused
	}
	body, err := json.Marshal(tokenInfo{
		ResourceOwnerID: int64(principal.Account.ID), Scopes: strings.Fields(claims.Scope),
		ExpiresInSeconds: max(claims.ExpiresAt-s.now().Unix(), 0),
		Application:      tokenApplication{UID: claims.ClientID}, CreatedAt: claims.IssuedAt,
	})
	if err != nil {
		return serverFault(err)
	}
	writeUncached(w, http.StatusOK, body)
	return nil
}
