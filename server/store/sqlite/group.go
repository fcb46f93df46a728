package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
)

// A commit waits for the disk, and while it does, others come that want to change something. They are committed together:
// whoever finds nobody at work leads, begins a transaction, makes his own change, then lets those that wait make theirs, one
// after another and each in his own goroutine, commits, and tells all of them. One that comes alone waits for nobody.
//
// For whoever asks nothing is different from a transaction of his own. A change that fails is undone and undoes no other.
// Each sees what those before it did, and so nobody hears of his outcome, be it an error, before the commit that makes it
// true: where that fails, nothing has happened to any of them.
//
// The first needs no savepoint, for where it fails nothing else was done yet, and the transaction ends.

// How much one transaction takes, so that no change waits long for those that came in with it, and that other processes get
// their turn.
const (
	groupChanges = 64
	groupTime    = 20 * time.Millisecond
)

// writer makes changes, in the order in which they are asked for, on the one connection that does.
type writer struct {
	connection *connection
	patience   time.Duration
	// groupTime is groupTime, but for tests, whose machine may be slow.
	groupTime time.Duration
	// identity is written by each transaction (see checkLog), and check is asked before each, and after.
	identity string
	check    func() error

	mu      sync.Mutex
	waiting []*pending
	// busy says that somebody leads, and idle is told when nobody does.
	busy   bool
	idle   *sync.Cond
	closed bool
}

func newWriter(connection *connection, identity int32, patience time.Duration, check func() error) *writer {
	w := &writer{
		connection: connection, identity: fmt.Sprintf("PRAGMA user_version = %d", identity), patience: patience,
		groupTime: groupTime, check: check,
	}
	w.idle = sync.NewCond(&w.mu)
	return w
}

// close waits for the changes that were asked for, and lets no other come.
func (w *writer) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.closed = true; w.busy; {
		w.idle.Wait()
	}
	return w.connection.close()
}

// pending is a change that was asked for.
type pending struct {
	f func(tx sqlstore.Tx) error
	// begins is called when f is about to.
	begins func()
	// turn tells the goroutine that waits what to do: to make its change in the group, or to lead one where that is nil.
	turn     chan *group
	deadline time.Time
}

// group is a transaction with several changes.
type group struct {
	connection *connection
	began      time.Time
	// lost is why SQLite gave the transaction up in the middle.
	lost error
	// back is sent to by each change that followed when it is made. ended is closed when all is over; then err is what all
	// of them are told.
	back, ended chan struct{}
	committed   bool
	err         error
}

// do makes a change. It waits for its turn as long as the context and the writer's patience last; a change that has begun
// is brought to its end.
func (w *writer) do(ctx context.Context, f func(tx sqlstore.Tx) error, begins func()) error {
	own := &pending{f: f, begins: begins, turn: make(chan *group, 1), deadline: time.Now().Add(w.patience)}
	if err := w.join(ctx, own); err != nil {
		return err
	}
	group, err := w.await(ctx, own)
	switch {
	case err != nil:
		return err
	case group != nil:
		return group.follow(ctx, own)
	}
	return w.lead(ctx, own)
}

// join lets the change wait, or lead where nobody is at work.
func (w *writer) join(ctx context.Context, own *pending) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return errClosed
	case w.busy:
		w.waiting = append(w.waiting, own)
	default:
		w.busy = true
		own.turn <- nil
	}
	return nil
}

// await waits for the change's turn.
func (w *writer) await(ctx context.Context, own *pending) (*group, error) {
	select {
	case group := <-own.turn:
		return group, nil
	default:
	}
	timeout := time.NewTimer(time.Until(own.deadline))
	defer timeout.Stop()
	select {
	case group := <-own.turn:
		return group, nil
	case <-timeout.C:
		if w.leave(own) {
			return nil, busy("other changes")
		}
	case <-ctx.Done():
		if w.leave(own) {
			return nil, ctx.Err()
		}
	}
	return <-own.turn, nil // it came at the same moment, and must be taken
}

// leave reports whether the change was still waiting. Then it isn't any more.
func (w *writer) leave(own *pending) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := slices.Index(w.waiting, own)
	if at < 0 {
		return false
	}
	w.waiting = slices.Delete(w.waiting, at, at+1)
	return true
}

// next takes the first of those that wait, if there is one.
func (w *writer) next() *pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shift()
}

func (w *writer) shift() *pending {
	if len(w.waiting) == 0 {
		return nil
	}
	first := w.waiting[0]
	w.waiting = slices.Delete(w.waiting, 0, 1)
	return first
}

// pass lets the first of those that wait lead.
func (w *writer) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if first := w.shift(); first != nil {
		first.turn <- nil
		return
	}
	w.busy = false
	w.idle.Broadcast()
}

// lead makes the change, and commits it with those of others that wait by then.
func (w *writer) lead(ctx context.Context, own *pending) error {
	defer w.pass()
	if err := w.check(); err != nil {
		return err
	}
	if err := w.begin(ctx, own.deadline); err != nil {
		return err
	}
	g := &group{connection: w.connection, began: time.Now(), back: make(chan struct{}), ended: make(chan struct{})}
	defer w.end(ctx, g) // after a panic, too
	own.begins()
	if err := own.f(w.connection); err != nil {
		return translate(err)
	}
	w.gather(g)
	w.commit(ctx, g)
	return g.err
}

// begin waits for the lock that another process may hold. SQLite's own waiting hears of no context, so it is kept short.
func (w *writer) begin(ctx context.Context, deadline time.Time) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := w.connection.begin(ctx, "BEGIN IMMEDIATE")
		if !isBusy(err) || time.Now().After(deadline) {
			return translate(err)
		}
	}
}

// gather lets those that wait make their changes.
func (w *writer) gather(g *group) {
	for count := 1; count < groupChanges && time.Since(g.began) < w.groupTime && g.lost == nil; count++ {
		next := w.next()
		if next == nil {
			return
		}
		next.turn <- g
		<-g.back
	}
}

// commit commits the group, and leaves what all of its changes are told in its err.
func (w *writer) commit(ctx context.Context, g *group) {
	if g.err = g.lost; g.err != nil {
		return
	}
	w.connection.release()
	// Every transaction has the first page in it, and so the log can be told from another database's (see checkLog).
	err := w.connection.run(ctx, w.identity)
	if err == nil {
		err = w.connection.run(ctx, "COMMIT")
	}
	if g.committed = err == nil; !g.committed {
		g.err = translate(err)
	} else if w.check() != nil {
		g.err = movedMeanwhile()
	}
}

// end leaves the connection as it was before the group, and lets those in it go.
func (w *writer) end(ctx context.Context, g *group) {
	w.connection.release()
	if !g.committed {
		_ = w.connection.rollback(ctx) // fails where SQLite has done so already
	}
	w.connection.tidy()
	close(g.ended)
}

// follow makes a change in a group that another one leads, and waits until it is committed.
func (g *group) follow(ctx context.Context, own *pending) error {
	err := g.add(ctx, own)
	<-g.ended
	if g.err != nil {
		return g.err
	}
	return err
}

// add makes a change by itself: where it fails, or panics, all that it did is undone, and the others' stay.
func (g *group) add(ctx context.Context, own *pending) (err error) {
	defer func() { g.back <- struct{}{} }()
	if err := ctx.Err(); err != nil {
		return err
	}
	own.begins()
	if err := g.connection.run(ctx, "SAVEPOINT change"); err != nil {
		return translate(err)
	}
	kept := false
	defer func() {
		g.connection.release()
		if kept {
			return
		}
		if g.undo(ctx) != nil {
			g.lost = givenUp(err)
		}
	}()
	if err := own.f(g.connection); err != nil {
		return translate(err)
	}
	if err := g.connection.run(ctx, "RELEASE change"); err != nil {
		return translate(err)
	}
	kept = true
	return nil
}

// undo takes back what was done since the savepoint. It fails where SQLite has undone the whole transaction by itself, which
// it does where there is no room or memory left, or where the disk fails (https://www.sqlite.org/lang_transaction.html 3.1).
func (g *group) undo(ctx context.Context) error {
	if err := g.connection.run(ctx, "ROLLBACK TO change"); err != nil {
		return err
	}
	return g.connection.run(ctx, "RELEASE change")
}

// givenUp is what the changes of a group are told that SQLite gave up in the middle: why, where that is known.
func givenUp(why error) error {
	if own := (*store.Error)(nil); errors.As(why, &own) && own.Code == store.CodeUnavailable {
		return own
	}
	return unavailable("The database gave up several changes at once because one of them failed. Nothing was changed; try again.")
}
