package oauth

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

const (
	// recorderShards keeps token requests of different accounts off each other's lock.
	recorderShards = 32
	// recorderCapacity bounds each shard while the database can't be written: 262,144 accounts in all, some 20 MB.
	recorderCapacity = 8192
	// recorderBatch bounds one transaction, so that it holds up other writers for a moment only.
	recorderBatch = 1000

	recorderInterval = time.Second
	recorderTimeout  = 10 * time.Second
	// recorderWarning is how often the log tells that writing still fails.
	recorderWarning = time.Minute
)

// recorder writes behind when accounts last got a token: one entry an account, however many tokens it gets. A crash
// loses the last second of it, which a time for information can bear; a token request waits for no write.
type recorder struct {
	write  func(context.Context, map[store.ID]time.Time) error
	logger *slog.Logger
	shards [recorderShards]recorderShard

	stop    func()
	stopped chan struct{}
	// flushing lets one flush run at a time: the loop's, or Close's. warned is when the log last told of a failure; the
	// zero time while all is well.
	flushing sync.Mutex
	warned   time.Time
}

type recorderShard struct {
	mu      sync.Mutex
	pending map[store.ID]time.Time
	dropped int
	_       [32]byte // fills the cache line, which neighbours would fight for
}

// newRecorder starts the loop that writes. close ends it.
func newRecorder(write func(context.Context, map[store.ID]time.Time) error, logger *slog.Logger) *recorder {
	ctx, cancel := context.WithCancel(context.Background())
	r := &recorder{write: write, logger: logger, stop: cancel, stopped: make(chan struct{})}
	for i := range r.shards {
		r.shards[i].pending = map[store.ID]time.Time{}
	}
	go r.loop(ctx)
	return r
}

// note remembers that the account got a token.
func (r *recorder) note(account store.ID, at time.Time) {
	shard := r.shard(account)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.put(account, at)
}

func (r *recorder) shard(account store.ID) *recorderShard {
	return &r.shards[account%recorderShards]
}

// put keeps the later time. It needs the shard's lock.
func (s *recorderShard) put(account store.ID, at time.Time) {
	known, found := s.pending[account]
	switch {
	case found && !at.After(known):
	case !found && len(s.pending) >= recorderCapacity:
		s.dropped++
	default:
		s.pending[account] = at
	}
}

func (r *recorder) loop(ctx context.Context) {
	defer close(r.stopped)
	ticker := time.NewTicker(recorderInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			// Not the loop's context: a flush that has begun is finished, and close waits for it.
			flushCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recorderTimeout)
			_ = r.flush(flushCtx) // logged, and what was not written is tried again
			cancel()
		}
	}
}

// close ends the loop and writes what is left. It may be called again.
func (r *recorder) close(ctx context.Context) error {
	r.stop()
	select {
	case <-r.stopped:
	case <-ctx.Done():
		return ctx.Err()
	}
	return r.flush(ctx)
}

// flush writes what is pending, in batches. What could not be written is pending again.
func (r *recorder) flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	batch := make(map[store.ID]time.Time)
	var failed error
	for i := range r.shards {
		pending, dropped := r.shards[i].take()
		if dropped > 0 {
			r.logger.LogAttrs(ctx, slog.LevelWarn, "the times of some last tokens were dropped", slog.Int("accounts", dropped))
		}
		for account, at := range pending {
			batch[account] = at
			if len(batch) == recorderBatch {
				failed = r.writeBatch(ctx, batch, failed)
				clear(batch)
			}
		}
	}
	failed = r.writeBatch(ctx, batch, failed)
	r.tell(ctx, failed)
	return failed
}

// tell logs that writing fails, once a minute, and that it doesn't any more. It needs the flushing lock.
func (r *recorder) tell(ctx context.Context, failed error) {
	switch {
	case failed == nil && r.warned.IsZero():
	case failed == nil:
		r.warned = time.Time{}
		r.logger.LogAttrs(ctx, slog.LevelInfo, "the times of the last tokens are written again")
	case time.Since(r.warned) >= recorderWarning:
		r.warned = time.Now()
		r.logger.LogAttrs(ctx, slog.LevelWarn, "the times of the last tokens could not be written; they will be tried again",
			slog.Any("cause", failed))
	}
}

// writeBatch writes a batch unless one has failed already; then, and when it fails itself, the batch is kept.
func (r *recorder) writeBatch(ctx context.Context, batch map[store.ID]time.Time, failed error) error {
	if len(batch) == 0 {
		return failed
	}
	if failed == nil {
		failed = r.write(ctx, batch)
	}
	if failed != nil {
		for account, at := range batch {
			r.note(account, at)
		}
	}
	return failed
}

func (s *recorderShard) take() (pending map[store.ID]time.Time, dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) > 0 {
		pending, s.pending = s.pending, map[store.ID]time.Time{}
	}
	dropped, s.dropped = s.dropped, 0
	return pending, dropped
}
