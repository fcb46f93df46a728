package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// once posts with an Idempotency-Token.
func (c client) once(token, path string, body any, headers ...string) answer {
	c.t.Helper()
	return c.do("POST", path, body, append(headers, "Idempotency-Token", token)...)
}

// isReplayOf fails the test unless the answer is the other one, given again.
func (a answer) isReplayOf(first answer) {
	a.t.Helper()
	equal(a.t, "Idempotency-Replayed of the first answer", first.header.Get("Idempotency-Replayed"), "")
	equal(a.t, "Idempotency-Replayed", a.header.Get("Idempotency-Replayed"), "true")
	equal(a.t, "status", a.status, first.status)
	equal(a.t, "body", string(a.body), string(first.body))
	for _, name := range []string{"ETag", "Location", "Cache-Control", "Content-Type"} {
		equal(a.t, name, a.header.Get(name), first.header.Get(name))
	}
}

// postRoute is a POST that changes something, and the event that it leaves: {account} and {foreign} stand for an account's id and
// another company's contact's. The other body is another request.
type postRoute struct{ path, body, other, event string }

var postRoutes = []postRoute{
	{"service_accounts", `{"name":"<once> & for all","app_type":"marketplace","marketplace_app":"X"}`, `{"name":"other"}`, "service_account.created"},
	{"service_accounts", `{"name":"own secret","client_secret":"{secret}"}`, `{"name":"own secret"}`, "service_account.created"},
	{"service_accounts/{account}/actions/reset_secret", `{"keep_access":true}`, `{"keep_access":false}`, "service_account.secret_reset"},
	{"service_accounts/{account}/actions/reset_secret", ``, `{"previous_secret_ttl":1}`, "service_account.secret_reset"},
	{"service_accounts/{account}/actions/revoke_tokens", `{}`, ``, "service_account.tokens_revoked"},
	{"projects", `{"name":"Tower","project_number":null}`, `{"name":"Tower"}`, "project.created"},
	{"directory/contacts", `{"contact_id":"{foreign}"}`, `{"contact_id":"{second}"}`, "contact.added_to_directory"},
}

// fill puts fresh objects of the company, and of another one, into the route.
func (r postRoute) fill(admin, other client, n int) postRoute {
	subject := admin.subject(fmt.Sprintf("subject %d", n))
	replacer := strings.NewReplacer("{account}", subject.ID, "{secret}", store.NewSecret().Reveal(),
		"{foreign}", other.create(fmt.Sprintf("first %d", n)).Contact.ID, "{second}", other.create(fmt.Sprintf("second %d", n)).Contact.ID)
	return postRoute{replacer.Replace(r.path), replacer.Replace(r.body), replacer.Replace(r.other), r.event}
}

// subject makes an account with something to lose.
func (c client) subject(name string) account {
	c.t.Helper()
	created := c.create(name)
	c.grant(created.ID, levels{"documents": "readonly"})
	c.assign(created.ID, c.project("of "+name).ID, levels{"rfis": "admin"})
	return created
}

// content returns nil for no body.
func content(body string) any {
	if body == "" {
		return nil
	}
	return body
}

// everything is all that the caller and the other company's administrator see of what is kept, so that a test can tell that
// nothing changed.
func everything(admin, other client) string {
	admin.t.Helper()
	var text strings.Builder
	text.WriteString(admin.snapshot() + other.snapshot())
	for _, c := range []client{admin, other} {
		for _, path := range []string{"projects?per_page=1000", "directory/contacts?per_page=1000", "audit_events?per_page=1000"} {
			text.Write(c.get(path).want(200).body)
		}
	}
	return text.String()
}

func TestRepeatedPostGetsTheSameAnswerAndChangesNothing(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	for n, route := range postRoutes {
		route := route.fill(admin, other, n)
		token := fmt.Sprintf("token %d", n)
		first := admin.once(token, route.path, content(route.body))
		if first.status >= 300 {
			t.Fatalf("%s %s: %d %s", route.path, route.body, first.status, first.body)
		}
		before := everything(admin, other)
		for range 2 {
			admin.once(token, route.path, content(route.body)).isReplayOf(first)
		}
		equal(t, "everything after "+route.path, everything(admin, other), before)
		if route.event != "" {
			owner := admin
			if strings.HasPrefix(route.event, "contact") {
				owner = other
			}
			equal(t, "the last event", owner.events("per_page=1")[0].Action, route.event)
		}
		if strings.Contains(string(first.body), "client_secret") {
			admin.as(data[account](first))
		}
	}
}

func TestRepeatedPostMayBeSpeltInAnotherWay(t *testing.T) {
	t.Parallel()
	admin := start(t)
	first := admin.once("a", "service_accounts", `{"name":"once","description":"é","deletion_protection":false}`).want(201)
	admin.once("a", "service_accounts", " {\n\"deletion_protection\" : false, \"description\":\"\\u00e9\",\"name\":\"once\"} ").isReplayOf(first)
	reset := "service_accounts/" + data[account](first).ID + "/actions/reset_secret"
	second := admin.once("b", reset, `{"previous_secret_ttl":1000,"keep_access":true}`).want(200)
	admin.once("b", reset, `{"keep_access":true,"previous_secret_ttl":1e3}`).isReplayOf(second)
}

func TestTokenOfAnotherRequestIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	for n, route := range postRoutes {
		route := route.fill(admin, other, n)
		token := fmt.Sprintf("token %d", n)
		first := admin.once(token, route.path, content(route.body))
		otherPath := postRoutes[(n+2)%len(postRoutes)].fill(admin, other, n+100)
		otherAccount := postRoute{strings.Replace(route.path, "service_accounts/", "service_accounts/1", 1), route.body, "", ""} // of none that there is
		before := everything(admin, other)
		for _, another := range []postRoute{{route.path, route.other, "", ""}, otherPath, otherAccount} {
			if another.path == route.path && another.body == route.body {
				continue
			}
			a := admin.once(token, another.path, content(another.body))
			says(t, a.faults(422, unprocessable, "Idempotency-Token idempotency_mismatch").messages(), "another request")
			equal(t, "Idempotency-Replayed", a.header.Get("Idempotency-Replayed"), "")
		}
		equal(t, "everything after "+route.path, everything(admin, other), before)
		admin.once(token, route.path, content(route.body)).isReplayOf(first)
	}
}

func TestSameTokenOfAnotherCallerIsAnotherToken(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second, other := admin.secondAdmin(), admin.otherCompany("Beta")
	first := admin.once("shared", "projects", object{"name": "Tower"}).want(201)
	seen := map[string]bool{data[project](first).ID: true}
	for _, c := range []client{second, other} {
		a := c.once("shared", "projects", object{"name": "Tower"}).want(201)
		equal(t, "Idempotency-Replayed", a.header.Get("Idempotency-Replayed"), "")
		seen[data[project](a).ID] = true
		c.once("shared", "projects", object{"name": "Tower"}).isReplayOf(a)
	}
	equal(t, "projects made", len(seen), 3)
	// A caller is its account, whichever of its access tokens it sends.
	admin.signIn(admin.server.ClientID, admin.server.ClientSecret).once("shared", "projects", object{"name": "Tower"}).isReplayOf(first)
}

func TestRepeatedPostAfterADayIsCarriedOutAnew(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now))
	again := func() client { return admin.signIn(admin.server.ClientID, admin.server.ClientSecret) } // tokens live 90 minutes
	first := admin.once("a", "service_accounts", object{"name": "once"}).want(201)
	reset := "service_accounts/" + data[account](first).ID + "/actions/reset_secret"
	second := admin.once("b", reset, nil).want(200)

	clock.advance(24*time.Hour - time.Second)
	again().once("a", "service_accounts", object{"name": "once"}).isReplayOf(first)
	again().once("b", reset, nil).isReplayOf(second)
	clock.advance(-1000 * time.Hour) // set back: kept for longer, never for less
	again().once("b", reset, nil).isReplayOf(second)
	clock.advance(1000*time.Hour + time.Second)
	again().once("a", "service_accounts", object{"name": "once"}).faults(409, "CONFLICT", "name name_taken")
	third := again().once("b", reset, nil).want(200)
	equal(t, "secret_version", data[account](third).SecretVersion, 3)
	again().once("b", reset, nil).isReplayOf(third)
}

func TestRefusedPostMayBeRepeatedWithTheSameToken(t *testing.T) {
	t.Parallel()
	admin := start(t)
	blocker := admin.create("wanted")
	admin.once("a", "service_accounts", object{"name": "Wanted"}).want(409)
	admin.once("a", "service_accounts", object{"name": ""}).want(422)
	admin.once("a", "service_accounts", `{"name":`).want(400)
	nobody := admin.as(blocker)
	nobody.once("a", "service_accounts", object{"name": "by nobody"}).want(403)
	admin.delete("service_accounts/" + blocker.ID).want(204)
	a := admin.once("a", "service_accounts", object{"name": "Wanted"}).want(201)
	equal(t, "Idempotency-Replayed", a.header.Get("Idempotency-Replayed"), "")

	etag := a.header.Get("ETag")
	reset := "service_accounts/" + data[account](a).ID + "/actions/reset_secret"
	admin.once("b", reset, nil, "If-Match", `"stale"`).want(412)
	admin.once("b", reset, nil, "If-Match", etag).want(200)
	admin.once("c", "service_accounts/"+admin.me().ID+"/actions/reset_secret", nil).want(409) // the last administrator
}

func TestReplayComesBeforeEverythingThatHasChangedSince(t *testing.T) {
	t.Parallel()
	clock := newClock()
	admin := start(t, servertest.Now(clock.now), servertest.Configure(func(c *server.Config) {
		c.Policy = store.Policy{CreationCutoff: clock.now().Add(time.Hour)}
	}))
	first := admin.once("a", "service_accounts", object{"name": "once"}).want(201)
	created := data[account](first)
	path := "service_accounts/" + created.ID
	etag := first.header.Get("ETag")
	reset := admin.once("b", path+"/actions/reset_secret", nil, "If-Match", etag).want(200)
	admin.once("b", path+"/actions/reset_secret", nil, "If-Match", etag).isReplayOf(reset) // stale by its own doing
	admin.once("b", path+"/actions/reset_secret", nil, "If-Match", `"other"`).isReplayOf(reset)

	clock.advance(time.Hour) // the cutoff
	admin.patch(path, object{"name": "renamed"}).want(200)
	admin.once("a", "service_accounts", object{"name": "once"}).isReplayOf(first)
	admin.delete(path).want(204)
	before := admin.snapshot()
	admin.once("a", "service_accounts", object{"name": "once"}).isReplayOf(first)
	admin.once("b", path+"/actions/reset_secret", nil).isReplayOf(reset)
	equal(t, "accounts", admin.snapshot(), before)
	admin.secretIsRefused(created.ClientID, created.ClientSecret)
	admin.grant(admin.me().ID, levels{"admin": "admin"}) // rights on what the replay isn't about
	admin.once("a", "service_accounts", object{"name": "once"}).isReplayOf(first)
}

func TestReplayNeedsTheRightsOfTheRoute(t *testing.T) {
	t.Parallel()
	admin := start(t)
	caller := admin.holder("caller", levels{"admin": "admin"})
	caller.once("a", "service_accounts", object{"name": "once"}).want(201)
	admin.grant(caller.me().ID, levels{"documents": "admin"})
	caller.once("a", "service_accounts", object{"name": "once"}).faults(403, "FORBIDDEN", " missing_permission")
}

func TestIdempotencyTokenThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")
	long := strings.Repeat("x", 256)
	for n, route := range postRoutes {
		route := route.fill(admin, other, n)
		before := everything(admin, other)
		for _, bad := range []struct {
			reason string
			tokens []string
		}{
			{"blank", []string{""}},
			{"blank", []string{"  "}},
			{"too_long", []string{long}},
			{"invalid_characters", []string{"é"}},
			{"invalid_characters", []string{"a\tb"}},
			{"invalid_characters", []string{"a\xffb"}},
			{"repeated", []string{"a", "a"}},
			{"repeated", []string{"", "a"}},
		} {
			a := admin.postRepeated(route.path, route.body, bad.tokens)
			a.faults(422, unprocessable, "Idempotency-Token "+bad.reason)
			if strings.Contains(string(a.body), long[:20]) {
				t.Error("the answer repeats the token")
			}
		}
		equal(t, "everything after "+route.path, everything(admin, other), before)
	}
	for _, token := range []string{long[1:], `~!"#$%&'()*+,-./:;<=>?@[\]^_{|}`, "0", "a, b"} {
		first := admin.once(token, "projects", object{"name": "Tower"}).want(201)
		admin.once(token, "projects", object{"name": "Tower"}).isReplayOf(first)
	}
}

// postRepeated posts with a header that is given several times.
func (c client) postRepeated(path, body string, tokens []string) answer {
	c.t.Helper()
	url := c.server.URL + "/rest/v2.0/companies/" + c.company + "/" + path
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + c.token}, "Content-Type": {"application/json"}, "Idempotency-Token": tokens}
	response, err := c.server.Client.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{c.t, response.StatusCode, response.Header, text}
}

func TestRestartKeepsAnswers(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	credentials, err := server.Initialize(t.Context(), database, "Acme", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	signIn := func(t *testing.T) client {
		t.Helper()
		s := servertest.Open(t, database)
		return client{t: t, server: s, company: credentials.CompanyID}.signIn(credentials.ClientID, credentials.ClientSecret)
	}
	var first, second answer
	t.Run("before", func(t *testing.T) { // its server ends with it
		first = signIn(t).once("a", "service_accounts", object{"name": "once"}).want(201)
	})
	t.Run("after", func(t *testing.T) {
		second = signIn(t).once("a", "service_accounts", object{"name": "once"})
	})
	second.t, first.t = t, t
	second.isReplayOf(first)
}

func TestEveryPostDocumentsItsIdempotencyTokenAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In, Description string }
			Responses  map[string]struct{ Headers map[string]any }
		}
	}
	if err := json.NewDecoder(bytes.NewReader(start(t).get("/openapi.json").want(200).body)).Decode(&document); err != nil {
		t.Fatal(err)
	}
	posts := 0
	for path, methods := range document.Paths {
		for method, operation := range methods {
			takes, replays := false, false
			for _, parameter := range operation.Parameters {
				takes = takes || parameter.Name == "Idempotency-Token" && parameter.In == "header" && strings.Contains(parameter.Description, "128 random bits")
			}
			for status, response := range operation.Responses {
				replays = replays || status < "300" && response.Headers["Idempotency-Replayed"] != nil
			}
			want := method == "post" && strings.HasPrefix(path, "/rest/")
			if want {
				posts++
			}
			if takes != want || replays != want {
				t.Errorf("%s %s: takes %t, replays %t, want %t", method, path, takes, replays, want)
			}
		}
	}
	equal(t, "POST routes", posts, 5)
}
