package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/procore/terraform-provider-procore/server/store"
)

// rateWindowsForgotten bounds one transaction of ForgetRateWindows.
const rateWindowsForgotten = 1000

// takeRequests is one statement, so that of two servers which ask at once the second sees what the first one took. What is
// taken goes into the row as well, because RETURNING shows the row as it is afterwards.
const takeRequests = `INSERT INTO rate_windows (api, service_account_id, ends_at, taken, latest) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (service_account_id, api, ends_at) DO UPDATE SET taken = rate_windows.taken + ` + nextPart + `, latest = ` + nextPart + `
	WHERE rate_windows.taken < ? RETURNING taken, latest`

// nextPart is what is wanted, or the share of what is left where that is less; rounded up, for it must never be none. Its
// arguments are partArguments.
const nextPart = `CASE WHEN (? - rate_windows.taken) / ? > ? THEN ? ELSE (? - rate_windows.taken) / ? END`

func partArguments(limit, wanted int64) []any {
	up := limit + store.RateShare - 1
	return []any{up, store.RateShare, wanted, wanted, up, store.RateShare}
}

// TakeRequests takes a part of an account's requests in a window (store.RateWindows).
func (s *Store) TakeRequests(ctx context.Context, part store.RatePart) (taken, left int, err error) {
	limit, wanted := int64(part.Limit), int64(max(part.Wanted, 1))
	first := min(wanted, (limit+store.RateShare-1)/store.RateShare)
	next := partArguments(limit, wanted)
	arguments := slices.Concat([]any{part.API, part.Account, Micros(part.Ends), first, first}, next, next, []any{limit})
	err = s.write(ctx, func(tx Tx) error {
		var total int
		err := tx.QueryRowContext(ctx, takeRequests, arguments...).Scan(&total, &taken)
		if errors.Is(err, sql.ErrNoRows) {
			taken, left = 0, 0
			return nil
		}
		left = max(part.Limit-total, 0)
		return err
	})
	return taken, left, err
}

// ForgetRateWindows forgets windows that ended more than store.RateWindowsKept ago (store.RateWindows). It writes only where
// there is one.
func (s *Store) ForgetRateWindows(ctx context.Context) (more bool, err error) {
	before := Micros(s.now().Add(-store.RateWindowsKept))
	var found bool
	err = s.read(ctx, func(tx Tx) error {
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM rate_windows WHERE ends_at < ?)", before).Scan(&found)
	})
	if err != nil || !found {
		return false, err
	}
	err = s.write(ctx, func(tx Tx) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM rate_windows WHERE (service_account_id, api, ends_at) IN
			(SELECT service_account_id, api, ends_at FROM rate_windows WHERE ends_at < ? ORDER BY ends_at LIMIT ?)`, before, rateWindowsForgotten)
		if err != nil {
			return err
		}
		count, err := result.RowsAffected()
		more = count == rateWindowsForgotten
		return err
	})
	return more, err
}
