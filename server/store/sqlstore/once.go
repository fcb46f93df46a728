package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// expiredAtOnce is how many kept answers are forgotten at most in one transaction: a day's worth at a time would be felt.
const expiredAtOnce = 100

// writeOnce runs f in a transaction that holds the write lock from its beginning, and keeps its answer. A change that was
// made before ends with what store.Once.DoneBefore says. The lock is held while the id is looked up, so that of equal
// requests at once, be it to two processes, one makes the change and the others find its answer.
func writeOnce[T any](ctx context.Context, s *Store, once *store.Once[T], f func(tx Tx) (T, error)) (T, error) {
	var result T
	err := s.write(ctx, func(tx Tx) error {
		var err error
		if once == nil {
			result, err = f(tx)
			return err
		}
		kept, found, err := s.findKept(ctx, tx, once.ID)
		if err != nil {
			return err
		}
		if found {
			return once.DoneBefore(kept)
		}
		if result, err = f(tx); err != nil {
			return err
		}
		sealed, err := once.Seal(result)
		if err != nil {
			return err
		}
		return s.keep(ctx, tx, once.ID, store.KeptAnswer{Fingerprint: once.Fingerprint, Sealed: sealed})
	})
	return result, err
}

// KeptAnswer finds an answer that is still kept.
func (s *Store) KeptAnswer(ctx context.Context, id []byte) (kept store.KeptAnswer, found bool, err error) {
	err = s.read(ctx, func(tx Tx) error {
		kept, found, err = s.findKept(ctx, tx, id)
		return err
	})
	return kept, found, err
}

// findKept looks at the end of an answer's time alone. Where the clock is set back, an answer is kept for longer by as
// much: to forget it early would be to do its work twice.
func (s *Store) findKept(ctx context.Context, tx Tx, id []byte) (kept store.KeptAnswer, found bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT fingerprint, sealed FROM kept_answers WHERE id = ? AND expires_at > ?", id, Micros(s.now())).
		Scan(&kept.Fingerprint, &kept.Sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return kept, false, nil
	}
	return kept, err == nil, err
}

// keep writes an answer, in place of an older one of its id whose time has passed, and forgets some other such ones.
func (s *Store) keep(ctx context.Context, tx Tx, id []byte, kept store.KeptAnswer) error {
	now := s.now()
	if _, err := forgetExpired(ctx, tx, now); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO kept_answers (id, fingerprint, sealed, expires_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET fingerprint = excluded.fingerprint, sealed = excluded.sealed, expires_at = excluded.expires_at`,
		id, kept.Fingerprint, kept.Sealed, Micros(now.Add(store.KeepAnswersFor)))
	return err
}

// ForgetKeptAnswers forgets answers whose time has passed, a few in one transaction; nothing is written where there are
// none. More says that there may be others.
func (s *Store) ForgetKeptAnswers(ctx context.Context) (more bool, err error) {
	var found bool
	err = s.read(ctx, func(tx Tx) error {
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM kept_answers WHERE expires_at <= ?)", Micros(s.now())).Scan(&found)
	})
	if err != nil || !found {
		return false, err
	}
	err = s.write(ctx, func(tx Tx) error {
		count, err := forgetExpired(ctx, tx, s.now())
		more = count == expiredAtOnce
		return err
	})
	return more, err
}

func forgetExpired(ctx context.Context, tx Tx, now time.Time) (count int64, err error) {
	result, err := tx.ExecContext(ctx, `DELETE FROM kept_answers WHERE id IN
		(SELECT id FROM kept_answers WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`, Micros(now), expiredAtOnce)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
