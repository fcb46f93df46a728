package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// DefaultTokenTTL is how long Procore's tokens live.
const DefaultTokenTTL = 90 * time.Minute

// Config is what the authorization server works with.
type Config struct {
	// Tokens is where accounts and revocations are kept. Required.
	Tokens store.Tokens
	// Keys is where the signing keys are kept. Required; New fails when there is none, and when one is sealed and
	// MasterKey doesn't open it.
	Keys      store.SigningKeys
	MasterKey store.MasterKey
	// Issuer is the public base URL, without query and fragment (RFC 8414 2). Required. It goes into iss, aud and the
	// metadata; tokens with another one are accepted all the same.
	Issuer string
	// TokenTTL is how long a token lives, in whole seconds. DefaultTokenTTL when zero.
	TokenTTL time.Duration
	// Now tells the time. time.Now when nil.
	Now func() time.Time
	// Logger gets refused requests at debug level and the server's own failures as errors. Nowhere when nil.
	Logger *slog.Logger
	// Admit counts a request of a client that has authenticated against its rate limit. No limit when nil.
	Admit func(account store.ID) Admission
	// Observe counts. Its functions are called on the way of a request, by many goroutines; nil ones are not called.
	Observe Observe
}

// Observe is how the token endpoint is counted.
type Observe struct {
	TokenIssued func()
	// TokenRefused gets the error code of RFC 6749 5.2.
	TokenRefused func(reason string)
	// Authenticated gets who a request comes from, as soon as that is known.
	Authenticated func(ctx context.Context, account store.ServiceAccount)
	// AuthenticationFailed is called for each unknown client and wrong secret; slowed says that there were too many.
	AuthenticationFailed func(slowed bool)
}

// Admission says whether a request is within its client's rate limit.
type Admission struct {
	Allowed bool
	// Limit is how many requests a window allows; 0 means that there is no limit.
	Limit     int
	Remaining int
	// Reset is when the window ends.
	Reset time.Time
	// RetryAfter is how long that is from now.
	RetryAfter time.Duration
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	tokens   store.Tokens
	keys     *keySet
	verified *verifiedTokens
	issuer   string
	ttl      time.Duration
	now      func() time.Time
	logger   *slog.Logger
	admit    func(store.ID) Admission
	observe  Observe
	guesses  *guesses
	recorder *recorder
	metadata []byte
	// noSecret is the digest that an unknown client's secret is compared with. Nobody knows the secret.
	noSecret store.SecretDigest
}

// New reads the signing keys, notes in them how long its tokens live, and starts to look for new keys and to write
// behind. Close ends both.
func New(ctx context.Context, config Config) (*Server, error) {
	issuer, err := parseIssuer(config.Issuer)
	if err != nil {
		return nil, err
	}
	s := &Server{
		tokens: config.Tokens, issuer: issuer, ttl: config.TokenTTL, now: config.Now, logger: config.Logger,
		admit: config.Admit, observe: config.Observe, noSecret: store.NewSecret().Digest(), verified: &verifiedTokens{},
	}
	s.setDefaults()
	s.guesses = newGuesses(s.now)
	if s.ttl < time.Second || s.ttl%time.Second != 0 {
		return nil, fmt.Errorf("unable to issue tokens for %s: the lifetime must be whole seconds, and one at least", s.ttl)
	}
	if s.metadata, err = json.Marshal(newMetadata(issuer)); err != nil {
		return nil, fmt.Errorf("unable to encode the server's metadata: %w", err)
	}
	s.keys = &keySet{rereading: make(chan struct{}, 1), stored: config.Keys, master: config.MasterKey, now: s.now, logger: s.logger}
	if err := s.keys.start(ctx, s.ttl); err != nil {
		return nil, err
	}
	s.recorder = newRecorder(s.tokens.RecordTokens, s.logger)
	return s, nil
}

func (s *Server) setDefaults() {
	if s.ttl == 0 {
		s.ttl = DefaultTokenTTL
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.admit == nil {
		s.admit = func(store.ID) Admission { return Admission{Allowed: true} }
	}
	s.observe.setDefaults()
}

func (o *Observe) setDefaults() {
	if o.TokenIssued == nil {
		o.TokenIssued = func() {}
	}
	if o.TokenRefused == nil {
		o.TokenRefused = func(string) {}
	}
	if o.Authenticated == nil {
		o.Authenticated = func(context.Context, store.ServiceAccount) {}
	}
	if o.AuthenticationFailed == nil {
		o.AuthenticationFailed = func(bool) {}
	}
}

// parseIssuer returns the issuer without a slash at its end, so that paths can follow (RFC 8414 2, 3.1).
func parseIssuer(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return "", errors.New("the base URL is not a URL")
	}
	if parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || parsed.User != nil ||
		strings.ContainsAny(text, "?#") {
		return "", errors.New("the base URL must be http or https with a host, and without user, query and fragment")
	}
	return strings.TrimRight(text, "/"), nil
}

// CheckKeys returns an error while there is a signing key that this server can't open: it can't tell the tokens of other
// servers that can, and none at all once its own keys have ended. It asks no database.
func (s *Server) CheckKeys() error {
	if id, found := s.keys.current.Load().unusable(s.now()); found {
		return fmt.Errorf("signing key %s can't be used: this server was started without the master key that it is sealed with; "+
			"restart it with that one", id)
	}
	return nil
}

// Close writes what is still to be written. Call it once no request is served any more, and before the database is
// closed. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	s.keys.close()
	return s.recorder.close(ctx)
}

// route is one endpoint of the server.
type route struct {
	method, path string
	serve        endpoint
}

func (s *Server) routes() []route {
	table := []route{
		{http.MethodPost, pathToken, s.token},
		{http.MethodGet, pathTokenInfo, s.info},
		{http.MethodPost, pathRevoke, s.revoke},
		{http.MethodPost, pathIntrospect, s.introspect},
		{http.MethodGet, pathJWKS, s.jwks},
		{http.MethodGet, pathMetadata, s.describe},
	}
	// RFC 8414 3.1: for an issuer with a path, the path comes after the well-known one, and a proxy has to bring the
	// request here. Below the base URL it stays as well, where the contract has it.
	if issuer, err := url.Parse(s.issuer); err == nil && issuer.Path != "" {
		table = append(table, route{http.MethodGet, pathMetadata + issuer.EscapedPath(), s.describe})
	}
	return table
}

// Register adds the endpoints to the mux. Any other method on their paths is answered here too.
func (s *Server) Register(mux *http.ServeMux) {
	for _, route := range s.routes() {
		allow := route.method
		if allow == http.MethodGet {
			allow += ", " + http.MethodHead // net/http lets GET answer HEAD
		}
		mux.HandleFunc(route.method+" "+route.path, s.handle(route.serve))
		mux.HandleFunc(route.path, s.handle(func(http.ResponseWriter, *http.Request) *failure {
			return methodNotAllowed(allow)
		}))
	}
}
