package server

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

type migrateCommand struct {
	From string `required:"" placeholder:"FILE" help:"The SQLite database's file. No server may have it open. It stays as it is, but for its schema, which is brought up to date."`
	To   string `required:"" placeholder:"URL" help:"The PostgreSQL database: one that is empty, as postgres://USER@HOST/NAME (its password better in PGPASSWORD or a PGPASSFILE)."`
}

// Validate refuses what can't be moved from or to (kong's hook).
func (c migrateCommand) Validate() error {
	switch {
	case postgres.IsURL(c.From):
		return errors.New("--from: names a PostgreSQL database; what can be moved is a SQLite file")
	case !postgres.IsURL(c.To):
		return errors.New("--to: is no PostgreSQL URL, which looks like postgres://USER@HOST/NAME")
	}
	if err := postgres.CheckURL(c.To); err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	return nil
}

// Run moves everything, and says what was compared.
func (c migrateCommand) Run(ctx context.Context, e *environment) (err error) {
	from, err := sqlite.OpenExport(ctx, c.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	filled, err := postgres.Fill(ctx, c.To, from)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Moved %s to %s. Each table has the same rows in both:\n", c.From, databaseName(c.To))
	table := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TABLE\tROWS\tCHECKSUM")
	for _, moved := range filled {
		fmt.Fprintf(table, "%s\t%d\t%s\n", moved.Table, moved.Rows, moved.Checksum)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, "Start the servers with the new --database, the same --base-url and the same master key: secrets and live tokens stay good. "+
		"Put the file away, so that nothing is written to it any more.")
	return err
}
