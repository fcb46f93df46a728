package server

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

const (
	// firstLease and nextLease say how much a server asks for: a sixty-fourth of the limit at first, and then a quarter of what
	// it has had. So an account that asks much costs few leases, and what lies unused with a server that an account has left is
	// a fifth at most of what it got there.
	firstLease = 64
	nextLease  = 4
	// leaseTimeout is how long a request waits for a lease.
	leaseTimeout = 2 * time.Second
	// leasePause is for how long no lease is asked for after one that failed: not every request shall wait for a database
	// that can't be written.
	leasePause = 5 * time.Second
)

// leases takes parts of rate-limit windows from the database that several servers share. A part that is taken is used by
// this server or by nobody, so that all of them together never admit more than the limit. One that is killed takes what is
// left of its parts with it, until the window ends.
//
// While the database can't be written each server counts by itself, up to the whole limit: a rate limit keeps the load down
// that an account makes, and to refuse everybody would be worse than a multiple of it for as long as that lasts.
type leases struct {
	windows store.RateWindows
	api     string
	logger  *slog.Logger
	// timeout is leaseTimeout, but for tests, whose machine may be slow.
	timeout time.Duration
	// failed is when a lease last failed, in nanoseconds; 0 while all is well.
	failed atomic.Int64
}

// take returns how many more requests of the window this server may admit, and how many are left for all servers. It has
// granted so many before.
func (l *leases) take(account store.ID, ends time.Time, limit, granted int) (taken, left int) {
	if granted >= limit {
		return 0, 0 // it has counted by itself for a while
	}
	wanted := max(1, limit/firstLease, granted/nextLease)
	failed := l.failed.Load()
	if failed == 0 || time.Since(time.Unix(0, failed)) >= leasePause {
		// Not the request's context: others wait for the outcome too.
		ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
		defer cancel()
		taken, left, err := l.windows.TakeRequests(ctx, store.RatePart{
			API: l.api, Account: account, Ends: ends, Limit: limit, Wanted: wanted,
		})
		l.note(ctx, failed, err)
		if err == nil {
			if taken == 0 {
				left = 0
			}
			return taken, left
		}
	}
	taken = min(wanted, limit-granted)
	return taken, limit - granted - taken
}

// note remembers how it went, and logs where that has changed.
func (l *leases) note(ctx context.Context, failed int64, err error) {
	if err == nil {
		if failed != 0 && l.failed.CompareAndSwap(failed, 0) {
			l.logger.InfoContext(ctx, "the rate limit holds for all servers together again", "api", l.api)
		}
		return
	}
	l.failed.Store(time.Now().UnixNano())
	if failed == 0 {
		l.logger.WarnContext(ctx, "the rate limit can't be shared with other servers: each counts by itself until the database can be written",
			"api", l.api, "error", err)
	}
}
