package client

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// parseBaseURL returns address without a trailing slash, or says what is wrong with it.
func parseBaseURL(address string, allowInsecure bool) (string, error) {
	wrong := func(message string) (string, error) { return "", &ConfigError{Field: "BaseURL", Message: message} }
	parsed, err := url.Parse(address)
	switch {
	case err != nil:
		return wrong("the base URL is not a URL")
	case (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "":
		return wrong(`the base URL must be absolute, as in "https://api.example.com"`)
	case parsed.User != nil:
		return wrong("the base URL must not hold credentials; use client_id and client_secret")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return wrong("the base URL must not have a query or a fragment")
	case parsed.Scheme == "http" && !allowInsecure && !isLoopback(parsed.Hostname()):
		return "", &ConfigError{Field: "BaseURL", Insecure: true, Message: "the base URL is plain HTTP, to another machine: the credentials, and " +
			"every secret that the API answers with, would cross the network for anybody on the way to read; use https"}
	}
	return strings.TrimRight(parsed.String(), "/"), nil
}

// isLoopback reports whether a host of a URL is this machine: localhost, 127.0.0.0/8 or ::1. Any other name counts as
// elsewhere, whatever it resolves to at the moment.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// newWire makes the transport that touches the network; it trusts the system's certificates and those
// in the PEM file caFile, if one is named.
func newWire(caFile string) (*http.Transport, error) {
	wire := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   DefaultInFlight,
		ForceAttemptHTTP2:     true,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		DisableCompression:    true, // a proxy that compresses gives the answer another ETag, which no If-Match meets
	}
	if caFile == "" {
		return wire, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &ConfigError{Field: "CACertificateFile", Message: "the CA certificate file can't be read: " + err.Error()}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without a pool: the file alone decides
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &ConfigError{Field: "CACertificateFile", Message: "the CA certificate file " + caFile + " holds no PEM certificate"}
	}
	wire.TLSClientConfig.RootCAs = pool
	return wire, nil
}
