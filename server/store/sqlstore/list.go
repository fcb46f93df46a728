package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// scanner is one row.
type scanner interface{ Scan(...any) error }

// listing is a list that is read a page at a time. Its texts are constants of this package; what a request brings is
// bound as an argument.
type listing[T any] struct {
	rowSet
	// columns and tables are what a page shows: the tables of the rowSet, and what is joined to each of its rows.
	columns, tables string
	page            store.PageRequest
	scan            func(scanner) (T, error)
	// check finds out whether there is what the list is of. nil: there is.
	check func(tx Tx) error
	// narrow puts a condition before the others that leads to the few rows that can be meant, where there is one; nil: there isn't.
	narrow func(tx Tx, rows rowSet) (rowSet, error)
	// complete reads what the items of a page have in other tables, for all of them at once. nil: nothing.
	complete func(ctx context.Context, tx Tx, page statement, items []T) error
}

// rowSet is the rows of a list on all of its pages, and their order.
type rowSet struct {
	company store.ID
	// tables are those that the conditions and the order ask for.
	tables, where string
	arguments     []any
	order         order
	// version is the dialect's statement for the list's version (Dialect.ListVersion).
	version string
	// follow tells what an audit event did to the rows; nil where no event tells enough.
	follow follow
}

// order is the columns that a list is sorted by. Together they name one row.
type order struct {
	columns    []string
	descending bool
}

// by is the ORDER BY clause.
func (o order) by() string {
	if o.descending {
		return " ORDER BY " + strings.Join(o.columns, " DESC, ") + " DESC"
	}
	return " ORDER BY " + strings.Join(o.columns, ", ")
}

// from is the condition for the rows from a key on, the key's own included.
func (o order) from() string {
	comparison := " >= "
	if o.descending {
		comparison = " <= "
	}
	if len(o.columns) == 1 {
		return " AND " + o.columns[0] + comparison + "?"
	}
	return " AND (" + strings.Join(o.columns, ", ") + ")" + comparison + "(" + strings.TrimSuffix(strings.Repeat("?, ", len(o.columns)), ", ") + ")"
}

// selecting returns the rest of a statement that selects from these tables, in order, what is at or after a key, nil for the
// first one. skip and limit are bound at its end.
func (r rowSet) selecting(tables string, key []any, limit, skip int) statement {
	from := " FROM " + tables + " WHERE " + r.where
	arguments := slices.Clone(r.arguments)
	if key != nil {
		from += r.order.from()
		arguments = append(arguments, key...)
	}
	from, arguments = from+r.order.by()+" LIMIT ?", append(arguments, limit)
	if skip > 0 {
		from, arguments = from+" OFFSET ?", append(arguments, skip)
	}
	return statement{from, arguments}
}

// counting returns the statement that counts the rows.
func (r rowSet) counting() string { return "SELECT count(*) FROM " + r.tables + " WHERE " + r.where }

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
		if l.narrow != nil {
			if l.rowSet, err = l.narrow(tx, l.rowSet); err != nil {
				return err
			}
		}
		page, err = l.read(ctx, s, tx)
		return err
	})
	return page, err
}

// read finds out where the page begins, and reads on from there. What is all on the first page needs no finding out.
func (l listing[T]) read(ctx context.Context, s *Store, tx Tx) (page store.Page[T], err error) {
	if l.page.Number == 1 {
		if page.Items, err = l.items(ctx, tx, l.selecting(l.tables, nil, l.page.Size, 0)); err != nil || len(page.Items) < l.page.Size {
			page.Total = len(page.Items)
			return page, err
		}
		page.Total, _, _, err = s.locate(ctx, tx, l.rowSet, 0)
		return page, err
	}
	total, key, skip, err := s.locate(ctx, tx, l.rowSet, l.page.Offset())
	if page.Total = total; err != nil || l.page.Offset() >= total {
		return page, err
	}
	page.Items, err = l.items(ctx, tx, l.selecting(l.tables, key, l.page.Size, skip))
	return page, err
}

func (l listing[T]) items(ctx context.Context, tx Tx, paged statement) ([]T, error) {
	rows, err := tx.QueryContext(ctx, paged.selecting(l.columns), paged.arguments...)
	if err != nil {
		return nil, err
	}
	items, err := Collect(rows, func(rows *sql.Rows) (T, error) { return l.scan(rows) })
	if err != nil || l.complete == nil || len(items) == 0 {
		return items, err
	}
	return items, l.complete(ctx, tx, paged, items)
}
