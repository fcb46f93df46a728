package store

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// Contact is the entry in the company's directory that stands for a service account. Procore makes it with the
// account, under a generated e-mail address that nobody can reach. Changing the address breaks the account.
type Contact struct {
	ID           ID
	Name         string
	EmailAddress string
	// AssignedEmailAddress is the address that the contact was made with, and the only one with which its account
	// works.
	AssignedEmailAddress string
}

// NewContact returns the contact for an account that is being made: name and address are the slugs of the account's
// and the company's names, and the account's id keeps the address unique.
func NewContact(accountName, companyName string, account ID) Contact {
	name := slug(accountName + "-" + companyName)
	if name == "" {
		name = "service-account"
	}
	// RFC 5321 4.5.3.1.1 gives the part before the @ 64 octets; the id must stay whole.
	local := truncate(name, 64-1-len(account.String()))
	address := fmt.Sprintf("%s-%s@service-accounts.invalid", local, account)
	return Contact{Name: name, EmailAddress: address, AssignedEmailAddress: address}
}

// slug lowers the text and joins its ASCII letters and digits with single hyphens.
func slug(text string) string {
	fields := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r > unicode.MaxASCII || !(unicode.IsLetter(r) || unicode.IsDigit(r))
	})
	return strings.Join(fields, "-")
}

func truncate(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.TrimRight(text, "-")
}

// DirectoryContact is a contact as a company's directory shows it.
type DirectoryContact struct {
	Contact
	// HomeCompanyID is the company whose account the contact stands for.
	HomeCompanyID    ID
	ServiceAccountID ID
	// Active is false once the account has been deleted: contacts are deactivated, never deleted.
	Active    bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// CheckEmailAddress returns *Error unless the text can be an e-mail address.
func CheckEmailAddress(address string) error {
	parsed, err := mail.ParseAddress(address)
	if err == nil && parsed.Address == address && len(address) <= maxEmailLength {
		return nil
	}
	return invalid("contact", []Fault{{
		Reason: "malformed", Source: "email_address", Message: "must be an e-mail address such as name@example.com",
	}})
}

// maxEmailLength is what RFC 5321 4.5.3.1.3 leaves of a path of 256 octets.
const maxEmailLength = 254

// AlreadyInDirectory is the error for adding a contact to a directory that it is in.
func AlreadyInDirectory(contact DirectoryContact) *Error {
	return &Error{Code: CodeAlreadyInDirectory, Message: "Contact " + contact.ID.String() + " (" + contact.Name +
		") is in this company's directory already."}
}

// HomeDirectory is the error for taking a contact out of the directory that it was made in.
func HomeDirectory(contact DirectoryContact) *Error {
	return &Error{Code: CodeHomeDirectory, Message: "Contact " + contact.ID.String() + " (" + contact.Name +
		") can't be taken out of its home directory. It is deactivated when service account " +
		contact.ServiceAccountID.String() + " is deleted."}
}

// NotHomeDirectory is the error for changing a contact from a directory that it was only put into.
func NotHomeDirectory(contact DirectoryContact, change string) *Error {
	return &Error{Code: CodeNotHomeDirectory, Message: "Contact " + contact.ID.String() + " (" + contact.Name +
		") can be " + change + " in its home directory only, which is another company's."}
}
