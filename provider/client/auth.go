package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// tokenLimit bounds the token endpoint's answer in bytes, as the library does.
const tokenLimit = 1 << 20

// authTransport puts an access token on every request. It is ours rather than oauth2.Transport because
// that one fetches tokens without the request's context: a server that drops packets would hold a
// cancelled apply for ever.
type authTransport struct {
	next        http.RoundTripper
	credentials *clientcredentials.Config
	tokenClient *http.Client
	// lock guards token and refusal; a channel, so that waiting for another request's token ends with the context.
	lock  chan struct{}
	token *oauth2.Token
	// refusal is the token endpoint's verdict that the credentials are wrong. They don't change while a client lives, so
	// it stands: an apply of forty resources must not look like forty guesses, which the server slows down.
	refusal error
}

func newAuthTransport(config Config, baseURL string, wire http.RoundTripper) *authTransport {
	return &authTransport{
		next: &finishTransport{next: wire, timeout: config.RequestTimeout},
		credentials: &clientcredentials.Config{
			ClientID:     config.ClientID,
			ClientSecret: config.ClientSecret,
			TokenURL:     baseURL + tokenPath,
			// Procore documents credentials in the body. Set, because detection would send a refused
			// secret twice.
			AuthStyle: oauth2.AuthStyleInParams,
		},
		tokenClient: &http.Client{
			Transport:     &tokenTransport{next: wire, userAgent: config.UserAgent},
			Timeout:       config.RequestTimeout,
			CheckRedirect: refuseRedirect,
		},
		lock: make(chan struct{}, 1),
	}
}

// RoundTrip sends request with a token. A 401 with a token that was kept from an earlier request may
// only mean that the token was ended since (a reset, a revocation): it is tried once more with a fresh
// one. A 401 with a fresh token is an answer.
func (t *authTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, kept, err := t.currentToken(request.Context())
	if err != nil {
		return nil, err
	}
	response, err := t.send(request, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized || !kept {
		return response, err
	}
	again, possible := sameAgain(request)
	if !possible {
		return response, nil
	}
	_ = response.Body.Close()
	if err := t.forget(request.Context(), token); err != nil {
		return nil, err
	}
	if token, _, err = t.currentToken(request.Context()); err != nil {
		return nil, err
	}
	return t.send(again, token)
}

// sameAgain returns request with its body from the beginning, where that is possible.
func sameAgain(request *http.Request) (again *http.Request, possible bool) {
	again = request.Clone(request.Context())
	if request.Body == nil || request.Body == http.NoBody {
		return again, true
	}
	if request.GetBody == nil {
		return nil, false
	}
	body, err := request.GetBody()
	again.Body = body
	return again, err == nil
}

// send puts token on a copy, because a RoundTripper must not change the request it is given.
func (t *authTransport) send(request *http.Request, token *oauth2.Token) (*http.Response, error) {
	authorized := request.Clone(request.Context())
	token.SetAuthHeader(authorized)
	return t.next.RoundTrip(authorized)
}

// currentToken returns a token that has not expired, and whether it was kept from an earlier request.
func (t *authTransport) currentToken(ctx context.Context) (token *oauth2.Token, kept bool, err error) {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if t.token.Valid() {
		return t.token, true, nil
	}
	if t.refusal != nil {
		return nil, false, t.refusal
	}
	token, err = t.credentials.Token(context.WithValue(ctx, oauth2.HTTPClient, t.tokenClient))
	if err != nil {
		err = tokenError(ctx, err)
		if isRefusal(err) {
			t.refusal = err
		}
		return nil, false, err
	}
	t.token = token
	return token, false, nil
}

// isRefusal reports whether the token endpoint found the credentials wrong, in the words of RFC 6749 section 5.2. A bare
// 401 isn't enough: a proxy may have said it.
func isRefusal(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Origin == OriginToken && failure.Code == "invalid_client"
}

// forget drops refused, unless another request has replaced it already.
func (t *authTransport) forget(ctx context.Context, refused *oauth2.Token) error {
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if t.token == refused {
		t.token = nil
	}
	return nil
}

// tokenError turns the library's error into an *Error: its own text would repeat the answer's body.
func tokenError(ctx context.Context, err error) error {
	var refused *oauth2.RetrieveError
	var network *url.Error
	switch {
	case errors.As(err, &network):
		return err // or the context's; errorFromTransport tells them apart
	case !errors.As(err, &refused):
		return &Error{Origin: OriginToken, Message: "the token endpoint's answer is not an OAuth access token"}
	}
	noteRetryAfter(ctx, refused.Response.Header, time.Now())
	return errorFromToken(refused)
}

// tokenTransport carries token requests. It names this client, as resty does for API calls, and reads
// the answer whole: the library would take one that was cut off for a malformed one, and no one would
// try again.
type tokenTransport struct {
	next      http.RoundTripper
	userAgent string
}

// isCutToken reports whether an answer that says it is JSON isn't: its end is missing. A page in another format is a
// wrong address rather than a bad connection.
func isCutToken(response *http.Response, body []byte) bool {
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return err == nil && kind == "application/json" && response.StatusCode < http.StatusMultipleChoices && !json.Valid(body)
}

func (t *tokenTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if t.userAgent != "" {
		request = request.Clone(request.Context())
		request.Header.Set("User-Agent", t.userAgent)
	}
	response, err := t.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, tokenLimit))
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	if isCutToken(response, body) {
		return nil, fmt.Errorf("the token endpoint's answer was cut off: %w", io.ErrUnexpectedEOF)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
