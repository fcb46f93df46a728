package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

const (
	// readinessInterval is how often the database is probed at most, however often readiness is asked for.
	readinessInterval = time.Second
	// readinessTimeout is how long the database may take before it counts as not answering.
	readinessTimeout = 3 * time.Second
)

// probed is what readiness asks of the database.
type probed interface {
	CheckRead(ctx context.Context) error
	CheckWrite(ctx context.Context) error
	// Damage returns what damage is known, without looking for it.
	Damage() error
}

// readiness finds out whether requests would be answered: whether the database can be read, and whether a change would
// be written. The probe is a real change, so that a disk that is full or read-only, or a lock that somebody holds, is
// found before a request meets it.
type readiness struct {
	database probed
	// keys returns an error while a signing key can't be used, and is quick.
	keys     func() error
	logger   *slog.Logger
	stopping atomic.Bool

	mu     sync.Mutex
	latest *probe
	red    bool
}

// probe is one look at the database, which everybody who asks meanwhile waits for.
type probe struct {
	ended chan struct{}
	// at and outcome are set when it has ended.
	at      time.Time
	outcome *rest.Error
}

func (p *probe) fresh() bool {
	select {
	case <-p.ended:
		return time.Since(p.at) < readinessInterval
	default:
		return true
	}
}

// check returns the answer to give, or nil when all is well.
func (r *readiness) check(ctx context.Context) *rest.Error {
	if r.stopping.Load() {
		return notReady("stopping", "", "The server is stopping.")
	}
	if err := r.keys(); err != nil {
		return notReady("signing_key_unusable", "signing_keys", "A signing key can't be used. The log says which; restart the server with the right master key.")
	}
	if err := r.database.Damage(); err != nil { // known at once, whatever the latest probe was
		return databaseNotReady("database_damaged", err)
	}
	r.mu.Lock()
	if r.latest == nil || !r.latest.fresh() {
		r.latest = &probe{ended: make(chan struct{})}
		go r.probe(context.WithoutCancel(ctx), r.latest)
	}
	latest := r.latest
	r.mu.Unlock()
	select {
	case <-latest.ended:
		return latest.outcome
	case <-ctx.Done():
		return notReady("database_slow", sourceDatabase, "The database did not answer in time.")
	}
}

// probe asks the database. What one caller started, others wait for, so it doesn't end with that caller.
func (r *readiness) probe(ctx context.Context, p *probe) {
	defer close(p.ended)
	ctx, cancel := context.WithTimeout(ctx, readinessTimeout)
	defer cancel()
	failed := "database_unreadable"
	err := r.database.CheckRead(ctx)
	if err == nil {
		failed, err = "database_unwritable", r.database.CheckWrite(ctx)
	}
	if err != nil {
		p.outcome = databaseNotReady(failed, err)
	}
	p.at = time.Now()
	r.tell(ctx, err)
}

// tell logs a change from ready to not ready and back, and nothing in between.
func (r *readiness) tell(ctx context.Context, err error) {
	r.mu.Lock()
	changed := r.red != (err != nil)
	r.red = err != nil
	r.mu.Unlock()
	switch {
	case changed && err != nil:
		r.logger.ErrorContext(ctx, "not ready", "error", err)
	case changed:
		r.logger.InfoContext(ctx, "ready again")
	}
}

const sourceDatabase = "database"

func databaseNotReady(reason string, err error) *rest.Error {
	var broken *store.Error
	switch {
	case !errors.As(err, &broken):
		return notReady(reason, sourceDatabase, "The database did not answer in time: it is kept busy, or its disk is stuck. The log says more.")
	case broken.Code == store.CodeNotADatabase:
		return notReady("database_damaged", sourceDatabase, "The database is damaged. The log says what was found; restore a backup.")
	default:
		return notReady(reason, sourceDatabase, broken.Message)
	}
}

func notReady(reason, source, message string) *rest.Error {
	return rest.NewError(http.StatusServiceUnavailable, message, rest.ErrorDetail{ReasonCode: reason, Message: message, Source: source})
}
