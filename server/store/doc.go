// Package store says what the management API keeps and by which rules, not how it is kept.
//
// It holds the nouns (Company, ServiceAccount, Contact, SigningKey …), the rules that they obey wherever they are
// stored (names, tools and levels, what a secret looks like, what a reset does, which token still counts), the errors
// that break a rule, and the small interfaces that the HTTP layers ask of a database. A database package such as
// store/sqlite implements those interfaces; it decides nothing that is decided here.
//
// The package imports the standard library only, so that every other package of the server can import it.
package store

import (
	"context"
	"strconv"
	"time"
)

// ID names a stored object. IDs start at 1, are never used twice, and go over the wire as decimal strings, as all
// ids of Procore's v2.0 API do.
type ID int64

// ParseID reads an id in its only spelling: decimal, positive, without sign or leading zeros. Anything else can't
// name an object, which callers answer as "not found".
func ParseID(text string) (ID, bool) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 || strconv.FormatInt(number, 10) != text {
		return 0, false
	}
	return ID(number), true
}

// String returns the id as it goes over the wire.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// The interfaces below are what the HTTP layers ask of a database, one for each of their needs.
//
// Every method is one transaction. Each returns *Error where a rule of this package was broken or an object does not
// exist, and any other error where the database itself failed.

// Companies is what the company endpoints read.
type Companies interface {
	Company(ctx context.Context, id ID) (Company, error)
}

// ServiceAccounts is what the service account endpoints read and change.
//
// An account of another company is not found. A precondition runs inside the transaction, on the account as it is
// before the change; its error ends the transaction and is returned as it is.
type ServiceAccounts interface {
	ServiceAccount(ctx context.Context, company, id ID) (ServiceAccount, error)
	ListServiceAccounts(ctx context.Context, company ID, query ServiceAccountQuery) (Page[ServiceAccount], error)
	CreateServiceAccount(ctx context.Context, company ID, account NewServiceAccount) (ServiceAccount, error)
	UpdateServiceAccount(ctx context.Context, company, id ID, change ServiceAccountChange, precondition Precondition) (ServiceAccount, error)
	DeleteServiceAccount(ctx context.Context, company, id ID, precondition Precondition) error
	ResetSecret(ctx context.Context, company, id ID, reset SecretReset, precondition Precondition) (ServiceAccount, Cleared, error)
	RevokeTokens(ctx context.Context, company, id ID, precondition Precondition) error
}

// Precondition decides on the stored account whether a change may go on. A nil Precondition always lets it.
type Precondition func(ServiceAccount) error

// Check runs the precondition.
func (p Precondition) Check(account ServiceAccount) error {
	if p == nil {
		return nil
	}
	return p(account)
}

// Permissions is what the permission endpoints read.
type Permissions interface {
	CompanyPermissions(ctx context.Context, company, account ID) (Levels, error)
}

// Tokens is what the OAuth endpoints ask: who a client is, whether a token still counts, and which tokens were ended
// one by one.
type Tokens interface {
	// ServiceAccountByClientID finds the account that authenticates with this client id, in any company.
	ServiceAccountByClientID(ctx context.Context, clientID string) (ServiceAccount, error)
	// Principal finds the account that a token was issued to, its company permissions, and whether that one token
	// was revoked.
	Principal(ctx context.Context, account ID, tokenID string) (Principal, error)
	// RevokeToken ends one token. The entry is forgotten once expiresAt has passed.
	RevokeToken(ctx context.Context, tokenID string, expiresAt time.Time) error
	// RecordTokens notes when accounts last got a token. It is called in batches, off the way of a token request.
	RecordTokens(ctx context.Context, lastTokenAt map[ID]time.Time) error
}

// SigningKeys is where the keys that sign access tokens are kept.
type SigningKeys interface {
	// SigningKeys returns every key, the one that signs first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
}
