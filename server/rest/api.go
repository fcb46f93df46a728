package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// setUpHuma makes huma answer with this API's error envelope and take field names as they are spelt. huma keeps these
// choices in package variables.
var setUpHuma sync.Once

// NewAPI returns the API that the routes are registered with, on a standard mux. It answers errors in Procore's
// envelope and describes the security schemes; it serves no document by itself (see ServeDocument).
func NewAPI(mux *http.ServeMux, version string) huma.API {
	setUpHuma.Do(func() {
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return newErrorAnswer(status, message, errs)
		}
		// Otherwise {"NAME": …} counts as a name, and a second spelling of a field goes past the schema.
		huma.ValidateStrictCasing = true
	})
	config := huma.DefaultConfig("Procore service account management API", version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no $schema fields in answers
	config.Info.Description = "Manages Procore service accounts: their secrets, permissions and project memberships, " +
		"and the OAuth 2.0 access tokens that they live for. An independent project, not affiliated with Procore.\n\n" +
		"While the sunset of traditional accounts is set, every answer about them carries the headers Sunset (RFC 8594) and " +
		"X-Days-Until-Sunset. Audit events belong to the company of the account or project that they tell of: one that only lent its directory " +
		"to a contact has none."
	config.Info.License = &huma.License{Name: "MPL-2.0", Identifier: "MPL-2.0"}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"oauth2": {
			Type:        "oauth2",
			Description: "An access token of a service account, as a bearer token (RFC 6750).",
			Flows:       &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: "/oauth/token", Scopes: map[string]string{"public": "Everything that the account's permissions allow"}}},
		},
		"basic": {Type: "http", Scheme: "basic", Description: "The client id and secret of a service account (RFC 6749 2.3.1)."},
	}
	return humago.New(mux, config)
}

// ServeDocument adds GET /openapi.json. It is called when every route has been registered. The document is written when somebody asks for it
// first: that takes as long as half of a start, and most servers are never asked.
func ServeDocument(mux *http.ServeMux, api huma.API) {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(api.OpenAPI()) })
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		text, err := document()
		if err != nil {
			panic(fmt.Errorf("write the OpenAPI document: %w", err)) // this program's own fault, which the middleware logs
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // the client is gone if this fails
	})
}
