package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"
)

const (
	firstDelay        = 250 * time.Millisecond
	longestDelay      = 30 * time.Second
	longestRetryAfter = 5 * time.Minute
)

// progress is what the attempts at one call know of each other.
type progress struct {
	wantsData  bool          // a success has a body, and it is JSON
	bodyless   bool          // a success may have no body, whatever its status
	attempt    int           // counts from 1
	retryAfter time.Duration // what the token endpoint asked for in the latest attempt; 0: nothing
	reason     string        // why the latest attempt is to be repeated; empty: it isn't
	maybeDone  bool          // one of the attempts may have been carried out, although it gave no usable answer
}

type progressKey struct{}

func withProgress(ctx context.Context, wantsData bool) context.Context {
	return context.WithValue(ctx, progressKey{}, &progress{wantsData: wantsData})
}

// progressOf never returns nil, so that a request made without do() is merely not counted.
func progressOf(ctx context.Context) *progress {
	if found, ok := ctx.Value(progressKey{}).(*progress); ok {
		return found
	}
	return &progress{}
}

// retries is the policy by which calls are tried again.
type retries struct {
	most   int    // after the first attempt
	logger Logger // told of every retry; nil: nobody is
}

// wanted decides whether a call is tried again: when there was no answer, or only a part of one, and on 429, 502, 503
// and 504; never for an answer that the next attempt would only get again. The method makes no difference. GET, PUT,
// PATCH and DELETE may be repeated as they are (RFC 9110 section 9.2.2; a PATCH of this API sets values), and a POST
// carries an Idempotency-Token, by which the server knows it again and gives the answer that was lost.
func (retries) wanted(response *resty.Response, err error) bool {
	if response == nil || response.Request == nil {
		return false
	}
	state := progressOf(response.Request.Context())
	state.reason = retryReason(state, response, err)
	return state.reason != ""
}

// wantedEmbedded is wanted for an API inside this process: an error in place of an answer is a fault, not a network's
// mood.
func (r retries) wantedEmbedded(response *resty.Response, err error) bool {
	return err == nil && r.wanted(response, nil)
}

// retryReason says why an attempt is worth repeating, as in "… because REASON", or "" when it isn't.
func retryReason(state *progress, response *resty.Response, err error) string {
	var failure *Error
	switch {
	case errors.As(err, &failure): // from the token endpoint: the call itself was never sent
		return tokenRetryReason(failure)
	case err != nil:
		if passes(err) {
			return networkReason(err)
		}
	case retryableStatus(response.StatusCode()):
		return fmt.Sprintf("the answer was %d", response.StatusCode())
	case isCut(state, response.StatusCode(), response.Body()):
		return fmt.Sprintf("the answer, %d, was cut off or is not the API's", response.StatusCode())
	}
	return ""
}

// tokenRetryReason is retryReason for a failure of the token endpoint.
func tokenRetryReason(failure *Error) string {
	switch {
	case failure.Origin != OriginToken:
		return ""
	case failure.Status == 0: // a success, but cut off or a proxy's page
		return "the token endpoint's answer was no access token"
	case retryableStatus(failure.Status):
		return fmt.Sprintf("the token endpoint answered %d", failure.Status)
	default:
		return ""
	}
}

func retryableStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// isCut reports whether a success has a body that can't be the API's, whose bodies are JSON: a proxy cut it off, or put
// its own page in the place. The work may well be done, and then the next attempt tells so.
func isCut(state *progress, status int, body []byte) bool {
	if status >= http.StatusMultipleChoices || (status == http.StatusNoContent && !state.wantsData) {
		return false
	}
	if state.bodyless && len(body) == 0 {
		return false
	}
	return !json.Valid(body)
}

// passes reports whether a network error may be gone in a moment: a certificate that is not trusted
// and a name that does not exist stay as they are.
func passes(err error) bool {
	if isCertificateError(err) || errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return false
	}
	var lookup *net.DNSError
	return !errors.As(err, &lookup) || !lookup.IsNotFound
}

// networkReason says to a person what became of a request that got no answer.
func networkReason(err error) string {
	if errors.Is(err, io.EOF) { // which says nothing to anybody
		return "the connection was closed without an answer (EOF)"
	}
	return withoutSecrets(networkCause(err).Error())
}

// networkCause takes off the URL that net/http puts in front of an error: its query is none of the reader's business.
func networkCause(err error) error {
	for {
		var wrapped *url.Error
		if !errors.As(err, &wrapped) {
			return err
		}
		err = wrapped.Err
	}
}

// noteOutcome keeps, for the error that may come of it, whether a POST may have been carried out although no usable
// answer came: only a refusal, and an error before anything was sent, prove that it wasn't.
func noteOutcome(ctx context.Context, response *http.Response, err error) {
	var operation *net.OpError
	switch {
	case err != nil:
		neverSent := errors.As(err, &operation) && operation.Op == "dial"
		if neverSent || isCertificateError(err) {
			return
		}
	case response.StatusCode == http.StatusServiceUnavailable:
		return
	case response.StatusCode >= http.StatusMultipleChoices && response.StatusCode < http.StatusInternalServerError:
		return
	}
	progressOf(ctx).maybeDone = true
}

// delay is how long to wait after response: what the server asked for in Retry-After, else exponential backoff, both
// with jitter. A server that asks for more than longestRetryAfter is not waited for: a person should decide about that.
func (r retries) delay(_ *resty.Client, response *resty.Response) (time.Duration, error) {
	state := progressOf(response.Request.Context())
	asked := state.retryAfter
	state.retryAfter = 0
	if response.RawResponse != nil {
		asked = retryAfter(response.Header(), time.Now())
	}
	if asked > longestRetryAfter {
		return 0, errors.New("the server asks to wait longer than " + longestRetryAfter.String())
	}
	wait := backoff(response.Request.Attempt)
	if asked > 0 {
		wait = asked + upTo(min(asked/10, time.Second))
	}
	r.tell(response.Request, state, wait)
	return wait, nil
}

// tell puts one sentence about a retry into the log. It names the path without the query.
func (r retries) tell(request *resty.Request, state *progress, wait time.Duration) {
	if r.logger == nil {
		return
	}
	path := ""
	if request.RawRequest != nil {
		path = request.RawRequest.URL.Path
	}
	wait = wait.Round(time.Millisecond)
	r.logger(request.Context(), fmt.Sprintf("Attempt %d of %d at %s %s failed because %s; the next one follows in %s.",
		request.Attempt, r.most+1, request.Method, path, state.reason, wait), map[string]any{
		"method": request.Method, "path": path, "attempt": request.Attempt, "attempts": r.most + 1,
		"reason": state.reason, "wait_ms": wait.Milliseconds(),
	})
}

// backoff doubles with each attempt (from 1) up to longestDelay, and takes between a half and the
// whole of that by chance, so that many clients that failed together don't come back together.
func backoff(attempt int) time.Duration {
	delay := longestDelay
	if attempt >= 1 && attempt < 8 {
		delay = min(firstDelay<<(attempt-1), longestDelay)
	}
	return delay/2 + upTo(delay/2)
}

// upTo is a duration by chance, from 0 to less than most.
func upTo(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	chance, err := rand.Int(rand.Reader, big.NewInt(int64(most)))
	if err != nil {
		return most
	}
	return time.Duration(chance.Int64())
}

// retryAfter reads the header of that name, seconds or a date (RFC 9110 section 10.2.3); 0 without one.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}

// noteRetryAfter keeps what the token endpoint asked for: the retry policy sees only API answers.
func noteRetryAfter(ctx context.Context, header http.Header, now time.Time) {
	progressOf(ctx).retryAfter = retryAfter(header, now)
}
