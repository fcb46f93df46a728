package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
)

// together runs f so many times at once and returns the statuses, sorted.
func together(times int, f func(i int) answer) []int {
	statuses := make([]int, times)
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() { statuses[i] = f(i).status })
	}
	group.Wait()
	slices.Sort(statuses)
	return statuses
}

func TestOneOfManyCreatesAtOnceGetsTheName(t *testing.T) {
	t.Parallel()
	admin := start(t)
	const many = 12

	statuses := together(many, func(i int) answer {
		name := "contested"
		if i%2 == 1 {
			name = "CONTESTED"
		}
		return admin.post("service_accounts", object{"name": name})
	})
	want := append([]int{http.StatusCreated}, slices.Repeat([]int{http.StatusConflict}, many-1)...)
	if !slices.Equal(statuses, want) {
		t.Errorf("statuses %v", statuses)
	}
	equal(t, "Total", admin.get("service_accounts").header.Get("Total"), "2")
}

func TestCreatesAtOnceAllSucceed(t *testing.T) {
	t.Parallel()
	admin := start(t)
	const many = 24

	statuses := together(many, func(i int) answer {
		return admin.post("service_accounts", object{"name": fmt.Sprintf("parallel %d", i)})
	})
	if !slices.Equal(statuses, slices.Repeat([]int{http.StatusCreated}, many)) {
		t.Errorf("statuses %v", statuses)
	}
	ids := map[string]bool{}
	for _, account := range data[[]account](admin.get("service_accounts")) {
		ids[account.ID] = true
	}
	equal(t, "different ids", len(ids), many+1)
}

func TestResetsAtOnceCountEachVersionOnceAndLeaveOneSecret(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("contested")
	const many = 8
	answers := make([]account, many)
	together(many, func(i int) answer {
		a := admin.resetAnswer(created.ID, object{}).want(200)
		answers[i] = data[account](a)
		return a
	})
	slices.SortFunc(answers, func(a, b account) int { return a.SecretVersion - b.SecretVersion })
	for i, a := range answers {
		equal(t, "secret_version", a.SecretVersion, i+2)
		if i < many-1 {
			admin.secretIsRefused(a.ClientID, a.ClientSecret)
		}
	}
	admin.as(answers[many-1]).get("me").want(200)
}

// A stale If-Match loses whatever the timing: the check and the change are one transaction.
func TestOneOfManyEditsOfTheSameStateWins(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("contested")
	etag := admin.get("service_accounts/" + created.ID).header.Get("ETag")
	const many = 8

	statuses := together(many, func(i int) answer {
		return admin.do("PATCH", "service_accounts/"+created.ID, object{"description": fmt.Sprint(i)}, "If-Match", etag)
	})
	want := append([]int{http.StatusOK}, slices.Repeat([]int{http.StatusPreconditionFailed}, many-1)...)
	if !slices.Equal(statuses, want) {
		t.Errorf("statuses %v", statuses)
	}
}

func TestAdministratorsThatDeleteEachOtherLeaveOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	admins := []client{admin, admin.secondAdmin(), admin.secondAdmin(), admin.secondAdmin()}
	ids := make([]string, len(admins))
	for i, c := range admins {
		ids[i] = c.me().ID
	}
	together(len(admins), func(i int) answer { // each resets or deletes the next one, and loses its own rights meanwhile
		next := "service_accounts/" + ids[(i+1)%len(ids)]
		if i%2 == 0 {
			return admins[i].delete(next)
		}
		return admins[i].post(next+"/actions/reset_secret", nil)
	})
	left := 0
	for _, c := range admins {
		if c.get("service_accounts").status == http.StatusOK {
			left++
		}
	}
	if left == 0 {
		t.Error("the company has locked itself out")
	}
}

func TestTokensWhileTheirAccountIsResetAreEitherGoodOrRefused(t *testing.T) {
	t.Parallel()
	admin := start(t)
	created := admin.create("busy")
	secret := store.NewSecret().Reveal()

	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				if a := admin.tokenAnswer(created.ClientID, created.ClientSecret); a.status != 200 && a.status != 401 && a.status != 429 {
					t.Errorf("status %d: %s", a.status, a.body)
				}
			}
		})
	}
	admin.reset(created.ID, object{"client_secret": secret})
	group.Wait()
	if a := admin.tokenAnswer(created.ClientID, created.ClientSecret); a.status != 401 && a.status != 429 { // 429: tried too often
		t.Errorf("the old secret: status %d", a.status)
	}
	if !strings.Contains(string(admin.tokenAnswer(created.ClientID, secret).want(200).body), "access_token") {
		t.Error("the new secret gets no token")
	}
}
