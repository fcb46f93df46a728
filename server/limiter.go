package server

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// limiterShards keeps requests of different accounts off each other's lock.
const limiterShards = 32

// limiter counts each account's requests in windows of a minute, as the X-Rate-Limit headers of Procore's API tell
// them: so many are left until the window ends. Only requests that have authenticated are counted, so there is a count
// for each account at most, and nobody can use up another's.
//
// A server that has its database for itself counts in memory alone. Several servers on one take parts of each window from
// the database (leases), and each counts within its part.
type limiter struct {
	limit     int
	now       func() time.Time
	throttled prometheus.Counter
	// leases is nil where the server has its database for itself.
	leases *leases
	shards [limiterShards]limiterShard
}

type limiterShard struct {
	mu       sync.Mutex
	ends     time.Time
	accounts map[store.ID]*allowance
	_        [24]byte // fills the cache line, which neighbours would fight for
}

// allowance is what one account may ask of this server in one window.
type allowance struct {
	used, granted int
	// left is what of the window no server had when this one last asked. While it is more than nothing, asking again helps.
	left int
	// leasing is closed when the lease that is under way has come; nil while there is none.
	leasing chan struct{}
}

func newLimiter(limit int, now func() time.Time, throttled prometheus.Counter, leases *leases) *limiter {
	return &limiter{limit: limit, now: now, throttled: throttled, leases: leases}
}

// admit counts a request of the account. Where its part of the window is used up, it waits for a further one.
func (l *limiter) admit(account store.ID) rest.Admission {
	if l.limit <= 0 {
		return rest.Admission{Allowed: true}
	}
	shard := &l.shards[account%limiterShards]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	for {
		now := l.now()
		own := l.allowance(shard, account, now)
		allowed := own.used < own.granted
		if !allowed && own.left > 0 {
			l.replenish(shard, account, own)
			continue // the window may have ended meanwhile
		}
		if allowed {
			own.used++
		} else {
			l.throttled.Inc()
		}
		return rest.Admission{
			Allowed: allowed, Limit: l.limit,
			Remaining: own.granted - own.used + own.left, Reset: shard.ends, RetryAfter: shard.ends.Sub(now),
		}
	}
}

// allowance finds what the account has in the window that is now. It needs the shard's lock.
func (l *limiter) allowance(shard *limiterShard, account store.ID, now time.Time) *allowance {
	// A window that lies ahead is one of a clock that was set back since: nobody shall wait for it.
	if now.Before(shard.ends.Add(-time.Minute)) || !now.Before(shard.ends) {
		shard.ends, shard.accounts = now.Truncate(time.Minute).Add(time.Minute), map[store.ID]*allowance{}
	}
	own := shard.accounts[account]
	if own == nil {
		own = &allowance{granted: l.limit}
		if l.leases != nil {
			own = &allowance{left: l.limit}
		}
		shard.accounts[account] = own
	}
	return own
}

// replenish takes a further part of the window, or waits for the one that another request has asked for. It needs the
// shard's lock, and lets go of it meanwhile.
func (l *limiter) replenish(shard *limiterShard, account store.ID, own *allowance) {
	if leasing := own.leasing; leasing != nil {
		shard.mu.Unlock()
		<-leasing
		shard.mu.Lock()
		return
	}
	own.leasing = make(chan struct{})
	granted, ends := own.granted, shard.ends
	shard.mu.Unlock()
	taken, left := l.leases.take(account, ends, l.limit, granted)
	shard.mu.Lock()
	own.granted, own.left = own.granted+taken, left
	close(own.leasing)
	own.leasing = nil
}
