package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// connection is one that is open for as long as the database is: opened later, it would find the files that have the
// database's names by then, or none. It keeps its statements prepared, which takes SQLite longer than running most of them.
// One goroutine at a time may use it.
//
// No statement on it is interrupted when a context ends, for that would undo the transaction that it is in, which may hold
// other callers' changes (https://www.sqlite.org/c3ref/interrupt.html). What runs is short.
type connection struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	// rows and row are the answers that were asked for in the transaction.
	rows []*sql.Rows
	row  []*sql.Row
}

var _ sqlstore.Tx = (*connection)(nil)

// statementsKept bounds the statements of a connection. The texts are constants, but for those of lists, which are made of
// a few parts.
const statementsKept = 256

// connections opens so many connections of a pool, and keeps them.
func connections(ctx context.Context, pool *sql.DB, count int) (opened []*connection, err error) {
	for range count {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return opened, translate(err)
		}
		opened = append(opened, &connection{conn: conn, statements: map[string]*sql.Stmt{}})
	}
	return opened, nil
}

// ExecContext runs a statement that returns no rows (sqlstore.Tx).
func (c *connection) ExecContext(ctx context.Context, query string, arguments ...any) (sql.Result, error) {
	ctx = context.WithoutCancel(ctx)
	if isPragma(query) {
		return c.conn.ExecContext(ctx, query, arguments...)
	}
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return statement.ExecContext(ctx, arguments...)
}

// QueryContext runs a statement that returns rows (sqlstore.Tx). They must be read, or closed, before it is run again.
func (c *connection) QueryContext(ctx context.Context, query string, arguments ...any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := statement.QueryContext(ctx, arguments...)
	if err == nil {
		c.rows = append(c.rows, rows)
	}
	return rows, err
}

// QueryRowContext runs a statement that returns a row at most (sqlstore.Tx).
func (c *connection) QueryRowContext(ctx context.Context, query string, arguments ...any) *sql.Row {
	ctx = context.WithoutCancel(ctx)
	statement, err := c.prepared(ctx, query)
	if err != nil {
		return c.conn.QueryRowContext(ctx, query, arguments...) // fails again, and can say so
	}
	row := statement.QueryRowContext(ctx, arguments...)
	c.row = append(c.row, row)
	return row
}

// isPragma tells the statements that can't be kept: some of them do their work when they are prepared, and then never
// again (https://www.sqlite.org/pragma.html).
func isPragma(query string) bool { return strings.HasPrefix(query, "PRAGMA") }

// statement is what one that is kept can be asked for: it stays open.
type statement interface {
	ExecContext(ctx context.Context, arguments ...any) (sql.Result, error)
	QueryContext(ctx context.Context, arguments ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, arguments ...any) *sql.Row
}

func (c *connection) prepared(ctx context.Context, query string) (statement, error) {
	if statement, found := c.statements[query]; found {
		return statement, nil
	}
	statement, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = statement
	return statement, nil
}

// begin begins a transaction. One that is still open, because its end has failed, is ended before.
func (c *connection) begin(ctx context.Context, how string) error {
	err := c.run(ctx, how)
	if err != nil && !isBusy(err) && c.rollback(ctx) == nil {
		err = c.run(ctx, how)
	}
	return err
}

func (c *connection) rollback(ctx context.Context) error { return c.run(ctx, "ROLLBACK") }

// run runs a statement that has neither arguments nor an answer.
func (c *connection) run(ctx context.Context, statement string) error {
	_, err := c.ExecContext(ctx, statement)
	return err
}

// release closes the answers that were left open, by a panic for example: their statements couldn't be run again.
func (c *connection) release() {
	for _, rows := range c.rows {
		_ = rows.Close() // was closed before, mostly
	}
	for _, row := range c.row {
		_ = row.Scan() // closes it; mostly it is
	}
	clear(c.rows)
	clear(c.row)
	c.rows, c.row = c.rows[:0], c.row[:0]
}

// tidy forgets all statements when they are too many. Those in use are soon prepared again.
func (c *connection) tidy() {
	if len(c.statements) <= statementsKept {
		return
	}
	for _, statement := range c.statements {
		_ = statement.Close() // releases memory, and can't fail to
	}
	clear(c.statements)
}

func (c *connection) close() error {
	var errs []error
	for _, statement := range c.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
