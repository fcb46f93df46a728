package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Assignment returns the account's place in the project, or *store.Error with CodeNotFound.
func (s *Store) Assignment(ctx context.Context, company, account, project store.ID) (store.Assignment, error) {
	var assignment store.Assignment
	err := s.read(ctx, func(tx Tx) error {
		if err := s.checkBothThere(ctx, tx, company, account, project); err != nil {
			return err
		}
		var err error
		assignment, err = findAssignment(ctx, tx, account, project)
		return err
	})
	return assignment, err
}

// ListAssignments returns one page of the account's assignments, by project id, or *store.Error with CodeNotFound.
func (s *Store) ListAssignments(ctx context.Context, company, account store.ID, page store.PageRequest) (store.Page[store.Assignment], error) {
	rows := rowSet{
		company: company, tables: "project_assignments m", where: "m.service_account_id = ?", arguments: []any{account},
		order: order{[]string{"m.project_id"}, false}, version: s.dialect.ListVersion,
	}
	return list(ctx, s, listing[store.Assignment]{
		check: func(tx Tx) error {
			_, err := s.findServiceAccount(ctx, tx, company, account)
			return err
		},
		rowSet: rows, columns: assignmentColumns, tables: rows.tables, page: page, scan: scanAssignment, complete: completeAssignments,
	})
}

// ListCompanyAssignments returns one page of the assignments of the company's accounts, by account id and project id.
func (s *Store) ListCompanyAssignments(ctx context.Context, company store.ID, query store.AccessQuery) (store.Page[store.Assignment], error) {
	where, arguments := accessConditions(company, query)
	rows := rowSet{
		company: company, tables: "service_accounts a JOIN project_assignments m ON m.service_account_id = a.id",
		where: where, arguments: arguments, order: order{[]string{"a.id", "m.project_id"}, false}, version: s.dialect.ListVersion,
	}
	return list(ctx, s, listing[store.Assignment]{
		rowSet: rows, columns: assignmentColumns, tables: rows.tables, page: query.Page,
		scan: scanAssignment, complete: completeAssignments,
	})
}

// assignmentColumns and scanAssignment belong together.
const assignmentColumns = "m.service_account_id, m.project_id, m.created_at, m.updated_at"

func scanAssignment(row scanner) (store.Assignment, error) {
	assignment := store.Assignment{Levels: store.Levels{}}
	var createdAt, updatedAt int64
	if err := row.Scan(&assignment.ServiceAccountID, &assignment.ProjectID, &createdAt, &updatedAt); err != nil {
		return assignment, err
	}
	assignment.CreatedAt, assignment.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
	return assignment, nil
}

// completeAssignments reads the levels of all assignments of a page.
func completeAssignments(ctx context.Context, tx Tx, page statement, assignments []store.Assignment) error {
	rows, err := tx.QueryContext(ctx, "SELECT p.service_account_id, p.project_id, p.tool, p.level FROM ("+
		page.selecting("m.service_account_id, m.project_id")+`) m
		JOIN project_permissions p ON p.service_account_id = m.service_account_id AND p.project_id = m.project_id`, page.arguments...)
	if err != nil {
		return err
	}
	type place struct{ account, project store.ID }
	levels := make(map[place]store.Levels, len(assignments))
	for _, assignment := range assignments {
		levels[place{assignment.ServiceAccountID, assignment.ProjectID}] = assignment.Levels
	}
	_, err = Collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var at place
		var tool string
		var level store.Level
		err := rows.Scan(&at.account, &at.project, &tool, &level)
		levels[at][tool] = level
		return struct{}{}, err
	})
	return err
}

// PutAssignment makes an assignment or replaces its levels. It returns *store.Error with CodeNotFound or CodeInvalid, or
// the precondition's error, and then changes nothing. A precondition on an assignment that isn't there fails.
func (s *Store) PutAssignment(
	ctx context.Context, company, account, project store.ID, levels store.Levels, precondition store.Precondition[store.Assignment],
) (assignment store.Assignment, made bool, err error) {
	levels, err = levels.NormalizeProject()
	if err != nil {
		return assignment, false, err
	}
	err = s.write(ctx, func(tx Tx) error {
		if err := s.checkBothThere(ctx, tx, company, account, project); err != nil {
			return err
		}
		before, err := findAssignment(ctx, tx, account, project)
		made = errors.Is(err, &store.Error{Code: store.CodeNotFound})
		if err != nil && !made {
			return err
		}
		if err := precondition.Check(before); err != nil {
			return err
		}
		if made {
			err = s.insertAssignment(ctx, tx, company, account, project, levels, s.now())
		} else if !maps.Equal(before.Levels, levels) {
			err = s.replaceAssignment(ctx, tx, company, before, levels)
		}
		if err != nil {
			return err
		}
		assignment, err = findAssignment(ctx, tx, account, project)
		return err
	})
	return assignment, made, err
}

// DeleteAssignment takes the account out of the project. It returns *store.Error with CodeNotFound or the
// precondition's error.
func (s *Store) DeleteAssignment(
	ctx context.Context, company, account, project store.ID, precondition store.Precondition[store.Assignment],
) error {
	return s.write(ctx, func(tx Tx) error {
		if err := s.checkBothThere(ctx, tx, company, account, project); err != nil {
			return err
		}
		return s.removeAssignment(ctx, tx, company, account, project, precondition)
	})
}

func (s *Store) checkBothThere(ctx context.Context, tx Tx, company, account, project store.ID) error {
	if _, err := s.findServiceAccount(ctx, tx, company, account); err != nil {
		return err
	}
	_, err := findProject(ctx, tx, company, project)
	return err
}

func assignmentFacts(project store.ID, levels store.Levels) store.Facts {
	return store.Facts{"project_id": project.String(), "permissions": levels}
}

func (s *Store) insertAssignment(
	ctx context.Context, tx Tx, company, account, project store.ID, levels store.Levels, now time.Time,
) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO project_assignments (service_account_id, project_id, created_at, updated_at)
		VALUES (?, ?, ?, ?)`, account, project, Micros(now), Micros(now))
	if err != nil {
		return err
	}
	if err := insertProjectPermissions(ctx, tx, account, project, levels); err != nil {
		return err
	}
	return s.record(ctx, tx, store.ActionAssignmentCreated, company, account, nil, assignmentFacts(project, levels))
}

func (s *Store) replaceAssignment(ctx context.Context, tx Tx, company store.ID, before store.Assignment, levels store.Levels) error {
	account, project := before.ServiceAccountID, before.ProjectID
	_, err := tx.ExecContext(ctx, "DELETE FROM project_permissions WHERE service_account_id = ? AND project_id = ?", account, project)
	if err != nil {
		return err
	}
	if err := insertProjectPermissions(ctx, tx, account, project, levels); err != nil {
		return err
	}
	now := Micros(s.now())
	_, err = tx.ExecContext(ctx, "UPDATE project_assignments SET updated_at = "+laterTime+" WHERE service_account_id = ? AND project_id = ?",
		now, now, account, project)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, store.ActionAssignmentUpdated, company, account,
		assignmentFacts(project, before.Levels), assignmentFacts(project, levels))
}

// removeAssignment deletes an assignment, whose permissions go with it.
func (s *Store) removeAssignment(
	ctx context.Context, tx Tx, company, account, project store.ID, precondition store.Precondition[store.Assignment],
) error {
	before, err := findAssignment(ctx, tx, account, project)
	if err != nil {
		return err
	}
	if err := precondition.Check(before); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM project_assignments WHERE service_account_id = ? AND project_id = ?", account, project)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, store.ActionAssignmentDeleted, company, account, assignmentFacts(project, before.Levels), nil)
}

// clearAssignments takes the account out of every project, and returns the projects by id. The reset's own event tells of it.
func clearAssignments(ctx context.Context, tx Tx, account store.ID) ([]store.ID, error) {
	rows, err := tx.QueryContext(ctx, "DELETE FROM project_assignments WHERE service_account_id = ? RETURNING project_id", account)
	if err != nil {
		return nil, err
	}
	projects, err := Collect(rows, scanID)
	slices.Sort(projects) // RETURNING has no order of its own
	return projects, err
}

func findAssignment(ctx context.Context, tx Tx, account, project store.ID) (store.Assignment, error) {
	assignment, err := scanAssignment(tx.QueryRowContext(ctx, "SELECT "+assignmentColumns+
		" FROM project_assignments m WHERE m.service_account_id = ? AND m.project_id = ?", account, project))
	if errors.Is(err, sql.ErrNoRows) {
		return assignment, &store.Error{Code: store.CodeNotFound, Message: "Service account " + account.String() +
			" is not assigned to project " + project.String() + "."}
	}
	if err != nil {
		return assignment, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT tool, level FROM project_permissions WHERE service_account_id = ? AND project_id = ?",
		account, project)
	if err != nil {
		return assignment, err
	}
	assignment.Levels, err = collectLevels(rows)
	return assignment, err
}

func insertProjectPermissions(ctx context.Context, tx Tx, account, project store.ID, levels store.Levels) error {
	for tool, level := range levels {
		_, err := tx.ExecContext(ctx, `INSERT INTO project_permissions (service_account_id, project_id, tool, level)
			VALUES (?, ?, ?, ?)`, account, project, tool, level)
		if err != nil {
			return err
		}
	}
	return nil
}
