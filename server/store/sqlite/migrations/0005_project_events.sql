-- +goose Up
-- Which project an event is about, read from its facts: events that were there before get theirs without a row being
-- edited, which an audit event never is. Events of a project alone have 0 for their account.
ALTER TABLE audit_events ADD COLUMN project_id INTEGER
    GENERATED ALWAYS AS (CAST(json_extract(coalesce(facts_after, facts_before), '$.project_id') AS INTEGER)) VIRTUAL;
CREATE INDEX audit_events_by_project ON audit_events (company_id, project_id, id) WHERE project_id IS NOT NULL;
