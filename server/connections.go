package server

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
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
type connections struct {
	limit   int
	metrics *metrics

	mu      sync.Mutex
	open    map[net.Conn]*connection
	waiting *list.List    // of *connection, the longest wait first
	ended   chan struct{} // says that one is gone
}

// connection is one that is open.
type connection struct {
	conn net.Conn
	// since is when it began to wait for its client.
	since time.Time
	// working counts the requests that the server is busy with: more than one only over HTTP/2.
	working int
	// place is where it is in connections.waiting; nil while it works.
	place *list.Element
}

func newConnections(limit int, metrics *metrics) *connections {
	return &connections{limit: limit, metrics: metrics, open: map[net.Conn]*connection{}, waiting: list.New(), ended: make(chan struct{}, 1)}
}

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
	added := &connection{conn: conn, since: time.Now()}
	added.place = c.waiting.PushBack(added)
	c.open[conn] = added
	c.metrics.connections.Inc()
	for len(c.open) > c.limit && c.open[conn] == added {
		longest, wait := c.longestWait()
		if wait > 0 {
			c.mu.Unlock()
			c.awaitChange(wait)
			c.mu.Lock()
			continue
		}
		c.remove(longest)
		c.metrics.connectionsDropped.Inc()
		_ = raw(longest.conn).Close() // it is the client's loss, and net/http hears of it by itself
	}
}

// longestWait returns the connection that has waited for its client longest, and how long it may go on.
func (c *connections) longestWait() (longest *connection, wait time.Duration) {
	if front := c.waiting.Front(); front != nil {
		longest, _ = front.Value.(*connection)
		return longest, patience - time.Since(longest.since)
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
	select {
	case c.ended <- struct{}{}:
	default: // said already
	}
	c.metrics.connections.Dec()
	if gone.place != nil {
		c.waiting.Remove(gone.place)
		gone.place = nil
	}
}

// raw returns what is below TLS: tls.Conn.Close says goodbye first, which can wait for the client.
func raw(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

type connectionKey struct{}

// context lets a request find its connection (http.Server.ConnContext).
func (c *connections) context(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, func(by int) { c.work(conn, by) })
}

// work tells that the server takes up a request of the connection, or has done its part.
func (c *connections) work(conn net.Conn, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.open[conn]
	if found == nil {
		return // closed meanwhile
	}
	found.working += by
	switch {
	case found.working == 0 && found.place == nil:
		found.since, found.place = time.Now(), c.waiting.PushBack(found)
	case found.working > 0 && found.place != nil:
		c.waiting.Remove(found.place)
		found.place = nil
	}
}

// working keeps the request's connection open until the function that it returns is called.
func working(ctx context.Context) (done func()) {
	work, ok := ctx.Value(connectionKey{}).(func(int))
	if !ok {
		return func() {} // there is no socket: the embedded API, or a test
	}
	work(1)
	return func() { work(-1) }
}

// hasSocket reports whether a request came over a connection of this server.
func hasSocket(ctx context.Context) bool { return ctx.Value(connectionKey{}) != nil }
