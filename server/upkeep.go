package server

import (
	"context"
	"errors"
	"time"
)

const (
	// upkeepInterval is how often previous secrets and kept answers whose time has passed, and accounts that the search index
	// doesn't know, are looked for.
	upkeepInterval = 2 * time.Second
	// damageInterval is how often a damaged database is looked through again, in case somebody mended it.
	damageInterval = time.Minute
)

// upkeep is the work that nobody asks for, until ctx ends.
func (s *Server) upkeep(ctx context.Context) {
	due := time.NewTicker(upkeepInterval)
	defer due.Stop()
	var failing bool
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
			err := errors.Join(whileMore(ctx, s.store.EndPreviousSecrets), whileMore(ctx, s.store.ForgetKeptAnswers),
				whileMore(ctx, s.store.UpdateSearch))
			if s.config.RateLimit > 0 && s.store.Shared() {
				err = errors.Join(err, whileMore(ctx, s.store.ForgetRateWindows))
			}
			if err != nil && !failing && ctx.Err() == nil {
				s.config.Logger.WarnContext(ctx, "previous secrets or kept answers whose time has passed can't be cleared, or the search index not be brought up to date; it is tried again", "error", err)
			}
			failing = err != nil
		}
	}
}

// whileMore does work that is cut into short transactions, so that changes get their turn between them.
func whileMore(ctx context.Context, work func(context.Context) (more bool, err error)) error {
	for more := true; more; {
		var err error
		if more, err = work(ctx); err != nil {
			return err
		}
	}
	return nil
}

// thoroughDelay is how long after the start the whole of a large database is looked through: not while those come back who
// had to wait for the start.
const thoroughDelay = 5 * time.Minute

// watchIntegrity looks through the database at the start, quickly where it is large, thoroughly some minutes later, and again
// every minute for as long as it is damaged. Nobody waits for it: when it finds something, readyz turns red, and changes are
// refused.
func (s *Server) watchIntegrity(ctx context.Context) {
	ticker := time.NewTicker(damageInterval)
	defer ticker.Stop()
	s.checkIntegrity(ctx, s.store.CheckQuickly)
	thorough := time.NewTimer(thoroughDelay)
	defer thorough.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-thorough.C:
			s.checkIntegrity(ctx, s.store.CheckIntegrity)
		case <-ticker.C:
			if s.store.Damage() != nil {
				s.checkIntegrity(ctx, s.store.CheckIntegrity)
			}
		}
	}
}

func (s *Server) checkIntegrity(ctx context.Context, check func(context.Context) error) {
	started := time.Now()
	err := check(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.config.Logger.ErrorContext(ctx, "the database is damaged: management is refused, tokens go on where their accounts can be read", "error", err)
	default:
		s.config.Logger.DebugContext(ctx, "the database is whole", "duration_ms", time.Since(started).Milliseconds())
	}
}
