package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// Server is the management API on one database. It is safe for concurrent use.
type Server struct {
	config  Config
	store   *sqlite.Store
	oauth   *oauth.Server
	handler http.Handler
}

// New opens the database and wires the layers together. It returns *store.Error with CodeNotInitialized when the
// database has no company yet.
func New(ctx context.Context, config Config) (*Server, error) {
	config = config.withDefaults()
	database, err := sqlite.Open(ctx, sqlite.Options{Path: config.Database, Policy: config.Policy, Now: config.Now})
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, store: database}
	if err := s.wire(ctx); err != nil {
		return nil, errors.Join(err, database.Close())
	}
	return s, nil
}

func (s *Server) wire(ctx context.Context) error {
	companies, err := s.store.Companies(ctx)
	if err != nil {
		return err
	}
	if len(companies) == 0 {
		return &store.Error{Code: store.CodeNotInitialized, Message: fmt.Sprintf(
			"The database %s has no company yet. Make one with: terraform-provider-procore init --database %s --company NAME",
			s.config.Database, s.config.Database)}
	}
	if err := s.sealKeys(ctx); err != nil {
		return err
	}
	metrics := newMetrics()
	s.oauth, err = oauth.New(ctx, oauth.Config{
		Tokens: s.store, Keys: s.store, MasterKey: s.config.MasterKey, Issuer: s.config.BaseURL, TokenTTL: s.config.TokenTTL,
		Now: s.config.Now, Logger: s.config.Logger,
		Observe: oauth.Observe{
			TokenIssued:  metrics.tokensIssued.Inc,
			TokenRefused: func(reason string) { metrics.tokensRefused.WithLabelValues(reason).Inc() },
		},
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	api := rest.NewAPI(mux, s.config.Version)
	rest.Register(api, rest.Config{
		Companies: s.store, ServiceAccounts: s.store, Permissions: s.store, Projects: s.store,
		Assignments: s.store, Directory: s.store, AuditEvents: s.store,
		Authenticate: s.authenticate, Admit: newLimiter(s.config.RateLimit, s.config.Now).admit,
		SecretReset: metrics.secretsReset.Inc, Logger: s.config.Logger,
	})
	s.oauth.Register(mux)
	s.oauth.Describe(api.OpenAPI())
	registerOperations(mux, api, s.store, metrics)
	if err := rest.ServeDocument(mux, api); err != nil {
		return err
	}
	s.handler = middleware(mux, s.config, metrics)
	return nil
}

// authenticate is how rest learns who a token speaks for.
func (s *Server) authenticate(ctx context.Context, token string) (store.Principal, error) {
	principal, _, err := s.oauth.Verify(ctx, token)
	var invalid *oauth.InvalidTokenError
	if errors.As(err, &invalid) {
		return principal, &rest.InvalidTokenError{Reason: invalid.Error()}
	}
	return principal, err
}

// Handler returns the API without a socket.
func (s *Server) Handler() http.Handler { return s.handler }

// Limits on a connection, so that a slow or endless client can't hold one for ever.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 60 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	shutdownTimeout   = 30 * time.Second
)

// Serve answers on the listener until ctx ends, then stops taking requests and finishes those in flight. With a TLS
// configuration it speaks HTTPS.
func (s *Server) Serve(ctx context.Context, listener net.Listener, secure *tls.Config) error {
	server := &http.Server{
		Handler: s.handler, TLSConfig: secure, ErrorLog: errorLog(s.config.Logger),
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
	}
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
	s.config.Logger.Info("stopping", "grace_seconds", int(shutdownTimeout.Seconds()))
	// The requests in flight are finished although ctx has ended: that is what the grace is for.
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("some requests did not end within %s: %w", shutdownTimeout, errors.Join(err, server.Close()))
	}
	return nil
}

// Close writes what was kept back and closes the database.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return errors.Join(s.oauth.Close(ctx), s.store.Close())
}
