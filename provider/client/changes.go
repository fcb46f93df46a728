package client

import "sync"

// changes knows of what a client changes: what it read before a change, or beside one, tells nothing of what is there after it.
type changes struct {
	mu      sync.Mutex
	moments uint64 // grows when a change begins, and when it ends
	running int    // changes that have begun and not ended
}

// begin notes that a request which may change something is about to be sent.
func (c *changes) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moments++
	c.running++
}

// end notes what came of it. A change of which nobody knows whether it was made never ends: the server may yet be at it.
func (c *changes) end(failure *Error) {
	if failure != nil && (failure.Origin != OriginAPI || failure.MaybeDone) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moments++
	c.running--
}

// now returns a number that is another one after every change, and whether one is going on.
func (c *changes) now() (moment uint64, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moments, c.running > 0
}
