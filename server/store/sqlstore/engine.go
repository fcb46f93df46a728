package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Tx is where statements run: a transaction, or in LookUp a single statement of its own. Arguments are question marks.
type Tx interface {
	ExecContext(ctx context.Context, query string, arguments ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, arguments ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row
}

// Engine is a database that is open. Each of its methods returns *store.Error where it has a word for what went wrong.
//
// What f is given is good until f returns, and for f alone. f may be run again from the beginning, after what it did before
// was undone: all that it decides it must decide anew, and what it collects it must collect anew.
type Engine interface {
	// Write runs f in a transaction that no other change comes between. What it acknowledges is kept, come what may.
	Write(ctx context.Context, f func(tx Tx) error) error
	// Read runs f on one snapshot of the database.
	Read(ctx context.Context, f func(tx Tx) error) error
	// LookUp runs f, which asks one statement for what a token request needs. It is Read made as quick as can be, and goes
	// on where Read is refused because the database is damaged.
	LookUp(ctx context.Context, f func(tx Tx) error) error
}

// Dialect has the words in which databases differ.
type Dialect struct {
	// Separator stands between the fields of a search key, and keeps a match from running across two of them. It is a
	// control character, which no field may hold.
	Separator string
	// Holds is a condition that a text column, in place of the %s, holds the text that is bound to it once.
	Holds string
	// Search is the index behind searches for accounts; nil where Holds has one, or there is none.
	Search SearchIndex
	// ListVersion is a statement for a number that grows with every audit event of a company, which it binds: what is known
	// of the company's lists is true for one version. NULL where that can't be told just now, and "" where it never can.
	// Every change that a list shows by what is on it, in which order, writes an event in its own transaction.
	ListVersion string
	// ListVersionOfAll is ListVersion over all companies, for lists that other companies' changes show in.
	ListVersionOfAll string
	// EventsInOrder says that the ids of audit events are in the order in which they came to be seen, and that the two
	// versions above are the highest of these ids.
	EventsInOrder bool
	// Erase and EraseNoMore are statements around the removal of what must leave no bytes behind. Empty ones aren't run.
	Erase, EraseNoMore string
	// Shared says that servers on several machines may work on the database at once.
	Shared bool
}

// Options are what a Store works by.
type Options struct {
	// Name is what the operator calls the database, for messages. It holds no password.
	Name string
	// Policy holds the dates at which traditional accounts end.
	Policy store.Policy
	// Now is the clock.
	Now     func() time.Time
	Dialect Dialect
}

// Store is what the server keeps, in an engine's database. It is safe for concurrent use.
type Store struct {
	engine  Engine
	name    string
	policy  store.Policy
	now     func() time.Time
	dialect Dialect
	lists   listMemory
}

var (
	_ store.Companies       = (*Store)(nil)
	_ store.ServiceAccounts = (*Store)(nil)
	_ store.Permissions     = (*Store)(nil)
	_ store.Projects        = (*Store)(nil)
	_ store.Assignments     = (*Store)(nil)
	_ store.Directory       = (*Store)(nil)
	_ store.AuditEvents     = (*Store)(nil)
	_ store.KeptAnswers     = (*Store)(nil)
	_ store.Tokens          = (*Store)(nil)
	_ store.SigningKeys     = (*Store)(nil)
	_ store.RateWindows     = (*Store)(nil)
)

// New returns the store on an engine.
func New(engine Engine, options Options) *Store {
	return &Store{engine: engine, name: options.Name, policy: options.Policy, now: options.Now, dialect: options.Dialect}
}

// Shared reports whether servers on several machines may work on the database at once.
func (s *Store) Shared() bool { return s.dialect.Shared }

func (s *Store) write(ctx context.Context, f func(tx Tx) error) error { return s.engine.Write(ctx, f) }

func (s *Store) read(ctx context.Context, f func(tx Tx) error) error { return s.engine.Read(ctx, f) }

func (s *Store) lookUp(ctx context.Context, f func(tx Tx) error) error {
	return s.engine.LookUp(ctx, f)
}

// Operation is a kind of work whose time an engine tells.
type Operation string

// The operations. OperationWait is the time until a change has the database to itself; OperationWrite begins then.
const (
	OperationRead  Operation = "read"
	OperationWrite Operation = "write"
	OperationWait  Operation = "wait"
)

// Damaged is the error for a database whose content can't be what this program wrote, with what was found.
func Damaged(finding any) *store.Error {
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
		"The database is damaged: %v. Restore a backup, or name another one.", finding)}
}

// Collect reads all rows and closes them.
func Collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) (items []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// Micros is how a time is stored.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// later is when something was changed: never before it was last, even where the clock was put back meanwhile.
func later(now, last time.Time) time.Time {
	if now.Before(last) {
		return last
	}
	return now
}

// nullMicros stores a zero time as NULL.
func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Micros(t)
}

// FromMicros reads a time as Micros stores it.
func FromMicros(value int64) time.Time { return time.UnixMicro(value).UTC() }

// FromNullMicros reads NULL as the zero time.
func FromNullMicros(value sql.NullInt64) time.Time {
	if !value.Valid {
		return time.Time{}
	}
	return FromMicros(value.Int64)
}
