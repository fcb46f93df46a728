package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// write runs f in a transaction that holds the write lock from its beginning. What it acknowledges is on the disk, in
// the files that the next start finds under the database's name. Where the files went while it ran, it returns *store.Error
// with codeOutcomeUnknown.
func (s *Store) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	if err := s.writable(); err != nil {
		return err
	}
	err := s.note(s.change(ctx, f))
	if err == nil && s.files.check() != nil {
		err = movedMeanwhile()
	}
	s.recent.note(err)
	return err
}

// writable returns why no change may be tried now.
func (s *Store) writable() error {
	if damage := s.Damage(); damage != nil {
		return damage
	}
	return s.files.check()
}

func (s *Store) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	waiting := time.Now()
	connection, tx, err := s.begin(ctx)
	s.observe(sqlstore.OperationWait, time.Since(waiting))
	if err != nil {
		return translate(err)
	}
	defer func() { _ = connection.Close() }() // gives it back to the pool
	defer func(started time.Time) { s.observe(sqlstore.OperationWrite, time.Since(started)) }(time.Now())
	return finish(tx, func(tx *sql.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		// Every transaction has the first page in it, and so the log can be told from another database's (see checkLog).
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", s.identity))
		return err
	})
}

// begin waits for the writer's connection, and with it for the lock that another process may hold: never longer than the
// busy timeout, and no longer than the context lasts. SQLite's own waiting hears of no context, so it is kept short.
func (s *Store) begin(ctx context.Context) (*sql.Conn, *sql.Tx, error) {
	deadline := time.Now().Add(s.busyTimeout)
	waiting, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	connection, err := s.writer.Conn(waiting)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			err = busy("other changes")
		}
		return nil, nil, err
	}
	for {
		tx, err := connection.BeginTx(ctx, nil)
		switch {
		case err == nil:
			return connection, tx, nil
		case ctx.Err() != nil:
			err = ctx.Err() // and not that SQLite was interrupted
		case isBusy(err) && time.Now().Before(deadline):
			continue
		}
		return nil, nil, errors.Join(err, connection.Close())
	}
}

// read runs f on one snapshot of the database.
func (s *Store) read(ctx context.Context, f func(tx *sql.Tx) error) error {
	if damage := s.Damage(); damage != nil {
		return damage
	}
	return s.snapshot(ctx, f)
}

// lookUp runs f, which looks for one row that a token request needs. It does so in a damaged database too: the rows that
// can be read are good, and whoever lives on tokens can't wait for a backup to be restored. But there a row that isn't
// found, or makes no sense, is one that was lost.
func (s *Store) lookUp(f func() error) error {
	started := time.Now()
	err := s.note(translate(f()))
	s.observe(sqlstore.OperationRead, time.Since(started))
	if damage := s.Damage(); damage != nil && err != nil {
		return damage
	}
	return err
}

func (s *Store) snapshot(ctx context.Context, f func(tx *sql.Tx) error) error {
	return s.lookUp(func() error {
		tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		return finish(tx, f)
	})
}

// finish ends the transaction whatever f does. One that a panic left open would keep its connection for ever, and the writer
// has no other.
func finish(tx *sql.Tx, f func(tx *sql.Tx) error) error {
	defer func() { _ = tx.Rollback() }() // does nothing after Commit; and the first error is the one that counts
	if err := f(tx); err != nil {
		return translate(err)
	}
	return translate(tx.Commit())
}
