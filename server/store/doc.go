// Package store says what the management API keeps and by which rules, not how it is kept.
//
// It holds the nouns (Company, ServiceAccount, Contact, SigningKey …), the rules that they obey wherever they are
// stored (names, tools and levels, what a secret looks like, what a reset does, which token still counts), the errors
// that break a rule, and the small interfaces that the HTTP layers ask of a database. store/sqlstore
// implements those interfaces; it decides nothing that is decided here.
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
// Every method is one transaction, or as good as one where a database commits several at once. Each returns *Error where a
// rule of this package was broken or an object does not exist, and any other error where the database itself failed.

// Companies is what the company endpoints read.
type Companies interface {
	Company(ctx context.Context, id ID) (Company, error)
}

// ServiceAccounts is what the service account endpoints read and change.
//
// An account of another company is not found. A precondition runs inside the transaction, on the account as it is
// before the change; its error ends the transaction and is returned as it is. A Once makes a change happen once only.
type ServiceAccounts interface {
	ServiceAccount(ctx context.Context, company, id ID) (ServiceAccount, error)
	ListServiceAccounts(ctx context.Context, company ID, query ServiceAccountQuery) (Page[ServiceAccount], error)
	CreateServiceAccount(ctx context.Context, company ID, account NewServiceAccount, once *Once[ServiceAccount]) (ServiceAccount, error)
	UpdateServiceAccount(ctx context.Context, company, id ID, change ServiceAccountChange, precondition Precondition[ServiceAccount]) (ServiceAccount, error)
	DeleteServiceAccount(ctx context.Context, company, id ID, precondition Precondition[ServiceAccount]) error
	ResetSecret(ctx context.Context, company, id ID, reset SecretReset, precondition Precondition[ServiceAccount], once *Once[SecretResetResult]) (ServiceAccount, Cleared, error)
	RevokeTokens(ctx context.Context, company, id ID, precondition Precondition[ServiceAccount], once *Once[ServiceAccount]) error
}

// Precondition decides on a stored object whether a change may go on. A nil Precondition always lets it.
type Precondition[T any] func(T) error

// Check runs the precondition.
func (p Precondition[T]) Check(stored T) error {
	if p == nil {
		return nil
	}
	return p(stored)
}

// Permissions is what the permission endpoints read and change.
type Permissions interface {
	CompanyPermissions(ctx context.Context, company, account ID) (AccountLevels, error)
	// ListCompanyPermissions has an item for each account, also for one that holds nothing.
	ListCompanyPermissions(ctx context.Context, company ID, query AccessQuery) (Page[AccountLevels], error)
	// ReplaceCompanyPermissions replaces all levels on company tools and returns them without those at LevelNone.
	ReplaceCompanyPermissions(ctx context.Context, company, account ID, levels Levels, precondition Precondition[AccountLevels]) (AccountLevels, error)
}

// Projects is what the project endpoints read and change.
type Projects interface {
	Project(ctx context.Context, company, id ID) (Project, error)
	ListProjects(ctx context.Context, company ID, query ProjectQuery) (Page[Project], error)
	CreateProject(ctx context.Context, company ID, project NewProject, once *Once[Project]) (Project, error)
	UpdateProject(ctx context.Context, company, id ID, change ProjectChange, precondition Precondition[Project]) (Project, error)
	DeleteProject(ctx context.Context, company, id ID, precondition Precondition[Project]) error
}

// Assignments is what the project assignment endpoints read and change.
type Assignments interface {
	Assignment(ctx context.Context, company, account, project ID) (Assignment, error)
	ListAssignments(ctx context.Context, company, account ID, page PageRequest) (Page[Assignment], error)
	// ListCompanyAssignments lists those of all accounts.
	ListCompanyAssignments(ctx context.Context, company ID, query AccessQuery) (Page[Assignment], error)
	// PutAssignment makes the assignment or replaces its levels, and reports whether it made it.
	PutAssignment(ctx context.Context, company, account, project ID, levels Levels, precondition Precondition[Assignment]) (assignment Assignment, made bool, err error)
	DeleteAssignment(ctx context.Context, company, account, project ID, precondition Precondition[Assignment]) error
}

// Directory is what the directory endpoints read and change: the contacts that stand for service accounts.
type Directory interface {
	Contact(ctx context.Context, company, id ID) (DirectoryContact, error)
	ListContacts(ctx context.Context, company ID, page PageRequest) (Page[DirectoryContact], error)
	ChangeContactEmail(ctx context.Context, company, id ID, address string, precondition Precondition[DirectoryContact]) (DirectoryContact, error)
	// AddContact puts a contact of another company into this company's directory too, which breaks its account.
	AddContact(ctx context.Context, company, id ID, once *Once[DirectoryContact]) (DirectoryContact, error)
	// RemoveContact takes such a contact out again.
	RemoveContact(ctx context.Context, company, id ID, precondition Precondition[DirectoryContact]) error
}

// AuditEvents is what the audit endpoint reads. Events are written by the changes themselves.
type AuditEvents interface {
	ListAuditEvents(ctx context.Context, company ID, query AuditQuery) (Page[AuditEvent], error)
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
	// SigningKeys returns every key in the order of SortSigningKeys.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// ChangeSigningKeys does what decide wants done to the keys as they are, which nobody else changes meanwhile.
	ChangeSigningKeys(ctx context.Context, decide func([]SigningKey) (KeyChange, error)) error
}
