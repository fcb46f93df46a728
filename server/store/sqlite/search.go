package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// search is the index account_search: FTS5 with the trigram tokenizer (https://www.sqlite.org/fts5.html#the_trigram_tokenizer),
// which knows in which accounts any three characters stand side by side. With each account it has three characters that stand
// for the company, so that no search looks through the matches of other companies.
type search struct{}

var _ sqlstore.SearchIndex = search{}

const (
	trigram = 3
	// lookedUp is how many of a text's trigrams are looked up. Few accounts have so many of them and not the text.
	lookedUp = 8
	// indexedAtOnce bounds one transaction of Update to some ten milliseconds.
	indexedAtOnce = 100
)

// candidates are the accounts that the index names, those that changed since it looked at them, and those that it hasn't
// seen yet.
const candidates = `SELECT rowid FROM account_search WHERE account_search MATCH ?
	UNION ALL SELECT service_account_id FROM account_search_due WHERE company_id = ?
	UNION ALL SELECT id FROM service_accounts WHERE company_id = ? AND id > (SELECT indexed_to FROM account_search_state) LIMIT ?`

// Candidates returns the accounts that hold each trigram of the text, or most of them. A text of one or two characters has none.
func (search) Candidates(ctx context.Context, tx sqlstore.Tx, company store.ID, text string, limit int) (ids []store.ID, known bool, err error) {
	characters := []rune(text)
	if len(characters) < trigram {
		return nil, false, nil
	}
	last := len(characters) - trigram
	step := max(1, last/(lookedUp-1))
	terms := []string{quoted(companyTrigram(company))}
	for at := last; at >= 0 && len(terms) <= lookedUp; at -= step {
		if term := quoted(string(characters[at : at+trigram])); !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	rows, err := tx.QueryContext(ctx, candidates, strings.Join(terms, " AND "), company, company, limit)
	if err != nil {
		return nil, false, err
	}
	ids, err = sqlstore.Collect(rows, func(rows *sql.Rows) (id store.ID, err error) {
		err = rows.Scan(&id)
		return id, err
	})
	return ids, true, err
}

// quoted is a string of an FTS5 query.
func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// companyTrigram stands for a company: three characters of a private use plane, which are the id's digits to the base of
// 32768. In the unlikely case that somebody's text has them, too, it is a candidate and no more.
func companyTrigram(company store.ID) string {
	const base, first = 1 << 15, 0xF0000
	return string([]rune{rune(first + company/base/base%base), rune(first + company/base%base), rune(first + company%base)})
}

// Changed puts an account among the candidates of every search, until Update has looked at it.
func (search) Changed(ctx context.Context, tx sqlstore.Tx, company, account store.ID) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO account_search_due (company_id, service_account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", company, account)
	return err
}

// Due reports whether an account has changed or is new.
func (search) Due(ctx context.Context, tx sqlstore.Tx) (due bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM account_search_due)
		OR EXISTS (SELECT 1 FROM service_accounts WHERE id > (SELECT indexed_to FROM account_search_state))`).Scan(&due)
	return due, err
}

// indexed is an account as the index sees it. One that is gone has no key.
type indexed struct {
	company, id store.ID
	key         sql.NullString
}

// Update takes accounts into the index that changed, and then such as are new.
func (search) Update(ctx context.Context, tx sqlstore.Tx) (more bool, err error) {
	changed, err := accountsToIndex(ctx, tx, `SELECT d.company_id, d.service_account_id, a.search_key FROM account_search_due d
		LEFT JOIN service_accounts a ON a.id = d.service_account_id ORDER BY d.company_id, d.service_account_id LIMIT ?`)
	if err != nil {
		return false, err
	}
	for _, account := range changed {
		_, err := tx.ExecContext(ctx, "DELETE FROM account_search_due WHERE company_id = ? AND service_account_id = ?", account.company, account.id)
		if err != nil {
			return false, err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM account_search WHERE rowid = ?", account.id); err != nil {
			return false, err
		}
		if err := account.insert(ctx, tx, "WHERE ? <= (SELECT indexed_to FROM account_search_state)"); err != nil {
			return false, err
		}
	}
	added, err := accountsToIndex(ctx, tx, `SELECT company_id, id, search_key FROM service_accounts
		WHERE id > (SELECT indexed_to FROM account_search_state) ORDER BY id LIMIT ?`)
	if err != nil || len(added) == 0 {
		return len(changed) == indexedAtOnce, err
	}
	for _, account := range added {
		if err := account.insert(ctx, tx, "WHERE ? > 0"); err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE account_search_state SET indexed_to = ?", added[len(added)-1].id)
	return len(changed) == indexedAtOnce || len(added) == indexedAtOnce, err
}

func accountsToIndex(ctx context.Context, tx sqlstore.Tx, query string) ([]indexed, error) {
	rows, err := tx.QueryContext(ctx, query, indexedAtOnce)
	if err != nil {
		return nil, err
	}
	return sqlstore.Collect(rows, func(rows *sql.Rows) (account indexed, err error) {
		err = rows.Scan(&account.company, &account.id, &account.key)
		return account, err
	})
}

// insert takes the account into the index under a condition that binds its id.
func (i indexed) insert(ctx context.Context, tx sqlstore.Tx, condition string) error {
	if !i.key.Valid {
		return nil
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO account_search (rowid, company, text) SELECT ?, ?, ? "+condition,
		i.id, companyTrigram(i.company), i.key, i.id)
	return err
}
