package rest_test

import "testing"

func TestUnknownPathIsNotFoundInJSON(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, path := range []string{
		"/", "/rest", "/rest/v2.0", "/rest/v1.0/companies", "/rest/v2.0/companies/", "/rest/v2.0/companies/1/",
		"/rest/v2.0/companies/1/nothing", "/rest/v2.0/companies/1/service_accounts/", "/rest/v2.0/companies//me",
		"/rest/v2.0/companies/1/service_accounts/1/actions", "/rest/v2.0/companies/1/service_accounts/1/actions/explode",
		"/rest/v2.0/companies/1/service_accounts/1/secret", "/openapi.yaml", "/docs", "/schemas/Error.json", "/favicon.ico",
		"/oauth", "/oauth/authorize", "/.well-known/openid-configuration", "/debug/pprof/",
	} {
		for _, method := range []string{"GET", "POST"} {
			admin.do(method, path, nil).refused(404, "NOT_FOUND")
		}
	}
}

func TestUncleanPathIsNotFoundToo(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, path := range []string{"//rest/v2.0/companies", "/rest//v2.0/companies", "/rest/v2.0/../v2.0/companies", "/rest/./v2.0/companies"} {
		admin.get(path).refused(404, "NOT_FOUND")
	}
}

func TestWrongMethodIsRefusedWithAllow(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for path, allow := range map[string]string{
		"/rest/v2.0/companies": "GET, HEAD", "/rest/v2.0/companies/1": "GET, HEAD", "me": "GET, HEAD", "tools": "GET, HEAD",
		"service_accounts": "GET, HEAD, POST", "service_accounts/1": "DELETE, GET, HEAD, PATCH",
		"service_accounts/1/actions/reset_secret": "POST", "service_accounts/1/actions/revoke_tokens": "POST",
		"service_accounts/1/permissions":           "GET, HEAD, PUT",
		"permissions":                              "GET, HEAD",
		"project_assignments":                      "GET, HEAD",
		"service_accounts/1/project_assignments":   "GET, HEAD",
		"service_accounts/1/project_assignments/1": "DELETE, GET, HEAD, PUT",
		"projects": "GET, HEAD, POST", "projects/1": "DELETE, GET, HEAD, PATCH",
		"directory/contacts": "GET, HEAD, POST", "directory/contacts/1": "DELETE, GET, HEAD, PATCH", "audit_events": "GET, HEAD",
		"/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/metrics": "GET, HEAD", "/openapi.json": "GET, HEAD",
	} {
		for _, method := range []string{"OPTIONS", "TRACE", "BREW"} {
			a := admin.do(method, path, nil)
			a.refused(405, "METHOD_NOT_ALLOWED")
			equal(t, method+" "+path+" Allow", a.header.Get("Allow"), allow)
		}
	}
	admin.do("PUT", "service_accounts/1", object{"name": "x"}).refused(405, "METHOD_NOT_ALLOWED")
	admin.get("service_accounts/1/actions/reset_secret").refused(405, "METHOD_NOT_ALLOWED")
}

func TestHeadAnswersAsGetWithoutABody(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, path := range []string{"me", "service_accounts", "/rest/v2.0/companies", "/healthz", "/openapi.json"} {
		head, get := admin.do("HEAD", path, nil).want(200), admin.get(path).want(200)
		equal(t, path+" body", len(head.body), 0)
		for _, name := range []string{"Content-Type", "ETag", "Total", "Link", "Cache-Control"} {
			equal(t, path+" "+name, head.header.Get(name), get.header.Get(name))
		}
	}
}

func TestEveryAnswerHasAnIDOfItsOwn(t *testing.T) {
	t.Parallel()
	admin := start(t)
	seen := map[string]bool{}
	for range 3 {
		for _, a := range []answer{
			admin.get("me"), admin.get("service_accounts/abc"), admin.get("/nothing"), admin.get("/healthz"),
			admin.do("PUT", "me", nil), admin.post("service_accounts", "{"), admin.do("GET", "me", nil, "X-Request-Id", "mine"),
		} {
			id := a.header.Get("X-Request-Id") // do has seen that there is one
			if seen[id] || id == "mine" {
				t.Errorf("the request id %q is used twice or taken over", id)
			}
			seen[id] = true
		}
	}
}
