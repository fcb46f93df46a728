package server

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The bounds of the work, unless told otherwise. A read that is worked on needs a processor all the time, so more at once
// than a few for each processor make none of them faster. Writes wait for the disk, and those that wait together share one
// commit: the more there are, the less each waits for.
const (
	readsPerProcessor = 6
	writesAtOnce      = 64
	defaultMaxQueue   = 512
	// maxWait is how long a request may wait for its turn. Whoever waits longer has mostly given up.
	maxWait = time.Second
)

// Why a request is turned away. The texts are labels of a metric.
var (
	errQueueFull  = errors.New("queue_full")
	errWaitedLong = errors.New("waited_too_long")
	errClientGone = errors.New("client_gone")
	errNoMemory   = errors.New("out_of_memory")
)

// lane lets so many requests work at once, and so many wait for that, in the order in which they came.
type lane struct {
	name     string
	places   chan struct{}
	maxQueue int64
	maxWait  time.Duration
	queued   atomic.Int64

	depth, inFlight prometheus.Gauge
	waited          prometheus.Observer
	rejected        *prometheus.CounterVec
}

// lanes are two, so that writes, which wait for the disk and for each other, don't keep reads and tokens waiting. Of a number
// of places that is told, a quarter is for writes.
type lanes struct{ reads, writes *lane }

func newLanes(config Config, metrics *metrics) lanes {
	reads, writes := readsPerProcessor*runtime.GOMAXPROCS(0), writesAtOnce
	if told := config.MaxConcurrency; told != 0 {
		writes = max(1, told/4)
		reads = max(1, told-writes)
	}
	writesQueued := max(1, config.MaxQueue/4)
	return lanes{
		reads:  newLane("read", reads, max(1, config.MaxQueue-writesQueued), config.maxWait, metrics),
		writes: newLane("write", writes, writesQueued, config.maxWait, metrics),
	}
}

func newLane(name string, concurrency, maxQueue int, maxWait time.Duration, metrics *metrics) *lane {
	return &lane{
		name: name, places: make(chan struct{}, concurrency), maxQueue: int64(maxQueue), maxWait: maxWait,
		depth: metrics.queued.WithLabelValues(name), inFlight: metrics.inFlight.WithLabelValues(name),
		waited: metrics.waited.WithLabelValues(name), rejected: metrics.rejected,
	}
}

// enter waits for a place, which leave gives back. The error is one of those above.
func (l *lane) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.places <- struct{}{}: // never ahead of those that wait: a place that is given back goes to the first of them
	default:
		if err := l.wait(ctx); err != nil {
			l.reject(err)
			return nil, err
		}
	}
	l.inFlight.Inc()
	return func() {
		l.inFlight.Dec()
		<-l.places
	}, nil
}

func (l *lane) reject(reason error) { l.rejected.WithLabelValues(l.name, reason.Error()).Inc() }

func (l *lane) wait(ctx context.Context) error {
	defer l.queued.Add(-1)
	if l.queued.Add(1) > l.maxQueue {
		return errQueueFull
	}
	l.depth.Inc()
	defer l.depth.Dec()
	started := time.Now()
	timeout := time.NewTimer(l.maxWait)
	defer timeout.Stop()
	select {
	case l.places <- struct{}{}:
		l.waited.Observe(time.Since(started).Seconds())
		return nil
	case <-timeout.C:
		return errWaitedLong
	case <-ctx.Done():
		return errClientGone
	}
}

// budget bounds the bytes that large bodies and answers may take all together.
type budget struct {
	most int64
	used atomic.Int64
}

// The bounds of the memory for bodies and for answers. What is small is bounded by the number of connections and of their
// streams (maxStreams, maxReceiving), and honest requests are small.
const (
	smallBytes  = 16 << 10
	bodyBytes   = 32 << 20
	answerBytes = 64 << 20
)

// take reports whether there was room for so many bytes more; if so, give gives them back.
func (b *budget) take(bytes int64) bool {
	if b.used.Add(bytes) > b.most {
		b.used.Add(-bytes)
		return false
	}
	return true
}

func (b *budget) give(bytes int64) { b.used.Add(-bytes) }
