package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

// memoryReport is what the server's process holds, in bytes, round by round.
type memoryReport struct {
	Accounts int
	// FloorRest and Rest are at rest after a start, FloorLoad and Load the most that there was under full load, Program the part of the
	// memory at rest that is the program's own file, which the kernel can drop.
	FloorRest, Rest, FloorLoad, Load, Program series
	// Clients is how many put the load on.
	Clients int
	// Connections are the open connections, and what each takes.
	Connections []connectionCost
}

// connectionCost is what so many open connections take, each, in bytes.
type connectionCost struct {
	Count int
	Each  float64
}

// measureMemory measures a fresh server in each round: at rest, and with everything asked of it at once.
func measureMemory(ctx context.Context, b *bench) error {
	w, err := b.newWorld(ctx, b.accounts, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	found := &memoryReport{Accounts: b.accounts, Clients: 4 * connections}
	for range b.rounds {
		if err := w.restart(ctx); err != nil {
			return err
		}
		if err := pause(ctx, b.rest); err != nil {
			return err
		}
		floor, _ := load.Resident(w.floor.pid())
		subject, _ := load.Resident(w.server.pid())
		found.FloorRest, found.Rest = append(found.FloorRest, float64(floor)), append(found.Rest, float64(subject))
		found.Program = append(found.Program, float64(subject-load.Anonymous(w.server.pid())))
		if err := w.everything(ctx); err != nil {
			return err
		}
		_, floor = load.Resident(w.floor.pid())
		_, subject = load.Resident(w.server.pid())
		found.FloorLoad, found.Load = append(found.FloorLoad, float64(floor)), append(found.Load, float64(subject))
	}
	if err := w.restart(ctx); err != nil {
		return err
	}
	for _, count := range []int{1000, 2000, 4000} {
		each, err := w.hold(ctx, count)
		if err != nil {
			return err
		}
		found.Connections = append(found.Connections, connectionCost{count, each})
	}
	b.report.Memory = found
	return nil
}

// restart stops the servers and starts fresh ones.
func (w *world) restart(ctx context.Context) (err error) {
	if err := w.close(); err != nil {
		return err
	}
	w.before = nil
	if w.floor, err = start(ctx, w.b.self, "-floor"); err != nil {
		return err
	}
	w.server, err = w.b.serve(ctx, w.database)
	return err
}

// everything asks both servers for all that they have, at once and as fast as they answer, for five rounds: first the floor, then the
// program.
func (w *world) everything(ctx context.Context) error {
	long := 5 * w.b.round
	floors := []func(int64) []byte{w.requests()[0].floor, w.requests()[3].floor, func(int64) []byte { return load.Raw("GET", "/bytes?count=500000", "", "") }}
	subjects := []func(int64) []byte{w.tokenRequest, w.accountRequest, w.createRequest, func(n int64) []byte {
		return load.Raw("GET", fmt.Sprintf("%s?per_page=1000&page=%d", accounts, 1+n%int64(1+w.accounts/1000)), authorization(w.bearer), "")
	}}
	for _, side := range []struct {
		to       *process
		requests []func(int64) []byte
	}{{w.floor, floors}, {w.server, subjects}} {
		outcomes := make([]*load.Outcome, len(side.requests))
		var all sync.WaitGroup
		for i, request := range side.requests {
			all.Go(func() {
				outcomes[i] = load.Load{Address: side.to.address, Connections: connections, Request: request, Duration: long}.Run(ctx)
			})
		}
		all.Wait()
		for _, outcome := range outcomes {
			// Refusals are an answer here: more is asked than can be done.
			if outcome.Unexpected != nil {
				return outcome.Unexpected
			}
		}
	}
	return ctx.Err()
}

// hold opens so many connections, asks one thing over each, and says what each takes while nothing happens on it.
func (w *world) hold(ctx context.Context, count int) (each float64, err error) {
	before, _ := load.Resident(w.server.pid())
	var open []net.Conn
	defer func() {
		for _, connection := range open {
			err = errors.Join(err, connection.Close())
		}
	}()
	request, answer := load.Raw("GET", "/healthz", "", ""), make([]byte, 4096)
	for range count {
		connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", w.server.address)
		if err != nil {
			return 0, err
		}
		open = append(open, connection)
		if _, err := connection.Write(request); err != nil {
			return 0, err
		}
		if _, err := connection.Read(answer); err != nil {
			return 0, err
		}
	}
	after, _ := load.Resident(w.server.pid())
	return float64(after-before) / float64(count), nil
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}
