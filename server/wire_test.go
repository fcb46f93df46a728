package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// awaitLog waits until the process has logged so many lines with these words.
func (p *process) awaitLog(count int, words string) {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); strings.Count(p.log(), words) < count; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("the log doesn't say %q %d times: %s", words, count, p.log())
		}
	}
}

// presented returns the serial number of the certificate that a new handshake meets.
func presented(t *testing.T, address string) *big.Int {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the test looks at the certificate itself
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber
}

func replaceFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil { //nolint:gosec // a file of this test
		t.Fatal(err)
	}
}

func TestCertificateIsReadAgainOnHangUp(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	certFile, keyFile, trusting := certificate(t)
	trusting.Transport.(*http.Transport).DisableKeepAlives = false
	p := serve(t, database, nil, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile)
	client{url: p.url, http: trusting}.do(t, 200, "GET", "/healthz", "") // its connection is kept
	first := presented(t, p.address)

	newCert, newKey, trustingNew := certificate(t)
	for from, to := range map[string]string{newCert: certFile, newKey: keyFile} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		replaceFile(t, to, content)
	}
	equal(t, "certificate before the signal", presented(t, p.address).Cmp(first), 0)
	p.signal(syscall.SIGHUP)
	p.awaitLog(1, "TLS certificate read again")
	second := presented(t, p.address)
	if second.Cmp(first) == 0 {
		t.Error("the certificate before is still presented")
	}
	client{url: p.url, http: trustingNew}.do(t, 200, "GET", "/healthz", "")
	client{url: p.url, http: trusting}.do(t, 200, "GET", "/healthz", "") // over the connection that was kept

	replaceFile(t, certFile, []byte("rubbish"))
	p.signal(syscall.SIGHUP)
	p.awaitLog(1, "the one before stays in use")
	if !strings.Contains(p.log(), certFile) {
		t.Error("the log doesn't name the file")
	}
	equal(t, "certificate after a broken one", presented(t, p.address).Cmp(second), 0)
	p.stop()
}

func TestHangUpWithoutTLSIsIgnored(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	p := serve(t, database, nil)
	for i := range 3 {
		p.signal(syscall.SIGHUP)
		p.awaitLog(i+1, "SIGHUP ignored")
	}
	client{url: p.url, http: client30}.do(t, 200, "GET", "/healthz", "")
	p.stop()
}

func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	certFile, keyFile, _ := certificate(t)
	p := serve(t, database, nil, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile)
	for version, works := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}} //nolint:gosec // that is the test
		conn, err := dialer.DialContext(t.Context(), "tcp", p.address)
		if (err == nil) != works {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

func TestOneHTTP2ConnectionCarriesManyRequests(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	certFile, keyFile, trusting := certificate(t)
	p := serve(t, database, nil, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile, "--max-connections", "8")
	transport := trusting.Transport.(*http.Transport)
	transport.DisableKeepAlives, transport.ForceAttemptHTTP2 = false, true
	admin := signIn(t, trusting, p.url, administrator)
	var group sync.WaitGroup
	for i := range 12 { // fewer than one connection may carry at once
		group.Go(func() {
			for j := range 4 {
				method, path, body := "GET", "me", ""
				if j == i%4 {
					method, path, body = "POST", "service_accounts", fmt.Sprintf(`{"name":"made %d"}`, i)
				}
				if status, text, err := admin.request(t.Context(), method, path, body); err != nil || status >= 300 {
					t.Errorf("%s %s: %d %s %v", method, path, status, text, err)
				}
			}
		})
	}
	group.Wait()
	text := client{url: p.url, http: trusting}.do(t, 200, "GET", "/metrics", "")
	if !strings.Contains(text, "procore_http_connections 1\n") {
		t.Error("there is more than one connection")
	}
	transport.CloseIdleConnections()
	p.stop()
}

// wanted are the headers that every answer has.
var wanted = map[string]string{
	"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	"Referrer-Policy": "no-referrer",
}

func headersOf(t *testing.T, c client, method, path, body string) (int, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	stranger := client{url: s.URL, http: s.Client}
	for request, want := range map[string]int{
		"GET /healthz": 200, "GET /metrics": 200, "GET /openapi.json": 200, "GET /oauth/jwks.json": 200, "GET /nothing": 404,
		"PATCH /healthz": 405, "GET /rest/v2.0/companies": 401, "POST /oauth/token": 400, "GET /oauth/token": 405,
		"GET /healthz?access_token=x": 400,
	} {
		method, path, _ := strings.Cut(request, " ")
		status, header := headersOf(t, stranger, method, path, "")
		equal(t, request, status, want)
		for name, value := range wanted {
			equal(t, request+" "+name, header.Get(name), value)
		}
		equal(t, request+" Strict-Transport-Security", header.Get("Strict-Transport-Security"), "")
	}
}

func TestAnswersOverTLSAskForNothingElseInFuture(t *testing.T) {
	t.Parallel()
	const want = "max-age=31536000"
	behind := servertest.Start(t, servertest.Configure(func(c *server.Config) { c.BaseURL = "https://accounts.example.com" }))
	_, header := headersOf(t, client{url: behind.URL, http: behind.Client}, "GET", "/healthz", "")
	equal(t, "Strict-Transport-Security behind a proxy", header.Get("Strict-Transport-Security"), want)

	database := fresh(t)
	initialize(t, database)
	certFile, keyFile, trusting := certificate(t)
	p := serve(t, database, nil, "--listen", "127.0.0.1:0", "--tls-cert", certFile, "--tls-key", keyFile, "--base-url", "http://inside.example.com")
	_, header = headersOf(t, client{url: p.url, http: trusting}, "GET", "/healthz", "")
	equal(t, "Strict-Transport-Security over TLS", header.Get("Strict-Transport-Security"), want)
}

func TestSecretsInURLsAreRefusedEverywhereAndReachNoLog(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--log-level", "debug")
	admin := signIn(t, client30, p.url, administrator)
	const hidden = "hunter2hunter2"
	for _, query := range []string{
		"access_token=" + hidden, "client_secret=" + hidden, "token=" + hidden, "Idempotency-Token=" + hidden, "idempotency_token=" + hidden,
		"ACCESS_TOKEN=" + hidden, "access%5Ftoken=" + hidden, "filters[token]=" + hidden, "page=1;token=" + hidden, "x=%zz&token=" + hidden,
		"page=1&password=" + hidden, "filters[search]=" + administrator.ClientSecret, "x=" + url.QueryEscape(administrator.ClientSecret),
	} {
		for _, path := range []string{"/healthz", "/nothing", "/rest/v2.0/companies/1/service_accounts", "/oauth/token/info", "/.well-known/oauth-authorization-server"} {
			text := admin.do(t, 400, "GET", path+"?"+query, "")
			want := `"reason_code":"secret_in_url"`
			if strings.HasPrefix(path, "/oauth/") {
				want = `"error":"invalid_request"`
			}
			if !strings.Contains(text, want) || strings.Contains(text, hidden) {
				t.Errorf("%s?%s is answered %s", path, query, text)
			}
		}
		admin.do(t, 400, "POST", "/oauth/token?"+query, tokenForm(administrator.ClientID, administrator.ClientSecret))
	}
	admin.do(t, 200, "GET", "service_accounts?filters[client_id]="+administrator.ClientID+"&filters[search]=token", "")
	p.stop()
	if log := p.log(); strings.Contains(log, hidden) || strings.Contains(log, administrator.ClientSecret) {
		t.Error("the log has a secret from a URL")
	}
}

// drain sends an endless body and returns the status of the answer, how much was taken, and whether the connection was
// closed.
func drain(t *testing.T, address, head string) (status int, taken int64, closed bool) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head+"\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	sent := make(chan int64, 1)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		chunk := "1000\r\n" + strings.Repeat("x", 4096) + "\r\n"
		var total int64
		for ctx.Err() == nil {
			n, err := io.WriteString(conn, chunk)
			total += int64(n)
			if err != nil {
				break
			}
		}
		sent <- total
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	select {
	case taken = <-sent:
		return response.StatusCode, taken, true
	case <-time.After(30 * time.Second):
		return response.StatusCode, 0, false
	}
}

func TestEndlessBodyIsCutOff(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	authorized := "\r\nAuthorization: Bearer " + admin.token + "\r\nContent-Type: application/json"
	for head, want := range map[string]int{
		"POST /rest/v2.0/companies/1/service_accounts HTTP/1.1" + authorized:                          413,
		"POST /rest/v2.0/companies/1/service_accounts HTTP/1.1":                                       401,
		"GET /rest/v2.0/companies/1/service_accounts HTTP/1.1" + authorized:                           200,
		"POST /oauth/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded":               413,
		"POST /rest/v2.0/companies/1/service_accounts/1/actions/revoke_tokens HTTP/1.1\r\nAuth: none": 401,
	} {
		status, taken, closed := drain(t, p.address, head)
		// What the kernel's buffers hold was never taken, but counts as sent.
		if status != want || !closed || taken > 16<<20 {
			t.Errorf("%s: answered %d after %d bytes; closed: %v", strings.Fields(head)[1], status, taken, closed)
		}
	}
}

func TestLocalhostThatIsNotLoopbackIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "[::ffff:0.0.0.0]:8080", "localhost.example.com:8080", "192.168.1.1:8080", "[fe80::1]:8080"} {
		equal(t, "exit status for "+address, run(t, "serve", "--database", fresh(t), "--listen", address).status, 2)
	}
}
