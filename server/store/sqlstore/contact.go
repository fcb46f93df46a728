package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

func insertContact(ctx context.Context, tx Tx, account store.ServiceAccount, now time.Time) (id store.ID, err error) {
	contact := account.Contact
	err = tx.QueryRowContext(ctx, `INSERT INTO contacts (company_id, service_account_id, name, email_address,
		assigned_email_address, active, created_at, updated_at) VALUES (?, ?, ?, ?, ?, TRUE, ?, ?) RETURNING id`,
		account.CompanyID, account.ID, contact.Name, contact.EmailAddress, contact.AssignedEmailAddress, Micros(now), Micros(now)).Scan(&id)
	return id, err
}

const contactColumns = `c.id, c.company_id, c.service_account_id, c.name, c.email_address, c.assigned_email_address,
	c.active, c.created_at, c.updated_at`

// inDirectory selects the contacts of a company's directory: its own, and those that were put into it besides. The
// company is bound twice.
const inDirectory = `(c.company_id = ? OR EXISTS
	(SELECT 1 FROM directory_entries d WHERE d.contact_id = c.id AND d.company_id = ?))`

// Contact returns one contact of the company's directory, or *store.Error with CodeNotFound.
func (s *Store) Contact(ctx context.Context, company, id store.ID) (store.DirectoryContact, error) {
	var contact store.DirectoryContact
	err := s.read(ctx, func(tx Tx) error {
		var err error
		contact, err = findContact(ctx, tx, company, id)
		return err
	})
	return contact, err
}

// ListContacts returns one page of the company's directory, by id.
func (s *Store) ListContacts(ctx context.Context, company store.ID, page store.PageRequest) (store.Page[store.DirectoryContact], error) {
	return list(ctx, s, listing[store.DirectoryContact]{
		rowSet: rowSet{
			company: company, tables: contactIDs, where: "TRUE", arguments: []any{company, company},
			// A contact that another company's change puts in here, or takes out, has its event there.
			order: order{[]string{"k.id"}, false}, version: s.dialect.ListVersionOfAll,
		},
		columns: "k.id", tables: contactIDs, page: page, complete: completeContacts,
		scan: func(row scanner) (contact store.DirectoryContact, err error) {
			err = row.Scan(&contact.ID)
			return contact, err
		},
	})
}

// contactIDs are the ids of inDirectory, read from two indexes that are both in their order. The company is bound twice.
const contactIDs = `(SELECT id FROM contacts WHERE company_id = ?
	UNION ALL SELECT contact_id FROM directory_entries WHERE company_id = ?) k`

// completeContacts reads the contacts of a page.
func completeContacts(ctx context.Context, tx Tx, page statement, contacts []store.DirectoryContact) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+contactColumns+" FROM ("+page.selecting("k.id")+") k JOIN contacts c ON c.id = k.id", page.arguments...)
	if err != nil {
		return err
	}
	found, err := Collect(rows, func(rows *sql.Rows) (store.DirectoryContact, error) { return scanContact(rows) })
	byID := make(map[store.ID]store.DirectoryContact, len(found))
	for _, contact := range found {
		byID[contact.ID] = contact
	}
	for i := range contacts {
		contacts[i] = byID[contacts[i].ID]
	}
	return err
}

// ChangeContactEmail changes a contact's e-mail address, which breaks its account unless it is the assigned one. It
// returns *store.Error with CodeNotFound, CodeInvalid, CodeNotHomeDirectory or CodeLastAdmin, or the precondition's error.
func (s *Store) ChangeContactEmail(
	ctx context.Context, company, id store.ID, address string, precondition store.Precondition[store.DirectoryContact],
) (store.DirectoryContact, error) {
	if err := store.CheckEmailAddress(address); err != nil {
		return store.DirectoryContact{}, err
	}
	var changed store.DirectoryContact
	err := s.write(ctx, func(tx Tx) error {
		contact, err := findContact(ctx, tx, company, id)
		if err != nil {
			return err
		}
		if err := precondition.Check(contact); err != nil {
			return err
		}
		if contact.HomeCompanyID != company {
			return store.NotHomeDirectory(contact, "changed")
		}
		changed = contact
		if address == contact.EmailAddress {
			return nil
		}
		if address != contact.AssignedEmailAddress {
			if err := s.breakAccount(ctx, tx, contact, "Changing the contact's e-mail address of"); err != nil {
				return err
			}
		}
		changed.EmailAddress, changed.UpdatedAt = address, later(s.now(), contact.UpdatedAt)
		if _, err := tx.ExecContext(ctx, "UPDATE contacts SET email_address = ?, updated_at = ? WHERE id = ?",
			address, Micros(changed.UpdatedAt), id); err != nil {
			return err
		}
		return s.record(ctx, tx, store.ActionContactUpdated, company, contact.ServiceAccountID,
			contactFacts(contact), contactFacts(changed))
	})
	return changed, err
}

// AddContact puts a contact of another company into this company's directory too, which breaks its account. It returns
// *store.Error with CodeNotFound, CodeAlreadyInDirectory or CodeLastAdmin, or what once says.
func (s *Store) AddContact(
	ctx context.Context, company, id store.ID, once *store.Once[store.DirectoryContact],
) (store.DirectoryContact, error) {
	return writeOnce(ctx, s, once, func(tx Tx) (store.DirectoryContact, error) {
		contact, err := scanContact(tx.QueryRowContext(ctx, "SELECT "+contactColumns+" FROM contacts c WHERE c.id = ?", id))
		if errors.Is(err, sql.ErrNoRows) {
			return contact, store.NotFound("contact", id)
		}
		if err != nil {
			return contact, err
		}
		if _, err := findContact(ctx, tx, company, id); err == nil {
			return contact, store.AlreadyInDirectory(contact)
		} else if !errors.Is(err, &store.Error{Code: store.CodeNotFound}) {
			return contact, err
		}
		if err := s.breakAccount(ctx, tx, contact, "Putting into a second directory the contact of"); err != nil {
			return contact, err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO directory_entries (contact_id, company_id, created_at) VALUES (?, ?, ?)",
			id, company, Micros(s.now())); err != nil {
			return contact, err
		}
		return contact, s.recordDirectory(ctx, tx, store.ActionContactAdded, contact, company)
	})
}

// RemoveContact takes a contact out of this company's directory again. It returns *store.Error with CodeNotFound, or
// CodeHomeDirectory for the directory that it was made in, or the precondition's error.
func (s *Store) RemoveContact(ctx context.Context, company, id store.ID, precondition store.Precondition[store.DirectoryContact]) error {
	return s.write(ctx, func(tx Tx) error {
		contact, err := findContact(ctx, tx, company, id)
		if err != nil {
			return err
		}
		if err := precondition.Check(contact); err != nil {
			return err
		}
		if contact.HomeCompanyID == company {
			return store.HomeDirectory(contact)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM directory_entries WHERE contact_id = ? AND company_id = ?", id, company); err != nil {
			return err
		}
		return s.recordDirectory(ctx, tx, store.ActionContactRemoved, contact, company)
	})
}

// recordDirectory writes an event for the account's own company, whose account it is that breaks or heals.
func (s *Store) recordDirectory(ctx context.Context, tx Tx, action string, contact store.DirectoryContact, directory store.ID) error {
	entry := store.Facts{"contact_id": contact.ID.String(), "directory_company_id": directory.String()}
	if action == store.ActionContactAdded {
		return s.record(ctx, tx, action, contact.HomeCompanyID, contact.ServiceAccountID, nil, entry)
	}
	return s.record(ctx, tx, action, contact.HomeCompanyID, contact.ServiceAccountID, entry, nil)
}

func contactFacts(contact store.DirectoryContact) store.Facts {
	return store.Facts{"contact_id": contact.ID.String(), "email_address": contact.EmailAddress}
}

// breakAccount ends the live tokens of the account that a contact stands for, before a change of the contact that makes
// the account nonfunctional; healing it brings none of them back. It returns *store.Error with CodeLastAdmin when the
// account is its company's last working administrator. A deleted account's contact breaks nothing.
func (s *Store) breakAccount(ctx context.Context, tx Tx, contact store.DirectoryContact, change string) error {
	if !contact.Active {
		return nil
	}
	account, err := s.findServiceAccount(ctx, tx, contact.HomeCompanyID, contact.ServiceAccountID)
	if err != nil {
		return err
	}
	if err := checkNotLastAdmin(ctx, tx, account, change); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "UPDATE service_accounts SET token_epoch = token_epoch + 1 WHERE id = ?", account.ID)
	return err
}

func findContact(ctx context.Context, tx Tx, company, id store.ID) (store.DirectoryContact, error) {
	contact, err := scanContact(tx.QueryRowContext(ctx,
		"SELECT "+contactColumns+" FROM contacts c WHERE c.id = ? AND "+inDirectory, id, company, company))
	if errors.Is(err, sql.ErrNoRows) {
		return contact, store.NotFound("contact", id)
	}
	return contact, err
}

func scanContact(row scanner) (store.DirectoryContact, error) {
	var contact store.DirectoryContact
	var createdAt, updatedAt int64
	err := row.Scan(&contact.ID, &contact.HomeCompanyID, &contact.ServiceAccountID, &contact.Name, &contact.EmailAddress,
		&contact.AssignedEmailAddress, &contact.Active, &createdAt, &updatedAt)
	contact.CreatedAt, contact.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
	return contact, err
}
