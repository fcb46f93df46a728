package sqlstore

import (
	"context"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// accountOrders are the sorts. The id makes each of them total.
var accountOrders = map[store.Sort]order{
	store.SortByID:            {[]string{"a.id"}, false},
	store.SortByName:          {[]string{"a.name_key", "a.id"}, false},
	store.SortByNameDesc:      {[]string{"a.name_key", "a.id"}, true},
	store.SortByCreatedAt:     {[]string{"a.created_at", "a.id"}, false},
	store.SortByCreatedAtDesc: {[]string{"a.created_at", "a.id"}, true},
}

// ListServiceAccounts returns one page of the company's accounts, and how many there are on all pages.
func (s *Store) ListServiceAccounts(
	ctx context.Context, company store.ID, query store.ServiceAccountQuery,
) (store.Page[store.ServiceAccount], error) {
	where, arguments := s.accountConditions(company, query)
	rows := rowSet{
		company: company, tables: "service_accounts a", where: where, arguments: arguments,
		order: accountOrders[query.Sort], version: s.dialect.ListVersion,
	}
	if query.Status != "" {
		rows.tables = accountTables
	}
	if len(arguments) == 1 && query.Status == "" { // all of the company's
		rows.follow = followAccounts(query.Sort)
	}
	l := listing[store.ServiceAccount]{rowSet: rows, columns: accountColumns, tables: accountTables, page: query.Page, scan: s.scanServiceAccount}
	if query.Search != "" {
		l.narrow = func(tx Tx, rows rowSet) (rowSet, error) { return s.amongCandidates(ctx, tx, rows, query.Search) }
	}
	return list(ctx, s, l)
}

func followAccounts(sort store.Sort) follow {
	return followOrder(sort, store.ActionAccountCreated, store.ActionAccountUpdated, store.ActionAccountDeleted, changedAccount)
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
