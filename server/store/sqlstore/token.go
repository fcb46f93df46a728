package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
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
func (s *Store) ServiceAccountByClientID(ctx context.Context, clientID string) (account store.ServiceAccount, err error) {
	err = s.lookUp(ctx, func(tx Tx) error {
		row := &rowWithMatch{row: tx.QueryRowContext(ctx, byClientID, clientID, clientID)}
		account, err = s.scanServiceAccount(row)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !row.matches {
			account = store.ServiceAccount{}
			return &store.Error{Code: store.CodeNotFound, Message: "There is no service account with this client id."}
		}
		return err
	})
	return account, err
}

// rowWithMatch reads one column more than its caller asks for: whether the row is the one that was looked for.
type rowWithMatch struct {
	row     scanner
	matches bool
}

func (r *rowWithMatch) Scan(destinations ...any) error {
	return r.row.Scan(append(destinations, &r.matches)...)
}

// byTokenID finds the account that a token was issued to, its permissions on company tools, and whether the token was ended:
// a row for each permission, or one without where there is none. One statement is one snapshot.
const byTokenID = "SELECT " + accountColumns + `, EXISTS (SELECT 1 FROM revoked_tokens WHERE id = ?), p.tool, p.level
	FROM ` + accountTables + " LEFT JOIN company_permissions p ON p.service_account_id = a.id WHERE a.id = ?"

// Principal finds the account that a token was issued to, or returns *store.Error with CodeNotFound.
func (s *Store) Principal(ctx context.Context, account store.ID, tokenID string) (store.Principal, error) {
	var principal store.Principal
	err := s.lookUp(ctx, func(tx Tx) error {
		principal.Levels = store.Levels{}
		rows, err := tx.QueryContext(ctx, byTokenID, tokenID, account)
		if err != nil {
			return err
		}
		found, err := Collect(rows, func(rows *sql.Rows) (_ struct{}, err error) {
			row := &rowWithPermission{row: rows}
			principal.Account, err = s.scanServiceAccount(row)
			principal.Revoked = row.revoked
			if row.tool.Valid {
				principal.Levels[row.tool.String] = store.Level(row.level.String)
			}
			return struct{}{}, err
		})
		if err == nil && len(found) == 0 {
			return store.NotFound("service account", account)
		}
		return err
	})
	return principal, err
}

// rowWithPermission reads three columns more than its caller asks for.
type rowWithPermission struct {
	row         scanner
	revoked     bool
	tool, level sql.NullString
}

func (r *rowWithPermission) Scan(destinations ...any) error {
	return r.row.Scan(append(destinations, &r.revoked, &r.tool, &r.level)...)
}

const (
	// revocationMargin is for how long a revocation is kept after its token's time. A clock that ran ahead when the
	// revocation was forgotten and is put right afterwards would bring the token back to life.
	revocationMargin = 24 * time.Hour
	// revocationsForgotten bounds how many one transaction forgets, which is more than it adds.
	revocationsForgotten = 100
)

// RevokeToken ends one token, and forgets some of those whose time has long passed.
func (s *Store) RevokeToken(ctx context.Context, tokenID string, expiresAt time.Time) error {
	return s.write(ctx, func(tx Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM revoked_tokens WHERE id IN
			(SELECT id FROM revoked_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
			Micros(s.now().Add(-revocationMargin)), revocationsForgotten)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO revoked_tokens (id, expires_at) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
			tokenID, Micros(expiresAt))
		return err
	})
}

// RecordTokens notes when accounts last got a token, all in one transaction. updated_at stays: the account was not
// changed.
//
// The latest time is kept, but none that is still to come: it dates from when the clock ran ahead.
func (s *Store) RecordTokens(ctx context.Context, lastTokenAt map[store.ID]time.Time) error {
	return s.write(ctx, func(tx Tx) error {
		now := Micros(s.now())
		// In the order of the ids: two servers that note the same accounts at once can't each wait for the other.
		for _, id := range slices.Sorted(maps.Keys(lastTokenAt)) {
			at := min(Micros(lastTokenAt[id]), now)
			_, err := tx.ExecContext(ctx, `UPDATE service_accounts SET last_token_at = ?
				WHERE id = ? AND (last_token_at IS NULL OR last_token_at < ? OR last_token_at > ?)`, at, id, at, now)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// previousSecretsEnded bounds one transaction of EndPreviousSecrets.
const previousSecretsEnded = 1000

// EndPreviousSecrets forgets the digests of previous secrets whose time has passed, so that no clock that is put back can
// make one good again. It writes only when there is one, and reports whether there may be more.
func (s *Store) EndPreviousSecrets(ctx context.Context) (more bool, err error) {
	const ended = "FROM service_accounts WHERE previous_secret_expires_at <= ?"
	var found bool
	err = s.read(ctx, func(tx Tx) error {
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 "+ended+")", Micros(s.now())).Scan(&found)
	})
	if err != nil || !found {
		return false, err
	}
	err = s.write(ctx, func(tx Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE service_accounts SET previous_secret_digest = NULL, previous_secret_expires_at = NULL
			WHERE id IN (SELECT id `+ended+` LIMIT ?)`, Micros(s.now()), previousSecretsEnded)
		if err != nil {
			return err
		}
		count, err := result.RowsAffected()
		more = count == previousSecretsEnded
		return err
	})
	return more, err
}

// WorkingAdministrator returns an account that administers the company, or *store.Error with
// CodeNotFound when the company has locked itself out. Of several it is the oldest that may do everything, which is what
// Admin on the Directory tool means: one that 'admin recover' made counts before an older one that lost it.
func (s *Store) WorkingAdministrator(ctx context.Context, company store.ID) (account store.ServiceAccount, err error) {
	err = s.lookUp(ctx, func(tx Tx) error {
		account, err = s.scanServiceAccount(tx.QueryRowContext(ctx,
			"SELECT "+accountColumns+" "+WorkingAdmins+` ORDER BY EXISTS (SELECT 1 FROM company_permissions d
				WHERE d.service_account_id = a.id AND d.tool = 'directory' AND d.level = 'admin') DESC, a.id LIMIT 1`, company))
		if errors.Is(err, sql.ErrNoRows) {
			return &store.Error{Code: store.CodeNotFound, Message: "Company " + company.String() +
				" has no working administrator's account. Make one with: terraform-provider-procore admin recover --company-id " + company.String()}
		}
		return err
	})
	return account, err
}
