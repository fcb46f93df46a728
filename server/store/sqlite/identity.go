package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/procore/terraform-provider-procore/server/store"
)

// A database has a number of its own in its header (PRAGMA user_version), by which its file and its write-ahead log are
// known to belong together. A database of an earlier version of this program gets one when it is opened.

// ensureIdentity returns the database's number, and gives it one when it has none. Who comes second keeps the first
// one's.
func ensureIdentity(ctx context.Context, db *sql.DB) (identity int32, err error) {
	const query = "PRAGMA user_version"
	if err := db.QueryRowContext(ctx, query).Scan(&identity); err != nil || identity != 0 {
		return identity, translate(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, translate(err)
	}
	err = finish(tx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, query).Scan(&identity); err != nil || identity != 0 {
			return err
		}
		identity = newIdentity()
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", identity))
		return err
	})
	return identity, err
}

// renumber gives a copy a number of its own, so that a log that is still beside its original's name isn't taken for its.
func renumber(ctx context.Context, path string) (err error) {
	db, err := openPool(path, map[string]string{"_busy_timeout": "0"}, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", newIdentity()))
	return translate(err)
}

func newIdentity() int32 {
	var random [4]byte
	_, _ = rand.Read(random[:])
	return int32(binary.BigEndian.Uint32(random[:])>>2) + 1 //#nosec G115 -- 30 bits fit; 0 means none
}

// files knows the database's files again. SQLite itself goes on writing to a file that has lost its name, and what was
// acknowledged would be gone at the next start.
type files struct {
	header *os.File
	opened []opened
}

type opened struct {
	path string
	info os.FileInfo
}

// knowFiles remembers the files of an open database. A name that is a link counts too, for the next start goes by it.
func knowFiles(named, path string, held *held) (*files, error) {
	f := &files{header: held.file()}
	for _, path := range []string{named, path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("look at the database's files: %w", err)
		}
		f.opened = append(f.opened, opened{path, info})
	}
	if !os.SameFile(held.info, f.opened[0].info) {
		return nil, moved()
	}
	return f, nil
}

// check returns *store.Error with CodeUnavailable when a file isn't the one that was opened, or holds another program's
// data now.
func (f *files) check() error {
	for _, opened := range f.opened {
		info, err := os.Stat(opened.path)
		if err != nil || !os.SameFile(info, opened.info) {
			return moved()
		}
	}
	if header, err := checkHeader(f.header); err != nil || header == nil {
		return moved()
	}
	return nil
}

func moved() error {
	return &store.Error{Code: store.CodeUnavailable, Message: "The database's file, or the -wal or -shm file beside it, was removed or " +
		"replaced while the server had it open; a change could get lost, so none is made. Put the files back, or restart the " +
		"server to serve what is there now."}
}

// movedMeanwhile is what moved is for a change that was made: the files may have taken it with them.
func movedMeanwhile() error {
	return &store.Error{Code: store.CodeOutcomeUnknown, Message: "The database's file, or the -wal or -shm file beside it, was removed or " +
		"replaced while the change was made; it may or may not be kept. Put the files back, or restart the server to serve what is " +
		"there now, and look whether the change is there before it is made again."}
}
