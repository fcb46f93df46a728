package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// The version of a company's lists (sqlstore.Dialect.ListVersion) is the highest number of a transaction that wrote one of its
// audit events. Ids of events won't do: they are given before the commit, and commits come in another order.
//
// Whatever is to be seen later is of a transaction whose number is at least this snapshot's xmin. So where the highest number seen
// is below xmin, each later change makes a higher one; and where it isn't, a younger transaction is under way, and the answer
// is NULL. Numbers from xmax on are of another cluster, whose dump was restored into this one.
const listVersion = `SELECT CASE WHEN v.latest < pg_snapshot_xmin(pg_current_snapshot())::text::bigint THEN v.latest END FROM
	(SELECT coalesce(max(transaction_id), 0) AS latest FROM audit_events
		WHERE transaction_id < pg_snapshot_xmax(pg_current_snapshot())::text::bigint%s) v`

// versioned adds the lists' versions to the dialect, where the database numbers its transactions: CockroachDB and YugabyteDB have no
// such numbers, and each page is counted and walked to there.
func (s *Store) versioned(ctx context.Context, dialect sqlstore.Dialect) (sqlstore.Dialect, error) {
	var numbered bool
	err := s.again(ctx, func() error {
		return s.pool.QueryRowContext(ctx, `SELECT coalesce(column_default, '') LIKE '%pg_current_xact_id%' FROM information_schema.columns
			WHERE table_schema = current_schema() AND table_name = 'audit_events' AND column_name = 'transaction_id'`).Scan(&numbered)
	})
	if err != nil {
		return dialect, fmt.Errorf("look for the numbers of transactions in %s: %w", s.name, translate(ctx, err))
	}
	if numbered {
		dialect.ListVersion = fmt.Sprintf(listVersion, " AND company_id = ?")
		dialect.ListVersionOfAll = fmt.Sprintf(listVersion, "")
	}
	return dialect, nil
}

// numberTransactions is the migration after which each audit event has its transaction's number. It is not among the SQL files
// because it depends on what the database is.
var numberTransactions = goose.NewGoMigration(2, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
	var version string
	if err := tx.QueryRowContext(ctx, "SELECT version()").Scan(&version); err != nil {
		return err
	}
	if strings.Contains(version, "Cockroach") || strings.Contains(version, "-YB-") {
		return nil
	}
	_, err := tx.ExecContext(ctx, "ALTER TABLE audit_events ALTER COLUMN transaction_id SET DEFAULT (pg_current_xact_id()::text::bigint)")
	return err
}}, nil)
