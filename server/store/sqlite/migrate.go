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
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		var own *store.Error
		if err = translate(err); errors.As(err, &own) || ctx.Err() != nil {
			return err
		}
		return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
			"The database %s is damaged: its schema version can't be read (%v). Restore a backup, or name another file.", path, err)}
	}
	if current > target {
		return &store.Error{Code: store.CodeNewerSchema, Message: fmt.Sprintf(
			"The database %s was written by a newer version of this program (schema %d, this version knows %d). "+
				"Use that version, or restore a backup made before the upgrade.", path, current, target)}
	}
	if current == target {
		return nil
	}
	if _, err := provider.Up(ctx); err != nil {
		// Another process may have migrated at the same moment; then there is nothing left to do.
		if now, _, again := provider.GetVersions(ctx); again == nil && now == target {
			return nil
		}
		return fmt.Errorf("bring the schema of %s up to date: %w", path, translate(err))
	}
	return nil
}
