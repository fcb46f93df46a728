package postgres

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

const (
	// firstPause and longestPause bound how long a change waits before it is tried again: twice as long each time, and a random
	// part of that, so that those that met don't meet again.
	firstPause   = 2 * time.Millisecond
	longestPause = 250 * time.Millisecond
	// lostConnections is how often a connection may get lost before a commit was asked for. After the database was restarted
	// each of the pool's may be a dead one.
	lostConnections = 2
	// commitTimeout is how long the end of a transaction may take, whoever has stopped waiting for it meanwhile.
	commitTimeout = 15 * time.Second
)

// Write runs f in a SERIALIZABLE transaction (sqlstore.Engine). It runs f again when the database refused the transaction
// because of another one, or when its rows came second to another's with the same unique value, which f then finds. Where
// it can't be known whether a commit went through it returns *store.Error with CodeOutcomeUnknown.
func (e engine) Write(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	waiting := time.Now()
	err := e.turn(ctx)
	e.observe(sqlstore.OperationWait, time.Since(waiting))
	if err == nil {
		started := time.Now()
		err = e.again(ctx, func() error { return e.transaction(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable}, f) })
		e.observe(sqlstore.OperationWrite, time.Since(started))
		<-e.writers
	}
	err = translate(ctx, err)
	e.recent.Note(err)
	return err
}

// turn waits for a place among those that change something.
func (s *Store) turn(ctx context.Context) error {
	timer := time.NewTimer(s.busyTimeout)
	defer timer.Stop()
	select {
	case s.writers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return busy()
	}
}

// Read runs f on one snapshot (sqlstore.Engine). f may be run again from the beginning.
func (e engine) Read(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return e.look(ctx, func() error {
		return e.transaction(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
	})
}

// LookUp runs f without a transaction: its one statement is a snapshot by itself (sqlstore.Engine). f may be run again.
func (e engine) LookUp(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return e.look(ctx, func() error { return f(bound{e.pool}) })
}

func (s *Store) look(ctx context.Context, f func() error) error {
	started := time.Now()
	err := s.again(ctx, f)
	s.observe(sqlstore.OperationRead, time.Since(started))
	return translate(ctx, err)
}

// transaction runs f in a transaction of its own. The transaction's end is not f's caller's to cut off: one who stops
// waiting while a commit is under way would make its outcome unknown.
func (s *Store) transaction(ctx context.Context, options *sql.TxOptions, f func(tx sqlstore.Tx) error) error {
	connection, err := s.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }() // gives it back to the pool
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	tx, err := connection.BeginTx(lasting, options)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit; and the first error is the one that counts
	if err := f(bound{tx}); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	defer time.AfterFunc(commitTimeout, cancel).Stop()
	if err := tx.Commit(); err != nil {
		return &commitError{err}
	}
	return nil
}

// commitError is what a commit said.
type commitError struct{ cause error }

func (e *commitError) Error() string { return "commit: " + e.cause.Error() }
func (e *commitError) Unwrap() error { return e.cause }

// again runs f until it succeeds, or fails by something that trying again doesn't mend.
func (s *Store) again(ctx context.Context, f func() error) error {
	deadline := time.Now().Add(s.busyTimeout)
	lost := 0
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := f()
		switch {
		case err == nil || !mayTryAgain(err) || ctx.Err() != nil:
			return err
		case isLost(err):
			lost++
			if lost > lostConnections {
				return err
			}
		case time.Now().Add(pause).After(deadline):
			return busy()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(pause) + 1): //#nosec G404 -- spreads load
		}
	}
}

func busy() *store.Error {
	return unavailable("The database is kept busy by other changes. Nothing was changed; try again in a moment.")
}

// mayTryAgain reports whether a transaction is known to have left nothing behind, and may succeed when it is run again.
func mayTryAgain(err error) bool {
	var own *store.Error
	if errors.As(err, &own) || isUnknown(err) {
		return false
	}
	return isRetry(err) || isLost(err)
}
