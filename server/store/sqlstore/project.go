package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Project returns one project of the company, or *store.Error with CodeNotFound.
func (s *Store) Project(ctx context.Context, company, id store.ID) (store.Project, error) {
	var project store.Project
	err := s.read(ctx, func(tx Tx) error {
		var err error
		project, err = findProject(ctx, tx, company, id)
		return err
	})
	return project, err
}

// projectOrders are the sorts. The id makes each of them total.
var projectOrders = map[store.Sort]order{
	store.SortByID:            {[]string{"id"}, false},
	store.SortByName:          {[]string{"name_key", "id"}, false},
	store.SortByNameDesc:      {[]string{"name_key", "id"}, true},
	store.SortByCreatedAt:     {[]string{"created_at", "id"}, false},
	store.SortByCreatedAtDesc: {[]string{"created_at", "id"}, true},
}

// ListProjects returns one page of the company's projects.
func (s *Store) ListProjects(ctx context.Context, company store.ID, query store.ProjectQuery) (store.Page[store.Project], error) {
	conditions, arguments := []string{"company_id = ?"}, []any{company}
	add := func(condition string, values ...any) {
		conditions, arguments = append(conditions, condition), append(arguments, values...)
	}
	if query.Name != "" {
		add("name_key = ?", store.FoldCase(query.Name))
	}
	if query.Active != nil {
		add("active = ?", *query.Active)
	}
	if query.IDs != nil {
		add(idCondition("id", query.IDs), idArguments(query.IDs)...)
	}
	if query.Search != "" {
		condition, values := s.searchCondition("search_key", query.Search)
		add(condition, values...)
	}
	rows := rowSet{
		company: company, tables: "projects", where: strings.Join(conditions, " AND "), arguments: arguments,
		order: projectOrders[query.Sort], version: s.dialect.ListVersion,
	}
	if len(arguments) == 1 { // all of the company's
		rows.follow = followOrder(query.Sort, store.ActionProjectCreated, store.ActionProjectUpdated, store.ActionProjectDeleted, changedProject)
	}
	return list(ctx, s, listing[store.Project]{
		rowSet: rows, columns: projectColumns, tables: rows.tables, page: query.Page, scan: scanProject,
	})
}

// CreateProject makes a project, and assigns to it every account that is to be added to new projects. It returns
// *store.Error with CodeInvalid, or what once says, and then changes nothing.
func (s *Store) CreateProject(
	ctx context.Context, company store.ID, project store.NewProject, once *store.Once[store.Project],
) (store.Project, error) {
	if err := project.Normalize(); err != nil {
		return store.Project{}, err
	}
	return writeOnce(ctx, s, once, func(tx Tx) (none store.Project, err error) {
		now := s.now()
		var id store.ID
		err = tx.QueryRowContext(ctx, `INSERT INTO projects (company_id, name, name_key, search_key, project_number,
			active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			company, project.Name, store.FoldCase(project.Name), s.searchKey(project.Name, project.ProjectNumber),
			project.ProjectNumber, project.Active, Micros(now), Micros(now)).Scan(&id)
		if err != nil {
			return none, err
		}
		created, err := findProject(ctx, tx, company, id)
		if err != nil {
			return none, err
		}
		if err := s.record(ctx, tx, store.ActionProjectCreated, company, 0, nil, created.Facts()); err != nil {
			return none, err
		}
		return created, s.addToNewProject(ctx, tx, company, created.ID, now)
	})
}

// addToNewProject assigns the accounts that are set to be added to all new projects. They get no levels: what they may
// do there is for somebody to say.
func (s *Store) addToNewProject(ctx context.Context, tx Tx, company, project store.ID, now time.Time) error {
	rows, err := tx.QueryContext(ctx, "SELECT id FROM service_accounts WHERE company_id = ? AND add_to_new_projects ORDER BY id", company)
	if err != nil {
		return err
	}
	accounts, err := Collect(rows, scanID)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := s.insertAssignment(ctx, tx, company, account, project, store.Levels{}, now); err != nil {
			return err
		}
	}
	return nil
}

// UpdateProject edits a project. It returns *store.Error with CodeNotFound or CodeInvalid, or the precondition's error,
// and then changes nothing.
func (s *Store) UpdateProject(
	ctx context.Context, company, id store.ID, change store.ProjectChange, precondition store.Precondition[store.Project],
) (store.Project, error) {
	var changed store.Project
	err := s.write(ctx, func(tx Tx) error {
		project, err := findProject(ctx, tx, company, id)
		if err != nil {
			return err
		}
		if err := precondition.Check(project); err != nil {
			return err
		}
		if changed, err = change.Apply(project); err != nil || changed == project {
			return err
		}
		changed.UpdatedAt = later(s.now(), project.UpdatedAt)
		_, err = tx.ExecContext(ctx, `UPDATE projects SET name = ?, name_key = ?, search_key = ?, project_number = ?,
			active = ?, updated_at = ? WHERE id = ?`,
			changed.Name, store.FoldCase(changed.Name), s.searchKey(changed.Name, changed.ProjectNumber),
			changed.ProjectNumber, changed.Active, Micros(changed.UpdatedAt), id)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, store.ActionProjectUpdated, company, 0, project.Facts(), changed.Facts())
	})
	return changed, err
}

// DeleteProject deletes a project, and with it the accounts' assignments to it. It returns *store.Error with
// CodeNotFound or the precondition's error.
func (s *Store) DeleteProject(ctx context.Context, company, id store.ID, precondition store.Precondition[store.Project]) error {
	return s.write(ctx, func(tx Tx) error {
		project, err := findProject(ctx, tx, company, id)
		if err != nil {
			return err
		}
		if err := precondition.Check(project); err != nil {
			return err
		}
		before := project.Facts()
		if err := s.removeAssignments(ctx, tx, company, id, before); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM projects WHERE id = ?", id); err != nil {
			return err
		}
		return s.record(ctx, tx, store.ActionProjectDeleted, company, 0, before, nil)
	})
}

// toldAssignments is how many assignments the event of a project's deletion shows. How many there were, it says in any
// case, and each of them has an event of its own.
const toldAssignments = 100

// removeAssignments takes every account out of a project, and adds to the project's facts who was in it.
func (s *Store) removeAssignments(ctx context.Context, tx Tx, company, project store.ID, facts store.Facts) error {
	rows, err := tx.QueryContext(ctx, "SELECT service_account_id FROM project_assignments WHERE project_id = ? ORDER BY 1", project)
	if err != nil {
		return err
	}
	accounts, err := Collect(rows, scanID)
	if err != nil {
		return err
	}
	told := []store.Facts{}
	for _, account := range accounts {
		if len(told) < toldAssignments {
			assignment, err := findAssignment(ctx, tx, account, project)
			if err != nil {
				return err
			}
			told = append(told, store.Facts{"service_account_id": account.String(), "permissions": assignment.Levels})
		}
		if err := s.removeAssignment(ctx, tx, company, account, project, nil); err != nil {
			return err
		}
	}
	facts[factAssignments], facts[factAssignments+"_total"] = told, len(accounts)
	return nil
}

const projectColumns = "id, company_id, name, project_number, active, created_at, updated_at"

func findProject(ctx context.Context, tx Tx, company, id store.ID) (store.Project, error) {
	project, err := scanProject(tx.QueryRowContext(ctx,
		"SELECT "+projectColumns+" FROM projects WHERE id = ? AND company_id = ?", id, company))
	if errors.Is(err, sql.ErrNoRows) {
		return project, store.NotFound("project", id)
	}
	return project, err
}

func scanProject(row scanner) (store.Project, error) {
	var project store.Project
	var createdAt, updatedAt int64
	err := row.Scan(&project.ID, &project.CompanyID, &project.Name, &project.ProjectNumber, &project.Active, &createdAt, &updatedAt)
	project.CreatedAt, project.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
	return project, err
}

func scanID(rows *sql.Rows) (id store.ID, err error) {
	err = rows.Scan(&id)
	return id, err
}
