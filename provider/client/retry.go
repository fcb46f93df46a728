package client

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net"
	"net/http"
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
	attempt    int           // counts from 1
	retryAfter time.Duration // what the token endpoint asked for in the latest attempt; 0: nothing
}

type progressKey struct{}

func withProgress(ctx context.Context) context.Context {
	return context.WithValue(ctx, progressKey{}, &progress{})
}

// progressOf never returns nil, so that a request made without do() is merely not counted.
func progressOf(ctx context.Context) *progress {
	if found, ok := ctx.Value(progressKey{}).(*progress); ok {
		return found
	}
	return &progress{}
}

// mayRetry decides whether a call is tried again. Whatever its method: when the server did not take it
// up, that is on 429 and 503, when no connection was made, and when no token could be had for a reason
// that passes. A call that may have been carried out, and whose answer was lost or is a proxy's, is
// repeated only when doing it twice leaves what doing it once does; a POST makes an account or a
// secret, so it isn't.
func mayRetry(response *resty.Response, err error) bool {
	if response == nil || response.Request == nil {
		return false
	}
	repeatable := response.Request.Method != http.MethodPost
	if err == nil {
		return retryableStatus(response.StatusCode(), repeatable)
	}
	var failure *Error
	if errors.As(err, &failure) { // from the token endpoint: the call itself was never sent
		return failure.Origin == OriginToken && retryableStatus(failure.Status, true)
	}
	return passes(err) && (repeatable || neverSent(err))
}

// mayRetryEmbedded is mayRetry for an API inside this process: an error in place of an answer is a
// fault, not a network's mood.
func mayRetryEmbedded(response *resty.Response, err error) bool {
	return err == nil && mayRetry(response, nil)
}

func retryableStatus(status int, repeatable bool) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		return repeatable
	default:
		return false
	}
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

// neverSent reports whether err proves that the server can't have seen the request.
func neverSent(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial"
}

// retryDelay is how long to wait after response: what the server asked for in Retry-After, else
// exponential backoff with jitter. A server that asks for more than longestRetryAfter is not waited
// for: a person should decide about that.
func retryDelay(_ *resty.Client, response *resty.Response) (time.Duration, error) {
	state := progressOf(response.Request.Context())
	asked := state.retryAfter
	state.retryAfter = 0
	if response.RawResponse != nil {
		asked = retryAfter(response.Header(), time.Now())
	}
	if asked > longestRetryAfter {
		return 0, errors.New("the server asks to wait longer than " + longestRetryAfter.String())
	}
	if asked > 0 {
		return asked, nil
	}
	return backoff(response.Request.Attempt), nil
}

// backoff doubles with each attempt (from 1) up to longestDelay, and takes between a half and the
// whole of that by chance, so that many clients that failed together don't come back together.
func backoff(attempt int) time.Duration {
	delay := longestDelay
	if attempt >= 1 && attempt < 8 {
		delay = min(firstDelay<<(attempt-1), longestDelay)
	}
	half := delay / 2
	chance, err := rand.Int(rand.Reader, big.NewInt(int64(half)))
	if err != nil {
		return delay
	}
	return half + time.Duration(chance.Int64())
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
