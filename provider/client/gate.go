package client

import "context"

// DefaultInFlight is how many calls of a provider are under way at once unless told otherwise: more than Terraform's ten, so that nobody waits
// who hasn't asked for more with -parallelism, and few enough that a server of two cores answers all of them in time.
const DefaultInFlight = 16

// Gate lets so many calls be under way at a time; the others wait. It may be shared by clients. A call is one for as long as its retries go on,
// pauses included: a server that is out of breath gets less to do.
//
// No call waits at the gate while it has passed it, so that none waits for itself: the token that a call needs first is asked for inside of it.
type Gate struct{ inside chan struct{} }

// NewGate makes a gate for that many calls.
func NewGate(most int) *Gate { return &Gate{make(chan struct{}, most)} }

// enter waits until there is room, or until the context ends, whose error it returns.
func (g *Gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.inside <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave makes room for the next call.
func (g *Gate) leave() { <-g.inside }
