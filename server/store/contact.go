package store

import (
	"fmt"
	"strings"
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
