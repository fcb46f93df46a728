package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/procore/terraform-provider-procore/server/store"
)

// introspection is what is said of a token (RFC 7662 2.2). Of one that is not active, nothing else is.
type introspection struct {
	Active    bool   `json:"active" doc:"Whether the token counts, and the caller may know."`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	Subject   string `json:"sub,omitempty" doc:"The service account's id."`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	ID        string `json:"jti,omitempty"`
	CompanyID string `json:"company_id,omitempty"`
}

// introspect is POST /oauth/introspect (RFC 7662). Any working account may ask about the tokens of its own company.
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) *failure {
	var question tokenQuestion
	if refused := readParameters(w, r, &question); refused != nil {
		return refused
	}
	caller, refused := s.introspectionCaller(w, r, question)
	if refused != nil {
		return refused
	}
	if question.Token == "" {
		return invalidRequest("The parameter token is missing.")
	}
	answer, err := s.describeToken(r.Context(), caller, question.Token)
	if err != nil {
		return serverFault(err)
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return serverFault(err)
	}
	writeUncached(w, http.StatusOK, body)
	return nil
}

// introspectionCaller finds who is asking: a client that authenticates as at the token endpoint, or a bearer token
// (RFC 7662 2.1).
func (s *Server) introspectionCaller(w http.ResponseWriter, r *http.Request, question tokenQuestion) (store.ServiceAccount, *failure) {
	token, found := bearer(r)
	if !found || len(r.Header.Values("Authorization")) > 1 {
		client, refused := s.authenticateClient(w, r, question.clientParameters)
		if refused != nil && refused.status == http.StatusUnauthorized {
			refused.challenges = append(refused.challenges, challengeBearer)
		}
		return client.account, refused
	}
	if question.ClientSecret != "" {
		return store.ServiceAccount{}, invalidRequest("The caller authenticates twice, with an access token and " +
			"with client_secret. Use one of them.")
	}
	principal, err := s.Principal(r.Context(), token)
	if err != nil {
		return store.ServiceAccount{}, tokenFailure(err)
	}
	s.observe.Authenticated(r.Context(), principal.Account)
	return principal.Account, s.admitted(w, principal.Account)
}

// describeToken says of a token what its caller may know. RFC 7662 2.2: a token that doesn't count, and one that the
// caller may not ask about, look the same.
func (s *Server) describeToken(ctx context.Context, caller store.ServiceAccount, token string) (introspection, error) {
	// A client whose account doesn't work can still authenticate, but has no rights left in its company.
	if caller.Status != store.StatusActive {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "a service account that does not work asks about tokens; all look ended to it",
			slog.String("service_account_id", caller.ID.String()), slog.String("status", string(caller.Status)))
		return introspection{}, nil
	}
	principal, claims, err := s.Verify(ctx, token)
	if errors.As(err, new(*InvalidTokenError)) {
		return introspection{}, nil
	}
	if err != nil || principal.Account.CompanyID != caller.CompanyID {
		return introspection{}, err
	}
	return introspection{
		Active: true, Scope: claims.Scope, ClientID: claims.ClientID, TokenType: "bearer", ExpiresAt: claims.ExpiresAt,
		IssuedAt: claims.IssuedAt, Subject: claims.Subject, Audience: claims.Audience, Issuer: claims.Issuer, ID: claims.ID,
		CompanyID: claims.CompanyID,
	}, nil
}
