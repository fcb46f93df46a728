package sqlstore

import (
	"context"
	"maps"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ResetSecret replaces the client secret and, unless access is kept, clears the account's permissions and project
// assignments, all in one transaction. What store.Credentials.Reset decides is written here.
//
// It returns *store.Error with CodeNotFound, CodeInvalid, or CodeLastAdmin when clearing would lock the company out, or
// the precondition's error, or what once says, and then changes nothing.
func (s *Store) ResetSecret(
	ctx context.Context, company, id store.ID, reset store.SecretReset, precondition store.Precondition[store.ServiceAccount],
	once *store.Once[store.SecretResetResult],
) (store.ServiceAccount, store.Cleared, error) {
	result, err := writeOnce(ctx, s, once, func(tx Tx) (result store.SecretResetResult, err error) {
		result.Account, err = s.changeServiceAccount(ctx, tx, company, id, precondition, func(account *store.ServiceAccount) error {
			result.Cleared, err = s.resetSecret(ctx, tx, account, reset)
			return err
		})
		return result, err
	})
	return result.Account, result.Cleared, err
}

func (s *Store) resetSecret(ctx context.Context, tx Tx, account *store.ServiceAccount, reset store.SecretReset) (cleared store.Cleared, err error) {
	before := account.Credentials.Facts()
	if account.Credentials, err = account.Credentials.Reset(reset, s.now()); err != nil {
		return cleared, err
	}
	after := account.Credentials.Facts()
	if !reset.KeepAccess {
		held, err := accessFacts(ctx, tx, account.ID)
		if err != nil {
			return cleared, err
		}
		if cleared, err = clearAccess(ctx, tx, *account); err != nil {
			return cleared, err
		}
		maps.Copy(before, held)
		maps.Copy(after, store.Facts{factPermissions: store.Levels{}, factAssignments: []store.Facts{}})
	}
	return cleared, s.record(ctx, tx, store.ActionSecretReset, account.CompanyID, account.ID, before, after)
}

// clearAccess takes all permissions and project assignments from the account, unless that would lock its company out.
func clearAccess(ctx context.Context, tx Tx, account store.ServiceAccount) (cleared store.Cleared, err error) {
	if err := checkNotLastAdmin(ctx, tx, account, "Resetting the secret of"); err != nil {
		return cleared, err
	}
	if cleared.Levels, err = clearCompanyPermissions(ctx, tx, account.ID); err != nil {
		return cleared, err
	}
	cleared.ProjectIDs, err = clearAssignments(ctx, tx, account.ID)
	return cleared, err
}

// RevokeTokens ends every live token of the account and keeps its secret. It returns *store.Error with CodeNotFound or
// the precondition's error, or what once says.
func (s *Store) RevokeTokens(
	ctx context.Context, company, id store.ID, precondition store.Precondition[store.ServiceAccount], once *store.Once[store.ServiceAccount],
) error {
	_, err := writeOnce(ctx, s, once, func(tx Tx) (store.ServiceAccount, error) {
		return s.changeServiceAccount(ctx, tx, company, id, precondition, func(account *store.ServiceAccount) error {
			account.Credentials.TokenEpoch++
			return s.record(ctx, tx, store.ActionTokensRevoked, company, id, nil, nil)
		})
	})
	return err
}
