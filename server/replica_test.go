package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// replicas are two servers on one database, with nothing between them but the database, and its administrator as a client
// of each. What is done by way of one must count at the other at once.
type replicas struct {
	here client
	// there is the other server's. Its token is its own.
	there         client
	administrator server.Credentials
	database      string
}

func newReplicas(t *testing.T, options ...servertest.Option) replicas {
	t.Helper()
	return newReplicasThatDiffer(t, options, options)
}

// newReplicasThatDiffer is newReplicas with options for each of the two.
func newReplicasThatDiffer(t *testing.T, here, there []servertest.Option) replicas {
	t.Helper()
	first := servertest.Start(t, here...)
	second := servertest.Open(t, first.Database, there...)
	administrator := server.Credentials{CompanyID: first.CompanyID, ClientID: first.ClientID, ClientSecret: first.ClientSecret}
	return replicas{
		here:          signIn(t, first.Client, first.URL, administrator),
		there:         signIn(t, second.Client, second.URL, administrator),
		administrator: administrator, database: first.Database,
	}
}

// at is the caller at another server, with the token that it has.
func (c client) at(other client) client {
	c.url, c.http = other.url, other.http
	return c
}

// introspected reports whether the token counts when the caller asks by its own token.
func (c client) introspected(t *testing.T, token string) bool {
	t.Helper()
	got, err := c.ask(t.Context(), "POST", "/oauth/introspect", "token="+token,
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	if err != nil || got.status != 200 {
		t.Fatalf("introspect: %d %s %v", got.status, got.text, err)
	}
	return strings.Contains(got.text, `"active":true`)
}

// wantLive fails the test unless the caller's token counts wherever this server can be asked.
func (c client) wantLive(t *testing.T, observer client) {
	t.Helper()
	c.do(t, 200, "GET", "me", "")
	c.do(t, 200, "GET", "/oauth/token/info", "")
	equal(t, "introspected", observer.introspected(t, c.token), true)
}

// wantEnded fails the test unless the caller's token counts nowhere at this server.
func (c client) wantEnded(t *testing.T, observer client) {
	t.Helper()
	c.do(t, 401, "GET", "me", "")
	c.do(t, 401, "GET", "/oauth/token/info", "")
	equal(t, "introspected", observer.introspected(t, c.token), false)
}

func TestWhatEndsATokenAtOneServerEndsItAtTheOtherAtOnce(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, here client, made account, token string){
		"reset": func(t *testing.T, here client, made account, _ string) {
			here.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", "{}")
		},
		"revocation of all": func(t *testing.T, here client, made account, _ string) {
			here.do(t, 204, "POST", "service_accounts/"+made.ID+"/actions/revoke_tokens", "")
		},
		"revocation of one": func(t *testing.T, here client, made account, token string) {
			got, err := client{url: here.url, http: here.http}.ask(t.Context(), "POST", "/oauth/revoke",
				strings.TrimPrefix(tokenForm(made.ClientID, made.ClientSecret), "grant_type=client_credentials&")+"&token="+token,
				map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
			if err != nil || got.status != 200 {
				t.Errorf("revoke: %d %s %v", got.status, got.text, err)
			}
		},
		"deletion": func(t *testing.T, here client, made account, _ string) {
			here.do(t, 204, "DELETE", "service_accounts/"+made.ID, "")
		},
		"loss of function": func(t *testing.T, here client, made account, _ string) {
			here.do(t, 200, "PATCH", "directory/contacts/"+contactOf(t, here, made.ID), `{"email_address":"somebody@example.com"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReplicas(t)
			for round := range 10 {
				made := r.here.create(t, fmt.Sprint("ends ", round))
				holder := r.here.as(t, made)
				there := holder.at(r.there)
				there.wantLive(t, r.there)
				end(t, r.here, made, holder.token)
				there.wantEnded(t, r.there)
				holder.wantEnded(t, r.here)
				status := 401
				if strings.HasPrefix(name, "revocation") {
					status = 200
				}
				stranger := client{url: there.url, http: there.http}
				if name == "loss of function" {
					continue // its secret is good, but not for a token
				}
				stranger.do(t, status, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret))
			}
		})
	}
}

func contactOf(t *testing.T, admin client, id string) string {
	t.Helper()
	return data[struct{ Contact struct{ ID string } }](t, admin.do(t, 200, "GET", "service_accounts/"+id, "")).Contact.ID
}

func TestRightsAreThoseThatTheOtherServerGaveOrTookAMomentAgo(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	made := r.here.create(t, "promoted and back")
	holder := r.here.as(t, made).at(r.there)
	for range 10 {
		holder.do(t, 403, "GET", "service_accounts", "")
		r.here.do(t, 200, "PUT", "service_accounts/"+made.ID+"/permissions", `{"company":{"admin":"admin"}}`)
		holder.do(t, 200, "GET", "service_accounts", "")
		r.here.do(t, 200, "PUT", "service_accounts/"+made.ID+"/permissions", `{"company":{}}`)
	}
}

func TestAPreviousSecretIsGoodAtBothServersUntilItsTimeAndNoLonger(t *testing.T) {
	t.Parallel()
	clock := newClock(noon)
	r := newReplicas(t, servertest.Now(clock.now))
	made := r.here.create(t, "rotated")
	holder := r.here.as(t, made)
	reset := data[account](t, r.there.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", `{"previous_secret_ttl":600}`))
	for _, replica := range []client{r.here, r.there} {
		holder.at(replica).wantLive(t, replica)
		replica.as(t, made)
		replica.as(t, account{ClientID: made.ClientID, ClientSecret: reset.ClientSecret})
	}
	clock.step(10 * time.Minute)
	for _, replica := range []client{r.here, r.there} {
		holder.at(replica).wantEnded(t, replica)
		client{url: replica.url, http: replica.http}.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret))
		replica.as(t, account{ClientID: made.ClientID, ClientSecret: reset.ClientSecret})
	}
}

func TestServersWhoseClocksDifferTakeEachOthersTokensAndChanges(t *testing.T) {
	t.Parallel()
	ahead, behind := newClock(noon.Add(time.Minute)), newClock(noon)
	r := newReplicasThatDiffer(t, []servertest.Option{servertest.Now(ahead.now)}, []servertest.Option{servertest.Now(behind.now)})
	made := r.here.create(t, "in two times")
	path := "service_accounts/" + made.ID
	tags := map[string]bool{}
	for round := range 3 {
		for i, servers := range [][2]client{{r.here, r.there}, {r.there, r.here}} {
			changing, other := servers[0], servers[1]
			holder := changing.as(t, made)
			holder.at(other).wantLive(t, other)
			seen := answered(t, other, "GET", path, "")
			changed, err := changing.ask(t.Context(), "PATCH", path, fmt.Sprintf(`{"description":"%d.%d"}`, round, i),
				map[string]string{"If-Match": seen.header.Get("ETag")})
			if err != nil || changed.status != 200 {
				t.Fatalf("%d %s %v", changed.status, changed.text, err)
			}
			tags[changed.header.Get("ETag")] = true
			reset := changing.do(t, 200, "POST", path+"/actions/reset_secret", "{}")
			holder.at(other).wantEnded(t, other)
			made = data[account](t, reset)
		}
	}
	equal(t, "states that can be told apart", len(tags), 6)
	var actions []string
	for _, event := range data[[]struct{ Action string }](t, r.there.do(t, 200, "GET", "audit_events?filters[service_account_id]="+made.ID, "")) {
		actions = append(actions, strings.TrimPrefix(event.Action, "service_account."))
	}
	equal(t, "events, newest first", strings.Join(actions, " "), strings.Repeat("secret_reset updated ", 6)+"created")
}

func TestTheLatestTokenOfBothServersIsNoted(t *testing.T) {
	t.Parallel()
	clock := newClock(noon)
	r := newReplicas(t, servertest.Now(clock.now))
	lastToken := func(id string) string {
		return data[struct {
			At string `json:"last_token_at"`
		}](t, r.here.do(t, 200, "GET", "service_accounts/"+id, "")).At
	}
	both, here, there := r.here.create(t, "both"), r.here.create(t, "here"), r.here.create(t, "there")
	r.there.as(t, both)
	r.here.as(t, here)
	r.there.as(t, there)
	clock.step(time.Minute)
	r.here.as(t, both)
	for account, want := range map[string]time.Time{both.ID: noon.Add(time.Minute), here.ID: noon, there.ID: noon} {
		comesTrue(t, "the time of the last token", func() bool { return lastToken(account) == want.Format(time.RFC3339) })
	}
}

func TestNoTokenIsRefusedWhileKeysAreRotatedUnderTwoServers(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	database := r.database
	var group sync.WaitGroup
	stop := make(chan struct{})
	for _, way := range [][2]client{{r.here, r.there}, {r.there, r.here}} {
		group.Go(func() {
			for tokens := 0; ; tokens++ {
				select {
				case <-stop:
					t.Logf("%d tokens", tokens)
					return
				default:
				}
				// What one issues the other takes, whichever of them has noticed the new key.
				token, err := way[0].freshToken(t.Context(), r.administrator)
				if err != nil {
					t.Error(err)
					return
				}
				holder := client{url: way[1].url, http: way[1].http, company: way[1].company, token: token}
				if got, err := holder.ask(t.Context(), "GET", "me", "", nil); err != nil || got.status != http.StatusOK {
					t.Errorf("a token of one is answered %d by the other: %s %v", got.status, got.text, err)
					return
				}
			}
		})
	}
	for range 3 {
		succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s")
		next := listKeys(t, database)[0].ID
		for _, replica := range []client{r.here, r.there} {
			comesTrue(t, "the new key signing", func() bool {
				token, err := replica.freshToken(t.Context(), r.administrator)
				return err == nil && keyOf(t, token) == next
			})
		}
	}
	close(stop)
	group.Wait()
}

// answered sends a request, and ends the test where no answer comes.
