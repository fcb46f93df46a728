package client

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestAKeptTokenThatWasEndedIsReplacedOnce(t *testing.T) {
	var bodies []string
	valid := "Bearer token-1"
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if r.Header.Get("Authorization") != valid {
			writeError(w, http.StatusUnauthorized, "UNAUTHORIZED")
			return
		}
		writeJSON(w, http.StatusCreated, account("17"))
	})
	client := api.client(t)
	create := func() error {
		_, err := client.CreateServiceAccount(t.Context(), "1", NewServiceAccount{Name: "ci"})
		return err
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	valid = "Bearer token-2"
	if err := create(); err != nil {
		t.Fatalf("a fresh token was not tried: %v", err)
	}
	if len(bodies) != 3 || bodies[2] != bodies[0] {
		t.Errorf("bodies = %q: the request must be sent again whole", bodies)
	}

	valid = "none"
	var failure *Error
	if err := create(); !errors.As(err, &failure) || failure.Status != http.StatusUnauthorized {
		t.Fatalf("got %v, want a 401", err)
	}
	if n := api.tokens.Load(); n != 3 {
		t.Errorf("%d tokens were asked for, want 3: one for each time that the kept one was refused", n)
	}
}

func silentListener(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return "http://" + listener.Addr().String()
}

func TestATokenRequestThatIsNeverAnsweredEnds(t *testing.T) {
	t.Parallel()
	client, err := New(Config{BaseURL: silentListener(t), ClientID: "id", ClientSecret: "s3cret", RequestTimeout: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_, err = client.GetServiceAccount(t.Context(), "1", "17")
	var failure *Error
	if !errors.As(err, &failure) || failure.Origin != OriginNetwork || time.Since(begin) > 5*time.Second {
		t.Errorf("got %v after %s, want a network error within the timeout", err, time.Since(begin))
	}
}

func TestATokenRequestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	client, err := New(Config{BaseURL: silentListener(t), ClientID: "id", ClientSecret: "s3cret", MaxRetries: 4})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err = client.GetServiceAccount(ctx, "1", "17"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
		t.Errorf("got %v after %s, want the context's error at once", err, time.Since(begin))
	}
}

func TestARefusedTokenIsNotWaitedForOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	transport := newAuthTransport(Config{ClientID: "id", ClientSecret: "s3cret"}, "http://127.0.0.1", http.DefaultTransport)
	transport.token = &oauth2.Token{AccessToken: "kept", Expiry: time.Now().Add(time.Hour)}
	ctx, cancel := context.WithCancel(t.Context())
	transport.next = roundTripper(func(*http.Request) (*http.Response, error) {
		transport.lock <- struct{}{} // another request gets a token, and isn't answered
		cancel()
		return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody}, nil
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits for another request's token")
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var leaked atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Store(true) }))
	defer elsewhere.Close()
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}
	api := newFakeAPI(t, redirect)
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "17"); err == nil {
		t.Error("a redirected call succeeded")
	}
	api.token = redirect
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "17"); err == nil {
		t.Error("a redirected token request succeeded")
	}
	if leaked.Load() {
		t.Error("credentials went to another server")
	}
}

func TestAPrivateCertificateAuthorityIsTrustedWhenNamed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "bearer"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, account("17")) })
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}

	trusting, err := New(Config{BaseURL: server.URL, ClientID: "id", ClientSecret: "s", CACertificateFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trusting.GetServiceAccount(t.Context(), "1", "17"); err != nil {
		t.Error(err)
	}
	strict, err := New(Config{BaseURL: server.URL, ClientID: "id", ClientSecret: "s", MaxRetries: 4})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := strict.GetServiceAccount(t.Context(), "1", "17"); err == nil || !isCertificateError(err) {
		t.Errorf("got %v, want a certificate error", err)
	}
	if time.Since(begin) > 2*time.Second {
		t.Error("an untrusted certificate was retried")
	}
}

func TestAnEmbeddedTransportNeedsNoToken(t *testing.T) {
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Procore-Company-Id") != "3" {
			t.Errorf("headers = %v", r.Header)
		}
		recorder := httptest.NewRecorder()
		writeJSON(recorder, http.StatusOK, account("17"))
		return recorder.Result(), nil
	})
	client, err := New(Config{Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetServiceAccount(t.Context(), "3", "17"); err != nil {
		t.Fatal(err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTLSOlderThan12IsRefused(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") }))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // an old server is what is tested
	server.StartTLS()
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := New(Config{BaseURL: server.URL, ClientID: "id", ClientSecret: "s", CACertificateFile: file})
	if err != nil {
		t.Fatal(err)
	}
	var failure *Error
	if _, err := client.GetServiceAccount(t.Context(), "1", "17"); !errors.As(err, &failure) || failure.Origin != OriginNetwork {
		t.Errorf("got %v", err)
	}
}
