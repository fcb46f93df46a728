package sqlite

import (
	"context"
	"database/sql"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SigningKeys returns every key, newest first: the newest signs.
func (s *Store) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	var keys []store.SigningKey
	err := s.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx,
			"SELECT id, algorithm, private_key, created_at FROM signing_keys ORDER BY created_at DESC, id")
		if err != nil {
			return err
		}
		keys, err = collect(rows, func(rows *sql.Rows) (key store.SigningKey, err error) {
			var createdAt int64
			err = rows.Scan(&key.ID, &key.Algorithm, &key.PrivateKey, &createdAt)
			key.CreatedAt = fromMicros(createdAt)
			return key, err
		})
		return err
	})
	return keys, err
}

func insertSigningKey(ctx context.Context, tx *sql.Tx, key store.SigningKey) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO signing_keys (id, algorithm, private_key, created_at) VALUES (?, ?, ?, ?)",
		key.ID, key.Algorithm, key.PrivateKey, micros(key.CreatedAt))
	return err
}
