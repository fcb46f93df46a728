package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
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

// Logger takes one line for each attempt at a request: a message and fields. It never gets a header,
// a body or a query.
type Logger func(ctx context.Context, message string, fields map[string]any)

// Config says how to reach the management API.
type Config struct {
	// BaseURL is the address of the API: absolute, http or https. A path is kept, for an API behind a
	// prefix. Ignored with Transport.
	BaseURL string
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
	// Logger is told of every attempt. Nil: nothing is logged.
	Logger Logger
}

// ConfigError says which field of a Config is wrong.
type ConfigError struct {
	Field   string // of Config: "BaseURL", …
	Message string
}

func (e *ConfigError) Error() string { return e.Message }

// Client calls the management API. It is safe for concurrent use.
type Client struct {
	baseURL string
	http    *resty.Client
}

// New checks config and makes a client; it does not call the API. An error is a *ConfigError.
func New(config Config) (*Client, error) {
	if config.MaxRetries < 0 {
		return nil, &ConfigError{"MaxRetries", "the number of retries must not be negative"}
	}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = DefaultRequestTimeout
	}
	if config.RequestTimeout < 0 {
		return nil, &ConfigError{"RequestTimeout", "the request timeout must be positive"}
	}

	baseURL, transport, retry := embeddedBaseURL, config.Transport, mayRetryEmbedded
	if transport == nil {
		retry = mayRetry
		var err error
		if baseURL, err = parseBaseURL(config.BaseURL); err != nil {
			return nil, err
		}
		wire, err := newWire(config.CACertificateFile)
		if err != nil {
			return nil, err
		}
		transport = newAuthTransport(config, baseURL, wire)
	} else {
		transport = &finishTransport{next: transport, timeout: config.RequestTimeout}
	}

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
		AddRetryCondition(retry).
		SetRetryAfter(retryDelay).
		SetRetryMaxWaitTime(longestRetryAfter).
		SetHeader("Accept", "application/json")
	if config.UserAgent != "" {
		rest.SetHeader("User-Agent", config.UserAgent)
	}
	return &Client{baseURL: baseURL, http: rest}, nil
}

// refuseRedirect hands a 3xx back as the answer. Following one would carry the bearer token, or the
// credentials themselves with a 307, to wherever the answer points.
func refuseRedirect(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// parseBaseURL returns address without a trailing slash, or says what is wrong with it.
func parseBaseURL(address string) (string, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return "", &ConfigError{"BaseURL", "the base URL is not a URL"}
	}
	if (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" {
		return "", &ConfigError{"BaseURL", `the base URL must be absolute, as in "https://api.example.com"`}
	}
	if parsed.User != nil {
		return "", &ConfigError{"BaseURL", "the base URL must not hold credentials; use client_id and client_secret"}
	}
	if parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", &ConfigError{"BaseURL", "the base URL must not have a query or a fragment"}
	}
	return strings.TrimRight(parsed.String(), "/"), nil
}

// newWire makes the transport that touches the network; it trusts the system's certificates and those
// in the PEM file caFile, if one is named.
func newWire(caFile string) (*http.Transport, error) {
	wire := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16, // Terraform walks ten resources at once unless told otherwise
		ForceAttemptHTTP2:     true,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if caFile == "" {
		return wire, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &ConfigError{"CACertificateFile", "the CA certificate file can't be read: " + err.Error()}
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without a pool: the file alone decides
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &ConfigError{"CACertificateFile", "the CA certificate file " + caFile + " holds no PEM certificate"}
	}
	wire.TLSClientConfig.RootCAs = pool
	return wire, nil
}

// request is one call of the API.
type request struct {
	method    string
	companyID string     // goes into the header; the path names it too where the API wants it
	path      []string   // elements after the base URL, unescaped
	query     url.Values // nil: none
	body      any        // JSON; nil: none
	data      any        // where to put the answer's "data"; nil: the answer is not looked at
}

// companyPath is the path of the objects of a company.
func companyPath(companyID string, elements ...string) []string {
	return append([]string{"rest", "v2.0", "companies", companyID}, elements...)
}

// do sends one request, with the retries that its method allows, and decodes the answer's "data" into
// request.data. It returns the headers of the answer, which page through lists. An error is an *Error,
// but for one: the context's own when ctx ended first.
func (c *Client) do(ctx context.Context, request request) (http.Header, error) {
	ctx = withProgress(ctx)
	call := c.http.R().SetContext(ctx).SetHeader(companyHeader, request.companyID).SetQueryParamsFromValues(request.query)
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
	response, err := call.Execute(request.method, c.baseURL+"/"+strings.Join(escaped, "/"))
	if response != nil && response.RawResponse != nil && response.StatusCode() >= http.StatusMultipleChoices {
		// Before err: when waiting longer was refused, resty has both, and the answer says more.
		return nil, errorFromResponse(response.StatusCode(), response.Header(), response.Body())
	}
	if err != nil {
		return nil, errorFromTransport(ctx, err)
	}
	if request.data == nil || response.StatusCode() == http.StatusNoContent {
		return response.Header(), nil
	}
	if err := decodeData(response.Body(), request.data); err != nil {
		return nil, notTheAPI(response.StatusCode(), response.Header())
	}
	return response.Header(), nil
}

// decodeData reads {"data": …} into data. A body without "data" is an error, as is null.
func decodeData(body []byte, data any) error {
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return err
	}
	if len(envelope.Data) == 0 || string(envelope.Data) == "null" {
		return errors.New("no data")
	}
	return json.Unmarshal(envelope.Data, data)
}

// pageSize is the most that the API takes as per_page.
const pageSize = 1000

// listAll reads every page of a list into one slice. The next page is the one that Link names
// (RFC 8288) by rel="next"; without Link, Total says whether there is more. The link itself is not
// followed: behind a proxy it may name an address that can't be reached from here.
func listAll[T any](ctx context.Context, c *Client, request request) ([]T, error) {
	query := url.Values{}
	for key, values := range request.query {
		query[key] = values
	}
	query.Set("per_page", strconv.Itoa(pageSize))
	var all []T
	for page := 1; ; page++ {
		query.Set("page", strconv.Itoa(page))
		var items []T
		request.query, request.data = query, &items
		header, err := c.do(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if len(items) == 0 || !hasNextPage(header, len(all)) {
			return all, nil
		}
	}
}

// hasNextPage reports whether a list goes on after the first seen of its items.
func hasNextPage(header http.Header, seen int) bool {
	if links := header.Values("Link"); len(links) > 0 {
		return strings.Contains(strings.Join(links, ","), `rel="next"`)
	}
	total, err := strconv.Atoi(header.Get("Total"))
	return err == nil && seen < total
}
