package provider

import (
	"context"
	"iter"
	"sync"
)

// inOrder does work on every item, on so many at a time, and yields what came of it in the order of the items. It ends with the
// first error, its context's included; when it has ended, nothing of it runs any more.
func inOrder[T, R any](
	ctx context.Context, workers int, items func(context.Context) iter.Seq2[T, error], work func(context.Context, T) (R, error),
) iter.Seq2[R, error] {
	type outcome struct {
		result R
		err    error
	}
	return func(yield func(R, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()
		queue := make(chan chan outcome, workers-1) // and one that is waited for
		running.Go(func() {
			defer close(queue)
			for item, err := range items(ctx) {
				promised := make(chan outcome, 1)
				select {
				case queue <- promised:
				case <-ctx.Done():
					return
				}
				if err != nil {
					promised <- outcome{err: err}
					return
				}
				running.Go(func() {
					result, err := work(ctx, item)
					promised <- outcome{result, err}
				})
			}
		})
		for promised := range queue {
			done := <-promised
			if !yield(done.result, done.err) || done.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			var none R
			yield(none, err) // the items may have ended with it
		}
	}
}

// accessAtOnce is how many requests for the access of accounts are under way at a time, and accountsTogether of how many accounts one asks.
const (
	accessAtOnce     = 6
	accountsTogether = 100
)

// together yields items in slices of that many.
func together[T any](count int, items func(context.Context) iter.Seq2[T, error]) func(context.Context) iter.Seq2[[]T, error] {
	return func(ctx context.Context) iter.Seq2[[]T, error] {
		return func(yield func([]T, error) bool) {
			var some []T
			for item, err := range items(ctx) {
				if err != nil {
					yield(nil, err)
					return
				}
				if some = append(some, item); len(some) < count {
					continue
				}
				if !yield(some, nil) {
					return
				}
				some = nil
			}
			if len(some) > 0 {
				yield(some, nil)
			}
		}
	}
}

// eachOf is a slice as items.
func eachOf[T any](items []T) func(context.Context) iter.Seq2[T, error] {
	return func(context.Context) iter.Seq2[T, error] {
		return func(yield func(T, error) bool) {
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// flat yields the elements of slices one by one.
func flat[T any](slices iter.Seq2[[]T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for slice, err := range slices {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, element := range slice {
				if !yield(element, nil) {
					return
				}
			}
		}
	}
}

// collect is all that items yields, or its error.
func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for item, err := range items {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}
