package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

func TestAnswersThatAreLeftOpenKeepNoStatementFromRunningAgain(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	const query = "SELECT id FROM companies WHERE id < ? UNION ALL SELECT 2"
	leaves := func(tx sqlstore.Tx) error {
		rows, err := tx.QueryContext(t.Context(), query, 9) //nolint:sqlclosecheck // that is what it is about
		if err != nil || !rows.Next() || tx.QueryRowContext(t.Context(), "SELECT 1") == nil {
			t.Errorf("%v, %v", err, rows.Err())
		}
		panic("a bug")
	}
	for range 3 {
		for _, do := range []func(context.Context, func(sqlstore.Tx) error) error{database.write, database.read, database.lookUp} {
			func() {
				defer func() { _ = recover() }()
				_ = do(t.Context(), leaves)
			}()
		}
		told := together(t, database, func(sqlstore.Tx) error { return nil }, leaves, func(tx sqlstore.Tx) error {
			_, err := tx.ExecContext(t.Context(), query, 9)
			return err
		})
		if told[0] != nil || told[2] != nil {
			t.Errorf("they are told %v", told)
		}
	}
	wantProjects(t, database)
}

func TestStatementsOutliveAChangeOfTheSchemaByAnotherProcess(t *testing.T) {
	t.Parallel()
	database, admin := initialized(t)
	other, err := openPool(database.path, settings(patience), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	for i := range 3 {
		create(t, database, admin.CompanyID, fmt.Sprint("exporter ", i), nil)
		if _, err := other.ExecContext(t.Context(), fmt.Sprintf("ALTER TABLE service_accounts ADD COLUMN later_%d TEXT", i)); err != nil {
			t.Fatal(err)
		}
		if got, err := database.ServiceAccountByClientID(t.Context(), admin.ClientID); err != nil || got.ID != admin.ID {
			t.Errorf("after the change: %v, %v", got.ID, err)
		}
	}
}

func TestStatementsOfAConnectionAreBounded(t *testing.T) {
	t.Parallel()
	database, _ := initialized(t)
	for i := range 2*statementsKept + 10 {
		for _, do := range []func(context.Context, func(sqlstore.Tx) error) error{database.write, database.read} {
			if err := do(t.Context(), func(tx sqlstore.Tx) error {
				var one int
				return tx.QueryRowContext(t.Context(), fmt.Sprintf("SELECT 1 WHERE %d = ?", i), i).Scan(&one)
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range append(database.readers.idle, database.writer.connection) {
		if len(c.statements) > statementsKept+3 {
			t.Errorf("%d statements are kept", len(c.statements))
		}
	}
}
