package server

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// limiter counts each account's requests in windows of a minute, as the X-Rate-Limit headers of Procore's API tell
// them: so many are left until the window ends. Only requests that have authenticated are counted, so there is a count
// for each account at most, and nobody can use up another's.
type limiter struct {
	limit     int
	now       func() time.Time
	throttled prometheus.Counter

	mu     sync.Mutex
	ends   time.Time
	counts map[store.ID]int
}

func newLimiter(limit int, now func() time.Time, throttled prometheus.Counter) *limiter {
	return &limiter{limit: limit, now: now, throttled: throttled}
}

// admit counts a request of the account.
func (l *limiter) admit(account store.ID) rest.Admission {
	if l.limit <= 0 {
		return rest.Admission{Allowed: true}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	// A window that lies ahead is one of a clock that was set back since: nobody shall wait for it.
	if now.Before(l.ends.Add(-time.Minute)) || !now.Before(l.ends) {
		l.ends, l.counts = now.Truncate(time.Minute).Add(time.Minute), map[store.ID]int{}
	}
	allowed := l.counts[account] < l.limit
	if allowed {
		l.counts[account]++
	} else {
		l.throttled.Inc()
	}
	return rest.Admission{
		Allowed: allowed, Limit: l.limit,
		Remaining: l.limit - l.counts[account], Reset: l.ends, RetryAfter: l.ends.Sub(now),
	}
}
