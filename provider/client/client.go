package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

// The values that the provider uses when nothing is configured.
const (
	DefaultMaxRetries     = 4
	DefaultRequestTimeout = 30 * time.Second
)

// companyHeader names the company of a call, as every call to Procore's API does.
const companyHeader = "Procore-Company-Id"

// responseLimit bounds an answer in bytes. A full page is 1,000 accounts of about 1 KiB.
const responseLimit = 32 << 20

// embeddedBaseURL stands in for an address when Config.Transport reaches the API without a socket.
// ".invalid" can never be resolved (RFC 2606 section 2), should such a URL ever escape.
const embeddedBaseURL = "http://embedded.invalid"

// idempotencyHeader names a POST, so that the server does it once however often it arrives.
const idempotencyHeader = "Idempotency-Token"

// Logger takes one line, a message and fields. It never gets a header, a body or a query.
type Logger func(ctx context.Context, message string, fields map[string]any)

// Config says how to reach the management API.
type Config struct {
	// BaseURL is the address of the API: absolute, https, or http to this machine itself. A path is kept, for an API
	// behind a prefix. Ignored with Transport.
	BaseURL string
	// AllowInsecureHTTP lets BaseURL be plain http to anywhere. Whoever can listen on the way then reads the
	// credentials, and every secret that the API gives.
	AllowInsecureHTTP bool
	// ClientID and ClientSecret are sent to BaseURL + "/oauth/token" for an access token (RFC 6749
	// section 4.4). Ignored with Transport.
	ClientID, ClientSecret string
	// CACertificateFile names a PEM file of certificates to trust besides the system's. Empty: none.
	CACertificateFile string
	// MaxRetries is how often a request is tried again after its first attempt; 0: never.
	MaxRetries int
	// RequestTimeout bounds one attempt, its token request included. 0: DefaultRequestTimeout.
	RequestTimeout time.Duration
	// UserAgent is sent with every request. Empty: net/http's.
	UserAgent string
	// Transport reaches an embedded API that authenticates by itself; then no token is asked for.
	Transport http.RoundTripper
	// Logger is told of every attempt, and RetryLogger, in one sentence, of every attempt that is to be repeated. Nil:
	// nothing is logged.
	Logger, RetryLogger Logger
	// Gate bounds the calls under way at once; clients may share one. Nil: one of its own, for DefaultInFlight.
	Gate *Gate
}

// ConfigError says which field of a Config is wrong.
type ConfigError struct {
	Field   string // of Config: "BaseURL", …
	Message string
	// Insecure is set when BaseURL is refused only because it is plain http.
	Insecure bool
}

func (e *ConfigError) Error() string { return e.Message }

// Client calls the management API. It is safe for concurrent use.
type Client struct {
	baseURL string
	http    *resty.Client // puts this client's own token on every request
	oauth   *resty.Client // leaves requests as they are
	gate    *Gate
	now     func() time.Time
	changes changes
	// What a refresh reads.
	budget      refreshBudget
	accounts    *refresher[ServiceAccount]
	permissions *refresher[AccountPermissions]
	assignments *refresher[ProjectAssignment]
	projects    *refresher[Project]
}

// New checks config and makes a client; it does not call the API. An error is a *ConfigError.
func New(config Config) (*Client, error) {
	if config.MaxRetries < 0 {
		return nil, &ConfigError{Field: "MaxRetries", Message: "the number of retries must not be negative"}
	}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	if config.RequestTimeout < 0 {
		return nil, &ConfigError{Field: "RequestTimeout", Message: "the request timeout must be positive"}
	}

	policy := retries{most: config.MaxRetries, logger: config.RetryLogger}
	baseURL, wanted := embeddedBaseURL, policy.wantedEmbedded
	transport, plain := http.RoundTripper(&finishTransport{next: config.Transport, timeout: config.RequestTimeout}), config.Transport
	if plain == nil {
		wanted = policy.wanted
		var err error
		if baseURL, err = parseBaseURL(config.BaseURL, config.AllowInsecureHTTP); err != nil {
			return nil, err
		}
		wire, err := newWire(config.CACertificateFile)
		if err != nil {
			return nil, err
		}
		transport, plain = newAuthTransport(config, baseURL, wire), wire
	}
	made := &Client{
		baseURL: baseURL, http: newHTTP(config, transport, policy, wanted), oauth: newHTTP(config, plain, policy, wanted),
		gate: config.Gate, now: time.Now,
	}
	if made.gate == nil {
		made.gate = NewGate(DefaultInFlight)
	}
	made.accounts = newRefresher[ServiceAccount](made, "service_accounts", "filters[id][]")
	made.permissions = newRefresher[AccountPermissions](made, "permissions", "filters[service_account_id][]")
	made.assignments = newRefresher[ProjectAssignment](made, "project_assignments", "filters[service_account_id][]")
	made.projects = newRefresher[Project](made, "projects", "filters[id][]")
	return made, nil
}

// newHTTP makes what sends requests over a transport, with the log, the limits and the retries that all of them have.
func newHTTP(config Config, transport http.RoundTripper, policy retries, wanted resty.RetryConditionFunc) *resty.Client {
	httpClient := &http.Client{
		Transport:     &logTransport{next: transport, logger: config.Logger},
		Timeout:       config.RequestTimeout,
		CheckRedirect: refuseRedirect,
	}
	rest := resty.NewWithClient(httpClient).
		SetDebug(false).
		SetLogger(silence{}). // resty prints to stderr; every attempt is already logged, without URLs
		SetResponseBodyLimit(responseLimit).
		SetRetryCount(config.MaxRetries).
		AddRetryCondition(wanted).
		SetRetryAfter(policy.delay).
		SetRetryWaitTime(time.Millisecond). // the least; policy.delay decides
		SetRetryMaxWaitTime(longestRetryAfter).
		SetHeader("Accept", "application/json")
	if config.UserAgent != "" {
		rest.SetHeader("User-Agent", config.UserAgent)
	}
	return rest
}

// refuseRedirect hands a 3xx back as the answer. Following one would carry the bearer token, or the
// credentials themselves with a 307, to wherever the answer points.
func refuseRedirect(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// request is one call of the API.
type request struct {
	method    string
	companyID string     // goes into the header; the path names it too where the API wants it; empty: no header
	path      []string   // elements after the base URL, unescaped
	query     url.Values // nil: none
	body      any        // JSON; nil: none
	ifMatch   string     // the ETag that the object must still have; empty: whatever it is
	data      any        // where to put the answer's "data"; nil: the answer is not looked at
	etags     *[]string  // where to put the ETags that a list has of its items, in their order; nil: nowhere
}

// Option is a condition of a change.
type Option func(*request)

// IfMatch lets a change happen only while the object is as it was when it had that ETag; IsStale tells when it isn't.
// With "" it is no condition at all.
func IfMatch(etag string) Option {
	return func(r *request) { r.ifMatch = etag }
}

// under returns the request with its conditions.
func (r request) under(options []Option) request {
	for _, apply := range options {
		apply(&r)
	}
	return r
}

// Version says of which state of an object an answer tells.
type Version struct {
	ETag string    // for IfMatch; empty when the server gave none
	At   time.Time // when, by the server's clock, in whole seconds; zero when the answer had no Date
}

// versionOf reads the version from an answer. A weak ETag is the strong one that a proxy has weakened because it packed
// the body: the server has no weak ones, and would never find one equal (RFC 9110 section 8.8.3.2).
func versionOf(header http.Header) Version {
	var at time.Time // this machine's clock is no substitute: what it is compared with is of the server's
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		at = date.UTC()
	}
	return Version{ETag: strings.TrimPrefix(header.Get("ETag"), "W/"), At: at}
}

// companyPath is the path of the objects of a company.
func companyPath(companyID string, elements ...string) []string {
	return append([]string{"rest", "v2.0", "companies", companyID}, elements...)
}

// do sends one request, with the retries that it needs, and decodes the answer's "data" into request.data. It returns
// the headers of the answer, which page through lists. An error is an *Error, or ErrMisplacedSecret.
//
// A POST gets a token of its own, the same for all its attempts: one that did its work and lost its answer is answered
// again, secret included, instead of being done again.
func (c *Client) do(ctx context.Context, request request) (http.Header, error) {
	ctx = withProgress(ctx, request.data != nil)
	call := c.http.R().SetContext(ctx).SetQueryParamsFromValues(request.query)
	if request.companyID != "" {
		call.SetHeader(companyHeader, request.companyID)
	}
	if request.method == http.MethodPost {
		call.SetHeader(idempotencyHeader, rand.Text())
	}
	if request.ifMatch != "" {
		call.SetHeader("If-Match", request.ifMatch)
	}
	if request.body != nil {
		body, err := json.Marshal(request.body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		call.SetHeader("Content-Type", "application/json").SetBody(body)
	}

	escaped := make([]string, len(request.path))
	for i, element := range request.path {
		escaped[i] = url.PathEscape(element)
	}
	path := "/" + strings.Join(escaped, "/")
	if SecretPattern.MatchString(path + "?" + request.query.Encode() + " " + request.companyID) {
		return nil, ErrMisplacedSecret
	}
	if err := c.gate.enter(ctx); err != nil {
		return nil, errorFromTransport(ctx, err)
	}
	defer c.gate.leave()
	return c.send(ctx, call, request, c.baseURL+path)
}

// send sends a request that has passed the gate.
func (c *Client) send(ctx context.Context, call *resty.Request, request request, address string) (http.Header, error) {
	change := request.method != http.MethodGet
	if change {
		c.changes.begin()
	}
	response, err := call.Execute(request.method, address)
	failure := readAnswer(ctx, response, err, request)
	if failure != nil {
		failure.MaybeDone = progressOf(ctx).maybeDone
	}
	if change {
		c.changes.end(failure)
	}
	if failure != nil {
		return nil, failure
	}
	return response.Header(), nil
}

// readAnswer decodes what came of a call for its request, or makes the error of it.
func readAnswer(ctx context.Context, response *resty.Response, err error, request request) *Error {
	if ended := ctx.Err(); ended != nil && (errors.Is(err, ended) || err == nil && retryableStatus(response.StatusCode())) {
		return errorFromTransport(ctx, ended) // also when it was a retry, or the wait for it, that was not to be any more
	}
	if response != nil && response.RawResponse != nil && response.StatusCode() >= http.StatusMultipleChoices {
		// Before err: when waiting longer was refused, resty has both, and the answer says more.
		return errorFromResponse(response.StatusCode(), response.Header(), response.Body())
	}
	if err != nil {
		return errorFromTransport(ctx, err)
	}
	if request.data == nil && response.StatusCode() == http.StatusNoContent {
		return nil
	}
	// A proxy's page with a 200 must not pass for a deletion, so the body counts even where nobody reads it.
	if request.data == nil && json.Valid(response.Body()) {
		return nil
	}
	if request.data == nil || decodeData(response.Body(), request.data, request.etags) != nil {
		return notTheAPI(response.StatusCode(), response.Header())
	}
	return nil
}

// decodeData reads {"data": …, "etags": […]} into data and etags. A body without "data" is an error, as is null.
func decodeData(body []byte, data any, etags *[]string) error {
	envelope := struct {
		Data  json.RawMessage `json:"data"`
		ETags *[]string       `json:"etags"`
	}{ETags: etags}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err
	}
	if len(envelope.Data) == 0 || string(envelope.Data) == "null" {
		return errors.New("no data")
	}
	return json.Unmarshal(envelope.Data, data)
}
