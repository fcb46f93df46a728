package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// accountOrders are the ORDER BY clauses of the sorts. The id makes each of them total.
var accountOrders = map[store.ServiceAccountSort]string{
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
	var page store.Page[store.ServiceAccount]
	where, arguments := s.accountConditions(company, query)
	err := s.read(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+accountTables+" WHERE "+where, arguments...).Scan(&page.Total)
		if err != nil {
			return err
		}
		//nolint:gosec // every part is a constant of this package; the values are bound
		rows, err := tx.QueryContext(ctx, "SELECT "+accountColumns+" FROM "+accountTables+" WHERE "+where+
			" ORDER BY "+accountOrders[query.Sort]+" LIMIT ? OFFSET ?",
			append(arguments, query.Page.Size, query.Page.Offset())...)
		if err != nil {
			return err
		}
		page.Items, err = collect(rows, func(rows *sql.Rows) (store.ServiceAccount, error) { return s.scanServiceAccount(rows) })
		return err
	})
	return page, err
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
		values := make([]any, len(query.IDs))
		for i, id := range query.IDs {
			values[i] = id
		}
		add("a.id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", values...)
	}
	switch {
	case strings.Contains(query.Search, searchSeparator):
		add("FALSE") // no field has one
	case query.Search != "":
		add("instr(a.search_key, ?) > 0", store.FoldCase(query.Search))
	}
	return strings.Join(conditions, " AND "), arguments
}

// statusCondition says in SQL what ServiceAccount.SetStatus says in Go.
func (s *Store) statusCondition(status store.Status) string {
	const changed, never = "c.email_address <> c.assigned_email_address", "FALSE"
	expired := s.policy.SunsetReached(s.now())
	switch {
	case expired == (status == store.StatusExpired) && expired:
		return "TRUE"
	case expired || status == store.StatusExpired:
		return never
	case status == store.StatusNonfunctional:
		return changed
	default:
		return "NOT (" + changed + ")"
	}
}
