package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// Options says which database to open and how.
type Options struct {
	// URL names the database (see parse for what it may say). It may hold a password, which no message shows.
	URL string
	// Create makes the schema in a database that is empty, and must not be set to open one that should be there.
	Create bool
	// Policy holds the dates at which traditional accounts end.
	Policy store.Policy
	// Now is the clock; nil means time.Now. The clocks of all servers on a database must agree (see the guide).
	Now func() time.Time
	// BusyTimeout is how long a change is tried again that meets others, before it fails with CodeUnavailable; zero means
	// 10 seconds.
	BusyTimeout time.Duration
	// Observe is told how long each read, each change and each wait for a connection took; nil means nobody is. It is called
	// by many goroutines.
	Observe func(operation sqlstore.Operation, took time.Duration)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = 10 * time.Second
	}
	if o.Observe == nil {
		o.Observe = func(sqlstore.Operation, time.Duration) {}
	}
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*sqlstore.Store
	pool *sql.DB
	// writers has a place for each change that may be under way, so that some connections are left to read with.
	writers     chan struct{}
	name        string
	busyTimeout time.Duration
	observe     func(sqlstore.Operation, time.Duration)
	recent      sqlstore.Recent
}

// dialect is PostgreSQL's.
var dialect = sqlstore.Dialect{
	Separator: "\x1f", // a text can't hold NUL here
	Holds:     "strpos(%s, ?) > 0",
	Shared:    true,
}

// engine is what sqlstore does its work with.
type engine struct{ *Store }

var _ sqlstore.Engine = engine{}

// Open opens the database and brings its schema up to date.
//
// It returns *store.Error with CodeNotInitialized when the database is empty and no schema shall be made, CodeNotADatabase
// when it is another program's, CodeNewerSchema when a newer version of this program has written it, and CodeUnavailable
// when it can't be reached.
func Open(ctx context.Context, options Options) (*Store, error) {
	options = options.withDefaults()
	config, err := parse(options.URL)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config.ConnConfig)
	pool.SetMaxOpenConns(int(config.MaxConns))
	pool.SetMaxIdleConns(int(config.MaxConns))
	pool.SetConnMaxLifetime(config.MaxConnLifetime)
	pool.SetConnMaxIdleTime(config.MaxConnIdleTime)
	s := &Store{
		pool: pool, writers: make(chan struct{}, config.MaxConns/2), name: Redact(options.URL),
		busyTimeout: options.BusyTimeout, observe: options.Observe,
	}
	if err := s.migrate(ctx, options.Create); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	dialect, err := s.versioned(ctx, dialect)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.Store = sqlstore.New(engine{s}, sqlstore.Options{Name: s.name, Policy: options.Policy, Now: options.Now, Dialect: dialect})
	return s, nil
}

// Close waits for the statements that run and closes the connections. It may be called again.
func (s *Store) Close() error {
	if err := s.pool.Close(); err != nil {
		return fmt.Errorf("close the connections to the database: %w", err)
	}
	return nil
}
