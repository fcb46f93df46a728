package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SigningKeys returns every key in the order of store.SortSigningKeys.
func (s *Store) SigningKeys(ctx context.Context) (keys []store.SigningKey, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		keys, err = listSigningKeys(ctx, tx)
		return err
	})
	return keys, err
}

// ChangeSigningKeys does what decide wants done to the keys as they are, in one transaction. What goes is overwritten in
// the pages where it was; Scrub takes care of older copies.
func (s *Store) ChangeSigningKeys(ctx context.Context, decide func([]store.SigningKey) (store.KeyChange, error)) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		keys, err := listSigningKeys(ctx, tx)
		if err != nil {
			return err
		}
		change, err := decide(keys)
		if err != nil {
			return err
		}
		// A PRAGMA reaches this connection only, which is the one that the transaction is on.
		if _, err := tx.ExecContext(ctx, "PRAGMA secure_delete = ON"); err != nil {
			return err
		}
		for _, id := range change.Remove {
			if _, err := tx.ExecContext(ctx, "DELETE FROM signing_keys WHERE id = ?", id); err != nil {
				return err
			}
		}
		for _, key := range change.Put {
			if err := putSigningKey(ctx, tx, key); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, "PRAGMA secure_delete = OFF")
		return err
	})
}

// ScrubDue reports whether a key was sealed and Scrub has not been done since.
func (s *Store) ScrubDue(ctx context.Context) (due bool, err error) {
	err = s.reader.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM signing_keys WHERE scrub_due)").Scan(&due)
	return due, translate(err)
}

// Scrub removes what earlier versions of the signing keys have left in unused pages and in the write-ahead log: it writes
// the whole file anew, and empties the log. It takes as long as a backup, and fails while somebody else writes, or reads
// for long; then it stays due.
func (s *Store) Scrub(ctx context.Context) error { return s.scrub(ctx, scrubPatience) }

const scrubPatience = 10 * time.Second

func (s *Store) scrub(ctx context.Context, patience time.Duration) (err error) {
	pool, err := openPool(s.path, map[string]string{
		"_busy_timeout": strconv.FormatInt(patience.Milliseconds(), 10), "_synchronous": "FULL", "_pragma": "secure_delete(1)",
	}, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("write the database anew: %w", translate(err))
	}
	var busy, frames, moved int
	if err := pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", translate(err))
	}
	if busy != 0 {
		return &store.Error{Code: store.CodeUnavailable, Message: "The write-ahead log can't be emptied: somebody else reads the database."}
	}
	_, err = pool.ExecContext(ctx, "UPDATE signing_keys SET scrub_due = 0 WHERE scrub_due")
	return translate(err)
}

func listSigningKeys(ctx context.Context, tx *sql.Tx) ([]store.SigningKey, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, algorithm, private_key, coalesce(master_key_id, ''), created_at, sign_after, longest_ttl
		FROM signing_keys ORDER BY sign_after DESC, created_at DESC, id`)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(rows *sql.Rows) (key store.SigningKey, err error) {
		var createdAt, signAfter, longestTTL int64
		err = rows.Scan(&key.ID, &key.Algorithm, &key.PrivateKey, &key.MasterKeyID, &createdAt, &signAfter, &longestTTL)
		key.CreatedAt, key.SignAfter = fromMicros(createdAt), fromMicros(signAfter)
		key.LongestTTL = time.Duration(longestTTL) * time.Microsecond
		return key, err
	})
}

// putSigningKey adds a key or replaces the one with its id. A key whose bytes change has left old ones behind.
func putSigningKey(ctx context.Context, tx *sql.Tx, key store.SigningKey) error {
	if key.SignAfter.IsZero() {
		key.SignAfter = key.CreatedAt
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO signing_keys (id, algorithm, private_key, master_key_id, created_at, sign_after, longest_ttl, scrub_due)
		VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, 0)
		ON CONFLICT (id) DO UPDATE SET private_key = excluded.private_key, master_key_id = excluded.master_key_id,
			sign_after = excluded.sign_after, longest_ttl = excluded.longest_ttl,
			scrub_due = scrub_due OR private_key <> excluded.private_key`,
		key.ID, key.Algorithm, key.PrivateKey, key.MasterKeyID, micros(key.CreatedAt), micros(key.SignAfter), key.LongestTTL.Microseconds())
	return err
}
