package oauth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// journal is where a recorder writes in these tests.
type journal struct {
	mu      sync.Mutex
	written map[store.ID]time.Time
	batches []int
	failure error
}

func (j *journal) write(_ context.Context, batch map[store.ID]time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failure != nil {
		return j.failure
	}
	j.batches = append(j.batches, len(batch))
	if j.written == nil {
		j.written = map[store.ID]time.Time{}
	}
	maps.Copy(j.written, batch)
	return nil
}

func (j *journal) at(id store.ID) (at time.Time, total int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.written[id], len(j.written)
}

func newTestRecorder(t *testing.T, j *journal) *recorder {
	t.Helper()
	r := newRecorder(j.write, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = r.close(context.WithoutCancel(t.Context())) })
	return r
}

func TestRecorderWritesOneEntryForEachAccountWithTheLatestTime(t *testing.T) {
	t.Parallel()
	j := &journal{}
	r := newTestRecorder(t, j)
	for second := range int64(5) {
		r.note(1, time.Unix(second, 0))
		r.note(2, time.Unix(9-second, 0))
	}
	if err := r.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	one, _ := j.at(1)
	two, total := j.at(2)
	if one.Unix() != 4 || two.Unix() != 9 || total != 2 {
		t.Errorf("got %v, %v, %d entries", one, two, total)
	}
	if err := r.flush(t.Context()); err != nil || len(j.batches) != 1 {
		t.Errorf("nothing to write was written: %v, %v", j.batches, err)
	}
}

func TestRecorderTriesAgainWhatCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	j := &journal{failure: errors.New("the disk is full")}
	r := newTestRecorder(t, j)
	r.note(1, time.Unix(5, 0))
	r.note(2, time.Unix(1, 0))
	if err := r.flush(t.Context()); !errors.Is(err, j.failure) {
		t.Errorf("flush: %v", err)
	}
	r.note(1, time.Unix(3, 0)) // older than what is kept
	r.note(2, time.Unix(7, 0))
	j.mu.Lock()
	j.failure = nil
	j.mu.Unlock()
	if err := r.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	one, _ := j.at(1)
	two, _ := j.at(2)
	if one.Unix() != 5 || two.Unix() != 7 {
		t.Errorf("got %v and %v", one, two)
	}
}

func TestRecorderTellsOfALastingFailureOnceAMinuteAndOfItsEnd(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	j := &journal{failure: errors.New("the disk is full")}
	r := &recorder{write: j.write, logger: slog.New(slog.NewTextHandler(&log, nil))}
	for i := range r.shards {
		r.shards[i].pending = map[store.ID]time.Time{}
	}
	r.note(1, time.Unix(5, 0))
	told := func(failures, ends int) {
		t.Helper()
		_ = r.flush(t.Context())
		if got := strings.Count(log.String(), "could not be written"); got != failures {
			t.Errorf("%d lines tell of the failure, want %d", got, failures)
		}
		if got := strings.Count(log.String(), "written again"); got != ends {
			t.Errorf("%d lines tell of its end, want %d", got, ends)
		}
	}
	told(1, 0)
	told(1, 0)
	r.warned = r.warned.Add(-recorderWarning)
	told(2, 0)
	j.failure = nil
	told(2, 1)
	told(2, 1)
}

func TestRecorderWritesByItselfWithinSeconds(t *testing.T) {
	t.Parallel()
	j := &journal{}
	r := newTestRecorder(t, j)
	r.note(1, time.Unix(1, 0))
	for range 100 {
		if at, _ := j.at(1); !at.IsZero() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("nothing was written in 10 s")
}

func TestRecorderKeepsTransactionsSmallAndMemoryBounded(t *testing.T) {
	t.Parallel()
	const accounts = recorderShards*recorderCapacity + 500
	j := &journal{failure: errors.New("the disk is full")}
	r := newTestRecorder(t, j)
	for id := range store.ID(accounts) {
		r.note(id+1, time.Unix(1, 0))
		if id == accounts/2 {
			_ = r.flush(t.Context())
		}
	}
	j.mu.Lock()
	j.failure = nil
	j.mu.Unlock()
	if err := r.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, total := j.at(1); total != recorderShards*recorderCapacity {
		t.Errorf("%d entries were kept, want %d", total, recorderShards*recorderCapacity)
	}
	for _, size := range j.batches {
		if size > recorderBatch {
			t.Errorf("a batch of %d", size)
		}
	}
}

func TestRecorderCloseGivesUpWithItsContextAndMayBeCalledAgain(t *testing.T) {
	t.Parallel()
	j := &journal{}
	r := newTestRecorder(t, j)
	r.note(1, time.Unix(1, 0))
	for range 2 {
		if err := r.close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, total := j.at(1); total != 1 {
		t.Errorf("%d entries", total)
	}

	blocked := make(chan struct{})
	entered := make(chan struct{})
	slow := newRecorder(func(context.Context, map[store.ID]time.Time) error {
		close(entered)
		<-blocked
		return nil
	}, slog.New(slog.DiscardHandler))
	slow.note(1, time.Unix(1, 0))
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := slow.close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	close(blocked)
	if err := slow.close(t.Context()); err != nil {
		t.Errorf("close: %v", err)
	}
}
