package server

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Config is all that the management API can be told. Its zero value, with a Database, is a working server.
type Config struct {
	// Database is the path of the SQLite file. It must have a company (see Initialize); New fails otherwise.
	Database string
	// BaseURL is the public address, without a trailing slash: the issuer of the tokens (RFC 8414 2), and what the
	// metadata's endpoints begin with. Default: http or https and the address that Serve listens on.
	BaseURL string
	// MasterKey seals the signing keys in the database. Plain ones are sealed by New. Default: they stay in plain, and
	// sealed ones are refused.
	MasterKey store.MasterKey
	// TokenTTL is how long an access token lives, in whole seconds. Default: oauth.DefaultTokenTTL.
	TokenTTL time.Duration
	// Policy holds the dates at which traditional accounts end. Default: never.
	Policy store.Policy
	// RateLimit is how many requests a minute one service account may make of the management API, and how many of the
	// OAuth endpoints; more are answered with 429. Default 0: as many as it likes.
	RateLimit int
	// DrainDelay is for how long Serve goes on answering after it was asked to stop, while /readyz says that it is
	// stopping, so that a load balancer can turn away first. Default: not at all.
	DrainDelay time.Duration
	// MaxConcurrency is how many requests are worked on at once; a quarter of the places is for writes. Default 0: six reads
	// for each processor, and 64 writes, which wait for the disk and share its commits.
	MaxConcurrency int
	// MaxQueue is how many more requests may wait for their turn, a second at most; what comes beyond is answered with 503.
	// A quarter of it is for writes. Default: 512.
	MaxQueue int
	// maxWait is how long a request may wait for its turn: maxWait, but for tests, whose machine may be slow.
	maxWait time.Duration
	// MaxConnections is how many connections may be open. One more closes the one that has waited for its client longest.
	// Default: 4096.
	MaxConnections int
	// Logger takes one line for each request, and what goes wrong. Default: discards.
	Logger *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Version is what the OpenAPI document says. Default: "dev".
	Version string
}

func (c Config) withDefaults() Config {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxQueue == 0 {
		c.MaxQueue = defaultMaxQueue
	}
	if c.maxWait == 0 {
		c.maxWait = maxWait
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConnections
	}
	if c.Version == "" {
		c.Version = "dev"
	}
	return c
}

// checkBaseURL returns an error unless the text is an http or https URL that can be an issuer: without query or
// fragment (RFC 8414 2).
func checkBaseURL(text string) error {
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") ||
		strings.ContainsAny(text, "?#") || address.User != nil { // the marks alone too: what is put behind them is no path
		return fmt.Errorf("%q is not a base URL: it must look like https://accounts.example.com, without query or user", text)
	}
	return nil
}

// isLoopback reports whether an address to listen on can be reached from this machine only.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
