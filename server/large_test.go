package server_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/bulk"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// populate adds accounts to a database that nobody serves.
func populate(tb testing.TB, database string, accounts int) {
	tb.Helper()
	if err := bulk.Populate(context.WithoutCancel(tb.Context()), database, bulk.Accounts{Count: accounts}); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkRestart measures from the start of the process to its first answered token request, with 100,000 accounts:
// go test ./server -run '^$' -bench Restart -benchtime 10x
func BenchmarkRestart(b *testing.B) {
	database := fresh(b)
	administrator := initialize(b, database)
	populate(b, database, 100_000)
	crashed := filepath.Join(b.TempDir(), "procore.db")
	b.Logf("the log of the killed server has %d MB", leaveLog(b, database, crashed)>>20)

	restart := func(b *testing.B, signal syscall.Signal, prepare func() (database string)) {
		b.Helper()
		var total time.Duration
		for range b.N {
			database := prepare()
			started := time.Now()
			p := serve(b, database, nil)
			signIn(b, client30, p.url, administrator)
			total += time.Since(started)
			p.signal(signal)
			p.wait()
		}
		b.ReportMetric(total.Seconds()*1000/float64(b.N), "ms/restart")
	}
	b.Run("after a stop", func(b *testing.B) {
		restart(b, syscall.SIGTERM, func() string { return database })
	})
	b.Run("after kill -9", func(b *testing.B) {
		restart(b, syscall.SIGKILL, func() string { return database })
	})
	b.Run("after kill -9 with a large log", func(b *testing.B) {
		restart(b, syscall.SIGKILL, func() string {
			copied := filepath.Join(b.TempDir(), "procore.db")
			copyFile(b, crashed, copied)
			copyFile(b, crashed+"-wal", copied+"-wal")
			return copied
		})
	})
}

// BenchmarkIntegrityCheck measures the check that runs behind a start, with 100,000 accounts.
func BenchmarkIntegrityCheck(b *testing.B) {
	database := fresh(b)
	initialize(b, database)
	populate(b, database, 100_000)
	opened, err := sqlite.Open(b.Context(), sqlite.Options{Path: database})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	for b.Loop() {
		if err := opened.CheckIntegrity(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// leaveLog copies a database as a killed server leaves it when a reader kept the log from being taken over into the file:
// every account was changed five times. It returns the size of the log.
func leaveLog(b *testing.B, database, copied string) int64 {
	b.Helper()
	reader, writer := openRaw(b, database), openRaw(b, database)
	snapshot, err := reader.BeginTx(b.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	var accounts int
	if err := snapshot.QueryRowContext(b.Context(), "SELECT count(*) FROM service_accounts").Scan(&accounts); err != nil {
		b.Fatal(err)
	}
	for range 5 {
		if _, err := writer.ExecContext(b.Context(), "UPDATE service_accounts SET last_token_at = coalesce(last_token_at, 0) + 1"); err != nil {
			b.Fatal(err)
		}
	}
	copyFile(b, database, copied)
	copyFile(b, database+"-wal", copied+"-wal")
	if err := errors.Join(snapshot.Rollback(), reader.Close(), writer.Close()); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(copied + "-wal")
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

func openRaw(b *testing.B, database string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+database+"?_busy_timeout=10000")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func copyFile(b *testing.B, from, to string) {
	b.Helper()
	source, err := os.Open(from)
	if err != nil {
		b.Fatal(err)
	}
	target, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, source.Close(), target.Close()); err != nil {
		b.Fatal(err)
	}
}
