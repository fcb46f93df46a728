-- +goose Up
-- Answers to requests that carried an Idempotency-Token. Id, fingerprint and answer are made with keys that the token
-- alone yields (store.OnceKey), so that a row tells nothing by itself: not who asked, nor what, nor what was answered.
-- A row is of no use once its time has passed.
CREATE TABLE kept_answers (
    id          BLOB    PRIMARY KEY,
    fingerprint BLOB    NOT NULL,
    sealed      BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL
);
CREATE INDEX kept_answers_by_expiry ON kept_answers (expires_at);
