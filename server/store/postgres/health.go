package postgres

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// CheckRead returns *store.Error when the database can't be read.
func (s *Store) CheckRead(ctx context.Context) error {
	return engine{s}.LookUp(ctx, func(tx sqlstore.Tx) error {
		var keys int
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM signing_keys").Scan(&keys)
	})
}

// CheckWrite returns *store.Error when a change would fail. It finds out by making one, in a table that exists for
// nothing else, unless a change has just succeeded.
func (s *Store) CheckWrite(ctx context.Context) error {
	size := s.recent.ProbeSize()
	if size == 0 {
		return nil
	}
	filler := make([]byte, size)
	_, _ = rand.Read(filler) // never fails: crypto/rand ends the program instead
	err := engine{s}.Write(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO write_probe (id, filler) VALUES (1, ?)
			ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`, filler)
		return err
	})
	if errors.Is(err, &store.Error{Code: store.CodeOutcomeUnknown}) {
		return unavailable("The connection to the database was lost.") // nobody needs to know of a probe whether it is kept
	}
	return err
}

// Damage returns nil: PostgreSQL looks after its own files, and a statement that meets damage in them fails.
func (*Store) Damage() error { return nil }

// CheckIntegrity returns nil, as Damage does: what looks through the files is pg_amcheck.
func (*Store) CheckIntegrity(context.Context) error { return nil }

// CheckQuickly returns nil, as CheckIntegrity does.
func (*Store) CheckQuickly(context.Context) error { return nil }

// Scrub writes the table of the signing keys anew, so that no unused row of it holds a key in plain. What the write-ahead log and
// backups hold of it ends when the database lets go of them. A database that can't do so keeps the rows until it cleans up by itself.
func (s *Store) Scrub(ctx context.Context) error {
	if _, err := s.pool.ExecContext(ctx, "VACUUM FULL signing_keys"); err != nil && !isUnsupported(err) {
		return translate(ctx, err)
	}
	return engine{s}.Write(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE signing_keys SET scrub_due = FALSE WHERE scrub_due")
		return err
	})
}

// isUnsupported reports that a statement isn't one of this database's.
func isUnsupported(err error) bool {
	state := sqlState(err)
	return state == "42601" || state == "0A000"
}
