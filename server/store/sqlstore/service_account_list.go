package sqlstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// accountOrders are the ORDER BY clauses of the sorts. The id makes each of them total.
var accountOrders = map[store.Sort]string{
	store.SortByID:            "a.id",
	store.SortByName:          "a.name_key, a.id",
	store.SortByNameDesc:      "a.name_key DESC, a.id DESC",
	store.SortByCreatedAt:     "a.created_at, a.id",
	store.SortByCreatedAtDesc: "a.created_at DESC, a.id DESC",
}

// ListServiceAccounts returns one page of the company's accounts, and how many there are on all pages.
func (s *Store) ListServiceAccounts(
	ctx context.Context, company store.ID, query store.ServiceAccountQuery,
) (store.Page[store.ServiceAccount], error) {
	where, arguments := s.accountConditions(company, query)
	return list(ctx, s, listing[store.ServiceAccount]{
		columns: accountColumns, tables: accountTables, where: where, arguments: arguments,
		order: accountOrders[query.Sort], page: query.Page, scan: s.scanServiceAccount,
	})
}

// accountConditions returns the WHERE clause of a query, whose every value is bound.
func (s *Store) accountConditions(company store.ID, query store.ServiceAccountQuery) (string, []any) {
	conditions, arguments := []string{"a.company_id = ?"}, []any{company}
	add := func(condition string, values ...any) {
		conditions, arguments = append(conditions, condition), append(arguments, values...)
	}
	if query.Name != "" {
		add("a.name_key = ?", store.FoldCase(query.Name))
	}
	if query.ClientID != "" {
		add("a.client_id = ?", query.ClientID)
	}
	if query.AppType != "" {
		add("a.app_type = ?", query.AppType)
	}
	if query.Status != "" {
		add(s.statusCondition(query.Status))
	}
	if query.IDs != nil {
		add(idCondition("a.id", query.IDs), idArguments(query.IDs)...)
	}
	if query.Search != "" {
		condition, values := s.searchCondition("a.search_key", query.Search)
		add(condition, values...)
	}
	return strings.Join(conditions, " AND "), arguments
}

// statusCondition says in SQL what ServiceAccount.SetStatus says in Go.
func (s *Store) statusCondition(status store.Status) string {
	const never = "FALSE"
	expired := s.policy.SunsetReached(s.now())
	switch {
	case expired == (status == store.StatusExpired) && expired:
		return "TRUE"
	case expired || status == store.StatusExpired:
		return never
	case status == store.StatusNonfunctional:
		return "NOT " + Functional
	default:
		return Functional
	}
}

// Functional says in SQL that an account's contact is as it was made, and in no second directory.
const Functional = `(c.email_address = c.assigned_email_address
	AND NOT EXISTS (SELECT 1 FROM directory_entries d WHERE d.contact_id = c.id))`

// searchCondition says that a search key holds the text, whatever the case.
func (s *Store) searchCondition(column, text string) (condition string, arguments []any) {
	if strings.Contains(text, s.dialect.Separator) {
		return "FALSE", nil // no field has one
	}
	return fmt.Sprintf(s.dialect.Holds, column), []any{store.FoldCase(text)}
}

// idCondition says that a column is among ids, which are bound with idArguments.
func idCondition(column string, ids []store.ID) string {
	if len(ids) == 0 {
		return "FALSE" // PostgreSQL knows no empty list
	}
	return column + " IN (" + strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",") + ")"
}

func idArguments(ids []store.ID) []any {
	arguments := make([]any, len(ids))
	for i, id := range ids {
		arguments[i] = id
	}
	return arguments
}
