package oauth_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/procore/terraform-provider-procore/server/oauth"
)

func TestMetadataNamesEveryEndpoint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.get("/.well-known/oauth-authorization-server")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" ||
		got.header.Get("Cache-Control") != "public, max-age=300" {
		t.Fatalf("got %d %v", got.status, got.header)
	}
	both := []any{"client_secret_basic", "client_secret_post"}
	want := map[string]any{
		"issuer": h.url, "token_endpoint": h.url + "/oauth/token", "jwks_uri": h.url + "/oauth/jwks.json",
		"revocation_endpoint": h.url + "/oauth/revoke", "introspection_endpoint": h.url + "/oauth/introspect",
		"scopes_supported": []any{"public"}, "response_types_supported": []any{},
		"grant_types_supported":                         []any{"client_credentials"},
		"token_endpoint_auth_methods_supported":         both,
		"revocation_endpoint_auth_methods_supported":    both,
		"introspection_endpoint_auth_methods_supported": append([]any{"Bearer"}, both...),
	}
	gotText, _ := json.Marshal(got.body)
	wantText, _ := json.Marshal(want)
	if !bytes.Equal(gotText, wantText) {
		t.Errorf("got  %s\nwant %s", gotText, wantText)
	}
	// What it names is there.
	for _, name := range []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint"} {
		if got := h.post(got.string(name)[len(h.url):], ""); got.status == http.StatusNotFound {
			t.Errorf("%s is not there", name)
		}
	}
	h.wantRefused(h.post("/.well-known/oauth-authorization-server", ""), http.StatusMethodNotAllowed, "invalid_request")
}

func TestMetadataOfAnIssuerWithAPathIsWhereRFC8414LooksForIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, h.url = h.start(func(config *oauth.Config) { config.Issuer = "https://procore.example/api/v1/" })
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/api/v1"} {
		got := h.get(path)
		if got.status != http.StatusOK || got.string("issuer") != "https://procore.example/api/v1" ||
			got.string("token_endpoint") != "https://procore.example/api/v1/oauth/token" {
			t.Errorf("%s: got %d %s", path, got.status, got.text)
		}
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/.well-known/oauth-authorization-server/other", http.NoBody)
	response, err := h.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("another issuer's metadata: %d", response.StatusCode)
	}
}

func TestDescribeNamesEveryEndpoint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, method := range map[string]string{
		"/oauth/token": "post", "/oauth/token/info": "get", "/oauth/revoke": "post", "/oauth/introspect": "post",
		"/oauth/jwks.json": "get", "/.well-known/oauth-authorization-server": "get",
	} {
		if _, found := h.paths[path][method]; !found {
			t.Errorf("%s %s is not described", method, path)
		}
	}
	for _, example := range []struct {
		schema string
		value  map[string]any
		valid  bool
	}{
		{"TokenRequest", map[string]any{"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}, true},
		{"TokenRequest", map[string]any{"grant_type": "client_credentials", "resource": "unknown, and ignored"}, true},
		{"TokenRequest", map[string]any{"client_id": "a", "client_secret": "b"}, false},
		{"TokenQuestion", map[string]any{"token": "a", "token_type_hint": "access_token", "client_id": "a"}, true},
		{"TokenQuestion", map[string]any{}, false},
		{"OauthError", map[string]any{"error": "invalid_request", "error_description": `quoted "so"`}, false},
	} {
		schema, err := h.spec.Compile("openapi.json#/components/schemas/" + example.schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(example.value); (err == nil) != example.valid {
			t.Errorf("%s %v: %v", example.schema, example.value, err)
		}
	}
}
