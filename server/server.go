package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// Server is the management API on one database. It is safe for concurrent use.
type Server struct {
	config  Config
	store   database
	oauth   *oauth.Server
	handler http.Handler
	metrics *metrics
	ready   *readiness
	// endUpkeep ends the upkeep and waits until it has ended.
	endUpkeep   func()
	connections *connections
}

// New opens the database and wires the layers together. It returns *store.Error with CodeNotInitialized when the
// database has no company yet.
func New(ctx context.Context, config Config) (*Server, error) {
	config = config.withDefaults()
	metrics := newMetrics()
	database, err := openDatabase(ctx, config.Database, databaseOptions{
		Policy: config.Policy, Now: config.Now, Observe: metrics.observeDatabase,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, store: database, metrics: metrics, ready: &readiness{database: database, logger: config.Logger}}
	if err := s.wire(ctx); err != nil {
		return nil, errors.Join(err, database.Close())
	}
	s.endUpkeep = background(s.upkeep)
	return s, nil
}

// background runs the work until the function that it returns is called, which waits for its end.
func background(work func(ctx context.Context)) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { work(ctx) })
	return func() {
		cancel()
		group.Wait()
	}
}

func (s *Server) wire(ctx context.Context) error {
	companies, err := s.store.Companies(ctx)
	if err != nil {
		return err
	}
	if len(companies) == 0 {
		return &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf(
			"The database %s has no company yet. Make one with: terraform-provider-procore init --database %s --company NAME",
			databaseName(s.config.Database), databaseName(s.config.Database))}
	}
	if err := s.sealKeys(ctx); err != nil {
		return err
	}
	metrics := s.metrics
	limiter, endedLimiter, tokenLimiter := s.newLimiter("rest", "rest"), s.newLimiter("rest", "ended"), s.newLimiter("oauth", "oauth")
	s.oauth, err = oauth.New(ctx, oauth.Config{
		Tokens: s.store, Keys: s.store, MasterKey: s.config.MasterKey, Issuer: s.config.BaseURL, TokenTTL: s.config.TokenTTL,
		Now: s.config.Now, Logger: s.config.Logger,
		Admit: func(account store.ID) oauth.Admission { return oauth.Admission(tokenLimiter.admit(account)) },
		Observe: oauth.Observe{
			TokenIssued:          metrics.tokensIssued.Inc,
			TokenRefused:         func(reason string) { metrics.tokensRefused.WithLabelValues(reason).Inc() },
			Authenticated:        noteCaller,
			AuthenticationFailed: metrics.authenticationFailed,
		},
	})
	if err != nil {
		return err
	}
	s.ready.keys = s.oauth.CheckKeys
	mux := http.NewServeMux()
	api := rest.NewAPI(mux, s.config.Version)
	rest.Register(api, rest.Config{
		Companies: s.store, ServiceAccounts: s.store, Permissions: s.store, Projects: s.store,
		Assignments: s.store, Directory: s.store, AuditEvents: s.store, KeptAnswers: s.store,
		Authenticate: s.authenticate, Admit: limiter.admit, AdmitEnded: endedLimiter.admit,
		SecretReset: metrics.secretsReset.Inc, Logger: s.config.Logger,
	})
	s.oauth.Register(mux)
	s.oauth.Describe(api.OpenAPI())
	registerOperations(mux, api, s.ready, metrics)
	describeRefusals(api.OpenAPI())
	rest.ServeDocument(mux, api)
	s.handler = middleware(mux, s.config, metrics)
	s.connections = newConnections(s.config.MaxConnections, metrics)
	return nil
}

// newLimiter returns a limiter with a count of its own, that of the API by this name.
func (s *Server) newLimiter(metric, api string) *limiter {
	var shared *leases
	if s.store.Shared() {
		shared = &leases{windows: s.store, api: api, logger: s.config.Logger, timeout: leaseTimeout}
	}
	return newLimiter(s.config.RateLimit, s.config.Now, s.metrics.throttled.WithLabelValues(metric), shared)
}

// authenticate is how rest learns who a token speaks for.
func (s *Server) authenticate(ctx context.Context, token string) (store.Principal, error) {
	principal, _, err := s.oauth.Verify(ctx, token)
	noteCaller(ctx, principal.Account)
	var invalid *oauth.InvalidTokenError
	if errors.As(err, &invalid) {
		return principal, &rest.InvalidTokenError{Reason: invalid.Reason, Ended: invalid.Ended}
	}
	return principal, err
}

// Handler returns the API without a socket.
func (s *Server) Handler() http.Handler { return s.handler }

// Limits on a connection, so that a slow or endless client can't hold one for ever. Those for the body and for the answer
// are in receive.go and answer.go; these are what holds when neither has begun. A token is the largest honest header, and
// takes a kilobyte.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	maxStreams        = 16       // of one HTTP/2 connection; clients open another one for more
	http2Buffer       = 64 << 10 // of what an HTTP/2 connection, and each of its streams, sends unasked
	shutdownTimeout   = 30 * time.Second
)

// httpServer is the one place where sockets meet the handler.
func (s *Server) httpServer(secure *tls.Config) *http.Server {
	return &http.Server{
		Handler: s.handler, TLSConfig: secure, ErrorLog: errorLog(s.config.Logger),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ConnState: s.connections.state, ConnContext: s.connections.context,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, WriteByteTimeout: sendTimeout,
			MaxReceiveBufferPerConnection: http2Buffer, MaxReceiveBufferPerStream: http2Buffer,
		},
	}
}

// Serve answers on the listener until ctx ends, then stops taking requests and finishes those in flight. With a TLS
// configuration it speaks HTTPS.
func (s *Server) Serve(ctx context.Context, listener net.Listener, secure *tls.Config) error {
	server := s.httpServer(secure)
	endWatch := background(s.watchIntegrity)
	defer endWatch()
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// Whoever balances loads is told first, and may be given the time to notice.
	s.ready.stopping.Store(true)
	if err := s.drain(failed); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	s.config.Logger.Info("stopping", "grace_seconds", int(shutdownTimeout.Seconds()))
	// The requests in flight are finished although ctx has ended: that is what the grace is for.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("some requests did not end within %s: %w", shutdownTimeout, errors.Join(err, server.Close()))
	}
	return nil
}

// drain goes on serving for the drain delay.
func (s *Server) drain(failed <-chan error) error {
	if s.config.DrainDelay <= 0 {
		return nil
	}
	s.config.Logger.Info("draining: not ready any more, and still serving", "seconds", s.config.DrainDelay.Seconds())
	select {
	case <-time.After(s.config.DrainDelay):
		return nil
	case err := <-failed:
		return err
	}
}

// Close writes what was kept back and closes the database.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	s.endUpkeep()
	if err := s.oauth.Close(ctx); err != nil {
		// Nothing that was acknowledged: a full disk must not turn a stop into a failure.
		s.config.Logger.WarnContext(ctx, "the times of the last tokens are lost: they could not be written", "error", err)
	}
	return s.store.Close()
}
