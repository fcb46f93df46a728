package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// stack is everything around the routes, on a real socket, with routes of the test's own: these can be held up, which
// those of the API can't.
type stack struct {
	t       *testing.T
	url     string
	address string
	metrics *metrics
	client  *http.Client

	mu  sync.Mutex
	log bytes.Buffer
}

// newStack serves the routes until the test ends.
func newStack(t *testing.T, config Config, routes map[string]http.HandlerFunc) *stack {
	t.Helper()
	s := &stack{t: t, metrics: newMetrics()}
	config.Logger = slog.New(slog.NewTextHandler(s, nil))
	config = config.withDefaults()
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.Handle("GET /metrics", s.metrics.handler())
	database, err := openDatabase(t.Context(), storetest.New(t), databaseOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	server := &Server{
		config: config, handler: middleware(mux, config, s.metrics), connections: newConnections(config.MaxConnections, s.metrics),
		store: database, ready: &readiness{database: database, keys: func() error { return nil }, logger: config.Logger},
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener, nil) }()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		stop()
		if err := errors.Join(<-ended, database.Close()); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	s.address = listener.Addr().String()
	s.url = "http://" + s.address
	s.client = &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	return s
}

// Write takes the log (io.Writer).
func (s *stack) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(line)
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	text   string
	// closed says that the server closed the connection after it.
	closed bool
}

// send sends a request.
func (s *stack) send(ctx context.Context, method, path, body string) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, text: string(text), closed: response.Close}, err
}

// ask is send for a request that must be answered with the status.
func (s *stack) ask(status int, method, path, body string) reply {
	s.t.Helper()
	got, err := s.send(s.t.Context(), method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, status, got.text)
	}
	return got
}

// metric returns the value of a metric's line, 0 where there is none.
func (s *stack) metric(name string) float64 {
	s.t.Helper()
	return number(s.t, s.ask(http.StatusOK, http.MethodGet, "/metrics", "").text, name)
}

func number(t *testing.T, metrics, name string) (value float64) {
	t.Helper()
	for line := range strings.Lines(metrics) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			if _, err := fmt.Sscan(text, &value); err != nil {
				t.Fatal(err)
			}
		}
	}
	return value
}

// await waits until a metric has a value.
func (s *stack) await(name string, want float64) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("%s is %v", name, want), func() bool { return s.metric(name) == want })
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it doesn't come to pass that %s", what)
		}
	}
}

// dial opens a connection and sends text over it.
func (s *stack) dial(text string) net.Conn {
	s.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(s.t.Context(), "tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// readReply reads an answer from a connection.
func readReply(t *testing.T, conn net.Conn) reply {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{status: response.StatusCode, header: response.Header, text: string(text)}
	if response.Close {
		_, err = io.Copy(io.Discard, reader)
		got.closed = !errors.Is(err, os.ErrDeadlineExceeded)
	}
	return got
}
