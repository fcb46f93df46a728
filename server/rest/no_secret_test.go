package rest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

// People paste secrets into the wrong place. The answer must not repeat one: it ends up in logs and in tickets.
func TestSecretInTheWrongPlaceIsNotRepeated(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("careless")
	path, project := "service_accounts/"+created.ID, admin.project("careless").ID
	malformed := "pcs_" + strings.Repeat("S3cret", 8) + "!"

	for _, secret := range []string{admin.server.ClientSecret, created.ClientSecret, store.NewSecret().Reveal(), malformed} {
		answers := map[string]answer{
			"as a field's name":        admin.post("service_accounts", object{"name": "x", secret: true}),
			"as the app type":          admin.post("service_accounts", object{"name": "x", "app_type": secret}),
			"as an app without a type": admin.post("service_accounts", object{"name": "x", "marketplace_app": secret}),
			"as a truth":               admin.patch(path, object{"deletion_protection": secret}),
			"as a number":              admin.resetAnswer(created.ID, object{"previous_secret_ttl": secret}),
			"in a list":                admin.resetAnswer(created.ID, object{"client_secret": []string{secret}}),
			"with a blank":             admin.resetAnswer(created.ID, object{"client_secret": secret + " "}),
			"in another field":         admin.resetAnswer(created.ID, object{"secret": secret}),
			"as the body":              admin.post("service_accounts", secret),
			"as a JSON text":           admin.post("service_accounts", `"`+secret+`"`),
			"in a broken body":         admin.post("service_accounts", `{"client_secret":"`+secret+`"`),
			"in a long name":           admin.post("service_accounts", object{"name": secret + strings.Repeat("x", 255)}),
			"in a name with a control": admin.post("service_accounts", object{"name": secret + "\n" + "x"}),
			"as an id":                 admin.get("service_accounts/" + secret),
			"as a company":             admin.get("/rest/v2.0/companies/" + secret),
			"as a path":                admin.get("/" + secret),
			"as an action":             admin.post(path+"/actions/"+secret, nil),
			"as a method":              admin.do(strings.Map(methodRune, secret), path, nil),
			"as a parameter's name":    admin.get("service_accounts?" + url.QueryEscape(secret) + "=1"),
			"as a sort":                admin.get("service_accounts?sort=" + url.QueryEscape(secret)),
			"as a page":                admin.get("service_accounts?page=" + url.QueryEscape(secret)),
			"as a status":              admin.get("service_accounts?filters[status]=" + url.QueryEscape(secret)),
			"as a company tool":        admin.put(path+"/permissions", object{"company": levels{secret: "admin"}}),
			"as a level":               admin.put(path+"/permissions", object{"company": levels{"documents": secret}}),
			"as a project tool":        admin.put(assignmentPath(created.ID, project), object{"permissions": levels{secret: "admin"}}),
			"as a project level":       admin.put(assignmentPath(created.ID, project), object{"permissions": levels{"rfis": secret}}),
			"as an e-mail address":     admin.setEmail(created.Contact.ID, secret),
			"as a contact":             admin.addContact(secret),
			"as a project":             admin.get("projects/" + secret),
			"as an action's filter":    admin.get("audit_events?filters[action]=" + url.QueryEscape(secret)),
			"as a range":               admin.get("audit_events?filters[created_at]=" + url.QueryEscape(secret)),
			"as a content type":        admin.do("POST", "service_accounts", "{}", "Content-Type", secret),
			"as an ETag":               admin.do("PATCH", path, "{}", "If-Match", secret),
			"as a company's header":    admin.do("GET", path, nil, "Procore-Company-Id", secret),
			"as a token":               admin.do("GET", path, nil, "Authorization", "Bearer "+secret),
			"as the whole header":      admin.do("GET", path, nil, "Authorization", secret),
		}
		for place, a := range answers {
			if a.status < 400 {
				t.Errorf("%s: status %d", place, a.status)
			}
			if strings.Contains(string(a.body), secret) || strings.Contains(asJSON(t, a.header), secret) {
				t.Errorf("%s: the answer repeats the secret: %s", place, a.body)
			}
		}
	}
}

func methodRune(r rune) rune {
	if r == '!' {
		return 'x'
	}
	return r
}

func TestNoAnswerShowsADigestOrAToken(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("discreet")
	holder := admin.as(created)
	admin.reset(created.ID, object{"previous_secret_ttl": 60})

	for _, path := range []string{
		"me", "service_accounts", "service_accounts/" + created.ID, "service_accounts/" + created.ID + "/permissions", "tools",
		"directory/contacts", "/metrics", "/healthz",
	} {
		for _, c := range []client{admin, holder} {
			text := string(c.get(path).body)
			for _, hidden := range []string{"digest", "token_epoch", "previous", c.token, created.ClientSecret} {
				if strings.Contains(text, hidden) {
					t.Errorf("%s shows %q", path, hidden)
				}
			}
		}
	}
}
