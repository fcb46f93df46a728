package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// readers are the connections that read, lent to one goroutine at a time.
//
// The one that was given back last is lent first: it has read the pages that are asked for since the last commit, after
// which each has to read them again, and those that nobody needs take no memory.
type readers struct {
	mu   sync.Mutex
	idle []*connection
	// waiting are those who found none, in the order in which they came.
	waiting []chan *connection
	count   int
	closed  bool
	// complete is told when all that were lent are back.
	complete *sync.Cond
}

func newReaders(opened []*connection) *readers {
	r := &readers{idle: opened, count: len(opened)}
	r.complete = sync.NewCond(&r.mu)
	return r
}

// errClosed is for who comes after the end.
var errClosed = errors.New("the database is closed")

// lend waits for a connection, which the caller gives back.
func (r *readers) lend(ctx context.Context) (*connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lent, turn, err := r.take()
	if lent != nil || err != nil {
		return lent, err
	}
	select {
	case lent := <-turn:
		return lent, nil
	case <-ctx.Done():
		r.leave(turn)
		return nil, ctx.Err()
	}
}

// take returns a connection, or where to wait for one.
func (r *readers) take() (lent *connection, turn chan *connection, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errClosed
	}
	if last := len(r.idle) - 1; last >= 0 {
		lent, r.idle = r.idle[last], r.idle[:last]
		return lent, nil, nil
	}
	turn = make(chan *connection, 1)
	r.waiting = append(r.waiting, turn)
	return nil, turn, nil
}

// leave ends the waiting, and gives on what came at the same moment.
func (r *readers) leave(turn chan *connection) {
	r.mu.Lock()
	at := slices.Index(r.waiting, turn)
	if at >= 0 {
		r.waiting = slices.Delete(r.waiting, at, at+1)
	}
	r.mu.Unlock()
	if at < 0 {
		r.giveBack(<-turn)
	}
}

func (r *readers) giveBack(c *connection) {
	c.release()
	c.tidy()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) > 0 {
		r.waiting[0] <- c
		r.waiting = slices.Delete(r.waiting, 0, 1)
		return
	}
	r.idle = append(r.idle, c)
	if len(r.idle) == r.count {
		r.complete.Broadcast()
	}
}

// close waits for the reads that were asked for.
func (r *readers) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.closed = true; len(r.idle) < r.count; {
		r.complete.Wait()
	}
	var errs []error
	for _, c := range r.idle {
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}
