package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ServiceAccount returns one account of the company, or *store.Error with CodeNotFound.
func (s *Store) ServiceAccount(ctx context.Context, company, id store.ID) (store.ServiceAccount, error) {
	var account store.ServiceAccount
	err := s.read(ctx, func(tx Tx) error {
		var err error
		account, err = s.findServiceAccount(ctx, tx, company, id)
		return err
	})
	return account, err
}

// CreateServiceAccount makes an account and its directory contact. It returns *store.Error with CodeInvalid,
// CodeNameTaken or CodeCreationClosed, or what once says, and then changes nothing.
func (s *Store) CreateServiceAccount(
	ctx context.Context, company store.ID, account store.NewServiceAccount, once *store.Once[store.ServiceAccount],
) (store.ServiceAccount, error) {
	return writeOnce(ctx, s, once, func(tx Tx) (store.ServiceAccount, error) {
		now := s.now()
		if err := s.policy.CheckCreation(now); err != nil {
			return store.ServiceAccount{}, err
		}
		return s.insertServiceAccount(ctx, tx, company, account, now)
	})
}

// UpdateServiceAccount edits an account. It returns *store.Error with CodeNotFound, CodeInvalid or CodeNameTaken, or
// the precondition's error, and then changes nothing. A change that changes nothing leaves updated_at as it is.
func (s *Store) UpdateServiceAccount(
	ctx context.Context, company, id store.ID, change store.ServiceAccountChange, precondition store.Precondition[store.ServiceAccount],
) (store.ServiceAccount, error) {
	var updated store.ServiceAccount
	err := s.write(ctx, func(tx Tx) (err error) {
		updated, err = s.changeServiceAccount(ctx, tx, company, id, precondition, func(account *store.ServiceAccount) error {
			changed, err := change.Apply(*account)
			if err != nil {
				return err
			}
			if err := checkNameFree(ctx, tx, company, changed.Name, id); err != nil {
				return err
			}
			before := *account
			*account = changed
			if sameStored(before, changed) {
				return nil
			}
			return s.record(ctx, tx, store.ActionAccountUpdated, company, id, before.Facts(), changed.Facts())
		})
		return err
	})
	return updated, err
}

// DeleteServiceAccount deletes an account, which ends its tokens, and deactivates its contact. It returns *store.Error
// with CodeNotFound, CodeDeletionProtected or CodeLastAdmin, or the precondition's error, and then changes nothing.
func (s *Store) DeleteServiceAccount(ctx context.Context, company, id store.ID, precondition store.Precondition[store.ServiceAccount]) error {
	return s.write(ctx, func(tx Tx) error {
		account, err := s.findServiceAccount(ctx, tx, company, id)
		if err != nil {
			return err
		}
		if err := precondition.Check(account); err != nil {
			return err
		}
		if err := account.CheckDeletable(); err != nil {
			return err
		}
		if err := checkNotLastAdmin(ctx, tx, account, "Deleting"); err != nil {
			return err
		}
		before, err := accessFacts(ctx, tx, id)
		if err != nil {
			return err
		}
		maps.Copy(before, account.Facts())
		if err := s.record(ctx, tx, store.ActionAccountDeleted, company, id, before, nil); err != nil {
			return err
		}
		// Not left to the foreign key, whose rows PostgreSQL looks for as they are by then: one that somebody has taken away since
		// it was told of would go unnoticed, and the event would tell of what was over.
		if _, err := clearAssignments(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM service_accounts WHERE id = ?", id); err != nil {
			return err
		}
		if err := s.searchChanged(ctx, tx, company, id); err != nil {
			return err
		}
		now := Micros(s.now())
		_, err = tx.ExecContext(ctx, "UPDATE contacts SET active = FALSE, updated_at = "+laterTime+" WHERE service_account_id = ?", now, now, id)
		return err
	})
}

// changeServiceAccount reads an account, lets f change it, and writes it back if it did.
func (s *Store) changeServiceAccount(
	ctx context.Context, tx Tx, company, id store.ID, precondition store.Precondition[store.ServiceAccount],
	f func(account *store.ServiceAccount) error,
) (store.ServiceAccount, error) {
	account, err := s.findServiceAccount(ctx, tx, company, id)
	if err != nil {
		return account, err
	}
	if err := precondition.Check(account); err != nil {
		return account, err
	}
	changed := account
	if err := f(&changed); err != nil || sameStored(account, changed) {
		return changed, err
	}
	if changed.Name != account.Name || changed.Description != account.Description {
		if err := s.searchChanged(ctx, tx, company, id); err != nil {
			return changed, err
		}
	}
	changed.UpdatedAt = later(s.now(), account.UpdatedAt)
	return changed, s.updateServiceAccount(ctx, tx, changed)
}

// sameStored compares all that updateServiceAccount writes.
func sameStored(a, b store.ServiceAccount) bool {
	return a.Name == b.Name && a.AppType == b.AppType && a.MarketplaceApp == b.MarketplaceApp &&
		a.Description == b.Description && a.DeletionProtection == b.DeletionProtection &&
		a.AddToNewProjects == b.AddToNewProjects && a.Credentials == b.Credentials
}

// insertServiceAccount validates and writes an account with its contact and first permissions.
func (s *Store) insertServiceAccount(
	ctx context.Context, tx Tx, companyID store.ID, account store.NewServiceAccount, now time.Time,
) (store.ServiceAccount, error) {
	var none store.ServiceAccount
	company, err := findCompany(ctx, tx, companyID)
	if err != nil {
		return none, err
	}
	if err := account.Normalize(); err != nil {
		return none, err
	}
	created := newAccount(companyID, account, now)
	err = tx.QueryRowContext(ctx, `INSERT INTO service_accounts
		(company_id, name, name_key, search_key, app_type, marketplace_app, description, client_id,
		 deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch,
		 created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (company_id, name_key) DO NOTHING RETURNING id`,
		companyID, created.Name, store.FoldCase(created.Name),
		s.searchKey(created.Name, created.Description, created.ClientID), created.AppType, created.MarketplaceApp,
		created.Description, created.ClientID, created.DeletionProtection, created.AddToNewProjects,
		created.Credentials.SecretVersion, created.Credentials.SecretDigest[:], Micros(now), created.Credentials.TokenEpoch,
		Micros(now), Micros(now)).Scan(&created.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return none, cmp.Or(checkNameFree(ctx, tx, companyID, account.Name, 0), errors.New("the name of a new account is taken and free"))
	}
	if err != nil {
		return none, err
	}
	created.Contact = store.NewContact(account.Name, company.Name, created.ID)
	if created.Contact.ID, err = insertContact(ctx, tx, created, now); err != nil {
		return none, err
	}
	if err := insertCompanyPermissions(ctx, tx, companyID, created.ID, account.Levels); err != nil {
		return none, err
	}
	created.SetStatus(s.policy, s.now())
	facts := created.Facts()
	maps.Copy(facts, created.Credentials.Facts())
	if len(account.Levels) > 0 {
		facts["permissions"] = account.Levels
	}
	return created, s.record(ctx, tx, store.ActionAccountCreated, companyID, created.ID, nil, facts)
}

// newAccount is a new account as it will be read, but for what the database gives it and the status.
func newAccount(company store.ID, account store.NewServiceAccount, now time.Time) store.ServiceAccount {
	now = FromMicros(Micros(now))
	return store.ServiceAccount{
		CompanyID: company, Name: account.Name, AppType: account.AppType, MarketplaceApp: account.MarketplaceApp,
		Description: account.Description, ClientID: account.ClientID, DeletionProtection: account.DeletionProtection,
		AddToNewProjects: account.AddToNewProjects, CreatedAt: now, UpdatedAt: now,
		Credentials: store.Credentials{SecretVersion: 1, SecretDigest: account.SecretDigest, SecretCreatedAt: now, TokenEpoch: 1},
	}
}

func (s *Store) updateServiceAccount(ctx context.Context, tx Tx, account store.ServiceAccount) error {
	credentials := account.Credentials
	var previousDigest any
	if !credentials.PreviousExpiresAt.IsZero() {
		previousDigest = credentials.PreviousDigest[:]
	}
	_, err := tx.ExecContext(ctx, `UPDATE service_accounts SET name = ?, name_key = ?, search_key = ?, app_type = ?,
		marketplace_app = ?, description = ?, deletion_protection = ?, add_to_new_projects = ?, secret_version = ?,
		secret_digest = ?, secret_created_at = ?, previous_secret_digest = ?, previous_secret_expires_at = ?,
		token_epoch = ?, updated_at = ? WHERE id = ?`,
		account.Name, store.FoldCase(account.Name), s.searchKey(account.Name, account.Description, account.ClientID),
		account.AppType, account.MarketplaceApp, account.Description, account.DeletionProtection,
		account.AddToNewProjects, credentials.SecretVersion, credentials.SecretDigest[:],
		Micros(credentials.SecretCreatedAt), previousDigest, nullMicros(credentials.PreviousExpiresAt),
		credentials.TokenEpoch, Micros(account.UpdatedAt), account.ID)
	return err
}

// checkNameFree returns *store.Error with CodeNameTaken when another account of the company has the name.
func checkNameFree(ctx context.Context, tx Tx, company store.ID, name string, self store.ID) error {
	var existing store.ID
	var existingName string
	err := tx.QueryRowContext(ctx,
		"SELECT id, name FROM service_accounts WHERE company_id = ? AND name_key = ? AND id <> ?",
		company, store.FoldCase(name), self).Scan(&existing, &existingName)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return store.NameTaken(existingName, existing)
}

// laterTime is the later one of updated_at and a time that is bound twice, so that no clock that was put back makes it earlier.
const laterTime = "CASE WHEN updated_at > ? THEN updated_at ELSE ? END"

// accountColumns and scanServiceAccount belong together.
const accountColumns = `a.id, a.company_id, a.name, a.app_type, a.marketplace_app, a.description, a.client_id,
	a.deletion_protection, a.add_to_new_projects, a.secret_version, a.secret_digest, a.secret_created_at,
	a.previous_secret_digest, a.previous_secret_expires_at, a.token_epoch, a.last_token_at, a.created_at, a.updated_at,
	c.id, c.name, c.email_address, c.assigned_email_address,
	EXISTS (SELECT 1 FROM directory_entries d WHERE d.contact_id = c.id)`

const accountTables = `service_accounts a JOIN contacts c ON c.service_account_id = a.id`

func (s *Store) findServiceAccount(ctx context.Context, tx Tx, company, id store.ID) (store.ServiceAccount, error) {
	account, err := s.scanServiceAccount(tx.QueryRowContext(ctx,
		"SELECT "+accountColumns+" FROM "+accountTables+" WHERE a.id = ? AND a.company_id = ?", id, company))
	if errors.Is(err, sql.ErrNoRows) {
		return account, store.NotFound("service account", id)
	}
	return account, err
}

// scanServiceAccount reads one row of accountColumns and works out the account's status.
func (s *Store) scanServiceAccount(row scanner) (store.ServiceAccount, error) {
	var (
		account                               store.ServiceAccount
		digest, previous                      []byte
		secretCreatedAt, createdAt, updatedAt int64
		previousExpiresAt, lastTokenAt        sql.NullInt64
		credentials                           = &account.Credentials
		contact                               = &account.Contact
	)
	err := row.Scan(&account.ID, &account.CompanyID, &account.Name, &account.AppType, &account.MarketplaceApp,
		&account.Description, &account.ClientID, &account.DeletionProtection, &account.AddToNewProjects,
		&credentials.SecretVersion, &digest, &secretCreatedAt, &previous, &previousExpiresAt, &credentials.TokenEpoch,
		&lastTokenAt, &createdAt, &updatedAt, &contact.ID, &contact.Name, &contact.EmailAddress,
		&contact.AssignedEmailAddress, &account.ContactElsewhere)
	if err != nil {
		return account, err
	}
	if copy(credentials.SecretDigest[:], digest) != len(credentials.SecretDigest) {
		return account, Damaged("the secret digest of service account " + account.ID.String() + " has another length")
	}
	copy(credentials.PreviousDigest[:], previous)
	credentials.SecretCreatedAt = FromMicros(secretCreatedAt)
	credentials.PreviousExpiresAt = FromNullMicros(previousExpiresAt)
	account.LastTokenAt = FromNullMicros(lastTokenAt)
	account.CreatedAt, account.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
	account.SetStatus(s.policy, s.now())
	return account, nil
}
