-- +goose Up
-- The way to the few rows that a change must look at, however many accounts the company has: who administers it, and who is
-- put into new projects. A permission's company is its account's, which never changes.
ALTER TABLE company_permissions ADD COLUMN company_id INTEGER NOT NULL DEFAULT 0;
UPDATE company_permissions SET company_id = coalesce((SELECT company_id FROM service_accounts WHERE id = service_account_id), 0);
CREATE INDEX company_administrators ON company_permissions (company_id, service_account_id)
WHERE level = 'admin' AND tool IN ('admin', 'directory');
CREATE INDEX service_accounts_for_new_projects ON service_accounts (company_id, id) WHERE add_to_new_projects;
-- A server of an older version that still runs names no company.
-- +goose StatementBegin
CREATE TRIGGER company_permissions_have_a_company AFTER INSERT ON company_permissions WHEN NEW.company_id = 0
BEGIN
    UPDATE company_permissions SET company_id = coalesce((SELECT company_id FROM service_accounts WHERE id = NEW.service_account_id), 0)
    WHERE service_account_id = NEW.service_account_id AND tool = NEW.tool;
END;
-- +goose StatementEnd

-- Who is in a project, by id.
DROP INDEX project_assignments_by_project;
CREATE INDEX project_assignments_by_project ON project_assignments (project_id, service_account_id);

-- Which accounts may hold a text that is searched for (search.go). It is brought up to date behind the changes: accounts above
-- indexed_to, and those in account_search_due, were not looked at yet. It holds no texts, only which trigrams are where.
CREATE VIRTUAL TABLE account_search USING fts5 (
    company, text, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE TABLE account_search_due (
    company_id         INTEGER NOT NULL,
    service_account_id INTEGER NOT NULL,
    PRIMARY KEY (company_id, service_account_id)
) WITHOUT ROWID;
CREATE TABLE account_search_state (indexed_to INTEGER NOT NULL);
INSERT INTO account_search_state VALUES (0);
