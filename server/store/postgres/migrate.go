package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrateTimeout is how long other servers that bring the schema up to date at the same moment are waited for.
const migrateTimeout = 5 * time.Minute

// migrate brings the schema up to date, one transaction for each migration. A database of a newer version of this program is
// refused, and one that is empty unless create is set.
//
// Several servers may start at once. Each takes the next step in a transaction; PostgreSQL lets one of them through, and the
// others fail and find that the schema has moved on. So no lock is needed, and none can be left behind.
func (s *Store) migrate(ctx context.Context, create bool) error {
	made, foreign, err := s.findSchema(ctx)
	switch {
	case err != nil:
		return err
	case foreign:
		return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
			"The database %s has tables of another program, and none of this one. Name a database, or a schema by search_path, of its own.", s.name)}
	case !made && !create:
		return &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf(
			"The database %s is empty. Make a company in it with: terraform-provider-procore init --database %s --company NAME", s.name, s.name)}
	}
	provider, err := newProvider(s.pool)
	if err != nil {
		return err
	}
	return s.stepUp(ctx, provider)
}

// newProvider knows all migrations. It doesn't look at the database by itself.
func newProvider(pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, files, goose.WithGoMigrations(numberTransactions))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return provider, nil
}

func (s *Store) stepUp(ctx context.Context, provider *goose.Provider) error {
	deadline := time.Now().Add(migrateTimeout)
	for {
		current, target, failed := provider.GetVersions(ctx)
		switch {
		case failed != nil: // another server makes goose's own table at this moment
		case current > target:
			return &store.Error{Code: store.CodeNewerSchema, Message: fmt.Sprintf(
				"The database %s was written by a newer version of this program (schema %d, this version knows %d). "+
					"Use that version, or restore a backup made before the upgrade.", s.name, current, target)}
		case current == target:
			return nil
		default:
			_, failed = provider.Up(ctx)
		}
		if failed == nil {
			continue
		}
		if !isBeside(failed) || time.Now().After(deadline) {
			return fmt.Errorf("bring the schema of %s up to date: %w", s.name, translate(ctx, failed))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10*time.Millisecond + rand.N(100*time.Millisecond)): //#nosec G404 -- spreads load
		}
	}
}

// What one of two that change the schema at once is told.
const (
	codeDuplicateTable    = "42P07"
	codeDuplicateColumn   = "42701"
	codeDuplicateObject   = "42710"
	codeDuplicateFunction = "42723"
	codeUndefinedTable    = "42P01"
	codeUndefinedColumn   = "42703"
	codeInternal          = "XX000" // "tuple concurrently updated"
)

// isBeside reports an error of who changed the schema at the same moment as another.
func isBeside(err error) bool {
	switch sqlState(err) {
	case codeDuplicateTable, codeDuplicateColumn, codeDuplicateObject, codeDuplicateFunction, codeUndefinedTable, codeUndefinedColumn,
		codeInternal, codeLockNotAvailable:
		return true
	}
	return isRetry(err) || errors.Is(err, goose.ErrVersionNotFound)
}

// findSchema reports whether the schema that tables are made in has this program's tables, or others alone.
func (s *Store) findSchema(ctx context.Context) (made, foreign bool, err error) {
	err = s.again(ctx, func() error {
		return s.pool.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL,
			to_regclass('goose_db_version') IS NULL AND coalesce(to_regclass('companies'), to_regclass('projects')) IS NOT NULL`).Scan(&made, &foreign)
	})
	return made, foreign, translate(ctx, err)
}
