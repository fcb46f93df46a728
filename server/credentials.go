package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Credentials are what a company's administrator signs in with. They are shown once.
type Credentials struct {
	BaseURL      string `json:"base_url"`
	CompanyID    string `json:"company_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// credentialsFlags say how to print credentials.
type credentialsFlags struct {
	Database
	Output  string `enum:"env,json" default:"env" help:"How to print the credentials: as shell exports (env) or as JSON (json)."`
	BaseURL string `placeholder:"URL" default:"http://127.0.0.1:8080" help:"The address at which the management API will be reached, for the printed credentials (${default})."`
}

// Validate refuses an address that can't be meant (kong's hook).
func (f credentialsFlags) Validate() error {
	if err := checkBaseURL(f.BaseURL); err != nil {
		return fmt.Errorf("--base-url: %w", err)
	}
	return f.Database.Validate()
}

type initCommand struct {
	credentialsFlags
	masterKeyFlags
	Company          string `required:"" placeholder:"NAME" help:"The company's name."`
	SigningAlgorithm string `enum:"ES256,RS256,EdDSA" default:"ES256" help:"The algorithm that signs access tokens: ${enum} (${default})."`
}

// Run makes the database and the company.
func (c initCommand) Run(ctx context.Context, e *environment) error {
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	credentials, err := initializeFile(ctx, c.Database.Database, c.Company, c.SigningAlgorithm, master)
	if err != nil {
		return err
	}
	return e.print(credentials, c.credentialsFlags)
}

type companyAddCommand struct {
	credentialsFlags
	Name string `required:"" placeholder:"NAME" help:"The company's name."`
}

// Run makes the company.
func (c companyAddCommand) Run(ctx context.Context, e *environment) error {
	secret := store.NewSecret()
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		admin, err := database.CreateCompany(ctx, store.NewCompany{Name: c.Name, Admin: newAdmin(adminName, secret)})
		if err != nil {
			return err
		}
		return e.print(credentialsOf(admin, secret), c.credentialsFlags)
	})
}

type adminRecoverCommand struct {
	credentialsFlags
	CompanyID string `required:"" placeholder:"ID" help:"The company's id."`
}

// Validate refuses what can't be a company's id (kong's hook).
func (c adminRecoverCommand) Validate() error {
	if _, ok := store.ParseID(c.CompanyID); !ok {
		return fmt.Errorf("--company-id: %q is not an id, which is a positive whole number", c.CompanyID)
	}
	return c.credentialsFlags.Validate()
}

// Run makes the account.
func (c adminRecoverCommand) Run(ctx context.Context, e *environment) error {
	company, _ := store.ParseID(c.CompanyID)
	secret := store.NewSecret()
	return withDatabase(ctx, c.Database.Database, func(database commandDatabase) error {
		// The time to the microsecond makes the name a new one: an earlier recovery's account may still be there.
		name := "Recovered administrator " + time.Now().UTC().Format("2006-01-02 15:04:05.000000")
		admin, err := database.CreateAdministrator(ctx, company, newAdmin(name, secret))
		if err != nil {
			return err
		}
		return e.print(credentialsOf(admin, secret), c.credentialsFlags)
	})
}

// withDatabase runs f on a database that exists.
func withDatabase(ctx context.Context, path string, f func(commandDatabase) error) error {
	database, err := openDatabase(ctx, path, databaseOptions{})
	if err != nil {
		return err
	}
	return errors.Join(f(database), database.Close())
}

const adminName = "Administrator"

// Initialize makes a database, the key that signs tokens, a company, and its first service account, and returns that
// account's credentials without a base URL. It returns *store.Error with CodeAlreadyInitialized when the database has a
// company.
func Initialize(ctx context.Context, path, company, algorithm string) (Credentials, error) {
	return initializeFile(ctx, path, company, algorithm, store.MasterKey{})
}

// initializeFile is Initialize with a master key, which may be none. With one the signing key is never stored in plain.
func initializeFile(ctx context.Context, path, company, algorithm string, master store.MasterKey) (credentials Credentials, err error) {
	// Before a file is made: a name that can't be must leave nothing behind.
	if err := (&store.NewCompany{Name: company, Admin: newAdmin(adminName, store.Secret{})}).Normalize(); err != nil {
		return credentials, err
	}
	database, err := openDatabase(ctx, path, databaseOptions{Create: true})
	if err != nil {
		return credentials, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	return initialize(ctx, database, company, algorithm, master)
}

func initialize(ctx context.Context, database commandDatabase, company, algorithm string, master store.MasterKey) (Credentials, error) {
	key, err := newSigningKey(algorithm, time.Now(), master)
	if err != nil {
		return Credentials{}, err
	}
	secret := store.NewSecret()
	admin, err := database.Initialize(ctx, store.NewCompany{Name: company, Admin: newAdmin(adminName, secret)}, key)
	if err != nil {
		return Credentials{}, err
	}
	return credentialsOf(admin, secret), nil
}

func newAdmin(name string, secret store.Secret) store.NewServiceAccount {
	return store.NewServiceAccount{
		Name: name, Description: "Administers this company's service accounts.", ClientID: store.NewClientID(),
		SecretDigest: secret.Digest(), Levels: store.AdminLevels(),
	}
}

func credentialsOf(admin store.ServiceAccount, secret store.Secret) Credentials {
	return Credentials{CompanyID: admin.CompanyID.String(), ClientID: admin.ClientID, ClientSecret: secret.Reveal()}
}

// print shows the credentials, the one time that they can be shown.
func (e *environment) print(credentials Credentials, flags credentialsFlags) error {
	credentials.BaseURL = strings.TrimSuffix(flags.BaseURL, "/")
	var err error
	if flags.Output == "json" {
		err = json.NewEncoder(e.stdout).Encode(credentials)
	} else {
		_, err = fmt.Fprintf(e.stdout, "export PROCORE_BASE_URL=%s\nexport PROCORE_COMPANY_ID=%s\nexport PROCORE_CLIENT_ID=%s\nexport PROCORE_CLIENT_SECRET=%s\n",
			shellWord(credentials.BaseURL), credentials.CompanyID, credentials.ClientID, credentials.ClientSecret)
	}
	if err != nil {
		return fmt.Errorf("the account was made, but its credentials could not be printed and can't be shown again; "+
			"use 'admin recover --company-id %s': %w", credentials.CompanyID, err)
	}
	return nil
}

// shellWord quotes a text for a POSIX shell where it needs that.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("-._~:/%", r)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	return text
}
