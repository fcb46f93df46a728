package rest_test

import (
	"strings"
	"testing"
)

// route is one route below a company; {id} stands for an object's id.
type route struct{ method, path, body string }

// adminRoutes need admin on the Admin or the Directory tool. TestRightsOfEveryRouteAndCaller tells which.
var adminRoutes = []route{
	{"GET", "tools", ""},
	{"GET", "service_accounts", ""},
	{"POST", "service_accounts", `{"name":"made by the wrong one"}`},
	{"GET", "service_accounts/{id}", ""},
	{"PATCH", "service_accounts/{id}", `{"description":"edited by the wrong one"}`},
	{"DELETE", "service_accounts/{id}", ""},
	{"POST", "service_accounts/{id}/actions/reset_secret", `{}`},
	{"POST", "service_accounts/{id}/actions/revoke_tokens", ""},
	{"GET", "service_accounts/{id}/permissions", ""},
	{"PUT", "service_accounts/{id}/permissions", `{"company":{"documents":"admin"}}`},
	{"GET", "permissions", ""},
	{"GET", "project_assignments", ""},
	{"GET", "service_accounts/{id}/project_assignments", ""},
	{"GET", "service_accounts/{id}/project_assignments/{id}", ""},
	{"PUT", "service_accounts/{id}/project_assignments/{id}", `{}`},
	{"DELETE", "service_accounts/{id}/project_assignments/{id}", ""},
	{"GET", "projects", ""},
	{"POST", "projects", `{"name":"made by the wrong one"}`},
	{"GET", "projects/{id}", ""},
	{"PATCH", "projects/{id}", `{"name":"edited by the wrong one"}`},
	{"DELETE", "projects/{id}", ""},
	{"GET", "directory/contacts", ""},
	{"POST", "directory/contacts", `{"contact_id":"1"}`},
	{"GET", "directory/contacts/{id}", ""},
	{"PATCH", "directory/contacts/{id}", `{"email_address":"wrong@example.com"}`},
	{"DELETE", "directory/contacts/{id}", ""},
	{"GET", "audit_events", ""},
}

// anyRoutes are open to every account of the company.
var anyRoutes = []route{{"GET", "me", ""}, {"GET", "/rest/v2.0/companies", ""}}

// send sends the route's request about an account.
func (c client) send(r route, id string, headers ...string) answer {
	c.t.Helper()
	var body any
	if r.body != "" {
		body = r.body
	}
	return c.do(r.method, strings.ReplaceAll(r.path, "{id}", id), body, headers...)
}

// named returns a client that fails the subtest.
func (c client) named(t *testing.T) client {
	t.Helper()
	c.t = t
	return c
}

func TestAccountWithoutPermissionMayOnlySeeItselfAndItsCompany(t *testing.T) {
	t.Parallel()
	admin := start(t)
	plain := admin.as(admin.create("plain"))
	victim := admin.create("victim")
	before := admin.snapshot()

	for _, r := range adminRoutes {
		for _, id := range []string{victim.ID, plain.me().ID, "999", "abc"} {
			body := plain.named(t).send(r, id).refused(403, "FORBIDDEN")
			equal(t, r.method+" "+r.path, body.Error.Details[0].ReasonCode, "missing_permission")
		}
	}
	for _, r := range anyRoutes {
		plain.send(r, "").want(200)
	}
	equal(t, "accounts afterwards", admin.snapshot(), before)
	admin.as(victim)
}

func TestRequestWithoutATokenIsRefusedWithAChallenge(t *testing.T) {
	t.Parallel()
	admin := start(t)
	before := admin.snapshot()
	id := admin.me().ID

	for _, authorization := range []string{"", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer" + admin.token} {
		for _, r := range append(adminRoutes, anyRoutes...) {
			stranger := client{t: t, server: admin.server, company: admin.company}
			var headers []string
			if authorization != "" {
				headers = []string{"Authorization", authorization}
			}
			a := stranger.send(r, id, headers...)
			a.faults(401, "UNAUTHORIZED", "Authorization missing_token")
			equal(t, r.path+" WWW-Authenticate", a.header.Get("WWW-Authenticate"), `Bearer realm="procore"`)
		}
	}
	equal(t, "accounts afterwards", admin.snapshot(), before)
}

func TestTokenThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	admin := start(t)
	elsewhere := start(t) // another server, with another key
	parts := strings.Split(admin.token, ".")
	head, claims, signature := parts[0], parts[1], parts[2]

	for name, token := range map[string]string{
		"garbage":           "garbage",
		"dots":              "..",
		"not base64":        "!.!.!",
		"cut short":         admin.token[:len(admin.token)-1],
		"of another server": elsewhere.token,
		"unsigned":          "eyJhbGciOiJub25lIn0." + claims + ".",
		"no signature":      head + "." + claims + ".",
		"other claims":      head + "." + strings.Split(elsewhere.token, ".")[1] + "." + signature,
		"very long":         strings.Repeat("x", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client{t, admin.server, admin.company, token}.isGone()
		})
	}
	// The scheme's name has no case (RFC 9110 11.1).
	admin.do("GET", "me", nil, "Authorization", "bearer "+admin.token).want(200)
}

func TestAnotherCompanysPathAndObjectsAreNotFound(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	plain := admin.as(admin.create("plain"))
	victim := other.create("victim")
	before := other.snapshot()

	for _, r := range append(adminRoutes, route{"GET", "me", ""}, route{"GET", "", ""}) {
		for _, c := range []client{admin, plain} { // 404 and not 403, whatever the caller holds
			c.company = other.company
			c.send(r, victim.ID).refused(404, "NOT_FOUND")
		}
		if strings.Contains(r.path, "{id}") { // the other company's account below the own company
			admin.send(r, victim.ID).refused(404, "NOT_FOUND")
		}
	}
	equal(t, "the other company's accounts afterwards", other.snapshot(), before)
	other.as(victim)
	equal(t, "accounts by a foreign id", admin.listed("filters[id][]="+victim.ID), "")
	equal(t, "accounts by a foreign client id", admin.listed("filters[client_id]="+victim.ClientID), "")
	equal(t, "accounts by a foreign search", admin.listed("filters[search]=victim"), "")
}

func TestCompanyHeaderMustNameTheCompanyOfThePath(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")

	for _, r := range anyRoutes {
		admin.send(r, "", "Procore-Company-Id", admin.company).want(200)
	}
	for _, r := range append(adminRoutes, anyRoutes...) {
		for _, wrong := range []string{other.company, "999", "abc", "01"} {
			a := admin.send(r, admin.me().ID, "Procore-Company-Id", wrong)
			a.faults(400, "BAD_REQUEST", "Procore-Company-Id company_mismatch")
		}
	}
	// The header doesn't open another company's path.
	a := admin.do("GET", "/rest/v2.0/companies/"+other.company+"/me", nil, "Procore-Company-Id", other.company)
	a.refused(404, "NOT_FOUND")
}

func TestCompaniesOfOneDatabaseAreIsolated(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	admin.create("in Acme")
	other.create("in Beta")

	equal(t, "accounts of Acme", admin.listed("sort=name"), "Administrator,in Acme")
	equal(t, "accounts of Beta", other.listed("sort=name"), "Administrator,in Beta")
	equal(t, "Total of Beta", other.get("service_accounts").header.Get("Total"), "2")
}
