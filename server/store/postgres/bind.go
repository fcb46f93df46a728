package postgres

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// querier is what database/sql's pools, connections and transactions have in common.
type querier interface {
	ExecContext(ctx context.Context, query string, arguments ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, arguments ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row
}

// bound runs sqlstore's statements, whose arguments are question marks (sqlstore.Tx).
type bound struct{ querier }

// ExecContext runs a statement (sqlstore.Tx).
func (b bound) ExecContext(ctx context.Context, query string, arguments ...any) (sql.Result, error) {
	return b.querier.ExecContext(ctx, numbered(query), storable(arguments)...)
}

// QueryContext runs a statement that has rows (sqlstore.Tx).
func (b bound) QueryContext(ctx context.Context, query string, arguments ...any) (*sql.Rows, error) {
	return b.querier.QueryContext(ctx, numbered(query), storable(arguments)...)
}

// QueryRowContext runs a statement that has one row (sqlstore.Tx).
func (b bound) QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row {
	return b.querier.QueryRowContext(ctx, numbered(query), storable(arguments)...)
}

// statements are the texts that were numbered before. Those with a list of ids have a text for each length, so their number
// is bounded and not small.
var statements struct {
	texts sync.Map
	count atomic.Int64
}

const maxStatements = 4096

// numbered puts $1, $2, … in the place of the question marks of a statement.
func numbered(query string) string {
	if known, ok := statements.texts.Load(query); ok {
		text, _ := known.(string)
		return text
	}
	text := number(query)
	if statements.count.Load() < maxStatements {
		if _, known := statements.texts.LoadOrStore(query, text); !known {
			statements.count.Add(1)
		}
	}
	return text
}

// number leaves alone what stands in quotes and comments. The statements are this program's own, and use no other kinds.
func number(query string) string {
	var text strings.Builder
	for next := 1; query != ""; next++ {
		mark := strings.IndexAny(query, `?'"-`)
		if mark < 0 {
			break
		}
		length := 1
		switch {
		case query[mark] == '?':
			text.WriteString(query[:mark] + "$" + strconv.Itoa(next))
			query = query[mark+1:]
			continue
		case query[mark] == '\'' || query[mark] == '"': // a doubled quote ends one text and begins another, which is as good
			length = endOf(query[mark+1:], query[mark:mark+1]) + 1
		case strings.HasPrefix(query[mark:], "--"):
			length = endOf(query[mark:], "\n")
		}
		next--
		text.WriteString(query[:mark+length])
		query = query[mark+length:]
	}
	return text.String() + query
}

// endOf is the index after the first end in a text, or the text's length where there is none.
func endOf(text, end string) int {
	if at := strings.Index(text, end); at >= 0 {
		return at + len(end)
	}
	return len(text)
}

// impossible stands for what PostgreSQL can't hold in a text: the character NUL, and bytes that are no UTF-8. What is written
// was checked for such before; what is looked for may have them, and nothing that is stored has this either (store.CheckName
// and its like refuse control characters).
const impossible = "\x01"

// storable returns the arguments such that every text of theirs is one that PostgreSQL takes.
func storable(arguments []any) []any {
	for i, argument := range arguments {
		text, ok := argument.(string)
		if !ok || utf8.ValidString(text) && !strings.Contains(text, "\x00") {
			continue
		}
		changed := append([]any(nil), arguments...)
		changed[i] = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", impossible), impossible)
		return append(changed[:i+1], storable(changed[i+1:])...)
	}
	return arguments
}
