package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
)

// SearchIndex finds the accounts whose search keys may hold a text, without a look at all of the company's.
//
// It may know of an account later than the account changes, as long as it says so by naming the account whatever is looked
// for: whoever asks looks at the search key itself. So it is brought up to date in the background, many accounts at once, and
// costs a change next to nothing.
type SearchIndex interface {
	// Candidates returns up to limit ids; known is false for a text that it can't look for.
	Candidates(ctx context.Context, tx Tx, company store.ID, text string, limit int) (ids []store.ID, known bool, err error)
	// Changed notes that an account's search key is another one, or that the account is gone. Of new ones it knows by itself.
	Changed(ctx context.Context, tx Tx, company, account store.ID) error
	// Due reports whether there is something to bring up to date.
	Due(ctx context.Context, tx Tx) (bool, error)
	// Update brings some of it up to date. More says that there may be more.
	Update(ctx context.Context, tx Tx) (more bool, err error)
}

// UpdateSearch brings some of the search index up to date, in a transaction that is short enough to wait for; nothing is
// written where nothing is due. More says that there may be more.
func (s *Store) UpdateSearch(ctx context.Context) (more bool, err error) {
	index := s.dialect.Search
	if index == nil {
		return false, nil
	}
	var due bool
	err = s.read(ctx, func(tx Tx) error {
		due, err = index.Due(ctx, tx)
		return err
	})
	if err != nil || !due {
		return false, err
	}
	err = s.write(ctx, func(tx Tx) error {
		more, err = index.Update(ctx, tx)
		return err
	})
	return more, err
}

// fewCandidates is up to how many accounts are looked up one by one. Of more than that a page is found sooner in the
// company's own order, and how many there are is counted once.
const fewCandidates = 1000

// amongCandidates narrows a search down to the candidates of the index, where they are few.
func (s *Store) amongCandidates(ctx context.Context, tx Tx, rows rowSet, text string) (rowSet, error) {
	if s.dialect.Search == nil {
		return rows, nil
	}
	ids, known, err := s.dialect.Search.Candidates(ctx, tx, rows.company, store.FoldCase(text), fewCandidates+1)
	if err != nil || !known || len(ids) > fewCandidates {
		return rows, err
	}
	if len(ids) == 0 {
		rows.where, rows.arguments = "FALSE", nil
		return rows, nil
	}
	for len(ids)&(len(ids)-1) != 0 { // powers of two, so that there are few statements to keep prepared
		ids = append(ids, ids[0])
	}
	// The company's own condition would lead to all of its accounts; the + keeps it from that.
	rows.where = "+" + rows.where + " AND " + idCondition("a.id", ids)
	rows.arguments = slices.Concat(rows.arguments, idArguments(ids))
	return rows, nil
}

// searchCondition says that a search key holds the text, whatever the case.
func (s *Store) searchCondition(column, text string) (condition string, arguments []any) {
	if strings.Contains(text, s.dialect.Separator) {
		return "FALSE", nil // no field has one
	}
	return fmt.Sprintf(s.dialect.Holds, column), []any{store.FoldCase(text)}
}

// searchKey is the text that a search looks through.
func (s *Store) searchKey(fields ...string) string {
	return store.FoldCase(strings.Join(fields, s.dialect.Separator))
}

// searchChanged tells the search index of an account that it has to look at again.
func (s *Store) searchChanged(ctx context.Context, tx Tx, company, account store.ID) error {
	if s.dialect.Search == nil {
		return nil
	}
	return s.dialect.Search.Changed(ctx, tx, company, account)
}
