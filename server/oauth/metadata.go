package oauth

import (
	"net/http"
)

const (
	pathToken      = "/oauth/token"
	pathTokenInfo  = "/oauth/token/info"
	pathRevoke     = "/oauth/revoke"
	pathIntrospect = "/oauth/introspect"
	pathJWKS       = "/oauth/jwks.json"
	pathMetadata   = "/.well-known/oauth-authorization-server"
)

// typeJWKSet is the media type of a key set (RFC 7517 8.5.2).
const typeJWKSet = "application/jwk-set+json"

// cacheMetadata lets clients and proxies keep public documents for five minutes. A new signing key has to be
// published for longer than that before it signs (store.KeyLead).
const cacheMetadata = "public, max-age=300"

// metadata describes the authorization server (RFC 8414 2).
type metadata struct {
	Issuer             string   `json:"issuer"`
	TokenEndpoint      string   `json:"token_endpoint"`
	TokenAuthMethods   []string `json:"token_endpoint_auth_methods_supported" nullable:"false"`
	JWKSURI            string   `json:"jwks_uri"`
	Scopes             []string `json:"scopes_supported" nullable:"false"`
	ResponseTypes      []string `json:"response_types_supported" nullable:"false" doc:"None: there is no authorization endpoint."`
	GrantTypes         []string `json:"grant_types_supported" nullable:"false"`
	RevocationEndpoint string   `json:"revocation_endpoint"`
	RevocationAuth     []string `json:"revocation_endpoint_auth_methods_supported" nullable:"false"`
	IntrospectEndpoint string   `json:"introspection_endpoint"`
	IntrospectionAuth  []string `json:"introspection_endpoint_auth_methods_supported" nullable:"false"`
}

func newMetadata(issuer string) metadata {
	clientAuth := []string{"client_secret_basic", "client_secret_post"}
	return metadata{
		Issuer: issuer, TokenEndpoint: issuer + pathToken, TokenAuthMethods: clientAuth, JWKSURI: issuer + pathJWKS,
		Scopes: []string{scopePublic}, GrantTypes: []string{grantClientCredentials},
		// RFC 8414 2 requires the member and 3.2 forbids an empty one; without an authorization endpoint there is
		// nothing true to put into it. A reader that asks for the member finds it.
		ResponseTypes:      []string{},
		RevocationEndpoint: issuer + pathRevoke, RevocationAuth: clientAuth,
		// "Bearer" is from the registry of access token types, which RFC 8414 2 allows here.
		IntrospectEndpoint: issuer + pathIntrospect, IntrospectionAuth: append([]string{"Bearer"}, clientAuth...),
	}
}

// describe is GET /.well-known/oauth-authorization-server (RFC 8414 3).
func (s *Server) describe(w http.ResponseWriter, _ *http.Request) *failure {
	w.Header().Set("Cache-Control", cacheMetadata)
	writeBody(w, http.StatusOK, typeJSON, s.metadata)
	return nil
}

// jwks is GET /oauth/jwks.json (RFC 7517 5).
func (s *Server) jwks(w http.ResponseWriter, r *http.Request) *failure {
	// Another process may have added a key. If the database can't say, which reread logs, those in memory still hold.
	_ = s.keys.reread(r.Context(), &s.keys.lastRead)
	published, err := s.keys.current.Load().published(s.now())
	if err != nil {
		return serverFault(err)
	}
	w.Header().Set("Cache-Control", cacheMetadata)
	writeBody(w, http.StatusOK, typeJWKSet, published)
	return nil
}
