package server

import (
	"context"
	"time"
)

const (
	// endedSecretsInterval is how often previous secrets whose time has passed are looked for.
	endedSecretsInterval = 2 * time.Second
	// damageInterval is how often a damaged database is looked through again, in case somebody mended it.
	damageInterval = time.Minute
)

// upkeep is the work that nobody asks for, until ctx ends.
func (s *Server) upkeep(ctx context.Context) {
	ended := time.NewTicker(endedSecretsInterval)
	defer ended.Stop()
	var failing bool
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended.C:
			err := s.endPreviousSecrets(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				s.config.Logger.WarnContext(ctx, "previous secrets whose time has passed can't be cleared; it is tried again", "error", err)
			}
			failing = err != nil
		}
	}
}

func (s *Server) endPreviousSecrets(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = s.store.EndPreviousSecrets(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watchIntegrity looks through the whole database once, and again every minute for as long as it is damaged. That takes
// seconds where there are a hundred thousand accounts, so nobody waits for it: readyz turns red, changes are refused.
func (s *Server) watchIntegrity(ctx context.Context) {
	ticker := time.NewTicker(damageInterval)
	defer ticker.Stop()
	s.checkIntegrity(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if s.store.Damage() != nil {
				s.checkIntegrity(ctx)
			}
		}
	}
}

func (s *Server) checkIntegrity(ctx context.Context) {
	started := time.Now()
	err := s.store.CheckIntegrity(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.config.Logger.ErrorContext(ctx, "the database is damaged: management is refused, tokens go on where their accounts can be read", "error", err)
	default:
		s.config.Logger.DebugContext(ctx, "the database is whole", "duration_ms", time.Since(started).Milliseconds())
	}
}
