-- +goose Up
-- Times are microseconds since 1970-01-01 UTC. Ids are never used twice (AUTOINCREMENT): a deleted account's id that
-- came back would let Terraform take a stranger's account for its own.

CREATE TABLE companies (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    name_key   TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

-- A contact outlives its account: directory contacts are deactivated, never deleted. The account's id is part of the
-- e-mail address, so a contact can only be made after its account; hence the account points at nothing and the contact
-- keeps the account's id without a foreign key.
CREATE TABLE contacts (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id             INTEGER NOT NULL REFERENCES companies (id),
    service_account_id     INTEGER NOT NULL UNIQUE,
    name                   TEXT    NOT NULL,
    email_address          TEXT    NOT NULL,
    assigned_email_address TEXT    NOT NULL,
    active                 INTEGER NOT NULL,
    created_at             INTEGER NOT NULL,
    updated_at             INTEGER NOT NULL
);

CREATE TABLE service_accounts (
    id                         INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id                 INTEGER NOT NULL REFERENCES companies (id),
    name                       TEXT    NOT NULL,
    name_key                   TEXT    NOT NULL,
    search_key                 TEXT    NOT NULL,
    app_type                   TEXT    NOT NULL,
    marketplace_app            TEXT    NOT NULL,
    description                TEXT    NOT NULL,
    client_id                  TEXT    NOT NULL UNIQUE,
    deletion_protection        INTEGER NOT NULL,
    add_to_new_projects        INTEGER NOT NULL,
    secret_version             INTEGER NOT NULL,
    secret_digest              BLOB    NOT NULL,
    secret_created_at          INTEGER NOT NULL,
    previous_secret_digest     BLOB,
    previous_secret_expires_at INTEGER,
    token_epoch                INTEGER NOT NULL,
    last_token_at              INTEGER,
    created_at                 INTEGER NOT NULL,
    updated_at                 INTEGER NOT NULL,
    UNIQUE (company_id, name_key)
);
CREATE INDEX service_accounts_by_company ON service_accounts (company_id, id);
CREATE INDEX service_accounts_by_created_at ON service_accounts (company_id, created_at, id);

CREATE TABLE company_permissions (
    service_account_id INTEGER NOT NULL REFERENCES service_accounts (id) ON DELETE CASCADE,
    tool               TEXT    NOT NULL,
    level              TEXT    NOT NULL,
    PRIMARY KEY (service_account_id, tool)
);

CREATE TABLE signing_keys (
    id          TEXT    PRIMARY KEY,
    algorithm   TEXT    NOT NULL,
    private_key BLOB    NOT NULL,
    created_at  INTEGER NOT NULL
);

-- Tokens that were ended one by one. A row is of no use once its token has expired.
CREATE TABLE revoked_tokens (
    id         TEXT    PRIMARY KEY,
    expires_at INTEGER NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);
