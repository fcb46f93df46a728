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
	// The low byte is the primary result code; the rest tells why (SQLite's extended result codes).
	switch driver.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
		sqlite3.SQLITE_CANTOPEN:
		return &store.Error{Code: store.CodeUnavailable, Message: fmt.Sprintf("The database can't be used now: %v", driver)}
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return &store.Error{Code: store.CodeNotADatabase, Message: fmt.Sprintf(
			"The database is damaged or isn't a SQLite file: %v. Restore a backup, or name another file.", driver)}
	}
	return err
}

// isBusy reports whether another connection held the lock.
func isBusy(err error) bool {
	var driver *sqlite.Error
	return errors.As(err, &driver) && driver.Code()&0xff == sqlite3.SQLITE_BUSY
}
