// Package load puts load on a server for benchmarks: over kept connections or fresh ones, as fast as the answers come or at
// a rate of its own. It spends little itself, because it mostly runs on the machine that it measures.
package load

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// defaultPatience is how long a client waits for its answer where nothing is said.
const defaultPatience = 5 * time.Second

// Load is what to ask of whom, how often and for how long.
type Load struct {
	// Address is the server's host and port, and PID its process: 0 where nobody asks for its processor time.
	Address string
	PID     int
	// Request returns the request with that number, from 1 on, as it goes over the wire (see Raw). Any number of
	// goroutines call it at once.
	Request func(number int64) []byte
	// Connections is how many there are, each with one request at a time.
	Connections int
	// FreshConnections makes each request come on a connection of its own, as many clients look that know nothing of each
	// other. Connections is then how many there may be.
	FreshConnections bool
	// Rate is how many requests a second fall due, whether the server answers or not; 0 sends each as soon as the one
	// before is answered.
	Rate float64
	// Duration is for how long.
	Duration time.Duration
	// Patience is how long a client waits for its answer; 0 means 5 seconds.
	Patience time.Duration
}

// Outcome is what became of a load.
type Outcome struct {
	Took time.Duration
	// Processor is what the server's process used of its processors; 0 where that can't be known.
	Processor time.Duration
	// Latencies are how long the good answers took, the quickest first. With a rate the time counts from when a request was due, so that one
	// that had to wait for a connection is not taken for a quick one.
	Latencies []time.Duration
	// Refused counts answers with 503, Failed requests that got no answer.
	Refused, Failed int
	// Sent and Received count bytes, without those of TCP and below.
	Sent, Received int64
	// Unexpected is the first answer that was neither good nor 503.
	Unexpected error
}

// Run puts the load on until its time is over or ctx ends.
func (l Load) Run(ctx context.Context) *Outcome {
	result := &Outcome{}
	var mu sync.Mutex
	var sent atomic.Int64
	var workers sync.WaitGroup
	started, processor := time.Now(), ProcessorTime(l.PID)
	for range l.Connections {
		workers.Go(func() {
			part := l.work(ctx, started, &sent)
			mu.Lock()
			defer mu.Unlock()
			result.add(part)
		})
	}
	workers.Wait()
	result.Took, result.Processor = time.Since(started), ProcessorTime(l.PID)-processor
	slices.Sort(result.Latencies)
	return result
}

// work sends one request after the other over one connection.
func (l Load) work(ctx context.Context, started time.Time, sent *atomic.Int64) *Outcome {
	part := &Outcome{}
	c := &connection{address: l.Address, patience: cmp.Or(l.Patience, defaultPatience)}
	defer c.close()
	for ctx.Err() == nil {
		number := sent.Add(1)
		due := time.Now()
		if l.Rate > 0 {
			due = started.Add(time.Duration(float64(number) / l.Rate * float64(time.Second)))
		}
		if due.Sub(started) > l.Duration {
			break
		}
		time.Sleep(time.Until(due))
		request := l.Request(number)
		status, length, err := c.ask(ctx, request)
		part.note(status, time.Since(due), err)
		part.Sent += int64(len(request))
		part.Received += length
		if l.FreshConnections {
			c.close()
		}
	}
	return part
}

func (o *Outcome) note(status int, took time.Duration, err error) {
	switch {
	case err != nil:
		o.Failed++
	case status == http.StatusServiceUnavailable:
		o.Refused++
	case status < http.StatusMultipleChoices:
		o.Latencies = append(o.Latencies, took)
	case o.Unexpected == nil:
		o.Unexpected = fmt.Errorf("a request was answered with status %d", status)
	}
}

func (o *Outcome) add(part *Outcome) {
	o.Latencies = append(o.Latencies, part.Latencies...)
	o.Refused += part.Refused
	o.Failed += part.Failed
	o.Sent += part.Sent
	o.Received += part.Received
	o.Unexpected = cmp.Or(o.Unexpected, part.Unexpected)
}

// Check returns an error unless every request was answered, some of them well, and none with anything else than that or 503.
func (o *Outcome) Check() error {
	switch {
	case o.Unexpected != nil:
		return o.Unexpected
	case o.Failed > 0:
		return fmt.Errorf("%d of %d requests got no answer", o.Failed, len(o.Latencies)+o.Failed+o.Refused)
	case len(o.Latencies) == 0:
		return fmt.Errorf("no request was answered well, and %d were refused with 503", o.Refused)
	}
	return nil
}

// Good returns how many requests a second were answered well.
func (o *Outcome) Good() float64 { return o.PerSecond(len(o.Latencies)) }

// Offered returns how many requests a second were sent.
func (o *Outcome) Offered() float64 { return o.PerSecond(len(o.Latencies) + o.Refused + o.Failed) }

// PerSecond says how many a second a count was.
func (o *Outcome) PerSecond(count int) float64 { return float64(count) / o.Took.Seconds() }

// ProcessorPerAnswer returns what a good answer took of the server's processors.
func (o *Outcome) ProcessorPerAnswer() time.Duration {
	return o.Processor / time.Duration(max(1, len(o.Latencies)))
}

// Percentile returns the time within which that many of a hundred good answers came; 0 where there was none.
func (o *Outcome) Percentile(percent float64) time.Duration {
	if len(o.Latencies) == 0 {
		return 0
	}
	return o.Latencies[min(int(float64(len(o.Latencies))*percent/100), len(o.Latencies)-1)]
}
