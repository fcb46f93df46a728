package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes a certificate for 127.0.0.1, and returns its files and a client that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trusting *http.Client) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	trusting = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", private), trusting
}

func TestServeSpeaksTLS(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	certFile, keyFile, trusting := certificate(t)
	// With TLS every address will do.
	p := serve(t, database, nil, "--listen", "0.0.0.0:0", "--tls-cert", certFile, "--tls-key", keyFile)
	_, port, _ := net.SplitHostPort(p.address)
	if !strings.HasPrefix(p.url, "https://") {
		t.Errorf("url %q", p.url)
	}
	admin := signIn(t, trusting, "https://127.0.0.1:"+port, administrator)
	admin.create(t, "over TLS")

	if status, _, err := (client{url: "http://127.0.0.1:" + port, http: client30}).request(t.Context(), "GET", "/healthz", ""); err == nil && status != 400 {
		t.Errorf("plain HTTP is answered %d", status)
	}
	p.stop()
}

func TestServeRefusesACertificateThatItCannotRead(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	certFile, keyFile, _ := certificate(t)
	otherCert, _, _ := certificate(t)
	for _, files := range [][2]string{{certFile, "nowhere.pem"}, {"nowhere.pem", keyFile}, {keyFile, certFile}, {otherCert, keyFile}} {
		run(t, "serve", "--database", database, "--listen", "127.0.0.1:0", "--tls-cert", files[0], "--tls-key", files[1]).
			failed(t, "TLS certificate", files[0])
	}
}

func TestServeListensEverywhereBehindAProxy(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--listen", "0.0.0.0:0", "--behind-proxy", "--base-url", "https://accounts.example.com/")
	_, port, _ := net.SplitHostPort(p.address)
	admin := signIn(t, client30, "http://127.0.0.1:"+port, administrator)

	var metadata struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.Unmarshal([]byte(admin.do(t, 200, "GET", "/.well-known/oauth-authorization-server", "")), &metadata); err != nil {
		t.Fatal(err)
	}
	equal(t, "issuer", metadata.Issuer, "https://accounts.example.com")
	equal(t, "token_endpoint", metadata.TokenEndpoint, "https://accounts.example.com/oauth/token")
}

func TestServeTakesItsSettings(t *testing.T) {
	t.Parallel()
	yesterday := time.Now().Add(-24 * time.Hour).UTC().Format(time.DateOnly)
	const create = `{"name":"made"}`
	for name, test := range map[string]struct {
		flags  string
		path   string // "" asks for a token, "service_accounts" makes an account
		status int
		want   string
	}{
		"token lifetime":             {"--token-ttl 2m", "", 200, `"expires_in":120,`},
		"token lifetime unless told": {"", "", 200, `"expires_in":5400,`},
		"creation cutoff":            {"--creation-cutoff " + yesterday, "service_accounts", 409, "creation_closed"},
		"cutoff to come":             {"--creation-cutoff 2999-01-01 --sunset 2999-12-31T23:59:59+02:00", "service_accounts", 201, "made"},
		"sunset":                     {"--sunset " + yesterday, "", 400, "unauthorized_client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := fresh(t)
			administrator := initialize(t, database)
			p := serve(t, database, nil, strings.Fields(test.flags)...)
			c, path, body := client{url: p.url, http: client30}, "/oauth/token", tokenForm(administrator.ClientID, administrator.ClientSecret)
			if test.path != "" {
				c, path, body = signIn(t, client30, p.url, administrator), test.path, create
			}
			if text := c.do(t, test.status, "POST", path, body); !strings.Contains(text, test.want) {
				t.Errorf("%s is not in the answer, which has %d characters", test.want, len(text))
			}
		})
	}
}

func TestServeLimitsTheRequestsOfAMinute(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--rate-limit", "1")
	admin := signIn(t, client30, p.url, administrator)
	// Two windows of a minute may meet here; one of three requests is beyond the limit all the same.
	limited := 0
	for range 3 {
		if status, _, err := admin.request(t.Context(), "GET", "me", ""); err != nil {
			t.Fatal(err)
		} else if status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("no request is beyond the limit")
	}
}
