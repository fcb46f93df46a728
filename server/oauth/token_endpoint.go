package oauth

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

const grantClientCredentials = "client_credentials"

// tokenAnswer is a successful token response (RFC 6749 5.1), with Procore's created_at.
type tokenAnswer struct {
	AccessToken string `json:"access_token" doc:"The access token: a signed JWT (RFC 9068)."`
	TokenType   string `json:"token_type" enum:"bearer" doc:"How to use it: Authorization: Bearer (RFC 6750)."`
	ExpiresIn   int64  `json:"expires_in" doc:"Its lifetime in seconds."`
	CreatedAt   int64  `json:"created_at" doc:"When it was issued, in Unix seconds."`
	Scope       string `json:"scope" enum:"public" doc:"Its scope."`
}

// token is POST /oauth/token.
func (s *Server) token(w http.ResponseWriter, r *http.Request) *failure {
	answer, refused := s.grant(w, r)
	if refused != nil {
		s.observe.TokenRefused(refused.code)
		return refused
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return serverFault(err)
	}
	s.observe.TokenIssued()
	writeUncached(w, http.StatusOK, body)
	return nil
}

// grant is the way of a token request. What can be told from the request alone is told before the database is asked.
//
// POST only (RFC 6749 3.2) is the route table's.
func (s *Server) grant(w http.ResponseWriter, r *http.Request) (tokenAnswer, *failure) {
	// 1. Parameters: in the body, none repeated, unknown ones ignored, empty ones as if omitted (3.2, 2.3.1).
	var request tokenRequest
	if refused := readParameters(w, r, &request); refused != nil {
		return tokenAnswer{}, refused
	}
	// 2. The grant: client credentials is the only one (4.4.2, 5.2).
	if refused := checkGrant(request.GrantType); refused != nil {
		return tokenAnswer{}, refused
	}
	// 3. The client authenticates, by one method only (2.3, 3.2.1, 4.4.2).
	client, refused := s.authenticateClient(w, r, request.clientParameters)
	if refused != nil {
		return tokenAnswer{}, refused
	}
	// 4. Its account must work: one that doesn't is known, but not authorized to use the grant (5.2).
	if client.account.Status != store.StatusActive {
		return tokenAnswer{}, &failure{
			status: http.StatusBadRequest, code: codeUnauthorizedClient, description: doesNotWork(client.account),
		}
	}
	// 5. The scope: nothing but what there is (3.3).
	if !validScope(request.Scope) {
		return tokenAnswer{}, &failure{
			status: http.StatusBadRequest, code: codeInvalidScope, description: "The only scope is public.",
		}
	}
	// 6. The token is signed, and marked with the version of the secret that it was got with (RFC 9068 2).
	result, err := s.sign(client.account, client.secretVersion)
	if err != nil {
		return tokenAnswer{}, serverFault(err)
	}
	// 7. That the account got one is noted in memory, and written behind.
	s.recorder.note(client.account.ID, result.issuedAt)
	// 8. The answer (5.1, 4.4.3: no refresh token).
	return tokenAnswer{
		AccessToken: result.token, TokenType: "bearer", Scope: scopePublic, CreatedAt: result.issuedAt.Unix(),
		ExpiresIn: int64(result.expiresAt.Sub(result.issuedAt).Seconds()),
	}, nil
}

func checkGrant(grantType string) *failure {
	switch grantType {
	case grantClientCredentials:
		return nil
	case "":
		return invalidRequest("The parameter grant_type is missing.")
	}
	return &failure{
		status: http.StatusBadRequest, code: codeUnsupportedGrantType,
		description: "The only grant_type is " + grantClientCredentials + ".",
	}
}

// validScope accepts a list of scopes (RFC 6749 3.3) that names no other than public. None at all is the default.
func validScope(scope string) bool {
	if scope == "" {
		return true
	}
	for name := range strings.SplitSeq(scope, " ") {
		if name != scopePublic {
			return false
		}
	}
	return true
}
