package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Scrub removes what earlier versions of the signing keys have left in unused pages and in the write-ahead log: it writes
// the whole file anew, and empties the log. It takes as long as a backup, and fails while somebody else writes, or reads
// for long; then it stays due.
func (s *Store) Scrub(ctx context.Context) error { return s.scrub(ctx, scrubPatience) }

const scrubPatience = 10 * time.Second

func (s *Store) scrub(ctx context.Context, patience time.Duration) (err error) {
	pool, err := openPool(s.path, map[string]string{
		"_busy_timeout": strconv.FormatInt(patience.Milliseconds(), 10), "_synchronous": "FULL", "_pragma": "secure_delete(1)",
	}, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("write the database anew: %w", translate(err))
	}
	var busy, frames, moved int
	if err := pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", translate(err))
	}
	if busy != 0 {
		return &store.Error{Code: store.CodeUnavailable, Message: "The write-ahead log can't be emptied: somebody else reads the database."}
	}
	_, err = pool.ExecContext(ctx, "UPDATE signing_keys SET scrub_due = 0 WHERE scrub_due")
	return translate(err)
}
