package provider

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// upTo yields 1, 2, … n, and then an error if there is one.
func upTo(n int, err error) func(context.Context) iter.Seq2[int, error] {
	return func(context.Context) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := 1; i <= n; i++ {
				if !yield(i, nil) {
					return
				}
			}
			if err != nil {
				yield(0, err)
			}
		}
	}
}

func TestInOrderKeepsTheOrderAndTheBound(t *testing.T) {
	const workers = 4
	var now, most atomic.Int64
	var got []int
	for square, err := range inOrder(t.Context(), workers, upTo(50, nil), func(_ context.Context, i int) (int, error) {
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond) // the later may be done first
		now.Add(-1)
		return i * i, nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, square)
	}
	if len(got) != 50 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
	if most.Load() < 2 || most.Load() > workers {
		t.Errorf("up to %d at a time, want 2 to %d", most.Load(), workers)
	}
}

func TestInOrderEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		items  func(context.Context) iter.Seq2[int, error]
		failed int // the item whose work fails
	}{
		"of the work": {upTo(50, nil), 5}, "of the items": {upTo(4, broken), 0},
	} {
		var results int
		var last error
		for _, err := range inOrder(t.Context(), 3, test.items, func(_ context.Context, i int) (int, error) {
			if i == test.failed {
				return 0, broken
			}
			return i, nil
		}) {
			if last = err; err == nil {
				results++
			}
		}
		if results != 4 || !errors.Is(last, broken) {
			t.Errorf("%s: %d results and then %v", name, results, last)
		}
	}
}

func TestInOrderLeavesNothingRunning(t *testing.T) {
	var running atomic.Int64
	work := func(ctx context.Context, i int) (int, error) {
		running.Add(1)
		defer running.Add(-1)
		if i == 1 {
			return 1, nil
		}
		<-ctx.Done() // as a request that nobody answers
		return 0, ctx.Err()
	}
	for range inOrder(t.Context(), 4, upTo(50, nil), work) {
		break
	}
	if left := running.Load(); left != 0 {
		t.Errorf("%d still run after the break", left)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range inOrder(ctx, 4, upTo(50, nil), work) {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) || running.Load() != 0 {
		t.Errorf("the cancelled one ended with %v, and %d still run", last, running.Load())
	}
}

func TestInOrderTakesNoCancelledListForAWholeOne(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range inOrder(ctx, 2, upTo(9, nil), func(_ context.Context, i int) (int, error) { return i, nil }) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("it ended with %v", last)
	}
}
