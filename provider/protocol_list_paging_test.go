package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// listWorld is a world whose provider is behind a proxy.
type listWorld struct {
	pluginWorld
	proxy *faultProxy
}

func newListWorld(t *testing.T) listWorld {
	t.Helper()
	w := newWorldWithoutTerraform(t)
	proxy := newFaultProxy(t, w.URL)
	p := newPlugin(t)
	p.mustConfigure(proxy.behind(w).settings())
	return listWorld{pluginWorld{w, p}, proxy}
}

// makeMany creates so many accounts.
func (w listWorld) makeMany(count int) {
	w.world.t.Helper()
	for i := range count {
		w.make(fmt.Sprintf("exporter %03d", i))
	}
}

// pages makes the server's pages that small, whatever is asked for.
func pages(size int) fault {
	return func(w http.ResponseWriter, r *http.Request, forward func() *answer) {
		query := r.URL.Query()
		query.Set("per_page", strconv.Itoa(size))
		r.URL.RawQuery = query.Encode()
		forward().write(w)
	}
}

const (
	accountPages    = `GET .*/service_accounts`
	permissionReads = `GET .*/permissions`
)

func TestAListGivesAPageBeforeItAsksForTheNext(t *testing.T) {
	w := newListWorld(t)
	w.makeMany(9)
	asked := w.proxy.arm(accountPages, forEver, pages(4))
	var taken int
	diagnostics := w.stream(t.Context(), accountType, query{}, func(result) bool {
		taken++
		if want := (taken + 3) / 4; w.proxy.count(asked) != want {
			t.Errorf("result %d came after %d pages, want %d", taken, w.proxy.count(asked), want)
		}
		return true
	})
	if taken != 10 || len(diagnostics) > 0 {
		t.Errorf("%d results, %s", taken, told(diagnostics))
	}
}

func TestAListStopsWhenTerraformStops(t *testing.T) {
	w := newListWorld(t)
	w.makeMany(9)
	pagesAsked := w.proxy.arm(accountPages, forEver, pages(4))
	reads := w.proxy.arm(permissionReads, forEver, slowly(nil))
	for _, resource := range []string{accountType, permissionsType} {
		before := w.proxy.count(pagesAsked)
		w.stream(t.Context(), resource, query{}, func(result) bool { return false })
		if asked := w.proxy.count(pagesAsked) - before; asked > 2 {
			t.Errorf("%s: %d pages were asked for, for the first result", resource, asked)
		}
	}
	if read := w.proxy.count(reads); read > 6 {
		t.Errorf("permissions of %d accounts were read for the first result", read)
	}
}

func TestAListAsksForNoMoreThanItsLimit(t *testing.T) {
	w := newListWorld(t)
	w.makeMany(5)
	var mu sync.Mutex
	var asked []string
	w.proxy.arm(`GET .*/(service_accounts|projects)`, forEver, func(rw http.ResponseWriter, r *http.Request, forward func() *answer) {
		mu.Lock()
		asked = append(asked, r.URL.Query().Get("per_page"))
		mu.Unlock()
		forward().write(rw)
	})
	for _, test := range []struct {
		limit   int64
		results int
		perPage string
		more    bool
	}{
		{limit: 1, results: 1, perPage: "2", more: true},
		{limit: 5, results: 5, perPage: "6", more: true},
		{limit: 6, results: 6, perPage: "7"},
		{limit: 7, results: 6, perPage: "8"},
		{limit: 1999, results: 6, perPage: "1000"},
		{limit: 2000, results: 6, perPage: "667"},
		{limit: 0, results: 6, perPage: "1000"},
		{limit: 1<<63 - 1, results: 6, perPage: "1000"},
	} {
		asked = nil
		found, diagnostics := w.list(accountType, query{limit: test.limit})
		text := told(diagnostics)
		if len(found) != test.results || failed(diagnostics) || strings.Contains(text, "more than the list's limit") != test.more {
			t.Errorf("limit %d: %d results, %q", test.limit, len(found), text)
		}
		if strings.Join(asked, " ") != test.perPage {
			t.Errorf("limit %d asks for pages of %v, want %s", test.limit, asked, test.perPage)
		}
	}
}

func TestLimitsOfListsOfAccessCountWhatIsListed(t *testing.T) {
	w := newListWorld(t)
	w.fillCompany(12) // 7 with permissions, the administrator's included; 6 memberships
	for resource, all := range map[string]int{permissionsType: 7, membershipType: projectsHeld(12), projectType: 3} {
		for limit := 1; limit <= all+1; limit++ {
			found, diagnostics := w.list(resource, query{limit: int64(limit)})
			if text := told(diagnostics); len(found) != min(limit, all) || strings.Contains(text, "more than the list's limit") != (limit < all) {
				t.Errorf("%s, limit %d: %d results, %q", resource, limit, len(found), text)
			}
		}
	}
}

// slowly takes a moment for every answer, and notes in most how many were asked for at the same time at most.
func slowly(most *int) fault {
	var mu sync.Mutex
	var now int
	return func(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
		mu.Lock()
		now++
		if most != nil {
			*most = max(*most, now)
		}
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		forward().write(w)
	}
}

func TestAccessIsReadOfManyAccountsTogetherAndListedInOrder(t *testing.T) {
	w := newListWorld(t)
	w.fillCompany(230)
	pier := w.makeProject("Pier").ID // every seventh is added to new projects
	sequence := w.names(membershipType, nil)
	var most int
	armed := w.proxy.arm(`GET .*/project_assignments.*`, forEver, slowly(&most))
	if again := w.names(membershipType, nil); strings.Join(again, "\n") != strings.Join(sequence, "\n") || len(again) < projectsHeld(230) {
		t.Errorf("listed in another order: %v, and before %v", again, sequence)
	}
	if reads := w.proxy.count(armed); reads != 3 {
		t.Errorf("%d requests for the memberships of 231 accounts", reads)
	}
	if most < 2 || most > 6 {
		t.Errorf("up to %d at a time, want 2 to 6", most)
	}
	w.proxy.requests()
	w.names(membershipType, map[string]any{"project_id": pier})
	if requests := w.proxy.requests(); len(requests) != 5 { // the accounts, the project, and the memberships of a hundred accounts at a time
		t.Errorf("%d requests for the members of a project", len(requests))
	}
}

func TestAListThatIsCancelledSaysSoAndEnds(t *testing.T) {
	for _, resource := range []string{accountType, membershipType} {
		t.Run(resource, func(t *testing.T) {
			w := newListWorld(t)
			w.fillCompany(9)
			w.proxy.arm(accountPages, forEver, pages(2))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			diagnostics := w.stream(ctx, resource, query{}, func(result) bool {
				cancel()
				return true
			})
			if text := told(diagnostics); !failed(diagnostics) || !strings.Contains(text, "The operation was cancelled") {
				t.Errorf("the list ended with %q", text)
			}
		})
	}
}
