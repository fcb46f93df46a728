package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// byClientID finds the account with a client id or, where there is none, the one whose client id comes before it. Both are
// the same steps through the same index to a row that is joined and read, so how long the answer takes doesn't tell which
// client ids exist.
const byClientID = "SELECT " + accountColumns + ", a.client_id = ? FROM " + accountTables + ` WHERE a.id = coalesce(
	(SELECT id FROM service_accounts WHERE client_id <= ? ORDER BY client_id DESC LIMIT 1),
	(SELECT min(id) FROM service_accounts))`

// ServiceAccountByClientID finds the account that authenticates with this client id, in any company, or returns
// *store.Error with CodeNotFound. It does the same work for both.
func (s *Store) ServiceAccountByClientID(ctx context.Context, clientID string) (store.ServiceAccount, error) {
	row := &rowWithMatch{row: s.reader.QueryRowContext(ctx, byClientID, clientID, clientID)}
	account, err := s.scanServiceAccount(row)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !row.matches {
		return store.ServiceAccount{}, &store.Error{Code: store.CodeNotFound, Message: "There is no service account with this client id."}
	}
	return account, translate(err)
}

// rowWithMatch reads one column more than its caller asks for: whether the row is the one that was looked for.
type rowWithMatch struct {
	row     scanner
	matches bool
}

func (r *rowWithMatch) Scan(destinations ...any) error {
	return r.row.Scan(append(destinations, &r.matches)...)
}

// Principal finds the account that a token was issued to, or returns *store.Error with CodeNotFound.
func (s *Store) Principal(ctx context.Context, account store.ID, tokenID string) (store.Principal, error) {
	var principal store.Principal
	err := s.read(ctx, func(tx *sql.Tx) error {
		var err error
		principal.Account, err = s.scanServiceAccount(tx.QueryRowContext(ctx,
			"SELECT "+accountColumns+" FROM "+accountTables+" WHERE a.id = ?", account))
		if errors.Is(err, sql.ErrNoRows) {
			return store.NotFound("service account", account)
		}
		if err != nil {
			return err
		}
		if principal.Levels, err = companyPermissions(ctx, tx, account); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?)", tokenID).
			Scan(&principal.Revoked)
	})
	return principal, err
}

// RevokeToken ends one token, and forgets those whose time has passed.
func (s *Store) RevokeToken(ctx context.Context, tokenID string, expiresAt time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM revoked_tokens WHERE expires_at < ?", micros(s.now())); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO revoked_tokens (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
			tokenID, micros(expiresAt))
		return err
	})
}

// RecordTokens notes when accounts last got a token, all in one transaction. updated_at stays: the account was not
// changed.
func (s *Store) RecordTokens(ctx context.Context, lastTokenAt map[store.ID]time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		statement, err := tx.PrepareContext(ctx,
			"UPDATE service_accounts SET last_token_at = max(coalesce(last_token_at, 0), ?) WHERE id = ?")
		if err != nil {
			return err
		}
		defer func() { _ = statement.Close() }()
		for id, at := range lastTokenAt {
			if _, err := statement.ExecContext(ctx, micros(at), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// WorkingAdministrator returns an account that administers the company, or *store.Error with
// CodeNotFound when the company has locked itself out. Of several it is the oldest that may do everything, which is what
// Admin on the Directory tool means: one that 'admin recover' made counts before an older one that lost it.
func (s *Store) WorkingAdministrator(ctx context.Context, company store.ID) (store.ServiceAccount, error) {
	account, err := s.scanServiceAccount(s.reader.QueryRowContext(ctx,
		"SELECT "+accountColumns+" "+workingAdmins+` ORDER BY EXISTS (SELECT 1 FROM company_permissions d
			WHERE d.service_account_id = a.id AND d.tool = 'directory' AND d.level = 'admin') DESC, a.id LIMIT 1`, company))
	if errors.Is(err, sql.ErrNoRows) {
		return account, &store.Error{Code: store.CodeNotFound, Message: "Company " + company.String() +
			" has no working administrator's account. Make one with: terraform-provider-procore admin recover --company-id " + company.String()}
	}
	return account, translate(err)
}
