// Package servertest runs the real management API for a test: the real handler on a real socket, with a database of its
// own in the test's temporary folder. Every answer that the test gets is held against the OpenAPI document, and the test
// fails where the two differ. At the end of the test every secret that went in or out is looked for in all that the server
// has written, and the test fails where one is found (Secrets).
//
// It is for the tests of this module, and for anybody whose own acceptance tests need the API on their machine.
package servertest

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// Server is a management API that runs until the test ends.
type Server struct {
	// URL is the base URL, without a trailing slash.
	URL string
	// CompanyID, ClientID and ClientSecret are the credentials of the company's administrator.
	CompanyID    string
	ClientID     string
	ClientSecret string
	// Database is what --database names: the path of a SQLite file, or a PostgreSQL URL (see storetest).
	Database string
	// Client sends requests to the server, and has no limits and no credentials of its own.
	Client *http.Client
	// Handler answers requests without a socket.
	Handler http.Handler
	// Secrets is what the test must leave nowhere.
	Secrets *Secrets

	contract *contractCheck
	reader   *sql.DB
}

// Under makes the server report to another test until that ends: to the case of a fuzz target, or to a subtest.
func (s *Server) Under(t testing.TB) {
	t.Helper()
	before := s.contract.reportTo(t)
	t.Cleanup(func() { s.contract.reportTo(before) })
}

// Option changes the server's configuration before it starts.
type Option func(*server.Config)

// Now sets the server's clock.
func Now(now func() time.Time) Option {
	return func(config *server.Config) { config.Now = now }
}

// Configure changes anything in the server's configuration.
func Configure(change func(*server.Config)) Option { return change }

// Start runs a server on a new database with one company, called Acme.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	database := storetest.New(t)
	credentials, err := server.Initialize(t.Context(), database, "Acme", "ES256")
	if err != nil {
		t.Fatalf("initialize the database: %v", err)
	}
	running := Open(t, database, options...)
	running.CompanyID, running.ClientID, running.ClientSecret = credentials.CompanyID, credentials.ClientID, credentials.ClientSecret
	running.Secrets.Add(KindMade, credentials.ClientSecret)
	return running
}

// Open runs a server on a database that is there already.
func Open(t testing.TB, database string, options ...Option) *Server {
	t.Helper()
	listener := httptest.NewUnstartedServer(nil)
	config := server.Config{Database: database, BaseURL: "http://" + listener.Listener.Addr().String()}
	for _, option := range options {
		option(&config)
	}
	watch := newWatch(t, database)
	config.Logger = watch.logger(config.Logger)
	// The server outlives t.Context, which ends before the test's cleanup.
	api, err := server.New(context.WithoutCancel(t.Context()), config)
	if err != nil {
		t.Fatalf("start the server: %v", err)
	}
	checked := newContractCheck(t, api.Handler(), watch)
	listener.Config.Handler = checked
	listener.Start()
	reader, err := openReader(database)
	if err != nil {
		t.Fatalf("open the database for reading: %v", err)
	}
	running := &Server{
		URL: listener.URL, Database: database, Client: listener.Client(), Handler: checked, Secrets: watch.secrets,
		contract: checked, reader: reader,
	}
	t.Cleanup(func() {
		_ = reader.Close() // nothing was written
		listener.Close()
		checked.reportTo(nil) // a test must not be failed after its end
		watch.searchRunning(checked.next, running)
		if err := api.Close(); err != nil {
			t.Errorf("close the server: %v", err)
		}
		watch.searchFiles() // closing writes, too
		watch.report(t)
	})
	return running
}
