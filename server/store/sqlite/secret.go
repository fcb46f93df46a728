package sqlite

import (
	"context"
	"database/sql"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ResetSecret replaces the client secret and, unless access is kept, clears the account's permissions, all in one
// transaction. What store.Credentials.Reset decides is written here.
//
// It returns *store.Error with CodeNotFound, CodeInvalid, or CodeLastAdmin when clearing would lock the company out, or
// the precondition's error, and then changes nothing.
func (s *Store) ResetSecret(
	ctx context.Context, company, id store.ID, reset store.SecretReset, precondition store.Precondition,
) (store.ServiceAccount, store.Cleared, error) {
	var cleared store.Cleared
	account, err := s.changeServiceAccount(ctx, company, id, precondition, func(tx *sql.Tx, account *store.ServiceAccount) error {
		var err error
		if account.Credentials, err = account.Credentials.Reset(reset, s.now()); err != nil || reset.KeepAccess {
			return err
		}
		if err := checkNotLastAdmin(ctx, tx, *account, "Resetting the secret of"); err != nil {
			return err
		}
		cleared.Levels, err = clearCompanyPermissions(ctx, tx, id)
		return err
	})
	return account, cleared, err
}

// RevokeTokens ends every live token of the account and keeps its secret. It returns *store.Error with CodeNotFound or
// the precondition's error.
func (s *Store) RevokeTokens(ctx context.Context, company, id store.ID, precondition store.Precondition) error {
	_, err := s.changeServiceAccount(ctx, company, id, precondition, func(_ *sql.Tx, account *store.ServiceAccount) error {
		account.Credentials.TokenEpoch++
		return nil
	})
	return err
}
