package sqlstore

import (
	"context"
	"database/sql"
	"maps"

	"github.com/procore/terraform-provider-procore/server/store"
)

// CompanyPermissions returns the account's levels on company tools as they were granted, or *store.Error with
// CodeNotFound.
func (s *Store) CompanyPermissions(ctx context.Context, company, account store.ID) (store.AccountLevels, error) {
	var held store.AccountLevels
	err := s.read(ctx, func(tx Tx) error {
		found, err := s.findServiceAccount(ctx, tx, company, account)
		if err != nil {
			return err
		}
		held.ServiceAccountID, held.ClientID = account, found.ClientID
		held.Levels, err = companyPermissions(ctx, tx, account)
		return err
	})
	return held, err
}

// ListCompanyPermissions returns one page of the levels on company tools that the company's accounts were granted, by
// account id. An account that holds none is there, too.
func (s *Store) ListCompanyPermissions(ctx context.Context, company store.ID, query store.AccessQuery) (store.Page[store.AccountLevels], error) {
	where, arguments := accessConditions(company, query)
	rows := rowSet{
		company: company, tables: "service_accounts a", where: where, arguments: arguments,
		order: accountOrders[store.SortByID], version: s.dialect.ListVersion,
	}
	if len(arguments) == 1 { // of all accounts
		rows.follow = followAccounts(store.SortByID)
	}
	return list(ctx, s, listing[store.AccountLevels]{
		rowSet: rows, columns: "a.id, a.client_id", tables: rows.tables, page: query.Page,
		scan: scanAccountLevels, complete: completeCompanyPermissions,
	})
}

// accessConditions returns the WHERE clause of what the accounts of a company may do.
func accessConditions(company store.ID, query store.AccessQuery) (string, []any) {
	where, arguments := "a.company_id = ?", []any{company}
	if query.ServiceAccountIDs != nil {
		where, arguments = where+" AND "+idCondition("a.id", query.ServiceAccountIDs), append(arguments, idArguments(query.ServiceAccountIDs)...)
	}
	return where, arguments
}

func scanAccountLevels(row scanner) (store.AccountLevels, error) {
	held := store.AccountLevels{Levels: store.Levels{}}
	err := row.Scan(&held.ServiceAccountID, &held.ClientID)
	return held, err
}

// completeCompanyPermissions reads the levels of all accounts of a page.
func completeCompanyPermissions(ctx context.Context, tx Tx, page statement, held []store.AccountLevels) error {
	rows, err := tx.QueryContext(ctx, "SELECT p.service_account_id, p.tool, p.level FROM ("+page.selecting("a.id")+
		") a JOIN company_permissions p ON p.service_account_id = a.id", page.arguments...)
	if err != nil {
		return err
	}
	levels := make(map[store.ID]store.Levels, len(held))
	for _, account := range held {
		levels[account.ServiceAccountID] = account.Levels
	}
	_, err = Collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var account store.ID
		var tool string
		var level store.Level
		err := rows.Scan(&account, &tool, &level)
		levels[account][tool] = level
		return struct{}{}, err
	})
	return err
}

func companyPermissions(ctx context.Context, tx Tx, account store.ID) (store.Levels, error) {
	rows, err := tx.QueryContext(ctx, "SELECT tool, level FROM company_permissions WHERE service_account_id = ?", account)
	if err != nil {
		return nil, err
	}
	return collectLevels(rows)
}

// collectLevels reads rows of tool and level.
func collectLevels(rows *sql.Rows) (store.Levels, error) {
	levels := store.Levels{}
	_, err := Collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var tool string
		var level store.Level
		err := rows.Scan(&tool, &level)
		levels[tool] = level
		return struct{}{}, err
	})
	return levels, err
}

// ReplaceCompanyPermissions replaces the account's levels on company tools. It returns *store.Error with CodeNotFound,
// CodeInvalid or CodeLastAdmin, or the precondition's error, and then changes nothing.
func (s *Store) ReplaceCompanyPermissions(
	ctx context.Context, company, account store.ID, levels store.Levels, precondition store.Precondition[store.AccountLevels],
) (store.AccountLevels, error) {
	levels, err := levels.NormalizeCompany()
	if err != nil {
		return store.AccountLevels{}, err
	}
	clientID := ""
	err = s.write(ctx, func(tx Tx) error {
		found, err := s.findServiceAccount(ctx, tx, company, account)
		if err != nil {
			return err
		}
		before, err := companyPermissions(ctx, tx, account)
		if err != nil {
			return err
		}
		clientID = found.ClientID
		if err := precondition.Check(store.AccountLevels{ServiceAccountID: account, ClientID: clientID, Levels: before}); err != nil || maps.Equal(before, levels) {
			return err
		}
		if !levels.Administers(store.ToolAdmin) {
			if err := checkNotLastAdmin(ctx, tx, found, "Taking admin away from"); err != nil {
				return err
			}
		}
		if _, err := clearCompanyPermissions(ctx, tx, account); err != nil {
			return err
		}
		if err := insertCompanyPermissions(ctx, tx, company, account, levels); err != nil {
			return err
		}
		return s.record(ctx, tx, store.ActionPermissionsChanged, company, account,
			store.Facts{"permissions": before}, store.Facts{"permissions": levels})
	})
	return store.AccountLevels{ServiceAccountID: account, ClientID: clientID, Levels: levels}, err
}

func insertCompanyPermissions(ctx context.Context, tx Tx, company, account store.ID, levels store.Levels) error {
	for tool, level := range levels {
		_, err := tx.ExecContext(ctx, "INSERT INTO company_permissions (company_id, service_account_id, tool, level) VALUES (?, ?, ?, ?)",
			company, account, tool, level)
		if err != nil {
			return err
		}
	}
	return nil
}

// clearCompanyPermissions deletes the account's permissions and returns what they were.
func clearCompanyPermissions(ctx context.Context, tx Tx, account store.ID) (store.Levels, error) {
	rows, err := tx.QueryContext(ctx, "DELETE FROM company_permissions WHERE service_account_id = ? RETURNING tool, level", account)
	if err != nil {
		return nil, err
	}
	return collectLevels(rows)
}

// WorkingAdmins selects the accounts of a company that can administer it: functional, and holding admin on the Admin
// tool or on the Directory tool, which implies it. The sunset is left out on purpose: it ends all accounts alike, and
// no change of ours could keep one working.
//
// It begins with the few who hold admin (the index company_administrators), and not with all accounts.
const WorkingAdmins = `FROM service_accounts a JOIN contacts c ON c.service_account_id = a.id
	WHERE a.id IN (SELECT p.service_account_id FROM company_permissions p
		WHERE p.company_id = ? AND p.level = 'admin' AND p.tool IN ('admin', 'directory'))
	AND ` + Functional

// checkNotLastAdmin returns *store.Error with CodeLastAdmin when the account is its company's only working
// administrator. The change says what was about to be done, for the message.
func checkNotLastAdmin(ctx context.Context, tx Tx, account store.ServiceAccount, change string) error {
	// Nearly all accounts are no administrators, and where one is, another is soon found: to count them would be to read the
	// whole company.
	administers, err := isWorkingAdmin(ctx, tx, account.CompanyID, "a.id = ?", account.ID)
	if err != nil || !administers {
		return err
	}
	others, err := isWorkingAdmin(ctx, tx, account.CompanyID, "a.id <> ?", account.ID)
	if err != nil || others {
		return err
	}
	return store.LastAdmin(account, change)
}

// isWorkingAdmin reports whether one of the company's working administrators meets the condition, which has one argument.
func isWorkingAdmin(ctx context.Context, tx Tx, company store.ID, condition string, argument store.ID) (found bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 "+WorkingAdmins+" AND "+condition+")", company, argument).Scan(&found)
	return found, err
}
