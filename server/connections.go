package server

import (
	"container/heap"
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// defaultMaxConnections is far more than there are honest clients, and little enough for any machine: what an idle
// connection costs is mostly two buffers of 4 KiB and a goroutine.
const defaultMaxConnections = 4096

// patience is how long a connection may wait for its client though others are waiting to get in. It is long enough for a
// handshake from the other side of the world, and for a server that is busy to notice that the client has spoken.
const patience = time.Second

// connections bounds how many there are. With one more than that, the connection is closed that has waited for its client
// longest: for a handshake, a header, the rest of a body, the taking of an answer or the next request. So whoever opens
// connections and leaves them hanging pushes out their own, and a client that speaks at once gets its turn. Connections
// whose requests are being worked on, or wait for that, are left alone.
//
// Where none has waited longer than patience, no connection is taken until one has, or one ends. The others queue in the
// kernel meanwhile, where they cost nothing: were they taken and thrown out again, that would be the server's main work
// just when it has too much.
//
// A request notes on its own connection that it is worked on, and takes no lock: who has waited longest is found out when
// somebody has to go.
type connections struct {
	limit   int
	metrics *metrics
	// started is what moments are told from, which so go forward whatever the clock does.
	started time.Time

	mu      sync.Mutex
	open    map[net.Conn]*connection
	waiting byWait
	ended   chan struct{} // says that one is gone
}

// connection is one that is open.
type connection struct {
	conn net.Conn
	// working counts the requests that the server is busy with: more than one only over HTTP/2. dropped is far below 0.
	working atomic.Int64
	// since is when it began to wait for its client, as it was when working last came down to 0.
	since atomic.Int64
	// listed is the moment by which connections.waiting sorts it: since, or one before that. place is where it is there.
	listed int64
	place  int
	clock  func() int64
}

const dropped = math.MinInt32

func newConnections(limit int, metrics *metrics) *connections {
	return &connections{limit: limit, metrics: metrics, started: time.Now(), open: map[net.Conn]*connection{}, ended: make(chan struct{}, 1)}
}

// now is in nanoseconds.
func (c *connections) now() int64 { return int64(time.Since(c.started)) }

// state follows a connection from its beginning to its end (http.Server.ConnState).
func (c *connections) state(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.add(conn)
	case http.StateClosed, http.StateHijacked:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.remove(c.open[conn])
	case http.StateActive, http.StateIdle: // working says more
	}
}

// add is called where connections are taken, so that nobody gets in before it returns.
func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	added := c.open[conn]
	if added == nil {
		return // context makes it
	}
	for len(c.open) > c.limit && c.open[conn] == added {
		longest, wait := c.longestWait()
		if wait > 0 {
			c.mu.Unlock()
			c.awaitChange(wait)
			c.mu.Lock()
			continue
		}
		if !longest.working.CompareAndSwap(0, dropped) {
			continue // its client has spoken just now
		}
		c.remove(longest)
		c.metrics.connectionsDropped.Inc()
		_ = raw(longest.conn).Close() // it is the client's loss, and net/http hears of it by itself
	}
}

// longestWait returns the connection that has waited for its client longest, and how long it may go on. Those at the front
// that were worked on since they were listed are listed anew first.
func (c *connections) longestWait() (longest *connection, wait time.Duration) {
	now := c.now()
	for len(c.waiting) > 0 && c.waiting[0].listed < now {
		front := c.waiting[0]
		since := now
		if front.working.Load() == 0 {
			since = front.since.Load()
		}
		if since == front.listed {
			return front, patience - time.Duration(now-since)
		}
		front.listed = since
		heap.Fix(&c.waiting, 0)
	}
	return nil, patience
}

// awaitChange waits until a connection has ended, but not for longer than so long.
func (c *connections) awaitChange(wait time.Duration) {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-c.ended:
	case <-timeout.C:
	}
}

// remove forgets a connection, once.
func (c *connections) remove(gone *connection) {
	if gone == nil || c.open[gone.conn] != gone {
		return
	}
	delete(c.open, gone.conn)
	heap.Remove(&c.waiting, gone.place)
	select {
	case c.ended <- struct{}{}:
	default: // said already
	}
	c.metrics.connections.Dec()
}

// raw returns what is below TLS: tls.Conn.Close says goodbye first, which can wait for the client.
func raw(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

type connectionKey struct{}

// context lets a request find its connection (http.Server.ConnContext). net/http calls it right before state hears of the
// connection.
func (c *connections) context(ctx context.Context, conn net.Conn) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	added := &connection{conn: conn, listed: c.now(), clock: c.now}
	added.since.Store(added.listed)
	c.open[conn] = added
	heap.Push(&c.waiting, added)
	c.metrics.connections.Inc()
	return context.WithValue(ctx, connectionKey{}, added)
}

// done tells that the server has done its part of a request.
func (c *connection) done() {
	c.since.Store(c.clock()) // before working, which says that it counts
	c.working.Add(-1)
}

// working keeps the request's connection open until the function that it returns is called.
func working(ctx context.Context) (done func()) {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return func() {} // there is no socket: the embedded API, or a test
	}
	c.working.Add(1)
	return c.done
}

// hasSocket reports whether a request came over a connection of this server.
func hasSocket(ctx context.Context) bool { return ctx.Value(connectionKey{}) != nil }

// byWait is a heap of connections (container/heap), the one that was listed first at the front.
type byWait []*connection

func (b byWait) Len() int           { return len(b) }
func (b byWait) Less(i, j int) bool { return b[i].listed < b[j].listed }

// Swap keeps the places (heap.Interface).
func (b byWait) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].place, b[j].place = i, j
}

// Push adds one at the end (heap.Interface).
func (b *byWait) Push(x any) {
	added, _ := x.(*connection)
	added.place = len(*b)
	*b = append(*b, added)
}

// Pop takes the last one away (heap.Interface).
func (b *byWait) Pop() any {
	last := len(*b) - 1
	gone := (*b)[last]
	(*b)[last] = nil
	*b = (*b)[:last]
	return gone
}
