package server

import (
	"context"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// database is what the server asks of the database that --database names, whichever kind it is.
type database interface {
	store.Companies
	store.ServiceAccounts
	store.Permissions
	store.Projects
	store.Assignments
	store.Directory
	store.AuditEvents
	store.KeptAnswers
	store.Tokens
	store.SigningKeys
	store.RateWindows
	commandDatabase
	probed

	// Shared reports whether servers on several machines may work on the database at once.
	Shared() bool
	WorkingAdministrator(ctx context.Context, company store.ID) (store.ServiceAccount, error)
	// EndPreviousSecrets, ForgetKeptAnswers and UpdateSearch are upkeep, in short transactions.
	EndPreviousSecrets(ctx context.Context) (more bool, err error)
	UpdateSearch(ctx context.Context) (more bool, err error)
	ForgetKeptAnswers(ctx context.Context) (more bool, err error)
	// CheckIntegrity reads the whole database where that can find damage.
	CheckIntegrity(ctx context.Context) error
	// CheckQuickly leaves out what takes long in a large database.
	CheckQuickly(ctx context.Context) error
}

// commandDatabase is what the subcommands ask that work on a database besides its servers.
type commandDatabase interface {
	store.SigningKeys
	Companies(ctx context.Context) ([]store.Company, error)
	Initialize(ctx context.Context, company store.NewCompany, key store.SigningKey) (store.ServiceAccount, error)
	CreateCompany(ctx context.Context, company store.NewCompany) (store.ServiceAccount, error)
	CreateAdministrator(ctx context.Context, company store.ID, account store.NewServiceAccount) (store.ServiceAccount, error)
	// ScrubDue says whether plain bytes of a key that was sealed may be left, and Scrub removes them.
	ScrubDue(ctx context.Context) (due bool, err error)
	Scrub(ctx context.Context) error
	Close() error
}

// databaseOptions say how to open a database.
type databaseOptions struct {
	// Create makes the database when there is none.
	Create bool
	// Policy, Now and Observe are what the server works by. Zero values do for a subcommand.
	Policy  store.Policy
	Now     func() time.Time
	Observe func(operation sqlstore.Operation, took time.Duration)
}

// openDatabase opens the database that --database names: a PostgreSQL URL, or a SQLite file.
func openDatabase(ctx context.Context, name string, options databaseOptions) (database, error) {
	if postgres.IsURL(name) {
		return postgres.Open(ctx, postgres.Options{
			URL: name, Create: options.Create, Policy: options.Policy, Now: options.Now, Observe: options.Observe,
		})
	}
	return sqlite.Open(ctx, sqlite.Options{
		Path: name, Create: options.Create, Policy: options.Policy, Now: options.Now, Observe: options.Observe,
	})
}

// databaseName is what messages call a database: a URL may hold a password.
func databaseName(name string) string {
	if postgres.IsURL(name) {
		return postgres.Redact(name)
	}
	return name
}
