package client

import (
	"context"
	"io"
	"net/http"
	"time"
)

// finishTransport lets a POST that has been sent come to its end although its context is cancelled. A POST
// makes an account or a secret: the server does it whether anybody waits or not, and the answer is the only
// place that ever has the secret. Terraform's first Ctrl-C cancels every operation and then waits for them,
// so an answer that is cut off there would leave an account that no state knows.
//
// What is not sent yet is not sent any more, and the request timeout still bounds the wait.
type finishTransport struct {
	next    http.RoundTripper
	timeout time.Duration
}

func (t *finishTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if request.Method != http.MethodPost {
		return t.next.RoundTrip(request)
	}
	if err := ctx.Err(); err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // a RoundTripper closes the body, also when it fails
		}
		return nil, err
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timeout)
	response, err := t.next.RoundTrip(request.WithContext(detached))
	noteOutcome(ctx, response, err)
	if err != nil {
		cancel()
		return nil, err
	}
	response.Body = &cancelOnClose{response.Body, cancel}
	return response, nil
}

// cancelOnClose ends the context of an answer when its body has been read.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *cancelOnClose) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
