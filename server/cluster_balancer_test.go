package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// balancer hands requests to servers in turn, as the guide asks of one: to those whose /readyz is green, and a request that
// may have reached a server to no other one. It doesn't repeat anything: that is the client's to do.
type balancer struct {
	url  string
	turn atomic.Uint64
	ask  *http.Client

	mu      sync.Mutex
	servers []*backend
}

// backend is one of its servers.
type backend struct {
	address *url.URL
	ready   atomic.Bool
}

// byBalancer marks the answers that are the balancer's own.
const byBalancer = "X-Balancer"

// newBalancer starts a balancer, which has no servers yet.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	b := &balancer{ask: &http.Client{Timeout: 2 * time.Second}}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetXForwarded() },
		// A connection for each request: net/http would repeat a GET by itself on one that has died meanwhile.
		Transport: toFirstThatListens{b, &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 30 * time.Second}},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusBadGateway
			if errors.Is(err, errNobodyReady) {
				status = http.StatusServiceUnavailable
			}
			w.Header().Set(byBalancer, "true")
			http.Error(w, "<html>no server can answer</html>", status)
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	front := httptest.NewServer(proxy)
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { b.watch(ctx) })
	t.Cleanup(func() {
		stop()
		watching.Wait()
		front.Close()
	})
	b.url = front.URL
	return b
}

// set puts a server into a place, where another one may have been.
func (b *balancer) set(place int, address string) {
	parsed, err := url.Parse(address)
	if err != nil {
		panic(err) // a test's own mistake
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.servers) <= place {
		b.servers = append(b.servers, nil)
	}
	b.servers[place] = &backend{address: parsed}
}

func (b *balancer) all() []*backend {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*backend(nil), b.servers...)
}

// watch asks every server whether it is ready, over and over.
func (b *balancer) watch(ctx context.Context) {
	for ctx.Err() == nil {
		var group sync.WaitGroup
		for _, server := range b.all() {
			group.Go(func() { server.ready.Store(b.readiness(ctx, server) == http.StatusOK) })
		}
		group.Wait()
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// readiness is the status of a server's /readyz, 0 for none.
func (b *balancer) readiness(ctx context.Context, server *backend) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.address.String()+"/readyz", http.NoBody)
	if err != nil {
		return 0
	}
	response, err := b.ask.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

var errNobodyReady = errors.New("no server is ready")

// toFirstThatListens sends a request to the next server that is ready. Only where that takes no connection any more, so that
// nothing was sent, is another one asked.
type toFirstThatListens struct {
	*balancer
	next http.RoundTripper
}

// RoundTrip sends the request (http.RoundTripper).
func (b toFirstThatListens) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	var ready []*backend
	for _, server := range b.all() {
		if server.ready.Load() {
			ready = append(ready, server)
		}
	}
	failed := errNobodyReady
	first := b.turn.Add(1)
	for i := range ready {
		server := ready[(first+uint64(i))%uint64(len(ready))] //#nosec G115 -- an index
		sent := r.Clone(r.Context())
		sent.URL.Scheme, sent.URL.Host, sent.Host = server.address.Scheme, server.address.Host, ""
		sent.Body, sent.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		response, err := b.next.RoundTrip(sent)
		if err == nil {
			return response, nil
		}
		failed = err
		var dialing *net.OpError
		if !errors.As(err, &dialing) || dialing.Op != "dial" {
			break
		}
	}
	return nil, failed
}
