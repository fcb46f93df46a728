package server_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestAListHasWhatTheOtherServerChangedAMomentAgo(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	r.here.create(t, "there all the time")
	total := func(c client) string {
		return answered(t, c, "GET", "service_accounts?per_page=1", "").header.Get("Total")
	}
	for round := range 8 {
		changing, other := r.here, r.there
		if round%2 == 1 {
			changing, other = other, changing
		}
		before := total(other)
		made := changing.create(t, fmt.Sprintf("zebra %d", round))
		equal(t, "found by a search", strings.Contains(other.do(t, 200, "GET", fmt.Sprintf("service_accounts?filters[search]=zebra%%20%d", round), ""), made.ID), true)
		equal(t, "last of a list", data[[]account](t, other.do(t, 200, "GET", "service_accounts?sort=-name&per_page=1", ""))[0].ID, made.ID)
		changing.do(t, 200, "PATCH", "service_accounts/"+made.ID, fmt.Sprintf(`{"name":"aardvark %d"}`, round))
		equal(t, "first of a list", data[[]account](t, other.do(t, 200, "GET", "service_accounts?sort=name&per_page=1", ""))[0].ID, made.ID)
		equal(t, "found by its old name", other.do(t, 200, "GET", "service_accounts?filters[search]=zebra", ""), `{"data":[],"etags":[]}`+"\n")
		changing.do(t, 204, "DELETE", "service_accounts/"+made.ID, "")
		equal(t, "total", total(other), before)
	}
	// And with changes at both at the same time.
	var group sync.WaitGroup
	for i, way := range [][2]client{{r.here, r.there}, {r.there, r.here}, {r.here, r.there}, {r.there, r.here}} {
		group.Go(func() {
			for round := range 10 {
				name := fmt.Sprintf("okapi %d-%d", i, round)
				made, err := way[0].ask(t.Context(), "POST", "service_accounts", `{"name":"`+name+`"}`, nil)
				if err != nil || made.status != 201 {
					t.Errorf("%d %s %v", made.status, made.text, err)
					return
				}
				for _, query := range []string{"filters[search]=", "filters[name]="} {
					found, err := way[1].ask(t.Context(), "GET", "service_accounts?"+query+url.QueryEscape(name), "", nil)
					if err != nil || !strings.Contains(found.text, `"`+name+`"`) {
						t.Errorf("%s is not in the other server's list: %s %v", name, found.text, err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	equal(t, "total", total(r.here), "42")
	equal(t, "total", total(r.there), "42")
}

func TestOfTwoChangesOfOneStateAtTwoServersOneIsRefused(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	path := "service_accounts/" + r.here.create(t, "fought over").ID
	for round := range 20 {
		seen, err := r.there.ask(t.Context(), "GET", path, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		condition := map[string]string{"If-Match": seen.header.Get("ETag")}
		var statuses [2]int
		var group sync.WaitGroup
		for i, replica := range []client{r.here, r.there} {
			group.Go(func() {
				got, err := replica.ask(t.Context(), "PATCH", path, fmt.Sprintf(`{"description":"%d by %d"}`, round, i), condition)
				if err != nil {
					t.Error(err)
				}
				statuses[i] = got.status
			})
		}
		group.Wait()
		if statuses != [2]int{200, 412} && statuses != [2]int{412, 200} {
			t.Fatalf("round %d: the answers are %v", round, statuses)
		}
		// And what is seen at the other server afterwards is what was changed.
		winner := 0
		if statuses[1] == 200 {
			winner = 1
		}
		for _, replica := range []client{r.here, r.there} {
			if text := replica.do(t, 200, "GET", path, ""); !strings.Contains(text, fmt.Sprintf(`"%d by %d"`, round, winner)) {
				t.Errorf("round %d: %s", round, text)
			}
		}
	}
}

func TestAnAnswerThatAKilledServerOwedIsGivenByAnotherSecretIncluded(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	other := serve(t, database, nil)
	admin := signIn(t, client30, other.url, administrator)
	made := admin.create(t, "reset while a server dies")
	for path, probe := range map[string]struct {
		body string
		done func() bool
	}{
		"service_accounts": {`{"name":"made while a server dies"}`, func() bool {
			return strings.Contains(admin.names(t), "made while")
		}},
		"service_accounts/" + made.ID + "/actions/reset_secret": {`{"keep_access":true}`, func() bool {
			return strings.Contains(admin.do(t, 200, "GET", "service_accounts/"+made.ID, ""), `"secret_version":2`)
		}},
	} {
		killed := serve(t, database, nil)
		// The change is made and answered, and the answer stays where nobody reads it.
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", killed.address)
		if err != nil {
			t.Fatal(err)
		}
		token := fmt.Sprintf("%016x-%016x", rand.Uint64(), rand.Uint64())
		servertest.SecretsOf(t).Add(servertest.KindIdempotency, token)
		_, err = fmt.Fprintf(connection, "POST /rest/v2.0/companies/%s/%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
			"Content-Type: application/json\r\nIdempotency-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
			admin.company, path, killed.address, admin.token, token, len(probe.body), probe.body)
		if err != nil {
			t.Fatal(err)
		}
		comesTrue(t, "the change", probe.done)
		killed.signal(syscall.SIGKILL)
		killed.wait()
		_ = connection.Close() // nobody is there any more

		got, err := admin.ask(t.Context(), "POST", path, probe.body, map[string]string{"Idempotency-Token": token})
		if err != nil || got.status >= 300 || got.header.Get("Idempotency-Replayed") != "true" {
			t.Fatalf("%s: %d %v %s %v", path, got.status, got.header, got.text, err)
		}
		admin.as(t, data[account](t, got.text)) // the secret that is shown is the one that counts
	}
	equal(t, "accounts", admin.names(t), "Administrator,reset while a server dies,made while a server dies")
	equal(t, "reset once", strings.Contains(admin.do(t, 200, "GET", "service_accounts/"+made.ID, ""), `"secret_version":2`), true)
	other.stop()
}

func TestRateLimitHoldsForAllServersTogether(t *testing.T) {
	t.Parallel()
	const limit = 40
	database := storetest.NewPostgres(t)
	administrator := initialize(t, database)
	clock := newClock(noon)
	var servers []client
	for range 3 {
		servers = append(servers, open(t, database, administrator, servertest.Now(clock.now),
			servertest.Configure(func(c *server.Config) { c.RateLimit = limit })))
	}
	for window := range 3 {
		for api, ask := range map[string]func(c client) reply{
			"rest": func(c client) reply { return answered(t, c, "GET", "me", "") },
			"oauth": func(c client) reply {
				stranger := client{url: c.url, http: c.http}
				return answered(t, stranger, "POST", "/oauth/token", tokenForm(administrator.ClientID, administrator.ClientSecret))
			},
		} {
			admitted := 0
			if window == 0 && api == "oauth" {
				admitted = len(servers) // each has signed in
			}
			for i := range 3 * limit {
				got := ask(servers[i%len(servers)])
				switch got.status {
				case 200:
					admitted++
				case 429:
					equal(t, "Retry-After", got.header.Get("Retry-After") != "", true)
					equal(t, "X-Rate-Limit-Remaining", got.header.Get("X-Rate-Limit-Remaining"), "0")
				default:
					t.Fatalf("%s: status %d: %s", api, got.status, got.text)
				}
				equal(t, "X-Rate-Limit-Limit", got.header.Get("X-Rate-Limit-Limit"), fmt.Sprint(limit))
			}
			if admitted > limit || admitted < limit*9/10 {
				t.Errorf("%s, window %d: %d of %d requests were admitted", api, window, admitted, limit)
			}
		}
		clock.step(time.Minute)
	}
}

func answered(t *testing.T, c client, method, path, body string) reply {
	t.Helper()
	got, err := c.ask(t.Context(), method, path, body, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
