package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// CheckRead returns *store.Error when the database can't be read, or is known to be damaged.
func (s *Store) CheckRead(ctx context.Context) error {
	return s.read(ctx, func(tx sqlstore.Tx) error {
		var keys int
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM signing_keys").Scan(&keys)
	})
}

// CheckWrite returns *store.Error when a change would fail. It finds out by making one, in a table that exists for
// nothing else, unless a change has just succeeded.
func (s *Store) CheckWrite(ctx context.Context) error {
	size := s.recent.ProbeSize()
	if size == 0 {
		return s.writable()
	}
	err := s.write(ctx, func(tx sqlstore.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO write_probe (id, filler) VALUES (1, randomblob(?))
			ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`, size)
		return err
	})
	if errors.Is(err, &store.Error{Code: store.CodeOutcomeUnknown}) {
		return moved() // nobody needs to know of a probe whether it is kept
	}
	return err
}

// Damage returns *store.Error with CodeNotADatabase when the database is known to be damaged, and nil otherwise. Then it
// is neither changed, which could make it worse, nor asked what a missing row would make a wrong answer of.
func (s *Store) Damage() error {
	if damage := s.damage.Load(); damage != nil {
		return damage
	}
	return nil
}

// note remembers damage that a query came upon.
func (s *Store) note(err error) error {
	var broken *store.Error
	if errors.As(err, &broken) && broken.Code == store.CodeNotADatabase {
		s.damage.CompareAndSwap(nil, broken)
	}
	return err
}

// CheckIntegrity reads the whole database and returns *store.Error with CodeNotADatabase, naming what it found first,
// when it is damaged; from then on Damage says so. Damage that is no more is forgotten. It takes seconds where there are
// a hundred thousand accounts, and holds nobody up.
func (s *Store) CheckIntegrity(ctx context.Context) error {
	return s.checkBy(ctx, "PRAGMA quick_check(1)", "PRAGMA integrity_check(1)")
}

// largeDatabase is the size in bytes from which on looking through all of a database is felt by those who use it.
const largeDatabase = 32 << 20

// CheckQuickly is CheckIntegrity for a small database. In a large one it leaves out the comparison of the indexes with their
// tables, which takes ten times as long as the rest, and a processor meanwhile.
func (s *Store) CheckQuickly(ctx context.Context) error {
	if size(s.path) < largeDatabase {
		return s.CheckIntegrity(ctx)
	}
	return s.checkBy(ctx, "PRAGMA quick_check(1)")
}

func (s *Store) checkBy(ctx context.Context, checks ...string) error {
	found, err := s.firstFinding(ctx, checks)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isLogicError(err):
		return s.note(damaged(err))
	case err != nil:
		return s.note(translate(err))
	case found == "":
		s.damage.Store(nil)
		return nil
	}
	return s.note(damaged(found))
}

// firstFinding returns what is wrong with the database, or "". The quick check comes first because it takes a tenth of the
// time and finds what does most harm; the other compares the indexes with their tables as well.
func (s *Store) firstFinding(ctx context.Context, checks []string) (found string, err error) {
	c, err := s.readers.lend(ctx)
	if err != nil {
		return "", err
	}
	defer s.readers.giveBack(c)
	for _, check := range checks {
		if found, err = checkOn(ctx, c, check); err != nil || found != "ok" {
			return found, err
		}
	}
	return firstRow(ctx, c.conn, "PRAGMA foreign_key_check", func(rows *sql.Rows) (string, error) {
		var table, parent sql.NullString
		var row, index sql.NullInt64
		err := rows.Scan(&table, &row, &parent, &index)
		return fmt.Sprintf("row %d of %s has no row in %s", row.Int64, table.String, parent.String), err
	})
}

// checkOn runs a check on a snapshot on which the search index was asked before. FTS5 keeps in each connection what it knows of
// the index's parts, and looks whether that is still true when it is asked, but not when it is checked: parts that were
// merged meanwhile would pass for damage.
func checkOn(ctx context.Context, c *connection, check string) (found string, err error) {
	if err := c.begin(ctx, "BEGIN"); err != nil {
		return "", err
	}
	// However the check ended, nothing was written.
	defer func() { _ = c.rollback(context.WithoutCancel(ctx)) }()
	if _, err := firstRow(ctx, c.conn, "SELECT rowid FROM account_search WHERE account_search MATCH '\"xyz\"' LIMIT 1", scanText); err != nil {
		return "", err
	}
	return firstRow(ctx, c.conn, check, scanText)
}

func scanText(rows *sql.Rows) (text string, err error) {
	err = rows.Scan(&text)
	return text, err
}

// firstRow returns the first row of a query's answer, or "" where there is none.
func firstRow(ctx context.Context, db *sql.Conn, query string, scan func(*sql.Rows) (string, error)) (text string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return "", rows.Err()
	}
	return scan(rows)
}
