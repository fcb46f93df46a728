-- +goose Up
-- master_key_id names what sealed private_key; NULL means that it is in plain. sign_after is when the key begins to sign,
-- longest_ttl how long its longest token lives, in microseconds. scrub_due says that plain bytes of the key may still be
-- in pages that are no longer used, or in the write-ahead log.
ALTER TABLE signing_keys ADD COLUMN master_key_id TEXT;
ALTER TABLE signing_keys ADD COLUMN sign_after INTEGER NOT NULL DEFAULT 0;
-- Until now nobody noted what --token-ttl was. A day is longer than any that makes sense.
ALTER TABLE signing_keys ADD COLUMN longest_ttl INTEGER NOT NULL DEFAULT 86400000000;
ALTER TABLE signing_keys ADD COLUMN scrub_due INTEGER NOT NULL DEFAULT 0;
UPDATE signing_keys SET sign_after = created_at;
