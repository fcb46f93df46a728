package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// Export is a database that nobody else has open for as long as all of it is read, to be moved elsewhere.
type Export struct{ seized *seized }

// OpenExport takes a database for itself. Its schema is brought up to date first, as a server's start does. It returns
// *store.Error as Open does, and with CodeUnavailable while a server or another command has it open.
func OpenExport(ctx context.Context, path string) (*Export, error) {
	opened, err := Open(ctx, Options{Path: path})
	if err != nil {
		return nil, err
	}
	path = opened.path
	if err := errors.Join(opened.CheckIntegrity(ctx), opened.Close()); err != nil {
		return nil, err
	}
	seized, err := seize(ctx, path)
	if err != nil {
		return nil, err
	}
	if seized.damaged {
		return nil, errors.Join(damaged("it can't be read"), seized.close())
	}
	return &Export{seized}, nil
}

// Close lets others have the database again.
func (e *Export) Close() error { return e.seized.close() }

// LastIDs are the highest ids that were ever given, by table.
func (e *Export) LastIDs() map[string]int64 { return e.seized.counters }

// Columns returns a table's columns but for those that are worked out from others.
func (e *Export) Columns(ctx context.Context, table string) ([]string, error) {
	rows, err := e.seized.connection.QueryContext(ctx, "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", table)
	if err != nil {
		return nil, translate(err)
	}
	return sqlstore.Collect(rows, func(rows *sql.Rows) (name string, err error) {
		err = rows.Scan(&name)
		return name, err
	})
}

// Rows reads a table. What separates the fields of a search key is a NUL here (see dialect), which the caller replaces.
func (e *Export) Rows(ctx context.Context, table string, columns []string) (*sql.Rows, error) {
	rows, err := e.seized.connection.QueryContext(ctx, fmt.Sprintf("SELECT %s FROM %s", strings.Join(columns, ", "), table)) //#nosec G201 -- the schema's own names
	return rows, translate(err)
}
