package oauth

import (
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// The names of the security schemes that the document's owner defines.
const (
	schemeOAuth2 = "oauth2"
	schemeBasic  = "basic"
)

// jwkSet is the published key set (RFC 7517 5). It describes what go-jose writes.
type jwkSet struct {
	Keys []jwk `json:"keys" nullable:"false" minItems:"1"`
}

type jwk struct {
	KeyType   string `json:"kty" enum:"EC,RSA,OKP"`
	KeyID     string `json:"kid" doc:"The key's RFC 7638 thumbprint."`
	Use       string `json:"use" enum:"sig"`
	Algorithm string `json:"alg" enum:"ES256,RS256,EdDSA"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	Modulus   string `json:"n,omitempty"`
	Exponent  string `json:"e,omitempty"`
}

// Describe adds the endpoints to an OpenAPI 3.1 document, with every status and media type that they answer. The
// document's owner defines the security schemes "oauth2" (client credentials) and "basic".
func (s *Server) Describe(document *huma.OpenAPI) {
	d := describer{document.Components.Schemas}
	inBody := map[string][]string{} // the credentials in the body are no scheme that OpenAPI knows
	basic := map[string][]string{schemeBasic: {}}
	oauth2 := map[string][]string{schemeOAuth2: {scopePublic}}

	document.AddOperation(&huma.Operation{
		Method: http.MethodPost, Path: pathToken, OperationID: "issue-token", Tags: []string{"OAuth"},
		Summary: "Get an access token",
		Description: "The client credentials grant (RFC 6749 4.4). The credentials go into the body, or into the " +
			"Authorization header as HTTP Basic, never into the URI. After ten failed authentications for one client_id, known " +
			"or not, a further one is answered with 429 instead of 401, one every 6 seconds excepted; the right credentials " +
			"always pass.",
		Security: []map[string][]string{basic, inBody}, RequestBody: d.request(reflect.TypeFor[tokenRequest]()),
		Responses: responses(
			d.ok("An access token", typeJSON, reflect.TypeFor[tokenAnswer](), noStore),
			d.errors(http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests),
		),
	})
	document.AddOperation(&huma.Operation{
		Method: http.MethodGet, Path: pathTokenInfo, OperationID: "get-token-info", Tags: []string{"OAuth"},
		Summary: "Look at the access token of this request", Security: []map[string][]string{oauth2},
		Responses: responses(
			d.ok("What the token is", typeJSON, reflect.TypeFor[tokenInfo](), noStore),
			d.errors(http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests),
		),
	})
	document.AddOperation(&huma.Operation{
		Method: http.MethodPost, Path: pathRevoke, OperationID: "revoke-token", Tags: []string{"OAuth"},
		Summary:     "End an access token",
		Description: "RFC 7009. A token that has ended, or was never issued, is answered with 200 too.",
		Security:    []map[string][]string{basic, inBody}, RequestBody: d.request(reflect.TypeFor[tokenQuestion]()),
		Responses: responses(
			d.ok("The token does not count, or no longer", "", nil, noStore),
			d.errors(http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests),
		),
	})
	document.AddOperation(&huma.Operation{
		Method: http.MethodPost, Path: pathIntrospect, OperationID: "introspect-token", Tags: []string{"OAuth"},
		Summary: "Ask whether an access token counts",
		Description: "RFC 7662. Any working account may ask about the tokens of its own company; every other token " +
			"looks ended to it.",
		Security: []map[string][]string{basic, oauth2, inBody}, RequestBody: d.request(reflect.TypeFor[tokenQuestion]()),
		Responses: responses(
			d.ok("Whether the token counts", typeJSON, reflect.TypeFor[introspection](), noStore),
			d.errors(http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests),
		),
	})
	document.AddOperation(&huma.Operation{
		Method: http.MethodGet, Path: pathJWKS, OperationID: "get-signing-keys", Tags: []string{"OAuth"},
		Summary: "Get the public keys that access tokens are checked with", Security: []map[string][]string{{}},
		Responses: responses(d.ok("The keys (RFC 7517)", typeJWKSet, reflect.TypeFor[jwkSet](), cacheMetadata), d.errors()),
	})
	document.AddOperation(&huma.Operation{
		Method: http.MethodGet, Path: pathMetadata, OperationID: "get-authorization-server-metadata",
		Tags: []string{"OAuth"}, Summary: "Get the metadata of the authorization server",
		Security:  []map[string][]string{{}},
		Responses: responses(d.ok("The metadata (RFC 8414)", typeJSON, reflect.TypeFor[metadata](), cacheMetadata)),
	})
}

// describer makes schemas of Go types, kept in the document's registry.
type describer struct{ schemas huma.Registry }

// part adds to the responses of an operation.
type part func(map[string]*huma.Response)

func responses(parts ...part) map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, add := range parts {
		add(all)
	}
	return all
}

func (d describer) content(contentType string, body reflect.Type) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{contentType: {Schema: d.schemas.Schema(body, true, "")}}
}

func (d describer) request(body reflect.Type) *huma.RequestBody {
	content := d.content(typeForm, body)
	content[typeJSON] = content[typeForm]
	return &huma.RequestBody{Required: true, Content: content}
}

// ok is a 200 with a body of that type, or without one.
func (d describer) ok(description, contentType string, body reflect.Type, cache string) part {
	return func(all map[string]*huma.Response) {
		response := &huma.Response{Description: description, Headers: map[string]*huma.Param{"Cache-Control": textHeader(cache)}}
		if body != nil {
			response.Content = d.content(contentType, body)
		}
		all[strconv.Itoa(http.StatusOK)] = response
	}
}

// errors are the refusals, and the server's own failures, which any request that asks the database can meet.
func (d describer) errors(statuses ...int) part {
	return func(all map[string]*huma.Response) {
		for _, status := range append(statuses, http.StatusInternalServerError, http.StatusServiceUnavailable) {
			headers := map[string]*huma.Param{"Cache-Control": textHeader(noStore)}
			switch status {
			case http.StatusUnauthorized:
				headers["WWW-Authenticate"] = textHeader("How to authenticate here.")
			case http.StatusServiceUnavailable, http.StatusTooManyRequests:
				headers["Retry-After"] = textHeader("Seconds to wait.")
			}
			all[strconv.Itoa(status)] = &huma.Response{
				Description: http.StatusText(status), Headers: headers,
				Content: d.content(typeJSON, reflect.TypeFor[oauthError]()),
			}
		}
	}
}

func textHeader(description string) *huma.Param {
	return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
}
