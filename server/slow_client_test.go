package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// echo answers with the body that it was sent.
func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// flood opens connections that send text and then nothing.
func (s *stack) flood(count int, text string) []net.Conn {
	s.t.Helper()
	conns := make([]net.Conn, count)
	for i := range conns {
		conns[i] = s.dial(text)
	}
	return conns
}

func TestConnectionsThatHangKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":     "",
		"half header": "GET /echo HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"half body":   "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf",
		"idle":        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, Config{MaxConnections: 500}, map[string]http.HandlerFunc{"POST /echo": echo})
			s.client.Transport = &http.Transport{DisableKeepAlives: true} // each request is a new client's
			var first []net.Conn
			for range 3 {
				if conns := s.flood(700, text); first == nil {
					first = conns[:100]
				}
				if got := s.ask(http.StatusOK, http.MethodPost, "/echo", "hello"); got.text != "hello" {
					t.Errorf("got %q", got.text)
				}
			}
			if open := s.metric("procore_http_connections"); open > 500 {
				t.Errorf("%v connections are open", open)
			}
			if dropped := s.metric("procore_http_connections_dropped_total"); dropped < 1500 {
				t.Errorf("%v connections were dropped", dropped)
			}
			for _, conn := range first {
				// Less than the server's own patience with a header or a body.
				if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal("a connection that hangs is still there")
				}
			}
		})
	}
}

func TestConnectionAtWorkIsNotDroppedForThoseThatHang(t *testing.T) {
	t.Parallel()
	gate := newGate()
	s := newStack(t, Config{MaxConnections: 16}, map[string]http.HandlerFunc{"GET /slow": gate.pass})
	answered := make(chan error, 1)
	go func() {
		got, err := s.send(context.Background(), http.MethodGet, "/slow", "")
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("status %d", got.status)
		}
		answered <- err
	}()
	s.await(readsInFlight, 1)
	s.flood(60, "GET / HTTP/1.1\r\n")
	eventually(t, "connections are dropped", func() bool {
		got, err := s.send(t.Context(), http.MethodGet, "/metrics", "")
		return err == nil && number(t, got.text, "procore_http_connections_dropped_total") >= 40
	})
	close(gate.open)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestSlowBodyHoldsNoPlaceAndIsCutOff(t *testing.T) {
	t.Parallel()
	s := newStack(t, narrow, map[string]http.HandlerFunc{"POST /echo": echo, "POST /oauth/token": echo})
	const head = " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
	slow := append(s.flood(20, "POST /echo"+head), s.flood(20, "POST /oauth/token"+head)...)
	for range 50 {
		s.ask(http.StatusOK, http.MethodPost, "/echo", "quick")
	}
	for i, want := range map[int]string{0: `{"error":{"code":"REQUEST_TIMEOUT"`, 39: `{"error":"temporarily_unavailable"`} {
		got := readReply(t, slow[i])
		if got.status != http.StatusRequestTimeout || !strings.HasPrefix(got.text, want) || !got.closed {
			t.Errorf("a slow body is answered %+v", got)
		}
	}
}

func TestBodyThatDripsIsCutOffAtTheSameTime(t *testing.T) {
	t.Parallel()
	s := newStack(t, narrow, map[string]http.HandlerFunc{"POST /echo": echo})
	conn := s.dial("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
	started := time.Now()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
				_, _ = io.WriteString(conn, "x")
			}
		}
	}()
	got := readReply(t, conn)
	if took := time.Since(started); got.status != http.StatusRequestTimeout || took < bodyTimeout {
		t.Errorf("answered %d after %s", got.status, took)
	}
}

func TestSlowReaderHoldsNoPlace(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 16<<20) // more than the kernel's buffers hold
	var entered atomic.Int64
	s := newStack(t, narrow, map[string]http.HandlerFunc{
		"GET /large": func(w http.ResponseWriter, _ *http.Request) {
			entered.Add(1)
			_, _ = io.WriteString(w, large)
		},
		"GET /small": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "small") },
	})
	for range 4 { // more than there are places, and they read nothing
		conn := s.dial("GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4096)
		}
	}
	eventually(t, "each gets its place", func() bool { return entered.Load() == 4 })
	s.await(readsInFlight, 0)
	for range 20 {
		s.ask(http.StatusOK, http.MethodGet, "/small", "")
	}
}

func TestLargeAnswersHaveNoMoreMemoryThanTheirBudget(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 16<<20) // more than the kernel's buffers hold
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		_, _ = io.WriteString(w, large)
	}
	s := newStack(t, Config{MaxConcurrency: 64}, map[string]http.HandlerFunc{"GET /large": answer, "POST /large": answer})
	var refused reply
	eventually(t, "a large answer is refused", func() bool {
		// Anew each time, for a machine that is so slow that the first ones have been cut off meanwhile.
		s.flood(answerBytes/len(large), "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
		var err error
		refused, err = s.send(t.Context(), http.MethodGet, "/large", "")
		return err == nil && refused.status == http.StatusServiceUnavailable
	})
	if refused.header.Get("Retry-After") != "1" || refused.header.Get("ETag") != "" {
		t.Errorf("refused with %v", refused.header)
	}
	// What a change answers is always told: it can't be asked for again.
	if got := s.ask(http.StatusOK, http.MethodPost, "/large", "{}"); len(got.text) != len(large) {
		t.Errorf("the answer has %d bytes", len(got.text))
	}
}

func TestLargeBodiesHaveNoMoreMemoryThanTheirBudget(t *testing.T) {
	t.Parallel()
	s := newStack(t, narrow, map[string]http.HandlerFunc{"POST /echo": echo})
	head := "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n"
	body := strings.Repeat("y", 1<<20)
	var held []net.Conn
	eventually(t, "a large body is refused", func() bool {
		// Anew each time, for a machine that is so slow that the first ones have been cut off meanwhile.
		held = append(held, s.flood(bodyBytes/(1<<20), head+body[1:])...)
		got, err := s.send(t.Context(), http.MethodPost, "/echo", body)
		return err == nil && got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") == "1"
	})
	if got := s.ask(http.StatusOK, http.MethodPost, "/echo", "small"); got.text != "small" { // small bodies need none of it
		t.Errorf("got %q", got.text)
	}
	for _, conn := range held {
		_ = conn.Close()
	}
	eventually(t, "the memory is given back", func() bool {
		got, err := s.send(t.Context(), http.MethodPost, "/echo", body)
		return err == nil && got.status == http.StatusOK && len(got.text) == len(body)
	})
}

func TestBodyThatNobodyAskedForIsNotRead(t *testing.T) {
	t.Parallel()
	s := newStack(t, narrow, map[string]http.HandlerFunc{"GET /echo": echo, "DELETE /echo": echo})
	for _, method := range []string{"GET", "DELETE"} {
		conn := s.dial(method + " /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nhalf")
		if got := readReply(t, conn); got.status != http.StatusOK || got.text != "" || !got.closed {
			t.Errorf("%s is answered %+v", method, got)
		}
	}
}

func TestHugeHeaderIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t, Config{}, nil)
	for name, text := range map[string]string{
		"one":  "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Huge: " + strings.Repeat("x", 100<<10) + "\r\n\r\n",
		"many": "GET /healthz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Huge: x\r\n", 10<<10) + "\r\n",
		"path": "GET /" + strings.Repeat("x", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		conn := s.dial("")
		go func() { _, _ = io.WriteString(conn, text) }() // it may be refused before it is all there
		if got := readReply(t, conn); got.status != http.StatusRequestHeaderFieldsTooLarge || !got.closed {
			t.Errorf("%s: answered %d; closed: %v", name, got.status, got.closed)
		}
	}
}
