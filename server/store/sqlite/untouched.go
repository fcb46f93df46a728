package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/procore/terraform-provider-procore/server/store"
)

// headerSize is the length of a SQLite file's header (https://www.sqlite.org/fileformat.html 1.3).
const headerSize = 100

// readHeader returns *store.Error with CodeNotADatabase unless the file is a database of this program, as far as its
// header tells. It changes nothing.
func readHeader(path string) (info os.FileInfo, err error) {
	file, err := os.Open(path) //#nosec G304 -- the operator names the file
	if errors.Is(err, os.ErrNotExist) {
		return nil, &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf("There is no file at %s.", path)}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = file.Stat(); err != nil {
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	const magic, idOffset = "SQLite format 3\x00", 68
	header := make([]byte, headerSize)
	if !info.Mode().IsRegular() {
		return info, notOurs(path, "it is no regular file")
	}
	if _, err := io.ReadFull(file, header); err != nil {
		return info, notOurs(path, "it is too short")
	}
	if string(header[:len(magic)]) != magic {
		return info, notOurs(path, "it isn't a SQLite file, or its beginning was overwritten")
	}
	if binary.BigEndian.Uint32(header[idOffset:]) != applicationID {
		return info, notOurs(path, "it is another program's SQLite file")
	}
	return info, nil
}

func notOurs(path, why string) error {
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf("%s isn't a database of this program: %s.", path, why)}
}

// openUntouched opens a database without changing a byte of it or of what is beside it, whether somebody uses it, has left
// it, or was killed while using it. What has to be written for that goes into a folder below temporary. The returned
// function closes it again.
//
//   - With its log and its shared memory both there, SQLite reads them without taking part (readonly_shm). This is what a
//     server that runs leaves, and one that was killed.
//   - With a log but no shared memory, which is what copying the files by hand leaves, SQLite would have to make the shared
//     memory beside them: a copy is read in its place.
//   - Otherwise the file is all that there is (immutable).
func openUntouched(ctx context.Context, path, temporary string) (db *sql.DB, closeAll func() error, err error) {
	settings := map[string]string{"mode": "ro", "_busy_timeout": "10000", "_dqs": "0"}
	closeAll = func() error { return db.Close() }
	switch logged, shared := size(path+"-wal"), size(path+"-shm"); {
	case logged >= 0 && shared > 0:
		settings["readonly_shm"] = "1"
	case logged > 0:
		folder, err := os.MkdirTemp(temporary, ".reading-*") // 0700: what is in it is for its owner only
		if err != nil {
			return nil, nil, fmt.Errorf("make room for a copy: %w", err)
		}
		closeAll = func() error {
			if db == nil {
				return os.RemoveAll(folder)
			}
			return errors.Join(db.Close(), os.RemoveAll(folder))
		}
		for _, suffix := range []string{"", "-wal"} {
			if err := copyFile(path+suffix, filepath.Join(folder, "copy.db"+suffix)); err != nil {
				return nil, nil, errors.Join(err, closeAll())
			}
		}
		path = filepath.Join(folder, "copy.db")
	default:
		settings["immutable"] = "1"
	}
	if db, err = openPool(path, settings, 1); err != nil {
		return nil, nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open %s: %w", path, translate(err)), closeAll())
	}
	return db, closeAll, nil
}

// size is a file's length, or -1 where there is none.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// copyFile copies a file to one that must not exist, which only its owner can read, and waits until it is on disk.
func copyFile(from, to string) (err error) {
	source, err := os.Open(from) //#nosec G304 -- the operator names the file
	if err != nil {
		return fmt.Errorf("copy a file: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	return copyContent(source, to)
}

// copyContent is copyFile for a file that is open, and stays so.
func copyContent(source *os.File, to string) (err error) {
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //#nosec G304 -- in our own folder, or beside the database
	if err != nil {
		return fmt.Errorf("copy a file: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, io.NewSectionReader(source, 0, math.MaxInt64)); err != nil {
		return fmt.Errorf("copy %s to %s: %w", source.Name(), to, err)
	}
	if err := target.Sync(); err != nil {
		return fmt.Errorf("write %s to disk: %w", to, err)
	}
	return nil
}
