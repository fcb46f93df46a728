package server

import (
	"bytes"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// sharing is some servers' limiters on one database.
type sharing struct {
	path     string
	limiters []*limiter
	// writes counts what was asked of the database, and seconds is the clock.
	writes, seconds atomic.Int64
	log             bytes.Buffer
}

// newSharing makes so many servers' limiters on one database, each with a connection of its own, which waits so long for the
// others.
func newSharing(t testing.TB, servers, limit int, patience time.Duration) *sharing {
	t.Helper()
	s := &sharing{path: filepath.Join(t.TempDir(), "procore.db")}
	s.seconds.Store(6000)
	now := func() time.Time { return time.Unix(s.seconds.Load(), 0) }
	for range servers {
		database, err := sqlite.Open(t.Context(), sqlite.Options{
			Path: s.path, Create: true, Now: now, BusyTimeout: patience,
			Observe: func(operation sqlstore.Operation, _ time.Duration) {
				if operation == sqlstore.OperationWrite {
					s.writes.Add(1)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = database.Close() })
		shared := &leases{windows: database, api: "rest", logger: slog.New(slog.NewTextHandler(&s.log, nil)), timeout: time.Minute}
		s.limiters = append(s.limiters, newLimiter(limit, now, newMetrics().throttled.WithLabelValues("rest"), shared))
	}
	return s
}

// admitted sends so many requests of an account to a server, and returns how many were admitted.
func (s *sharing) admitted(server int, account store.ID, requests int) (admitted int) {
	for range requests {
		if s.limiters[server].admit(account).Allowed {
			admitted++
		}
	}
	return admitted
}

func TestServersTogetherAdmitTheLimitAndNoMoreHoweverRequestsAreSpread(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 3, 60, 1000, 5000} {
		for name, spread := range map[string]func(s *sharing) int{
			"in turn": func(s *sharing) (admitted int) {
				for i := range 3 * limit {
					admitted += s.admitted(i%3, 1, 1)
				}
				return admitted
			},
			"one after another": func(s *sharing) int {
				return s.admitted(0, 1, limit/2) + s.admitted(1, 1, limit) + s.admitted(2, 1, limit)
			},
			"most to one": func(s *sharing) (admitted int) {
				for i := range 2 * limit {
					server := 0
					if i%20 == 19 {
						server = 1 + i/20%2
					}
					admitted += s.admitted(server, 1, 1)
				}
				return admitted
			},
			"at once": func(s *sharing) int {
				var admitted atomic.Int64
				var group sync.WaitGroup
				for i := range 6 {
					group.Go(func() { admitted.Add(int64(s.admitted(i%3, 1, limit))) })
				}
				group.Wait()
				return int(admitted.Load())
			},
		} {
			t.Run(fmt.Sprint(limit, " ", name), func(t *testing.T) {
				t.Parallel()
				s := newSharing(t, 3, limit, time.Minute)
				got := spread(s)
				if got > limit || got < limit*8/10 {
					t.Errorf("%d of %d were admitted", got, limit)
				}
				writes := s.writes.Load()
				if writes > 100 {
					t.Errorf("it took %d leases", writes)
				}
				t.Logf("%d of %d admitted, %d leases", got, limit, writes)
				// A server that has once heard that nothing is left doesn't ask again.
				for server := range s.limiters {
					s.admitted(server, 1, 2*limit)
				}
				if more := s.writes.Load() - writes; more > int64(len(s.limiters)) {
					t.Errorf("refused requests asked the database %d times", more)
				}
				// Another account and the next window have their own.
				if s.admitted(0, 2, 1) != 1 {
					t.Error("another account is refused")
				}
				s.seconds.Add(60)
				if s.admitted(1, 1, 1) != 1 {
					t.Error("the next window is used up")
				}
			})
		}
	}
}

func TestAServerThatSharesTellsWhatIsLeftLikeOneThatDoesNot(t *testing.T) {
	t.Parallel()
	s := newSharing(t, 1, 100, time.Minute)
	alone := newLimiter(100, s.limiters[0].now, newMetrics().throttled.WithLabelValues("rest"), nil)
	for range 102 {
		if got, want := s.limiters[0].admit(1), alone.admit(1); got != want {
			t.Fatalf("told %+v, want %+v", got, want)
		}
	}
}

func TestALimitThatCanNotBeSharedIsCountedByEachServerUntilItCanBeAgain(t *testing.T) {
	t.Parallel()
	const limit = 100
	s := newSharing(t, 2, limit, 100*time.Millisecond)
	for server := range s.limiters {
		if got := s.admitted(server, 1, 10); got != 10 {
			t.Fatalf("%d of 10 were admitted", got)
		}
	}
	// Somebody else keeps the database's lock.
	other, err := sql.Open("sqlite", "file:"+s.path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	lock, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for server := range s.limiters {
		if got := s.admitted(server, 1, 2*limit); got != limit-10 {
			t.Errorf("%d more were admitted", got)
		}
		if got := s.admitted(server, 2, 2*limit); got != limit {
			t.Errorf("%d of another account were admitted", got)
		}
	}
	if lines := strings.Count(s.log.String(), "can't be shared"); lines != len(s.limiters) {
		t.Errorf("the log tells it %d times: %s", lines, &s.log)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.seconds.Add(60)
	admitted := 0
	for server, limiter := range s.limiters {
		limiter.leases.failed.Store(1) // long ago
		admitted += s.admitted(server, 1, limit)
	}
	if admitted > limit || admitted < limit*8/10 {
		t.Errorf("%d of %d were admitted", admitted, limit)
	}
	if lines := strings.Count(s.log.String(), "together again"); lines != len(s.limiters) {
		t.Errorf("the log tells it %d times: %s", lines, &s.log)
	}
}

// BenchmarkAdmit measures what counting a request costs: of a server that has its database for itself, and of one that shares it.
func BenchmarkAdmit(b *testing.B) {
	const limit = 1 << 30
	for name, shared := range map[string]bool{"alone": false, "shared": true} {
		b.Run(name, func(b *testing.B) {
			limiter := newSharing(b, 1, limit, time.Minute).limiters[0]
			if !shared {
				limiter.leases = nil
			}
			var accounts atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				account := store.ID(accounts.Add(1))
				for pb.Next() {
					if !limiter.admit(account).Allowed {
						b.Fail()
					}
				}
			})
		})
	}
}
