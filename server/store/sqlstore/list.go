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
	// check finds out whether there is what the list is of. nil: there is.
	check func(tx Tx) error
	// complete reads what the items of a page have in other tables, for all of them at once. nil: nothing.
	complete func(ctx context.Context, tx Tx, page statement, items []T) error
}

// statement selects the rows of one page.
type statement struct {
	from      string
	arguments []any
}

// selecting returns the statement's text, with these columns.
func (s statement) selecting(columns string) string { return "SELECT " + columns + s.from }

// list returns one page, and how many items there are on all pages, from one snapshot.
func list[T any](ctx context.Context, s *Store, l listing[T]) (store.Page[T], error) {
	var page store.Page[T]
	err := s.read(ctx, func(tx Tx) (err error) {
		if l.check != nil {
			if err := l.check(tx); err != nil {
				return err
			}
		}
		page, err = l.read(ctx, tx)
		return err
	})
	return page, err
}

func (l listing[T]) read(ctx context.Context, tx Tx) (page store.Page[T], err error) {
	from := " FROM " + l.tables + " WHERE " + l.where
	if err := tx.QueryRowContext(ctx, "SELECT count(*)"+from, l.arguments...).Scan(&page.Total); err != nil {
		return page, err
	}
	paged := statement{from + " ORDER BY " + l.order + " LIMIT ? OFFSET ?", slices.Concat(l.arguments, []any{l.page.Size, l.page.Offset()})}
	rows, err := tx.QueryContext(ctx, paged.selecting(l.columns), paged.arguments...)
	if err != nil {
		return page, err
	}
	page.Items, err = Collect(rows, func(rows *sql.Rows) (T, error) { return l.scan(rows) })
	if err != nil || l.complete == nil || len(page.Items) == 0 {
		return page, err
	}
	return page, l.complete(ctx, tx, paged, page.Items)
}
