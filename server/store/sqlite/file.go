package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/procore/terraform-provider-procore/server/store"
)

// applicationID marks a SQLite file as this program's ("PCSA", PRAGMA application_id).
const applicationID = 0x50435341

// prepareFile returns the absolute path of a file that is this program's and that only its owner can read, and the file
// itself, which the caller releases. SQLite gives the WAL and the shared memory beside it the permissions of the database
// file. A file of another program is refused untouched, which is why its header is read before SQLite opens it.
func prepareFile(ctx context.Context, path string, create bool) (_ string, h *held, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return "", nil, fmt.Errorf("find the database file: %w", err)
	}
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	h, err = hold(path, flags)
	if errors.Is(err, os.ErrNotExist) && !create {
		return "", nil, notInitialized(path)
	}
	if err != nil {
		return "", nil, fmt.Errorf("open the database: %w", err)
	}
	if path, err = prepareHeld(ctx, path, h.file(), create); err != nil {
		return "", nil, errors.Join(err, h.release())
	}
	return path, h, nil
}

func prepareHeld(ctx context.Context, path string, file *os.File, create bool) (string, error) {
	// SQLite follows a link, and puts the log beside the file that it leads to.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("find the database file: %w", err)
	}
	header, err := checkHeader(file)
	if err != nil {
		return "", err
	}
	empty := header == nil
	if empty && !create {
		return "", notInitialized(path)
	}
	if !empty {
		if err := checkLog(path, header); err != nil {
			return "", err
		}
	}
	if err := file.Chmod(0o600); err != nil {
		return "", fmt.Errorf("make the database readable by its owner only: %w", err)
	}
	if empty {
		return path, claim(ctx, path)
	}
	return path, nil
}

func notInitialized(path string) error {
	return &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf(
		"There is no database at %s. Make one with: terraform-provider-procore init --database %s --company NAME", path, path)}
}

// checkHeader reads the header of a SQLite file (https://www.sqlite.org/fileformat.html 1.3), and returns nil for a file
// that is empty. It returns *store.Error with CodeNotADatabase when the magic or the application id isn't this program's.
func checkHeader(file *os.File) (header []byte, err error) {
	const magic, length = "SQLite format 3\x00", 100
	header = make([]byte, length)
	count, err := file.ReadAt(header, 0)
	if count == 0 && errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the database file: %w", err)
	}
	if count < length || string(header[:len(magic)]) != magic || binary.BigEndian.Uint32(header[applicationIDOffset:]) != applicationID {
		return nil, &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
			"%s isn't a database of this program. Name another file.", file.Name())}
	}
	return header, nil
}

// claim marks an empty file as ours and numbers it. It does so before WAL mode is set, so that the marks are in the file
// itself and not in a WAL that a crash may leave beside it.
func claim(ctx context.Context, path string) (err error) {
	db, err := openPool(path, map[string]string{"_busy_timeout": strconv.FormatInt(patience.Milliseconds(), 10), "_txlock": "immediate"}, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return translate(err)
	}
	_, err = ensureIdentity(ctx, db)
	return err
}
