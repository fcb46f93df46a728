package sqlstore

import (
	"errors"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// How much an engine's CheckWrite writes: next to nothing as long as changes succeed. When one has failed, as much as a change
// that writes a lot, or the last bytes of a full disk would let the check succeed where a change still fails.
const (
	smallProbe = 16
	largeProbe = 128 << 10
)

// probeFresh is for how long a change that succeeded shows that the next one will.
const probeFresh = time.Second

// Recent is how the last change went. It is safe for concurrent use.
type Recent struct {
	mu        sync.Mutex
	succeeded time.Time
	failing   bool
}

// Note remembers an outcome that says something about the database: a rule that was broken doesn't.
func (r *Recent) Note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.succeeded, r.failing = time.Now(), false
	case errors.Is(err, &store.Error{Code: store.CodeUnavailable}), errors.Is(err, &store.Error{Code: store.CodeNotADatabase}),
		errors.Is(err, &store.Error{Code: store.CodeOutcomeUnknown}):
		r.failing = true
	}
}

// ProbeSize is how many bytes to write to find out whether a change can be written, and 0 where one just was.
func (r *Recent) ProbeSize() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.failing:
		return largeProbe
	case time.Since(r.succeeded) < probeFresh:
		return 0
	}
	return smallProbe
}
