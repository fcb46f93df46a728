package server

import (
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// limiter counts each account's requests in windows of a minute, as the X-Rate-Limit headers of Procore's API tell
// them: so many are left until the window ends.
type limiter struct {
	limit int
	now   func() time.Time

	mu     sync.Mutex
	ends   time.Time
	counts map[store.ID]int
}

func newLimiter(limit int, now func() time.Time) *limiter {
	return &limiter{limit: limit, now: now}
}

// admit counts a request of the account.
func (l *limiter) admit(account store.ID) rest.Admission {
	if l.limit <= 0 {
		return rest.Admission{Allowed: true}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !now.Before(l.ends) {
		l.ends, l.counts = now.Truncate(time.Minute).Add(time.Minute), map[store.ID]int{}
	}
	l.counts[account]++
	return rest.Admission{
		Allowed: l.counts[account] <= l.limit, Limit: l.limit,
		Remaining: max(0, l.limit-l.counts[account]), Reset: l.ends, RetryAfter: l.ends.Sub(now),
	}
}
