-- +goose Up

-- How many of an account's requests the servers of one database have taken in a window of a minute, each to count within
-- its part. Only servers that share a database and have a rate limit write here.
CREATE TABLE rate_windows (
    service_account_id INTEGER NOT NULL,
    api                TEXT    NOT NULL,
    ends_at            INTEGER NOT NULL,
    taken              INTEGER NOT NULL,
    -- What of it was taken last.
    latest             INTEGER NOT NULL,
    PRIMARY KEY (service_account_id, api, ends_at)
) WITHOUT ROWID;

CREATE INDEX rate_windows_by_end ON rate_windows (ends_at);
