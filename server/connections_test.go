package server

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// ask sends a request over a connection and reads its answer.
func ask(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
}

func TestTheConnectionGoesThatHasWaitedLongestNotTheOldest(t *testing.T) {
	t.Parallel()
	s := newStack(t, Config{MaxConnections: 3}, nil)
	var conns []net.Conn
	for range 3 {
		conn := s.dial("")
		ask(t, conn)
		conns = append(conns, conn)
	}
	ask(t, conns[0])
	ask(t, conns[1])
	ask(t, s.dial("")) // once the one has waited as long as it may
	if err := conns[2].SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conns[2].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection that has waited longest is still there: %v", err)
	}
	ask(t, conns[1])
	ask(t, conns[0])
}
