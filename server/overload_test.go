package server_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestReadsAndTokensGoOnWhileWritesAreStuck(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--max-concurrency", "4", "--max-queue", "8")
	admin := signIn(t, client30, p.url, administrator)

	// Another program holds the database's lock.
	release := storetest.LockWrites(t, database)
	defer release()
	var group sync.WaitGroup
	var made, turnedAway atomic.Int64
	for i := range 12 {
		group.Go(func() {
			status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"stuck %d"}`, i))
			switch {
			case err == nil && status == http.StatusCreated:
				made.Add(1)
			case err == nil && status == http.StatusServiceUnavailable:
				turnedAway.Add(1)
			default:
				t.Errorf("a write is answered %d %s %v", status, text, err)
			}
		})
	}
	// All but the one that has the place. A write that is answered otherwise has failed the test, and is never counted.
	for deadline := time.Now().Add(time.Minute); turnedAway.Load() < 11 && !t.Failed(); {
		if time.Now().After(deadline) {
			t.Errorf("%d writes are turned away", turnedAway.Load())
		}
		admin.do(t, 200, "GET", "service_accounts", "")
		signIn(t, client30, p.url, administrator)
		admin.do(t, 200, "GET", "/healthz", "")
	}
	release()
	group.Wait()
	// The one that had the place is done, unless this machine is so slow that it gave the lock up before.
	equal(t, "writes that were answered", made.Load()+turnedAway.Load(), 12)
	admin.create(t, "not stuck")
	p.stop()
}

// hang opens an HTTP/2 connection over TLS with that many requests that announce a body of 16 KiB, and sends none of it.
func hang(t *testing.T, address string, streams int) (leave func()) {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}} //nolint:gosec // the test's own server
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	leave = func() { _ = conn.Close() }
	t.Cleanup(leave)
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	var header, text bytes.Buffer
	encoder := hpack.NewEncoder(&header)
	text.WriteString(http2.ClientPreface)
	framer := http2.NewFramer(&text, nil)
	err = framer.WriteSettings()
	for i := range streams {
		header.Reset()
		for _, field := range [][2]string{
			{":method", "POST"},
			{":scheme", "https"},
			{":authority", address},
			{":path", "/oauth/token"},
			{"content-type", "application/x-www-form-urlencoded"},
			{"content-length", "16384"},
		} {
			err = errors.Join(err, encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}))
		}
		err = errors.Join(err, framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: uint32(2*i + 1), BlockFragment: header.Bytes(), EndHeaders: true,
		}))
	}
	if _, failed := conn.Write(text.Bytes()); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return leave
}

func TestBodiesThatAreAnnouncedAndNeverComeTakeLittleMemoryAndKeepNobodyOut(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	certFile, keyFile, trusting := certificate(t)
	p := serve(t, database, nil, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile)
	trusting.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	admin := signIn(t, trusting, p.url, administrator)
	// What the process has ever taken from the system: it says the same however slow this machine is.
	taken := func() int {
		var size float64
		_, line, _ := strings.Cut(admin.do(t, 200, "GET", "/metrics", ""), "\ngo_memstats_sys_bytes ")
		if _, err := fmt.Sscan(line, &size); err != nil {
			t.Fatal(err)
		}
		return int(size) >> 20
	}
	before := taken()
	for range 300 {
		t.Cleanup(hang(t, p.address, 60))
	}
	admin.create(t, "let in")
	signIn(t, trusting, p.url, administrator)
	if grown := taken() - before; grown > 128 {
		t.Errorf("the server has taken %d MiB more", grown)
	}
}

func TestFloodIsAnsweredWellOrTurnedAwayAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--max-concurrency", "2", "--max-queue", "4", "--max-connections", "100")
	admin := signIn(t, client30, p.url, administrator)
	var group sync.WaitGroup
	var made, refused atomic.Int64
	for i := range 60 {
		group.Go(func() {
			for j := range 5 {
				status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"flood %d %d"}`, i, j))
				switch {
				case err == nil && status == http.StatusCreated:
					made.Add(1)
				case err == nil && status == http.StatusServiceUnavailable:
					refused.Add(1)
				default:
					t.Errorf("answered %d %s %v", status, text, err)
				}
			}
		})
	}
	group.Wait()
	if made.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
	// What was refused was not done, and what was done was acknowledged.
	equal(t, "accounts", int64(strings.Count(admin.names(t), "flood ")), made.Load())
	text := admin.do(t, 200, "GET", "/metrics", "")
	for _, line := range []string{`procore_http_in_flight{lane="write"} 0`, `procore_http_queue_depth{lane="write"} 0`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is not in the metrics", line)
		}
	}
	p.stop()
}
