package rest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// atOnce sends the same request so many times at once, to the callers in turn, and returns one of the answers. It fails the
// test unless all are the same one, carried out once.
func atOnce(t *testing.T, times int, callers []client, route postRoute) answer {
	t.Helper()
	answers := make([]answer, times)
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() {
			answers[i] = callers[i%len(callers)].once("at once at "+route.path, route.path, content(route.body))
		})
	}
	group.Wait()
	var first answer
	carriedOut := 0
	for _, a := range answers {
		if a.header.Get("Idempotency-Replayed") == "" {
			first = a
			carriedOut++
		}
	}
	if carriedOut != 1 {
		t.Fatalf("%s: carried out %d times", route.path, carriedOut)
	}
	for _, a := range answers {
		if a.header.Get("Idempotency-Replayed") != "" {
			a.isReplayOf(first)
		}
	}
	return first
}

func TestEqualPostsAtOnceAreCarriedOutOnce(t *testing.T) {
	t.Parallel()
	const many = 40
	for n, route := range postRoutes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			admin := start(t)
			other := admin.otherCompany("Beta")
			route := route.fill(admin, other, n)
			query := "filters[action]=" + route.event + "&per_page=1000"
			events := 0
			if route.event != "" {
				events = len(admin.events(query)) + len(other.events(query))
			}
			first := atOnce(t, many, []client{admin}, route)
			if first.status >= 300 {
				t.Fatalf("status %d: %s", first.status, first.body)
			}
			if strings.Contains(string(first.body), "client_secret") {
				admin.as(data[account](first))
			}
			if route.event != "" {
				equal(t, "new events", len(admin.events(query))+len(other.events(query))-events, 1)
			}
		})
	}
}

func TestEqualPostsToTwoServersOnOneFileAreCarriedOutOnce(t *testing.T) {
	t.Parallel()
	admin := start(t)
	second := admin
	second.server = servertest.Open(t, admin.server.Database)
	first := atOnce(t, 30, []client{admin, second}, postRoute{path: "service_accounts", body: `{"name":"once"}`})
	created := data[account](first.want(201))
	equal(t, "accounts", second.listed(""), "Administrator,once")
	equal(t, "events", len(admin.events("filters[service_account_id]="+created.ID)), 1)

	reset := atOnce(t, 30, []client{second, admin}, postRoute{path: "service_accounts/" + created.ID + "/actions/reset_secret", body: ``})
	equal(t, "secret_version", admin.account(created.ID).SecretVersion, 2)
	admin.as(data[account](reset.want(200)))
}
