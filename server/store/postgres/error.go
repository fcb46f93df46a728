package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/procore/terraform-provider-procore/server/store"
)

// What PostgreSQL's codes say (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	codeUniqueViolation      = "23505"
	codeSerializationFailure = "40001"
	codeCompletionUnknown    = "40003" // CockroachDB says so of a commit, too
	codeDeadlock             = "40P01"
	codeResolutionUnknown    = "08007"
	codeReadOnly             = "25006"
	codeInvalidPassword      = "28P01"
	codeNotAuthorized        = "28000"
	codeNoDatabase           = "3D000"
	codeNoSchema             = "3F000"
	codeNoRight              = "42501"
	codeDiskFull             = "53100"
	codeTooManyConnections   = "53300"
	codeLockNotAvailable     = "55P03"
	codeQueryCanceled        = "57014"
	classResources           = "53"
	classIntervention        = "57P"
	classConnection          = "08"
	classSystem              = "58"
	classDamage              = "XX00"
)

func sqlState(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// isRetry reports that the database undid a transaction because of another one. Who comes second with a unique value is told
// so, or that the transactions can't both be; either way what was decided before has to be decided anew.
func isRetry(err error) bool {
	switch sqlState(err) {
	case codeSerializationFailure, codeDeadlock, codeUniqueViolation:
		return true
	}
	return false
}

// isLost reports that a connection was lost, or could not be had any more when it was asked for something. One that could not
// be made is not lost: the next can't be made either.
func isLost(err error) bool {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		return false
	}
	state := sqlState(err)
	if state != "" {
		return strings.HasPrefix(state, classIntervention) || strings.HasPrefix(state, classConnection)
	}
	var network net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.As(err, &network) || strings.HasSuffix(err.Error(), "conn closed")
}

// isUnknown reports that nobody can tell whether a transaction was committed: the commit was asked for, and what came back is
// no plain refusal. What pgx calls safe to retry is not asked here: it says so of a connection that ended under the commit, too.
func isUnknown(err error) bool {
	var committing *commitError
	if !errors.As(err, &committing) || errors.Is(err, sql.ErrTxDone) {
		return false
	}
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return true
	}
	return answer.Code == codeCompletionUnknown || answer.Code == codeResolutionUnknown || answer.SeverityUnlocalized != "ERROR"
}

// translate turns what the driver says into what the store says, by its code. Errors that are the store's own, and those it
// has no word for, pass through.
func translate(ctx context.Context, err error) error {
	var own *store.Error
	switch {
	case err == nil, errors.As(err, &own), errors.Is(err, sql.ErrNoRows):
		return err
	case isUnknown(err):
		return &store.Error{Code: store.CodeOutcomeUnknown, Message: "The connection to the database was lost while the change was " +
			"made; it may or may not be kept. Look whether the change is there before it is made again."}
	case ctx.Err() != nil:
		return ctx.Err() // and not what the driver made of it
	}
	if state := sqlState(err); state != "" {
		return translateState(state, err)
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) || isLost(err) {
		return unavailable("The database can't be reached (%s). Nothing was changed; the server tries again with each request. "+
			"Look whether the database runs, and at the network between.", brief(err))
	}
	return err
}

func translateState(state string, err error) error {
	switch {
	case isRetry(err), state == codeLockNotAvailable:
		return busy()
	case state == codeInvalidPassword, state == codeNotAuthorized:
		return unavailable("The database doesn't let this server in (%s). Look at the user and the password, in the URL, PGPASSWORD "+
			"or PGPASSFILE, and at the database's pg_hba.conf.", brief(err))
	case state == codeNoDatabase, state == codeNoSchema:
		return unavailable("The database that the URL names isn't there (%s). Make it with CREATE DATABASE, or name another one.", brief(err))
	case state == codeNoRight:
		return unavailable("The database's role lacks a right that this program needs (%s). The guide on PostgreSQL says which to grant.", brief(err))
	case state == codeReadOnly:
		return unavailable("The database takes no changes now: it is a standby, or read-only (%s). Name the primary, for instance "+
			"with target_session_attrs=read-write in the URL.", brief(err))
	case state == codeUndefinedTable, state == codeUndefinedColumn:
		return unavailable("The database's schema is not the one that this version of the program knows (%s). A newer version has "+
			"changed it: run that one here, too.", brief(err))
	case state == codeDiskFull:
		return unavailable("The disk that the database is on is full. Nothing was changed; make room, and changes are taken again.")
	case state == codeTooManyConnections:
		return unavailable("The database takes no more connections (%s). Raise its max_connections, or lower pool_max_conns in the "+
			"servers' URLs.", brief(err))
	case state == codeQueryCanceled:
		return unavailable("The database took longer than statement_timeout allows. Nothing was changed; try again in a moment, and " +
			"look what keeps the database busy if it stays so.")
	case strings.HasPrefix(state, classIntervention), strings.HasPrefix(state, classConnection), strings.HasPrefix(state, classResources):
		return unavailable("The database is starting, stopping or out of resources (%s). Nothing was changed; try again in a moment.", brief(err))
	case strings.HasPrefix(state, classSystem):
		return unavailable("The database's machine failed to read or write (%s). Look at the database's log.", brief(err))
	case strings.HasPrefix(state, classDamage):
		return unavailable("The database reports damage or an error of its own (%s). Look at the database's log.", brief(err))
	}
	return err
}

// brief is what PostgreSQL said, or why it can't be reached. pgx's own texts name user, host and database, and no password.
func brief(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Message
	}
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

func unavailable(format string, arguments ...any) *store.Error {
	return &store.Error{Code: store.CodeUnavailable, Message: fmt.Sprintf(format, arguments...)}
}
