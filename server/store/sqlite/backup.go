package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Backup writes a consistent copy of the database to a file that must not exist yet, while the database is in use. The
// copy is readable by its owner only, and appears under its name when it is whole. The schema is copied as it is, so
// that a backup can be made before an upgrade by the newer program.
func Backup(ctx context.Context, from, to string) (err error) {
	from, source, err := prepareFile(ctx, from, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.release()) }()
	if to, err = filepath.Abs(to); err != nil {
		return fmt.Errorf("find the backup's folder: %w", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		if err != nil {
			return fmt.Errorf("look at the backup file: %w", err)
		}
		return &store.Error{Code: store.CodeInvalid, Message: fmt.Sprintf(
			"%s already exists, and a backup overwrites nothing. Name another file, or move that one away.", to)}
	}
	folder, err := os.MkdirTemp(filepath.Dir(to), ".backup-*") // 0700: nobody else sees the copy while it grows
	if err != nil {
		return fmt.Errorf("make room for the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	partial := filepath.Join(folder, "copy.db")
	if err := os.WriteFile(partial, nil, 0o600); err != nil { // VACUUM INTO fills an empty file, and keeps its mode
		return fmt.Errorf("make the backup file: %w", err)
	}
	if err := copyInto(ctx, from, partial); err != nil {
		return err
	}
	if err := renumber(ctx, partial); err != nil {
		return err
	}
	if err := syncFile(partial); err != nil {
		return err
	}
	// A link fails where the name was taken meanwhile; a rename would overwrite it.
	if err := os.Link(partial, to); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return syncFolder(filepath.Dir(to))
}

func copyInto(ctx context.Context, from, to string) (err error) {
	db, err := openPool(from, settings(patience), 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("copy the database: %w", translate(err))
	}
	return nil
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //#nosec G304 -- made by Backup
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write the backup to disk: %w", err)
	}
	return nil
}
