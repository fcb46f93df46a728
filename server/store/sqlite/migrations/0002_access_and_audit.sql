-- +goose Up

CREATE TABLE projects (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id     INTEGER NOT NULL REFERENCES companies (id),
    name           TEXT    NOT NULL,
    name_key       TEXT    NOT NULL,
    search_key     TEXT    NOT NULL,
    project_number TEXT    NOT NULL,
    active         INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
);
CREATE INDEX projects_by_company ON projects (company_id, id);
CREATE INDEX projects_by_name ON projects (company_id, name_key, id);
CREATE INDEX projects_by_created_at ON projects (company_id, created_at, id);

CREATE TABLE project_assignments (
    service_account_id INTEGER NOT NULL REFERENCES service_accounts (id) ON DELETE CASCADE,
    project_id         INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    PRIMARY KEY (service_account_id, project_id)
);
CREATE INDEX project_assignments_by_project ON project_assignments (project_id);

CREATE TABLE project_permissions (
    service_account_id INTEGER NOT NULL,
    project_id         INTEGER NOT NULL,
    tool               TEXT    NOT NULL,
    level              TEXT    NOT NULL,
    PRIMARY KEY (service_account_id, project_id, tool),
    FOREIGN KEY (service_account_id, project_id)
        REFERENCES project_assignments (service_account_id, project_id) ON DELETE CASCADE
);

-- The directories that a contact was put into besides its own company's.
CREATE TABLE directory_entries (
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    company_id INTEGER NOT NULL REFERENCES companies (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (contact_id, company_id)
);
CREATE INDEX directory_entries_by_company ON directory_entries (company_id, contact_id);
CREATE INDEX contacts_by_company ON contacts (company_id, id);

-- Kept for ever, and outlives the account that it speaks of: hence no foreign keys to accounts.
CREATE TABLE audit_events (
    id                       INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id               INTEGER NOT NULL REFERENCES companies (id),
    service_account_id       INTEGER NOT NULL,
    action                   TEXT    NOT NULL,
    actor_service_account_id INTEGER NOT NULL,
    actor_client_id          TEXT    NOT NULL,
    request_id               TEXT    NOT NULL,
    facts_before             TEXT,
    facts_after              TEXT,
    created_at               INTEGER NOT NULL
);
CREATE INDEX audit_events_by_company ON audit_events (company_id, id);
CREATE INDEX audit_events_by_account ON audit_events (company_id, service_account_id, id);
CREATE INDEX audit_events_by_action ON audit_events (company_id, action, id);

-- +goose StatementBegin
CREATE TRIGGER audit_events_are_not_edited BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_events_are_not_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are never deleted'); END;
-- +goose StatementEnd
-- REPLACE deletes the row in its way without telling the trigger above (https://www.sqlite.org/lang_conflict.html).
-- +goose StatementBegin
CREATE TRIGGER audit_events_are_not_replaced BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END;
-- +goose StatementEnd
