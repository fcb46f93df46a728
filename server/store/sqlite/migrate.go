package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/procore/terraform-provider-procore/server/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date, one transaction for each migration. A file of a newer version of this program
// is refused.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	var before int64
	var failed error
	for {
		current, target, err := provider.GetVersions(ctx)
		switch {
		case err != nil:
			return unreadable(ctx, path, "its schema version can't be read", translate(err))
		case current > target:
			return &store.Error{Code: store.CodeNewerSchema, Message: fmt.Sprintf(
				"The database %s was written by a newer version of this program (schema %d, this version knows %d). "+
					"Use that version, or restore a backup made before the upgrade.", path, current, target)}
		case current == target:
			return nil
		case failed != nil && current == before:
			return fmt.Errorf("bring the schema of %s up to date: %w", path, translate(failed))
		}
		// It also fails where another process takes the same step at the same moment. Then the schema has moved on, and
		// what is left is tried again.
		before = current
		_, failed = provider.Up(ctx)
	}
}

// unreadable is the error for a database that can't be opened: the file is ours, so what is left is damage, unless the
// store has a word for it or the caller has gone.
func unreadable(ctx context.Context, path, what string, err error) error {
	var own *store.Error
	if errors.As(err, &own) || ctx.Err() != nil {
		return fmt.Errorf("open the database %s: %w", path, err)
	}
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
		"The database %s is damaged: %s (%v). Restore a backup, or name another file.", path, what, err)}
}
