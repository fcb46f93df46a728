package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// Options says which file to open and how.
type Options struct {
	// Path is the database file. It is made when Create is set, and must exist otherwise.
	Path   string
	Create bool
	// Policy holds the dates at which traditional accounts end.
	Policy store.Policy
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// BusyTimeout is how long a change waits for its turn, and for another process that holds the database's lock, before
	// it fails with CodeUnavailable; zero means 10 seconds.
	BusyTimeout time.Duration
	// Observe is told how long each read, each change and each wait for the writer took; nil means nobody is. It is
	// called by many goroutines.
	Observe func(operation sqlstore.Operation, took time.Duration)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = patience
	}
	if o.Observe == nil {
		o.Observe = func(sqlstore.Operation, time.Duration) {}
	}
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*sqlstore.Store
	// writer and readers work on connections of the pools, which they keep. As long as one is open, SQLite keeps the log's file.
	writer     *writer
	readers    *readers
	writerPool *sql.DB
	readerPool *sql.DB
	// held is the file, and files are what it and those beside it were when they were opened.
	held     *held
	files    *files
	identity int32
	// named is what the database was called, and path the file that the name led to.
	named, path string
	busyTimeout time.Duration
	observe     func(sqlstore.Operation, time.Duration)
	// damage is what is known to be wrong with the database, and recent how the last change went.
	damage atomic.Pointer[store.Error]
	recent sqlstore.Recent

	closing sync.Once
	closed  error
}

// dialect is SQLite's.
var dialect = sqlstore.Dialect{
	Separator: "\x00",
	Holds:     "instr(%s, ?) > 0",
	Search:    search{},
	// Changes come one after the other, so that an event that is seen later has the higher id.
	ListVersion:      "SELECT coalesce(max(id), 0) FROM audit_events WHERE company_id = ?",
	ListVersionOfAll: "SELECT coalesce(max(id), 0) FROM audit_events",
	EventsInOrder:    true,
	// A PRAGMA reaches this connection only, which is the one that the transaction is on.
	Erase: "PRAGMA secure_delete = ON", EraseNoMore: "PRAGMA secure_delete = OFF",
}

// engine is what sqlstore does its work with.
type engine struct{ *Store }

var _ sqlstore.Engine = engine{}

// Write runs f in a transaction that holds the write lock (sqlstore.Engine).
func (e engine) Write(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return e.write(ctx, f)
}

// Read runs f on one snapshot (sqlstore.Engine).
func (e engine) Read(ctx context.Context, f func(tx sqlstore.Tx) error) error { return e.read(ctx, f) }

// LookUp runs f without a transaction: its one statement is a snapshot by itself (sqlstore.Engine).
func (e engine) LookUp(ctx context.Context, f func(tx sqlstore.Tx) error) error {
	return e.lookUp(ctx, f)
}

// Open opens the database and brings its schema up to date.
//
// It returns *store.Error with CodeNotInitialized when the file isn't there and shall not be made, CodeNotADatabase
// when the file is something else, is damaged or has another database's log beside it, CodeNewerSchema when a newer
// version of this program has written it, and CodeUnavailable when the disk won't let it be used.
func Open(ctx context.Context, options Options) (*Store, error) {
	options = options.withDefaults()
	path, held, err := prepareFile(ctx, options.Path, options.Create)
	if err != nil {
		return nil, err
	}
	s := &Store{
		held: held, named: options.Path, path: path, busyTimeout: options.BusyTimeout, observe: options.Observe,
	}
	s.Store = sqlstore.New(engine{s}, sqlstore.Options{Name: path, Policy: options.Policy, Now: options.Now, Dialect: dialect})
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open brings the schema up to date by a pool of its own, which waits for locks as long as it takes others to do so.
func (s *Store) open(ctx context.Context) (err error) {
	opener, err := openPool(s.path, settings(patience), 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opener.Close()) }()
	if err := connect(ctx, opener); err != nil {
		return unreadable(ctx, s.path, "it can't be opened", err)
	}
	if err := migrate(ctx, opener, s.path); err != nil {
		return err
	}
	if s.identity, err = ensureIdentity(ctx, opener); err != nil {
		return fmt.Errorf("mark the database %s: %w", s.path, err)
	}
	if s.files, err = knowFiles(s.named, s.path, s.held); err != nil {
		return err
	}
	return s.openConnections(ctx)
}

// openConnections opens all the connections that there will be.
func (s *Store) openConnections(ctx context.Context) (err error) {
	writing := settings(lockAttempt)
	// Where savepoints remember pages: a change that shares its transaction would fill a file with them.
	writing["_pragma"] += " temp_store(MEMORY)"
	if s.writerPool, err = openPool(s.path, writing, 1); err != nil {
		return err
	}
	opened, err := connections(ctx, s.writerPool, 1)
	if err != nil {
		return err
	}
	s.writer = newWriter(opened[0], s.identity, s.busyTimeout, s.files.check)
	readOnly := settings(patience)
	readOnly["_query_only"] = "1"
	count := 1 + 4*runtime.GOMAXPROCS(0)
	if s.readerPool, err = openPool(s.path, readOnly, count); err != nil {
		return err
	}
	if opened, err = connections(ctx, s.readerPool, count); err != nil {
		return err
	}
	s.readers = newReaders(opened)
	return nil
}

// Close waits for the statements that run and closes the file. It may be called again.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Store) close() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	for _, pool := range []*sql.DB{s.readerPool, s.writerPool} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(append(errs, s.held.release())...)
}

const (
	// patience is how long SQLite waits for another process's lock.
	patience = 10 * time.Second
	// lockAttempt is how long it does where a context may end meanwhile, which it doesn't hear of; Store.begin tries again.
	lockAttempt = 250 * time.Millisecond
)

// connect makes the first connection, which turns WAL mode on. Where several processes do that to a fresh file at once
// SQLite doesn't wait for its lock but fails, so it is tried again for as long as it would have waited.
func connect(ctx context.Context, pool *sql.DB) error {
	for deadline := time.Now().Add(patience); ; {
		err := pool.PingContext(ctx)
		if !isBusy(err) || time.Now().After(deadline) {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// settings are what every connection has. They are in the DSN because a PRAGMA run on a pool reaches one of its
// connections only.
func settings(busyTimeout time.Duration) map[string]string {
	return map[string]string{
		"_busy_timeout": strconv.FormatInt(busyTimeout.Milliseconds(), 10),
		"_journal_mode": "WAL",
		"_synchronous":  "FULL",
		"_foreign_keys": "1",
		"_txlock":       "immediate",
		"_time_format":  "sqlite",
		"_dqs":          "0",
		"_defensive":    "1",
		// As many as needed, with spaces between. This one finds a damaged page when it is read and not when its damage has
		// been passed on.
		"_pragma": "cell_size_check(1)",
	}
}

// openPool opens a file by its absolute path: a relative one would be taken for one that begins at the root.
func openPool(path string, settings map[string]string, connections int) (*sql.DB, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("open the database: %s is no absolute path", path)
	}
	query := url.Values{"mode": {"rw"}}
	for name, value := range settings {
		query.Set(name, value)
	}
	query["_pragma"] = strings.Fields(settings["_pragma"])
	// RFC 8089: a path with a drive letter gets a slash in front.
	dsn := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: query.Encode()}
	pool, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}
