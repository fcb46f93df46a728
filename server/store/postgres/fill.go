package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Source is a database whose rows Fill takes.
type Source interface {
	// Columns returns a table's columns but for those that are worked out from others.
	Columns(ctx context.Context, table string) ([]string, error)
	Rows(ctx context.Context, table string, columns []string) (*sql.Rows, error)
	// LastIDs are the highest ids that were ever given, by table.
	LastIDs() map[string]int64
}

// Filled is a table that was moved: as many rows in both, and the same sum over their values.
type Filled struct {
	Table    string
	Rows     int64
	Checksum string
}

// filledTables are the tables that are moved, each after those that it refers to. What lives for a minute only (rate_windows), is
// made anew (write_probe) or worked out from others (what searches go by) isn't.
var filledTables = []string{
	"companies", "contacts", "service_accounts", "company_permissions", "signing_keys", "revoked_tokens", "projects",
	"project_assignments", "project_permissions", "directory_entries", "audit_events", "kept_answers",
}

// Fill puts all that a source keeps into a database that has no company, in one transaction, and compares what it wrote with what
// it read before it commits. It returns *store.Error with CodeAlreadyInitialized when the database has a company, and as Open
// does; then nothing is changed but for the schema, which an empty database gets.
func Fill(ctx context.Context, url string, from Source) (filled []Filled, err error) {
	s, err := Open(ctx, Options{URL: url, Create: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	connection, err := s.pool.Conn(ctx)
	if err != nil {
		return nil, translate(ctx, err)
	}
	defer func() { _ = connection.Close() }() // gives it back to the pool
	err = connection.Raw(func(driver any) error {
		wrapped, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driver)
		}
		return pgx.BeginTxFunc(ctx, wrapped.Conn(), pgx.TxOptions{IsoLevel: pgx.Serializable}, func(tx pgx.Tx) error {
			filled, err = (&filling{tx: tx, from: from, name: s.name}).all(ctx)
			return err
		})
	})
	return filled, translate(ctx, err)
}

// filling is one transaction of Fill.
type filling struct {
	tx   pgx.Tx
	from Source
	name string
}

func (f *filling) all(ctx context.Context) ([]Filled, error) {
	// A hundred thousand accounts take longer than any statement of a server may.
	for _, setting := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		if _, err := f.tx.Exec(ctx, "SET LOCAL "+setting+" = 0"); err != nil {
			return nil, err
		}
	}
	var used bool
	err := f.tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM companies) OR EXISTS (SELECT 1 FROM signing_keys)").Scan(&used)
	if err != nil {
		return nil, err
	}
	if used {
		return nil, &store.Error{Code: store.CodeAlreadyInitialized, Message: fmt.Sprintf(
			"The database %s already has a company. Name one that is empty; nothing was changed.", f.name)}
	}
	filled := make([]Filled, len(filledTables))
	for i, table := range filledTables {
		if filled[i], err = f.table(ctx, table); err != nil {
			return nil, fmt.Errorf("move the table %s: %w", table, err)
		}
	}
	return filled, nil
}

func (f *filling) table(ctx context.Context, table string) (Filled, error) {
	columns, flags, err := f.columns(ctx, table)
	if err != nil {
		return Filled{}, err
	}
	read, err := f.copy(ctx, table, columns, flags)
	if err != nil {
		return Filled{}, err
	}
	written, err := f.readBack(ctx, table, columns)
	if err != nil {
		return Filled{}, err
	}
	if *written != *read {
		return Filled{}, fmt.Errorf("it has %d rows with the checksum %s, and %d with %s were written; nothing is kept",
			read.rows, read, written.rows, written)
	}
	return Filled{Table: table, Rows: written.rows, Checksum: written.String()}, f.goOn(ctx, table)
}

// copy copies a table, and sums up what it read.
func (f *filling) copy(ctx context.Context, table string, columns []string, flags map[string]bool) (*checksum, error) {
	rows, err := f.from.Rows(ctx, table, columns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	read := &reading{rows: rows, columns: columns, flags: flags}
	if _, err := f.tx.CopyFrom(ctx, pgx.Identifier{table}, columns, read); err != nil {
		return nil, err
	}
	return &read.sum, rows.Err()
}

// columns returns the columns that both databases have, and which of them are boolean here. A column that the source alone has
// would get lost, and one that is here alone must have a default.
func (f *filling) columns(ctx context.Context, table string) (columns []string, flags map[string]bool, err error) {
	source, err := f.from.Columns(ctx, table)
	if err != nil {
		return nil, nil, err
	}
	rows, err := f.tx.Query(ctx, `SELECT column_name, data_type = 'boolean' FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'`, table)
	if err != nil {
		return nil, nil, err
	}
	flags = map[string]bool{}
	var name string
	var flag bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &flag}, func() error { flags[name] = flag; return nil }); err != nil {
		return nil, nil, err
	}
	for _, column := range source {
		if _, known := flags[column]; !known {
			return nil, nil, fmt.Errorf("the column %s is not in the target", column)
		}
	}
	return source, flags, nil
}

// readBack sums up what was written.
func (f *filling) readBack(ctx context.Context, table string, columns []string) (*checksum, error) {
	rows, err := f.tx.Query(ctx, fmt.Sprintf("SELECT %s FROM %s", strings.Join(columns, ", "), table)) //#nosec G201 -- the schema's own names
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sum := &checksum{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		sum.add(values)
	}
	return sum, rows.Err()
}

// goOn lets ids begin after the highest that the source ever gave: a deleted account's must not come back.
func (f *filling) goOn(ctx context.Context, table string) error {
	last := f.from.LastIDs()[table]
	if last == 0 {
		return nil
	}
	_, err := f.tx.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, last)
	return err
}

// reading is a source's table, in this database's types (pgx.CopyFromSource).
type reading struct {
	rows    *sql.Rows
	columns []string
	flags   map[string]bool
	sum     checksum
}

// Next goes to the next row.
func (r *reading) Next() bool { return r.rows.Next() }

// Err says why there is no next row.
func (r *reading) Err() error { return r.rows.Err() }

// Values returns the row.
func (r *reading) Values() ([]any, error) {
	values, targets := make([]any, len(r.columns)), make([]any, len(r.columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := r.rows.Scan(targets...); err != nil {
		return nil, err
	}
	for i, column := range r.columns {
		switch value := values[i].(type) {
		case int64:
			if r.flags[column] {
				values[i] = value != 0
			}
		case string:
			if column == "search_key" {
				values[i] = strings.ReplaceAll(value, "\x00", dialect.Separator)
			}
		}
	}
	r.sum.add(values)
	return values, nil
}

// checksum is how many rows there are and the sum of their digests, which doesn't depend on their order.
type checksum struct {
	rows      int64
	high, low uint64
}

func (c *checksum) add(values []any) {
	digest := sha256.New()
	for _, value := range values {
		switch value := value.(type) {
		case nil:
			digest.Write([]byte{0})
		case string:
			digest.Write(binary.BigEndian.AppendUint64([]byte{1}, uint64(len(value))))
			digest.Write([]byte(value))
		case []byte:
			digest.Write(binary.BigEndian.AppendUint64([]byte{2}, uint64(len(value))))
			digest.Write(value)
		default: // int64 and bool
			_, _ = fmt.Fprintf(digest, "\x03%T %v\x00", value, value) // a hash takes everything
		}
	}
	sum := digest.Sum(nil)
	c.rows++
	c.high += binary.BigEndian.Uint64(sum)
	c.low += binary.BigEndian.Uint64(sum[8:])
}

// String is the sum in hex.
func (c checksum) String() string { return fmt.Sprintf("%016x%016x", c.high, c.low) }
