package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/procore/terraform-provider-procore/server/store"
)

// scanner is one row.
type scanner interface{ Scan(...any) error }

// listing is a list that is read a page at a time. Its texts are constants of this package; what a request brings is
// bound as an argument.
type listing[T any] struct {
	columns, tables, where, order string
	arguments                     []any
	page                          store.PageRequest
	scan                          func(scanner) (T, error)
}

// list returns one page, and how many items there are on all pages, from one snapshot.
func list[T any](ctx context.Context, s *Store, l listing[T]) (store.Page[T], error) {
	var page store.Page[T]
	err := s.read(ctx, func(tx Tx) error {
		from := " FROM " + l.tables + " WHERE " + l.where
		if err := tx.QueryRowContext(ctx, "SELECT count(*)"+from, l.arguments...).Scan(&page.Total); err != nil {
			return err
		}
		query := "SELECT " + l.columns + from + " ORDER BY " + l.order + " LIMIT ? OFFSET ?" //#nosec G202 -- constants of this package
		rows, err := tx.QueryContext(ctx, query, slices.Concat(l.arguments, []any{l.page.Size, l.page.Offset()})...)
		if err != nil {
			return err
		}
		page.Items, err = Collect(rows, func(rows *sql.Rows) (T, error) { return l.scan(rows) })
		return err
	})
	return page, err
}
