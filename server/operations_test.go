package server_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

func TestProbesMetricsAndDocumentNeedNoToken(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	stranger := client{url: s.URL, http: s.Client}
	equal(t, "healthz", stranger.do(t, 200, "GET", "/healthz", ""), `{"status":"ok"}`+"\n")
	equal(t, "readyz", stranger.do(t, 200, "GET", "/readyz", ""), `{"status":"ok"}`+"\n")
	stranger.do(t, 200, "GET", "/metrics", "")
	stranger.do(t, 200, "GET", "/openapi.json", "")
	stranger.do(t, 200, "GET", "/oauth/jwks.json", "")
	stranger.do(t, 200, "GET", "/.well-known/oauth-authorization-server", "")
}

func TestMetricsCountRequestsTokensAndResets(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	admin := open(t, database, initialize(t, database))
	made := admin.create(t, "counted")
	admin.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", "")
	admin.do(t, 404, "GET", "service_accounts/999", "")
	admin.do(t, 404, "GET", "/nothing", "")
	stranger := client{url: admin.url, http: admin.http}
	stranger.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientID, "wrong"))

	text := stranger.do(t, 200, "GET", "/metrics", "")
	const base = "/rest/v2.0/companies/{company_id}/service_accounts"
	for _, line := range []string{
		`procore_http_requests_total{route="POST ` + base + `",status="201"} 1`,
		`procore_http_requests_total{route="GET ` + base + `/{id}",status="404"} 1`,
		`procore_http_requests_total{route="unmatched",status="404"} 1`,
		`procore_tokens_issued_total 1`,
		`procore_tokens_refused_total{error="invalid_client"} 1`,
		`procore_secrets_reset_total 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is not in the metrics", line)
		}
	}
	for _, operation := range []string{"read", "write", "wait"} {
		if !regexp.MustCompile(`procore_database_duration_seconds_count\{operation="` + operation + `"\} [1-9]`).MatchString(text) {
			t.Errorf("no %s of the database is in the metrics", operation)
		}
	}
}

func TestDocumentDescribesEveryRouteOfTheContract(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	var document struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string `json:"summary"`
		}
	}
	text := client{url: s.URL, http: s.Client}.do(t, 200, "GET", "/openapi.json", "")
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(document.OpenAPI, "3.1.") {
		t.Errorf("openapi is %q", document.OpenAPI)
	}
	const company = "/rest/v2.0/companies/{company_id}"
	const accounts = company + "/service_accounts"
	seen := map[string]bool{}
	for path, methods := range map[string]string{
		"/rest/v2.0/companies": "get", company: "get", company + "/me": "get", company + "/tools": "get",
		accounts: "get post", accounts + "/{id}": "get patch delete", accounts + "/{id}/actions/reset_secret": "post",
		accounts + "/{id}/actions/revoke_tokens": "post", accounts + "/{id}/permissions": "get",
		"/oauth/token": "post", "/oauth/token/info": "get", "/oauth/revoke": "post", "/oauth/introspect": "post",
		"/oauth/jwks.json": "get", "/.well-known/oauth-authorization-server": "get",
		"/healthz": "get", "/readyz": "get", "/metrics": "get", "/openapi.json": "get",
	} {
		for method := range strings.FieldsSeq(methods) {
			operation, found := document.Paths[path][method]
			if !found || operation.Summary == "" || operation.OperationID == "" || seen[operation.OperationID] {
				t.Errorf("%s %s is described as %+v", method, path, operation)
			}
			seen[operation.OperationID] = true
		}
	}
}
