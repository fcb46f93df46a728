package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SigningKeys returns every key in the order of store.SortSigningKeys.
func (s *Store) SigningKeys(ctx context.Context) (keys []store.SigningKey, err error) {
	err = s.read(ctx, func(tx Tx) error {
		keys, err = ListSigningKeys(ctx, tx)
		return err
	})
	return keys, err
}

// ChangeSigningKeys does what decide wants done to the keys as they are, in one transaction. What goes is overwritten in
// the pages where it was, in a database that can do that; Scrub takes care of older copies.
func (s *Store) ChangeSigningKeys(ctx context.Context, decide func([]store.SigningKey) (store.KeyChange, error)) error {
	return s.write(ctx, func(tx Tx) error {
		keys, err := ListSigningKeys(ctx, tx)
		if err != nil {
			return err
		}
		change, err := decide(keys)
		if err != nil {
			return err
		}
		return s.erasing(ctx, tx, func() error { return applyKeyChange(ctx, tx, change) })
	})
}

// erasing runs f, which removes what must leave no bytes behind.
func (s *Store) erasing(ctx context.Context, tx Tx, f func() error) error {
	if s.dialect.Erase == "" {
		return f()
	}
	if _, err := tx.ExecContext(ctx, s.dialect.Erase); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, s.dialect.EraseNoMore)
	return err
}

func applyKeyChange(ctx context.Context, tx Tx, change store.KeyChange) error {
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
	return nil
}

// ScrubDue reports whether a key was sealed and what it was before may still be in the database's files.
func (s *Store) ScrubDue(ctx context.Context) (due bool, err error) {
	err = s.read(ctx, func(tx Tx) error {
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM signing_keys WHERE scrub_due)").Scan(&due)
	})
	return due, err
}

// ListSigningKeys is SigningKeys in a transaction.
func ListSigningKeys(ctx context.Context, tx Tx) ([]store.SigningKey, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, algorithm, private_key, coalesce(master_key_id, ''), created_at, sign_after, longest_ttl
		FROM signing_keys ORDER BY sign_after DESC, created_at DESC, id`)
	if err != nil {
		return nil, err
	}
	return Collect(rows, func(rows *sql.Rows) (key store.SigningKey, err error) {
		var createdAt, signAfter, longestTTL int64
		err = rows.Scan(&key.ID, &key.Algorithm, &key.PrivateKey, &key.MasterKeyID, &createdAt, &signAfter, &longestTTL)
		key.CreatedAt, key.SignAfter = FromMicros(createdAt), FromMicros(signAfter)
		key.LongestTTL = time.Duration(longestTTL) * time.Microsecond
		return key, err
	})
}

// putSigningKey adds a key or replaces the one with its id. A key whose bytes change has left old ones behind.
func putSigningKey(ctx context.Context, tx Tx, key store.SigningKey) error {
	if key.SignAfter.IsZero() {
		key.SignAfter = key.CreatedAt
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO signing_keys (id, algorithm, private_key, master_key_id, created_at, sign_after, longest_ttl, scrub_due)
		VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, FALSE)
		ON CONFLICT (id) DO UPDATE SET private_key = excluded.private_key, master_key_id = excluded.master_key_id,
			sign_after = excluded.sign_after, longest_ttl = excluded.longest_ttl,
			scrub_due = signing_keys.scrub_due OR signing_keys.private_key <> excluded.private_key`,
		key.ID, key.Algorithm, key.PrivateKey, key.MasterKeyID, Micros(key.CreatedAt), Micros(key.SignAfter), key.LongestTTL.Microseconds())
	return err
}
