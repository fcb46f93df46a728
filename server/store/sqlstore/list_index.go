package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// A page is asked for by its number, and a database has no way to the row of a number but to walk there. So the store
// remembers, for the lists that are read, how many rows each has and the keys of some of them with how many come before:
// then a page begins at a key, which an index leads to, and the last page costs what the first one does.
//
// What is remembered is true for one version of the list. The version is read in the snapshot that the page is read from,
// so that no page is ever of another list than its Total. It lives in memory only, and each server has its own.

// listIndex is what is known of a list at one version. It is never changed once others may see it.
type listIndex struct {
	version int64
	total   int
	// marks are in the order of the list.
	marks []mark
}

// mark is a key, and how many rows come before it. A row of that key there need not be any more.
type mark struct {
	before int
	key    []any
}

const (
	// stride is how many rows are between the marks that are made on the way to a page.
	stride = 1000
	// shortWay is how many rows a page may be away from a mark that it begins at.
	shortWay = 50
)

// locate returns how many rows a list has, and the way to the one at offset: to go to a key, nil for the first row, and
// to skip some from there. For an offset beyond the end it doesn't look for a way.
func (s *Store) locate(ctx context.Context, tx Tx, rows rowSet, offset int) (total int, key []any, skip int, err error) {
	index, kept, err := s.listIndex(ctx, tx, rows)
	if err != nil || !kept || offset >= index.total {
		return index.total, nil, offset, err
	}
	at, before := index.nearest(offset)
	for offset-at.before > shortWay {
		next, err := s.step(ctx, tx, rows, at, min(stride, offset-at.before))
		if errors.Is(err, sql.ErrNoRows) { // somebody edited the database by hand, and left no event
			s.lists.drop(rows.name())
			err = tx.QueryRowContext(ctx, rows.counting(), rows.arguments...).Scan(&total)
			return total, nil, offset, err
		}
		if err != nil {
			return 0, nil, 0, err
		}
		before++
		index.marks = slices.Insert(slices.Clone(index.marks), before, next)
		at = next
	}
	s.lists.put(rows.name(), index)
	return index.total, at.key, offset - at.before, nil
}

// nearest returns the last mark that is not after the offset, and where it stands among the marks: -1 for the beginning.
func (i listIndex) nearest(offset int) (mark, int) {
	after, _ := slices.BinarySearchFunc(i.marks, offset, func(m mark, offset int) int { return cmp.Compare(m.before, offset+1) })
	if after == 0 {
		return mark{}, -1
	}
	return i.marks[after-1], after - 1
}

// step returns the mark of the row that is so many rows behind another one.
func (s *Store) step(ctx context.Context, tx Tx, rows rowSet, from mark, distance int) (mark, error) {
	statement := rows.selecting(rows.tables, from.key, 1, distance)
	values := make([]keyPart, len(rows.order.columns))
	key, into := make([]any, len(values)), make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	err := tx.QueryRowContext(ctx, statement.selecting(strings.Join(rows.order.columns, ", ")), statement.arguments...).Scan(into...)
	for i := range values {
		key[i] = values[i].value
	}
	return mark{from.before + distance, key}, err
}

// keyPart is one column of a key: an int64 or a string.
type keyPart struct{ value any }

// Scan takes the column's value (sql.Scanner).
func (k *keyPart) Scan(value any) error {
	if text, isBytes := value.([]byte); isBytes {
		value = string(text)
	}
	k.value = value
	return nil
}

// listIndex returns what is known of a list in the snapshot of tx, at least how many rows it has; and whether more may be
// found out and kept.
func (s *Store) listIndex(ctx context.Context, tx Tx, rows rowSet) (index listIndex, kept bool, err error) {
	version, kept, err := listVersion(ctx, tx, rows)
	if err != nil {
		return index, false, err
	}
	if known, found := s.lists.get(rows.name()); found && kept {
		if known.version == version {
			return known, true, nil
		}
		if known.version < version && rows.follow != nil && s.dialect.EventsInOrder {
			index, followed, err := known.followed(ctx, tx, rows, version)
			if err != nil || followed {
				return index, err == nil, err
			}
		}
	}
	index.version = version
	err = tx.QueryRowContext(ctx, rows.counting(), rows.arguments...).Scan(&index.total)
	return index, kept, err
}

// listVersion returns the version of a list, and whether there is one.
func listVersion(ctx context.Context, tx Tx, rows rowSet) (int64, bool, error) {
	if rows.version == "" {
		return 0, false, nil
	}
	var arguments []any
	if strings.Contains(rows.version, "?") {
		arguments = []any{rows.company}
	}
	var version sql.NullInt64
	err := tx.QueryRowContext(ctx, rows.version, arguments...).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return version.Int64, version.Valid, err
}
