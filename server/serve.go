package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// serveCommand holds every setting of serve: its default, what it does, and when it is refused.
type serveCommand struct {
	Database
	masterKeyFlags
	Listen         string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"The address to listen on (${default}); port 0 takes a free one. One that isn't loopback needs TLS or --behind-proxy."`
	BaseURL        string        `placeholder:"URL" help:"The public address, which is the issuer of the tokens. Default: the address that is listened on."`
	TLSCert        string        `name:"tls-cert" placeholder:"FILE" help:"The server's certificate chain in PEM. Needs --tls-key."`
	TLSKey         string        `name:"tls-key" placeholder:"FILE" help:"The certificate's private key in PEM. Needs --tls-cert."`
	BehindProxy    bool          `help:"Listen beyond loopback without TLS, because a proxy in front speaks it."`
	TokenTTL       time.Duration `name:"token-ttl" default:"90m" placeholder:"DURATION" help:"How long an access token lives (${default}); whole seconds."`
	CreationCutoff date          `placeholder:"DATE" help:"From this date on no traditional account is made (2024-10-01, or an RFC 3339 time). Default: never."`
	Sunset         date          `placeholder:"DATE" help:"From this date on traditional accounts get no token (2024-12-31, or an RFC 3339 time). Default: never."`
	RateLimit      int           `default:"0" placeholder:"N" help:"How many requests a minute one account may make of the management API, and how many of the OAuth endpoints (0: as many as it likes)."`
	MaxConcurrency int           `default:"0" placeholder:"N" help:"How many requests are worked on at once, a quarter of them writes (0: six reads for each processor, and 64 writes)."`
	MaxQueue       int           `default:"512" placeholder:"N" help:"How many more may wait for their turn, a second at most (${default}); others are answered with 503."`
	MaxConnections int           `default:"4096" placeholder:"N" help:"How many connections may be open (${default}); one more closes the one that has waited for its client longest."`
	DrainDelay     time.Duration `default:"0s" placeholder:"DURATION" help:"How long to go on serving after SIGTERM while /readyz answers 503, so that a load balancer notices first (${default})."`
	LogFormat      string        `enum:"text,json" default:"text" help:"How to write the log: ${enum}."`
	LogLevel       string        `enum:"debug,info,warn,error" default:"info" help:"The least level to log: ${enum}."`
}

// date is a day, which begins at midnight UTC, or a moment.
type date struct{ time.Time }

// UnmarshalText reads 2024-10-01 or an RFC 3339 time.
func (d *date) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			d.Time = parsed
			return nil
		}
	}
	return fmt.Errorf("%q is not a date such as 2024-10-01 or 2024-10-01T00:00:00Z", text)
}

// Validate refuses settings that can't be meant together (kong's hook).
func (c serveCommand) Validate() error {
	if err := c.Database.Validate(); err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("--listen: %q is not an address such as 127.0.0.1:8080: %w", c.Listen, err)
	}
	switch secure := c.TLSCert != ""; {
	case secure != (c.TLSKey != ""):
		return errors.New("--tls-cert and --tls-key need each other")
	case !secure && !c.BehindProxy && !isLoopback(c.Listen):
		return fmt.Errorf("--listen: %s can be reached from other machines, and secrets must not cross a network in plain: "+
			"give --tls-cert and --tls-key, or --behind-proxy when a proxy in front speaks TLS", c.Listen)
	case c.BaseURL != "" && checkBaseURL(c.BaseURL) != nil:
		return fmt.Errorf("--base-url: %w", checkBaseURL(c.BaseURL))
	case c.TokenTTL < time.Second || c.TokenTTL%time.Second != 0:
		return fmt.Errorf("--token-ttl: %s is not a positive number of whole seconds", c.TokenTTL)
	}
	return c.checkLimits()
}

func (c serveCommand) checkLimits() error {
	switch {
	case c.DrainDelay < 0:
		return fmt.Errorf("--drain-delay: %s is less than nothing", c.DrainDelay)
	case c.RateLimit < 0:
		return fmt.Errorf("--rate-limit: %d is less than 0", c.RateLimit)
	case c.MaxConcurrency != 0 && c.MaxConcurrency < 2:
		return fmt.Errorf("--max-concurrency: %d leaves no place for a read beside a write; 2 is the least, and 0 means six reads for each processor and 64 writes", c.MaxConcurrency)
	case c.MaxQueue < 2:
		return fmt.Errorf("--max-queue: %d leaves no room for a read beside a write; 2 is the least", c.MaxQueue)
	case c.MaxConnections < 1:
		return fmt.Errorf("--max-connections: %d lets nobody in; 1 is the least", c.MaxConnections)
	}
	return nil
}

// Run serves until the process is asked to stop.
func (c serveCommand) Run(ctx context.Context, e *environment) (err error) {
	logger, flush, err := newLogger(e.stderr, c.LogFormat, c.LogLevel)
	if err != nil {
		return err
	}
	defer flush()
	giveHeadroom := takeHeadroom()
	defer giveHeadroom()
	master, err := c.masterKey()
	if err != nil {
		return err
	}
	secure, stop, err := c.secure(logger)
	if err != nil {
		return err
	}
	defer stop()
	// Asked to stop while it starts, it starts all the same, and stops in Serve: that is no failure.
	starting := context.WithoutCancel(ctx)
	listener, err := (&net.ListenConfig{}).Listen(starting, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	defer func() { _ = listener.Close() }()                                       // closed already when Serve has run
	if secure == nil && !c.BehindProxy && !isLoopback(listener.Addr().String()) { // such as a localhost that is none
		return fmt.Errorf("--listen: %s is %s, which can be reached from other machines: give --tls-cert and --tls-key, or "+
			"--behind-proxy when a proxy in front speaks TLS", c.Listen, listener.Addr())
	}
	base := strings.TrimSuffix(c.BaseURL, "/")
	if base == "" {
		base = address(listener, secure != nil)
	}
	server, err := New(starting, Config{
		Database: c.Database.Database, MasterKey: master, BaseURL: base, TokenTTL: c.TokenTTL, RateLimit: c.RateLimit,
		MaxConcurrency: c.MaxConcurrency, MaxQueue: c.MaxQueue, MaxConnections: c.MaxConnections,
		Policy:     store.Policy{CreationCutoff: c.CreationCutoff.Time, Sunset: c.Sunset.Time},
		DrainDelay: c.DrainDelay, Logger: logger, Version: e.build.Version,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	logger.Info("listening", "address", listener.Addr().String(), "url", address(listener, secure != nil), "base_url", base)
	return server.Serve(ctx, listener, secure)
}

// secure returns how to speak TLS, nil for not at all, and listens for SIGHUP until stop is called: it reads the
// certificate again, and never ends the process.
func (c serveCommand) secure(logger *slog.Logger) (config *tls.Config, stop func(), err error) {
	hangUp := func() { logger.Warn("SIGHUP ignored: without TLS there is no certificate to read again") }
	if c.TLSCert != "" {
		certificate, err := newCertificate(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, nil, err
		}
		config = certificate.config()
		hangUp = func() { certificate.reload(logger) }
	}
	return config, onHangUp(hangUp), nil
}

func address(listener net.Listener, secure bool) string {
	if secure {
		return "https://" + listener.Addr().String()
	}
	return "http://" + listener.Addr().String()
}

type backupCommand struct {
	DatabaseFile
	To string `required:"" placeholder:"FILE" help:"The copy's file, which must not exist yet."`
}

// Run writes the copy.
func (c backupCommand) Run(ctx context.Context, e *environment) error {
	if err := sqlite.Backup(ctx, c.Database, c.To); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.stdout, "Copied %s to %s.\n", c.Database, c.To)
	return err
}
