package sqlstore_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// openWindows opens a database of the engine that the tests run on, as one server does.
func openWindows(t *testing.T, database string, now func() time.Time) store.RateWindows {
	t.Helper()
	var opened interface {
		store.RateWindows
		Close() error
	}
	var err error
	if postgres.IsURL(database) {
		opened, err = postgres.Open(t.Context(), postgres.Options{URL: database, Create: true, Now: now})
	} else {
		opened, err = sqlite.Open(t.Context(), sqlite.Options{Path: database, Create: true, Now: now})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened
}

// take takes a part of a window, and fails the test where that can't be done.
func take(t *testing.T, database store.RateWindows, part store.RatePart) (taken, left int) {
	t.Helper()
	taken, left, err := database.TakeRequests(t.Context(), part)
	if err != nil {
		t.Error(err)
	}
	return taken, left
}

func TestServersTogetherTakeAllOfAWindowAndNoMore(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 2, 7, 8, 9, 100, 6000} {
		database := storetest.New(t)
		servers := []store.RateWindows{openWindows(t, database, nil), openWindows(t, database, nil)}
		part := store.RatePart{API: "rest", Account: 1, Ends: time.Unix(60, 0), Limit: limit}
		var total, parts atomic.Int64
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				for wanted := 1; ; wanted++ {
					part := part
					part.Wanted = wanted * wanted
					taken, left := take(t, servers[i%2], part)
					if taken == 0 {
						return
					}
					total.Add(int64(taken))
					parts.Add(1)
					if taken > max(1, limit/8) || taken > part.Wanted || left < 0 || left > limit-taken {
						t.Errorf("limit %d: wanted %d, got %d of which %d are left", limit, part.Wanted, taken, left)
					}
				}
			})
		}
		group.Wait()
		if total.Load() != int64(limit) {
			t.Errorf("%d of %d were taken", total.Load(), limit)
		}
		if parts.Load() > 100 {
			t.Errorf("limit %d: it took %d parts", limit, parts.Load())
		}
	}
}

func TestEachAccountAPIAndWindowHasItsOwnCount(t *testing.T) {
	t.Parallel()
	database := openWindows(t, storetest.New(t), nil)
	one := store.RatePart{API: "rest", Account: 1, Ends: time.Unix(60, 0), Limit: 2, Wanted: 1}
	other, api, later := one, one, one
	other.Account, api.API, later.Ends = 2, "oauth", time.Unix(120, 0)
	for round, wantLeft := range []int{1, 0} {
		for _, part := range []store.RatePart{one, other, api, later} {
			if taken, left := take(t, database, part); taken != 1 || left != wantLeft {
				t.Errorf("round %d: got %d, and %d are left", round, taken, left)
			}
		}
	}
	more := one
	more.Limit = 3 // a server that was started with a higher limit
	if taken, left := take(t, database, more); taken != 1 || left != 0 {
		t.Errorf("got %d, and %d are left", taken, left)
	}
	if taken, _ := take(t, database, one); taken != 0 {
		t.Errorf("got %d beyond the limit", taken)
	}
}

func TestWindowsAreForgottenTenMinutesAfterTheirEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(6000, 0)
	name := storetest.New(t)
	database := openWindows(t, name, func() time.Time { return now })
	rows := storetest.Open(t, name)
	part := store.RatePart{API: "rest", Ends: now, Limit: 1, Wanted: 1}
	const many = rateWindowsTwice
	for account := range many {
		part.Account = store.ID(account + 1)
		take(t, database, part)
	}
	forget := func() (rounds int) {
		for more := true; more; rounds++ {
			var err error
			if more, err = database.ForgetRateWindows(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return rounds
	}
	count := func() (left int) {
		if err := rows.QueryRowContext(t.Context(), "SELECT count(*) FROM rate_windows").Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left
	}
	now = now.Add(store.RateWindowsKept)
	forget()
	if taken, _ := take(t, database, part); taken != 0 || count() != many {
		t.Errorf("a server whose clock is behind gets %d more; %d of %d windows are kept", taken, count(), many)
	}
	now = now.Add(time.Second)
	if rounds := forget(); rounds < 2 || count() != 0 {
		t.Errorf("%d windows are left after %d transactions", count(), rounds)
	}
}

// rateWindowsTwice is more than one transaction forgets.
const rateWindowsTwice = 1100
