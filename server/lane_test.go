package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Four places and four in the queue: three of each for reads and tokens, one of each for writes.
// They wait as long as the test takes: what is refused is refused for the reason that the test is about.
var narrow = Config{MaxConcurrency: 4, MaxQueue: 4, maxWait: time.Hour}

const (
	readsInFlight = `procore_http_in_flight{lane="read"}`
	readsQueued   = `procore_http_queue_depth{lane="read"}`
)

// gate holds up requests until it is opened, and remembers the order in which they came.
type gate struct {
	mu    sync.Mutex
	order []string
	open  chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) pass(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.order = append(g.order, r.URL.Query().Get("n"))
	g.mu.Unlock()
	select {
	case <-g.open:
		_, _ = io.WriteString(w, "passed")
	case <-time.After(time.Minute): // the test has failed, and must end all the same
	}
}

func TestMoreThanCanBeQueuedIsTurnedAwayAndTheRestIsServedInOrder(t *testing.T) {
	t.Parallel()
	gate := newGate()
	s := newStack(t, narrow, map[string]http.HandlerFunc{
		"GET /slow": gate.pass, "POST /oauth/token": gate.pass,
		"POST /write": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
	})
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() { // t's own goroutine alone may end the test
			got, err := s.send(context.Background(), http.MethodGet, fmt.Sprintf("/slow?n=%d", i), "")
			if err != nil || got.status != http.StatusOK || got.text != "passed" {
				t.Errorf("request %d is not served: %d %s %v", i, got.status, got.text, err)
			}
		})
		if i < 3 {
			s.await(readsInFlight, float64(i+1))
		} else {
			s.await(readsQueued, float64(i-2))
		}
	}

	for range 20 {
		got := s.ask(http.StatusServiceUnavailable, http.MethodGet, "/slow?n=x", "")
		if got.header.Get("Retry-After") != "1" || !strings.HasPrefix(got.text, `{"error":{"code":"SERVICE_UNAVAILABLE","message":"`) {
			t.Fatalf("turned away with %v: %s", got.header, got.text)
		}
	}
	got := s.ask(http.StatusServiceUnavailable, http.MethodPost, "/oauth/token", "grant_type=x")
	if got.header.Get("Retry-After") != "1" || !strings.HasPrefix(got.text, `{"error":"temporarily_unavailable"`) {
		t.Errorf("turned away with %v: %s", got.header, got.text)
	}
	s.ask(http.StatusNoContent, http.MethodPost, "/write", "{}") // the other lane
	s.ask(http.StatusOK, http.MethodGet, "/healthz", "")
	if got := s.metric(`procore_http_rejected_total{lane="read",reason="queue_full"}`); got != 21 {
		t.Errorf("%v were turned away, says the metric", got)
	}

	// One at a time, so that the order in which they get in can be told.
	for i := range 6 {
		select {
		case gate.open <- struct{}{}:
		case <-time.After(time.Minute):
			t.Fatal("nobody is held up")
		}
		if i < 3 {
			s.await(readsQueued, float64(2-i))
		}
	}
	group.Wait()
	gate.mu.Lock()
	defer gate.mu.Unlock()
	if order := strings.Join(gate.order[3:], ""); order != "345" {
		t.Errorf("those that waited were served in the order %s", order)
	}
}

func TestNothingIsLeftBehindOfRequestsThatWereTurnedAwayOrLeftTheQueue(t *testing.T) {
	t.Parallel()
	gate := newGate()
	s := newStack(t, narrow, map[string]http.HandlerFunc{"GET /slow": gate.pass})
	var group sync.WaitGroup
	ask := func(ctx context.Context) {
		group.Go(func() { _, _ = s.send(ctx, http.MethodGet, "/slow", "") })
	}
	for range 3 {
		ask(context.Background())
	}
	s.await(readsInFlight, 3)
	leaving, leave := context.WithCancel(t.Context())
	for range 3 {
		ask(leaving)
	}
	s.await(readsQueued, 3)
	leave()
	s.await(readsQueued, 0)
	s.await(`procore_http_rejected_total{lane="read",reason="client_gone"}`, 3)
	for range 50 {
		ask(context.Background())
	}
	s.await(`procore_http_rejected_total{lane="read",reason="queue_full"}`, 47)
	close(gate.open)
	group.Wait()
	s.await(readsInFlight, 0)
	s.await(readsQueued, 0)
	s.client.CloseIdleConnections()
	// A connection's goroutine ends with it. Goroutines can't be counted: other tests run at the same time.
	eventually(t, "the connections end", func() bool {
		s.client.CloseIdleConnections()
		return s.metric("procore_http_connections") <= 1
	})
}

func TestNobodyWaitsMuchLongerThanASecond(t *testing.T) {
	t.Parallel()
	gate := newGate()
	defer close(gate.open)
	s := newStack(t, Config{MaxConcurrency: 4, MaxQueue: 4}, map[string]http.HandlerFunc{"PUT /slow": gate.pass})
	go func() { _, _ = s.send(context.Background(), http.MethodPut, "/slow", "{}") }()
	s.await(`procore_http_in_flight{lane="write"}`, 1)
	started := time.Now()
	s.ask(http.StatusServiceUnavailable, http.MethodPut, "/slow", "{}")
	if waited := time.Since(started); waited < maxWait {
		t.Errorf("turned away after %s already", waited)
	}
	if got := s.metric(`procore_http_rejected_total{lane="write",reason="waited_too_long"}`); got != 1 {
		t.Errorf("%v waited too long, says the metric", got)
	}
}

func TestPanicGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	s := newStack(t, narrow, map[string]http.HandlerFunc{
		"GET /panics": func(http.ResponseWriter, *http.Request) { panic("at the disco") },
	})
	for range 10 {
		if got := s.ask(http.StatusInternalServerError, http.MethodGet, "/panics", ""); strings.Contains(got.text, "disco") {
			t.Errorf("the answer tells of the inside: %s", got.text)
		}
	}
	s.await(readsInFlight, 0)
}

func TestWritesAreTheLaneOfWhatWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	lanes := newLanes(Config{MaxConcurrency: 16, MaxQueue: 512}, newMetrics())
	for route, want := range map[string]*lane{
		"POST /oauth/token": lanes.reads, "POST /oauth/introspect": lanes.reads, "GET /oauth/token/info": lanes.reads,
		"POST /oauth/revoke":               lanes.writes,
		"GET /rest/v2.0/companies":         lanes.reads,
		"POST /rest/v2.0/x":                lanes.writes,
		"PATCH /rest/v2.0/x":               lanes.writes,
		"PUT /rest/v2.0/x":                 lanes.writes,
		"DELETE /rest/v2.0/companies/1/x/": lanes.writes,
	} {
		method, _, _ := strings.Cut(route, " ")
		if got := lanes.of(&http.Request{Method: method, Pattern: route}); got != want {
			t.Errorf("%s takes the %s lane", route, got.name)
		}
	}
	if cap(lanes.reads.places) != 12 || cap(lanes.writes.places) != 4 || lanes.reads.maxQueue != 384 || lanes.writes.maxQueue != 128 {
		t.Errorf("%d and %d places, %d and %d may wait", cap(lanes.reads.places), cap(lanes.writes.places), lanes.reads.maxQueue, lanes.writes.maxQueue)
	}
	// Untold, as many write at once as one commit can take; that takes no place from the reads.
	untold := newLanes(Config{MaxQueue: 512}, newMetrics())
	if reads := cap(untold.reads.places); reads != 6*runtime.GOMAXPROCS(0) || cap(untold.writes.places) != 64 {
		t.Errorf("untold, there are %d and %d places", reads, cap(untold.writes.places))
	}
}
