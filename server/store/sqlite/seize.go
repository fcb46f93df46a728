package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// seized is a database that nobody else has open, or can open until it is closed.
type seized struct {
	pool       *sql.DB
	connection *sql.Conn
	// damaged says that SQLite can't read it. Then its log is still beside it.
	damaged bool
	// counters are the ids that it has given, by table.
	counters map[string]int64
}

// seize takes a database for itself, and works its log into the file, so that the file is all that there is. It returns
// *store.Error with CodeUnavailable when somebody else has it open: a server has, for as long as it runs.
//
// In WAL mode each connection holds a shared lock on the file from its first statement until it is closed. The exclusive
// lock, which leaving WAL mode needs, can't be had beside one (https://www.sqlite.org/wal.html 6).
func seize(ctx context.Context, path string) (*seized, error) {
	pool, err := openPool(path, map[string]string{"_busy_timeout": "1000"}, 1)
	if err != nil {
		return nil, err
	}
	s := &seized{pool: pool}
	if s.connection, err = pool.Conn(ctx); err != nil {
		return nil, errors.Join(translate(err), s.close())
	}
	var mode string
	_, err = s.connection.ExecContext(ctx, "PRAGMA locking_mode = EXCLUSIVE")
	if err == nil {
		err = s.connection.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	}
	if err == nil {
		_, err = s.connection.ExecContext(ctx, "BEGIN EXCLUSIVE; COMMIT") // a file that was in no WAL mode is locked by this
	}
	switch {
	case isBusy(err) || err == nil && mode != "delete":
		return nil, errors.Join(&store.Error{Code: store.CodeUnavailable, Message: fmt.Sprintf(
			"%s is in use, by a server or another command. Stop what uses it, and try again.", path)}, s.close())
	case isDamage(err):
		s.damaged = true
	case err != nil:
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, translate(err)), s.close())
	default:
		s.counters = s.readCounters(ctx)
		// Under this lock SQLite uses no shared memory and keeps an empty journal. Neither may wait for the next database.
		if err := errors.Join(remove(path+"-shm"), remove(path+"-journal")); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// isDamage reports whether SQLite can't make sense of the file.
func isDamage(err error) bool {
	var driver *sqlite.Error
	return errors.As(err, &driver) && (driver.Code()&0xff == sqlite3.SQLITE_CORRUPT || driver.Code()&0xff == sqlite3.SQLITE_NOTADB)
}

// readCounters returns what can be read of the counters: the old database may be replaced because it can't.
func (s *seized) readCounters(ctx context.Context) map[string]int64 {
	rows, err := s.connection.QueryContext(ctx, "SELECT name, seq FROM sqlite_sequence")
	if err != nil {
		return nil
	}
	counters := map[string]int64{}
	_, err = sqlstore.Collect(rows, func(rows *sql.Rows) (struct{}, error) {
		var name string
		var counter int64
		err := rows.Scan(&name, &counter)
		counters[name] = counter
		return struct{}{}, err
	})
	if err != nil {
		return nil
	}
	return counters
}

// close lets others have the database again. It may be called again.
func (s *seized) close() error {
	var err error
	if s.connection != nil {
		err = s.connection.Close()
		s.connection = nil
	}
	return errors.Join(err, s.pool.Close())
}

// finishCopy makes the copy go on where the old database has stopped: an id that was given since the backup is not given
// again, or Terraform would take a stranger's account for its own. It gives the copy a number of its own, so that a log
// written after the restore isn't taken for the backup's (see checkLog). Then it waits until the copy is on disk.
func finishCopy(ctx context.Context, path string, counters map[string]int64) (err error) {
	if err := renumber(ctx, path); err != nil {
		return err
	}
	db, err := openPool(path, map[string]string{"_busy_timeout": "1000", "_synchronous": "FULL"}, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, syncFile(path)) }()
	defer func() { err = errors.Join(err, db.Close()) }()
	for table, counter := range counters {
		if _, err := db.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", counter, table); err != nil {
			return fmt.Errorf("keep ids from being given again: %w", translate(err))
		}
		if _, err := db.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2
			WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1) AND EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1)`,
			table, counter); err != nil {
			return fmt.Errorf("keep ids from being given again: %w", translate(err))
		}
	}
	return nil
}
