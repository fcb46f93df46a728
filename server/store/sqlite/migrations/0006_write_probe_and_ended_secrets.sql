-- +goose Up

-- What the readiness check writes to find out whether a change can be written. Nothing reads it.
CREATE TABLE write_probe (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    filler BLOB    NOT NULL
);

-- For the look-up of previous secrets whose time has passed.
CREATE INDEX service_accounts_by_previous_secret ON service_accounts (previous_secret_expires_at)
WHERE previous_secret_expires_at IS NOT NULL;
