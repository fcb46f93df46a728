package oauth

import (
	"context"
	"hash/maphash"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// How failed authentications are slowed down: so many at once for one client id, then one more each interval.
const (
	guessBurst    = 10
	guessInterval = 6 * time.Second
	// guessBuckets bounds the memory, whatever client ids are sprayed.
	guessBuckets = 1 << 13
	// guessLogInterval is how long the log says nothing more of one bucket.
	guessLogInterval = time.Minute
)

// guesses counts failed authentications for each client id, known or not, and says when there are too many.
//
// A secret is always compared first, and one that is right always passes, from whichever address and however many wrong
// ones came before: otherwise anybody who knows a client id could lock its owner out. That costs no safety, for a secret
// of 256 random bits isn't found by trying, however fast. What slowing is for is the noise: clients that loop with an old
// secret hear that they should stop, and the log isn't filled by them.
//
// The client ids are spread over a table of fixed size by a hash with a random seed, so that nobody can choose whose
// bucket to share. A shared bucket can only make a wrong guess's 401 a 429. Nothing but time empties a bucket: a success
// doesn't, so that an owner at work gives nobody further guesses.
type guesses struct {
	now  func() time.Time
	seed maphash.Seed

	mu      sync.Mutex
	buckets [guessBuckets]guessBucket
}

type guessBucket struct {
	// failures are how many count at that moment; one fewer each guessInterval.
	failures   float64
	at, logged time.Time
}

func newGuesses(now func() time.Time) *guesses {
	return &guesses{now: now, seed: maphash.MakeSeed()}
}

// fail counts a failed authentication. With a wait it is one too many; log says that the log shall have it.
func (g *guesses) fail(clientID string) (wait time.Duration, log bool) {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	bucket := &g.buckets[maphash.String(g.seed, clientID)%guessBuckets]
	// A clock that was set back lets no time pass, and the next failure counts from there.
	if passed := now.Sub(bucket.at); passed > 0 {
		bucket.failures = max(0, bucket.failures-passed.Seconds()/guessInterval.Seconds())
	}
	bucket.at = now
	if bucket.failures+1 <= guessBurst {
		bucket.failures++
		return 0, false
	}
	if since := now.Sub(bucket.logged); since >= guessLogInterval || since < 0 {
		bucket.logged, log = now, true
	}
	return time.Duration((bucket.failures + 1 - guessBurst) * float64(guessInterval)), log
}

// wrongGuess is the answer to an unknown client and to a wrong secret: 401, or 429 once there were too many of them. The
// account is the client's where it is known.
func (s *Server) wrongGuess(ctx context.Context, clientID string, account store.ServiceAccount) *failure {
	wait, log := s.guesses.fail(clientID)
	s.observe.AuthenticationFailed(wait > 0)
	if wait == 0 {
		return invalidClient(wrongCredentials)
	}
	if log {
		who := "unknown" // what was sent stays out: people do paste the secret into the wrong field
		if account.ID != 0 {
			who = account.ClientID
		}
		s.logger.LogAttrs(ctx, slog.LevelWarn, "failed client authentications are being slowed down; the right secret still passes",
			slog.String("client_id", who))
	}
	return tooMany("Client authentication failed too often for this client_id: the client_id is unknown, or the client_secret "+
		"is wrong. Correct them before the next try; the right ones pass at once.", wait)
}

// admitted counts a request of a client that has authenticated, and tells it how many are left, in the headers of
// Procore's API.
func (s *Server) admitted(w http.ResponseWriter, account store.ServiceAccount) *failure {
	admission := s.admit(account.ID)
	if admission.Limit == 0 {
		return nil
	}
	header := w.Header()
	header.Set("X-Rate-Limit-Limit", strconv.Itoa(admission.Limit))
	header.Set("X-Rate-Limit-Remaining", strconv.Itoa(admission.Remaining))
	header.Set("X-Rate-Limit-Reset", strconv.FormatInt(admission.Reset.Unix(), 10))
	if admission.Allowed {
		return nil
	}
	return tooMany("Service account "+account.ID.String()+" has made its "+strconv.Itoa(admission.Limit)+
		" OAuth requests of this minute.", admission.RetryAfter)
}
