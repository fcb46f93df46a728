package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// write makes a change, together with others where some wait (see writer). What it acknowledges is on the disk, in
// the files that the next start finds under the database's name. Where the files went while it was made, it returns
// *store.Error with CodeOutcomeUnknown.
//
// A change that has begun is brought to its end, and its outcome told, even where the context ends meanwhile.
func (s *Store) write(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	if damage := s.Damage(); damage != nil {
		return damage
	}
	err := s.note(s.change(ctx, f))
	s.recent.Note(err)
	return err
}

// writable returns why no change may be tried now.
func (s *Store) writable() error {
	if damage := s.Damage(); damage != nil {
		return damage
	}
	return s.files.check()
}

func (s *Store) change(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	operation, since := sqlstore.OperationWait, time.Now()
	next := func(next sqlstore.Operation) {
		s.observe(operation, time.Since(since))
		operation, since = next, time.Now()
	}
	defer next("")
	return s.writer.do(ctx, f, func() { next(sqlstore.OperationWrite) })
}

// read runs f on one snapshot of the database.
func (s *Store) read(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	if damage := s.Damage(); damage != nil {
		return damage
	}
	return s.lend(ctx, func(c *connection) error {
		if err := c.begin(ctx, "BEGIN"); err != nil {
			return err
		}
		defer func() { // after a panic, too
			c.release()
			_ = c.rollback(ctx) // there is nothing to keep
		}()
		return f(c)
	})
}

// lookUp runs f, which looks for one row that a token request needs. It does so in a damaged database too: the rows that
// can be read are good, and whoever lives on tokens can't wait for a backup to be restored. But there a row that isn't
// found, or makes no sense, is one that was lost.
func (s *Store) lookUp(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	err := s.lend(ctx, func(c *connection) error { return f(c) })
	if damage := s.Damage(); damage != nil && err != nil {
		return damage
	}
	return err
}

// lend lends f one of the connections that read.
func (s *Store) lend(ctx context.Context, f func(c *connection) error) error {
	defer func(started time.Time) { s.observe(sqlstore.OperationRead, time.Since(started)) }(time.Now())
	c, err := s.readers.lend(ctx)
	if err != nil {
		return err
	}
	defer s.readers.giveBack(c)
	return s.note(translate(f(c)))
}

// finish ends the transaction whatever f does.
func finish(tx *sql.Tx, f func(tx *sql.Tx) error) error {
	defer func() { _ = tx.Rollback() }() // does nothing after Commit; and the first error is the one that counts
	if err := f(tx); err != nil {
		return translate(err)
	}
	return translate(tx.Commit())
}
