package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Initialize makes the first company with its administrator's account, and keeps the key that signs tokens. It returns
// *store.Error with CodeAlreadyInitialized when the database has a company, and then changes nothing.
func (s *Store) Initialize(ctx context.Context, company store.NewCompany, key store.SigningKey) (store.ServiceAccount, error) {
	var admin store.ServiceAccount
	err := s.write(ctx, func(tx Tx) error {
		companies, err := listCompanies(ctx, tx)
		if err != nil {
			return err
		}
		if len(companies) > 0 {
			return &store.Error{Code: store.CodeAlreadyInitialized, Message: fmt.Sprintf(
				"The database %s already has a company (%s, id %s). If you don't have an administrator's credentials for it, "+
					"make new ones with 'admin recover --company-id %s'; for a further company use 'company add'.",
				s.name, companies[0].Name, companies[0].ID, companies[0].ID)}
		}
		if err := putSigningKey(ctx, tx, key); err != nil {
			return err
		}
		admin, err = s.insertCompany(ctx, tx, company)
		return err
	})
	return admin, err
}

// CreateCompany makes a further company with its administrator's account.
func (s *Store) CreateCompany(ctx context.Context, company store.NewCompany) (store.ServiceAccount, error) {
	var admin store.ServiceAccount
	err := s.write(ctx, func(tx Tx) error {
		companies, err := listCompanies(ctx, tx)
		if err != nil {
			return err
		}
		if len(companies) == 0 {
			return &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf(
				"The database %s has no company yet. Make the first with 'init'.", s.name)}
		}
		admin, err = s.insertCompany(ctx, tx, company)
		return err
	})
	return admin, err
}

// CreateAdministrator makes an account with an administrator's permissions in a company that has locked itself out.
// It is not bound by the creation cutoff: without it nobody could get in any more.
func (s *Store) CreateAdministrator(ctx context.Context, company store.ID, account store.NewServiceAccount) (store.ServiceAccount, error) {
	var created store.ServiceAccount
	err := s.write(ctx, func(tx Tx) error {
		var err error
		created, err = s.insertServiceAccount(ctx, tx, company, account, s.now())
		return err
	})
	return created, err
}

// Company returns one company, or *store.Error with CodeNotFound.
func (s *Store) Company(ctx context.Context, id store.ID) (store.Company, error) {
	var company store.Company
	err := s.read(ctx, func(tx Tx) error {
		var err error
		company, err = findCompany(ctx, tx, id)
		return err
	})
	return company, err
}

// Companies returns every company of the database, oldest first.
func (s *Store) Companies(ctx context.Context) ([]store.Company, error) {
	var companies []store.Company
	err := s.read(ctx, func(tx Tx) error {
		var err error
		companies, err = listCompanies(ctx, tx)
		return err
	})
	return companies, err
}

func (s *Store) insertCompany(ctx context.Context, tx Tx, company store.NewCompany) (store.ServiceAccount, error) {
	if err := company.Normalize(); err != nil {
		return store.ServiceAccount{}, err
	}
	key := store.FoldCase(company.Name)
	var existing store.Company
	err := tx.QueryRowContext(ctx, "SELECT id, name FROM companies WHERE name_key = ?", key).Scan(&existing.ID, &existing.Name)
	if err == nil {
		return store.ServiceAccount{}, &store.Error{Code: store.CodeNameTaken, Message: fmt.Sprintf(
			"There already is a company called %q, with the id %s.", existing.Name, existing.ID)}
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return store.ServiceAccount{}, err
	}
	now := s.now()
	var id store.ID
	err = tx.QueryRowContext(ctx,
		"INSERT INTO companies (name, name_key, created_at, updated_at) VALUES (?, ?, ?, ?) RETURNING id",
		company.Name, key, Micros(now), Micros(now)).Scan(&id)
	if err != nil {
		return store.ServiceAccount{}, err
	}
	return s.insertServiceAccount(ctx, tx, id, company.Admin, now)
}

func findCompany(ctx context.Context, tx Tx, id store.ID) (store.Company, error) {
	company := store.Company{ID: id}
	var createdAt, updatedAt int64
	err := tx.QueryRowContext(ctx, "SELECT name, created_at, updated_at FROM companies WHERE id = ?", id).
		Scan(&company.Name, &createdAt, &updatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return company, &store.Error{Code: store.CodeNotFound, Message: fmt.Sprintf("There is no company with the id %s.", id)}
	}
	company.CreatedAt, company.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
	return company, err
}

func listCompanies(ctx context.Context, tx Tx) ([]store.Company, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, name, created_at, updated_at FROM companies ORDER BY id")
	if err != nil {
		return nil, err
	}
	return Collect(rows, func(rows *sql.Rows) (company store.Company, err error) {
		var createdAt, updatedAt int64
		err = rows.Scan(&company.ID, &company.Name, &createdAt, &updatedAt)
		company.CreatedAt, company.UpdatedAt = FromMicros(createdAt), FromMicros(updatedAt)
		return company, err
	})
}
