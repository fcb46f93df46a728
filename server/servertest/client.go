package servertest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
)

// Watched returns a client that does what the given one does, notes the secrets that it sends and gets, and fails the test for an
// answer that shows one where it shouldn't. It is for tests of a server in a process of its own.
func Watched(t testing.TB, client *http.Client) *http.Client {
	t.Helper()
	next := client.Transport
	if already, ok := next.(watchedTransport); ok {
		next = already.next
	}
	if next == nil {
		next = http.DefaultTransport
	}
	watched := *client
	watched.Transport = watchedTransport{t, SecretsOf(t), next}
	return &watched
}

type watchedTransport struct {
	t       testing.TB
	secrets *Secrets
	next    http.RoundTripper
}

// RoundTrip sends the request and looks at both (http.RoundTripper).
func (w watchedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	w.secrets.noteHeader(r.Header)
	inner, sent := r.Clone(r.Context()), &sentBody{}
	if r.Body != nil {
		inner.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, sent), r.Body}
	}
	response, err := w.next.RoundTrip(inner)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	if err != nil { // a cut answer is for the test to judge
		return response, nil //nolint:nilerr // whoever reads the body meets the error
	}
	for _, place := range w.secrets.answer(r, sent.bytes(), response.StatusCode, response.Header, body) {
		w.t.Error(fmt.Sprintf("%s, answer %d: ", r.Method, response.StatusCode) + place)
	}
	return response, nil
}

// failing is what comes after the part of a body that could be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// sentBody keeps what of a body has been sent. An answer may come while that goes on.
type sentBody struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it (io.Writer).
func (b *sentBody) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *sentBody) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.text.Bytes())
}
