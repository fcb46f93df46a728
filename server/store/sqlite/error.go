package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/procore/terraform-provider-procore/server/store"
)

// translate turns what the driver says into what the store says, by the driver's code and never by its text. Errors
// that are the store's own, and those it has no word for, pass through.
func translate(err error) error {
	var driver *sqlite.Error
	if err == nil || !errors.As(err, &driver) {
		return err
	}
	var own *store.Error
	if errors.As(err, &own) {
		return err
	}
	if driver.Code() == sqlite3.SQLITE_READONLY_DBMOVED {
		return moved()
	}
	// The low byte is the primary result code; the rest tells why (SQLite's extended result codes).
	switch driver.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy("another program")
	case sqlite3.SQLITE_FULL:
		return unavailable("The disk that the database is on is full. Nothing was changed; make room, and changes are taken again.")
	case sqlite3.SQLITE_READONLY:
		return unavailable("The database can't be written: its file, its folder or its disk is read-only (%v).", driver)
	case sqlite3.SQLITE_CANTOPEN:
		return unavailable("The database's files can't be opened or made: look at the rights on them and on their folder, and at the limit of open files (%v).", driver)
	case sqlite3.SQLITE_IOERR:
		return unavailable("The disk failed to read or write the database (%v). Look at the disk, its room and the limits of the process.", driver)
	case sqlite3.SQLITE_NOMEM:
		return unavailable("There is no memory left to work on the database.")
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return damaged(driver)
	}
	return err
}

func unavailable(format string, arguments ...any) *store.Error {
	return &store.Error{Code: store.CodeUnavailable, Message: fmt.Sprintf(format, arguments...)}
}

func busy(holder string) *store.Error {
	return unavailable("The database is kept busy by %s. Nothing was changed; try again in a moment.", holder)
}

// damaged says so of the database, with what was found.
func damaged(finding any) *store.Error {
	return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
		"The database is damaged or isn't a SQLite file: %v. Restore a backup, or name another file.", finding)}
}

// isLogicError reports what SQLite says of a statement that makes no sense. Of one that does, it means that what it needs is
// damaged: so FTS5 speaks of a table whose format it doesn't know.
func isLogicError(err error) bool {
	var driver *sqlite.Error
	return errors.As(err, &driver) && driver.Code()&0xff == sqlite3.SQLITE_ERROR
}

// isBusy reports whether another connection held the lock.
func isBusy(err error) bool {
	var driver *sqlite.Error
	return errors.As(err, &driver) && driver.Code()&0xff == sqlite3.SQLITE_BUSY
}
