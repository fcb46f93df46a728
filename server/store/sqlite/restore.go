package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// Restoring says what to restore to where.
type Restoring struct {
	// From is the backup, which stays untouched, and Path the database that it takes the place of, if there is one.
	From, Path string
	// CheckKey returns an error for a signing key that can't be used.
	CheckKey func(store.SigningKey) error
	// Now names the file that is kept.
	Now time.Time
}

// Restored says what was done.
type Restored struct {
	// Kept is where the replaced database is now, and empty when there was none.
	Kept string
	// Damaged says that the replaced database is kept as it was found: SQLite could not read it.
	Damaged bool
	// Accounts is how many accounts the restored database has, and LatestChange when one of them was last changed.
	Accounts     int
	LatestChange time.Time
	// Sealed says that the signing keys need a master key.
	Sealed bool
}

// Restore puts a copy of a backup in the place of a database. The copy is checked first, down to every page, and nothing
// is replaced unless it is sound. Whenever the process or the machine stops, the database is either the old one or the new
// one, whole.
//
// It returns *store.Error with CodeUnavailable when the database is in use, and CodeNotADatabase when one of the two files
// is not what it should be.
func Restore(ctx context.Context, r Restoring) (result Restored, err error) {
	if r.Path, err = resolve(r.Path); err != nil {
		return result, err
	}
	if r.From, err = filepath.Abs(r.From); err != nil {
		return result, fmt.Errorf("find the backup: %w", err)
	}
	if err := checkTarget(r); err != nil {
		return result, err
	}
	folder, err := os.MkdirTemp(filepath.Dir(r.Path), ".restore-*") // 0700: nobody else sees the copy
	if err != nil {
		return result, fmt.Errorf("make room for the copy: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	partial := filepath.Join(folder, "copy.db")
	if err := r.copyChecked(ctx, folder, partial, &result); err != nil {
		return result, err
	}
	if err := r.replace(ctx, partial, &result); err != nil {
		return result, err
	}
	return result, nil
}

// resolve follows links, so that the file is replaced and not the link to it.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("find the database: %w", err)
	}
	return target, nil
}

// checkTarget refuses to replace what isn't this program's database.
func checkTarget(r Restoring) error {
	from, err := readHeader(r.From)
	if err != nil {
		return fmt.Errorf("the backup can't be used: %w", err)
	}
	if finding := checkLength(r.From, from); finding.Status == sqlstore.StatusProblem {
		return refuseBackup(r.From, finding.Message)
	}
	if err := checkLogOf(r.From); err != nil {
		return fmt.Errorf("the backup can't be used: %w", err)
	}
	info, err := os.Lstat(r.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	if os.SameFile(from, info) {
		return &store.Error{Code: store.CodeInvalid, Message: fmt.Sprintf("%s is the database itself. Name the backup with --from.", r.From)}
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return nil // init was ended before it began
	}
	if _, err := readHeader(r.Path); err != nil {
		return fmt.Errorf("%w It is not replaced; if it is to be, move it away first", err)
	}
	// Before it is replaced its log is worked into what is kept of it.
	return checkLogOf(r.Path)
}

// copyChecked copies the backup, and checks the copy: that is what will be used.
func (r Restoring) copyChecked(ctx context.Context, folder, to string, result *Restored) error {
	if err := os.WriteFile(to, nil, 0o600); err != nil { // VACUUM INTO fills an empty file, and keeps its mode
		return fmt.Errorf("make the copy: %w", err)
	}
	backup, closeAll, err := openUntouched(ctx, r.From, folder)
	if err != nil {
		return fmt.Errorf("the backup can't be used: %w", err)
	}
	// The backup is checked as well as its copy, which is written anew and so has no damage of its own any more.
	err = r.check(ctx, backup, r.From, result)
	if err == nil {
		_, err = backup.ExecContext(ctx, "VACUUM INTO ?", to)
	}
	if err := errors.Join(translate(err), closeAll()); err != nil {
		return err
	}
	restored, err := openPool(to, map[string]string{"mode": "ro", "immutable": "1"}, 1)
	if err != nil {
		return err
	}
	return errors.Join(r.check(ctx, restored, r.From, result), restored.Close())
}

// check returns an error unless the database could be served.
func (r Restoring) check(ctx context.Context, db *sql.DB, path string, result *Restored) error {
	return snapshot(ctx, db, func(tx *sql.Tx) error {
		i := &inspector{path: path, now: r.Now, tx: tx}
		for _, check := range contentChecks {
			switch check.name {
			case "schema_version", "integrity", "references", "schema", "audit_triggers", "companies":
				if finding := i.run(ctx, check); finding.Status == sqlstore.StatusProblem {
					return refuseBackup(path, finding.Message)
				}
			}
		}
		keys, err := i.signingKeys(ctx)
		if err != nil {
			return refuseBackup(path, "Its signing keys can't be read: "+err.Error())
		}
		if len(keys) == 0 {
			return refuseBackup(path, "It has no signing key.")
		}
		for _, key := range keys {
			if err := r.CheckKey(key); err != nil {
				return fmt.Errorf("the backup %s can't be used: %w", path, err)
			}
			result.Sealed = result.Sealed || key.Sealed()
		}
		var latest sql.NullInt64
		err = tx.QueryRowContext(ctx, "SELECT count(*), max(updated_at) FROM service_accounts").Scan(&result.Accounts, &latest)
		result.LatestChange = sqlstore.FromNullMicros(latest)
		return err
	})
}

func refuseBackup(path, why string) error {
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf("The backup %s can't be used. %s", path, why)}
}

// replace puts the copy in the database's place.
func (r Restoring) replace(ctx context.Context, partial string, result *Restored) (err error) {
	if size(r.Path) <= 0 {
		return r.putFirst(ctx, partial)
	}
	// Held until all is done: to close the file would end the lock by which the database is seized.
	file, err := hold(r.Path, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, file.release()) }()
	old, err := seize(ctx, r.Path)
	if err != nil {
		return err
	}
	result.Damaged = old.damaged
	defer func() { err = errors.Join(err, old.close()) }()
	if err := finishCopy(ctx, partial, old.counters); err != nil {
		return err
	}
	if result.Kept, err = keep(r.Path, file.file(), r.Now); err != nil {
		return err
	}
	if old.damaged || !replacesOpenFiles {
		// The log could not be worked into the file. It was kept beside it, and must not be taken for the new one's.
		if err := old.close(); err != nil {
			return err
		}
		for _, suffix := range beside[1:] {
			if err := remove(r.Path + suffix); err != nil {
				return err
			}
		}
	}
	if !replacesOpenFiles {
		err, file = file.release(), nil
		if err != nil {
			return fmt.Errorf("close the old database: %w", err)
		}
	}
	return put(partial, r.Path)
}

// putFirst is replace where there is no database. A log without one is of no use, and would be taken for the new one's.
func (r Restoring) putFirst(ctx context.Context, partial string) error {
	if err := finishCopy(ctx, partial, nil); err != nil {
		return err
	}
	for _, suffix := range beside[1:] {
		err := os.Rename(r.Path+suffix, keptName(r.Path, r.Now)+suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("move what a former database has left: %w", err)
		}
	}
	return put(partial, r.Path)
}

// put gives the copy the database's name, which other processes see at one moment, and waits until that is on disk.
func put(partial, path string) error {
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("put the copy in the database's place: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what belongs to the old database: %w", err)
	}
	return nil
}

func keptName(path string, now time.Time) string {
	return path + ".before-restore-" + now.UTC().Format("20060102T150405Z")
}

// keep gives the old database, and its log where there still is one, a second name, by which it stays when the first one
// goes. No copy: it would take the room and the time that a restore often has least of.
func keep(path string, file *os.File, now time.Time) (kept string, err error) {
	name := keptName(path, now)
	for i := 1; ; i++ {
		kept = name
		if i > 1 {
			kept = fmt.Sprintf("%s-%d", name, i)
		}
		if err = os.Link(path, kept); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil { // some disks know no second names
		if err := copyContent(file, kept); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(kept, 0o600); err != nil {
		return "", fmt.Errorf("make the old database readable by its owner only: %w", err)
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if size(path+suffix) <= 0 {
			continue
		}
		if err := copyFile(path+suffix, kept+suffix); err != nil {
			return "", err
		}
	}
	return kept, syncFolder(filepath.Dir(path))
}
