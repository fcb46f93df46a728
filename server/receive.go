package server

import (
	"bytes"
	"container/list"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/rest"
)

// bodyTimeout is how long a client may take for a request's body.
const bodyTimeout = 10 * time.Second

// errSlowBody says that a body wasn't there in time, errCutBody that its client left in the middle of it.
var (
	errSlowBody = errors.New("slow body")
	errCutBody  = errors.New("cut body")
)

// maxReceiving bounds the HTTP/2 requests whose body is awaited, over all connections: a connection carries several, and
// each costs a goroutine and its buffers. Those of HTTP/1 are bounded by the number of connections. An honest body comes
// right behind its header, so there are never many.
const maxReceiving = 1024

// receiving are the HTTP/2 requests whose body is awaited. With one too many, the one is given up that has waited longest:
// so whoever announces bodies and sends none pushes out their own.
type receiving struct {
	most int

	mu      sync.Mutex
	waiting list.List // of func(), which gives the request up; the longest wait first
}

// begin lets a request wait for its body, until it calls end. The one that waits longest may be given up for it.
func (r *receiving) begin(giveUp func()) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting.Len() >= r.most {
		if longest, ok := r.waiting.Remove(r.waiting.Front()).(func()); ok {
			longest() // under the lock, for its connection may be used until end returns, and no longer
		}
	}
	place := r.waiting.PushBack(giveUp)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.waiting.Remove(place) // nothing where it was given up
	}
}

// receive reads the request's body, so that a slow client holds nothing but its own connection meanwhile. It leaves a
// body behind that is in memory. One that is too large is cut off one byte beyond its limit, for the handler to refuse
// in its own words; the connection is closed after the answer, however much is still to come.
//
// Call release once the body is needed no more.
func receive(w http.ResponseWriter, r *http.Request, memory *budget, streams *receiving) (release func(), err error) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return func() {}, nil
	}
	connection := http.NewResponseController(w)
	// These can only fail where there is no socket, and then nobody is slow.
	_ = connection.SetReadDeadline(time.Now().Add(bodyTimeout))
	if !takesBody(r.Method) {
		r.Body = http.NoBody
		closeAfterwards(w, r) // rather than reading what nobody asked for
		return func() {}, nil
	}
	body := &body{memory: memory, limit: bodyLimit(r)}
	givenUp := false
	end := func() {}
	if r.ProtoMajor >= 2 {
		end = streams.begin(func() {
			givenUp = true
			_ = connection.SetReadDeadline(time.Unix(1, 0)) // ends the read, and waits for nobody
		})
	}
	err = body.read(r.Body)
	end()
	switch {
	case err != nil && givenUp:
		err = errNoMemory
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errSlowBody
	case err != nil && !errors.Is(err, errNoMemory):
		err = errCutBody
	default:
		_ = connection.SetReadDeadline(time.Time{}) // it would end the request's context while that is worked on
	}
	if err != nil {
		closeAfterwards(w, r)
		body.release()
		return nil, err
	}
	if int64(body.Len()) > body.limit {
		closeAfterwards(w, r)
	}
	r.Body, r.ContentLength = io.NopCloser(&body.Buffer), int64(body.Len())
	r.TransferEncoding = nil
	return body.release, nil
}

// closeAfterwards ends a connection on which there is more of the body to come. Over HTTP/2 only the request's own stream
// is reset, which net/http does by itself; the header would end the connection, and with it the other requests on it.
func closeAfterwards(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor < 2 {
		w.Header().Set("Connection", "close")
	}
}

// takesBody reports whether requests with this method have a body here.
func takesBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

func bodyLimit(r *http.Request) int64 {
	if strings.HasPrefix(r.URL.Path, oauthPrefix) {
		return oauth.MaxBodyBytes
	}
	return rest.MaxBodyBytes
}

// body is a request's body in memory.
type body struct {
	bytes.Buffer
	memory *budget
	limit  int64
	taken  int64
}

// read reads up to one byte beyond the limit. The buffer grows as bytes arrive, not as a header announces them. The first
// chunk takes no memory of the budget, for there are only so many bodies at once; each further one does before it is read.
func (b *body) read(from io.Reader) error {
	from = io.LimitReader(from, b.limit+1)
	for {
		_, err := io.CopyN(&b.Buffer, from, smallBytes)
		if err == io.EOF { //nolint:errorlint // CopyN returns it as it is, and a wrapped one would be another fault
			return nil
		}
		if err != nil {
			return err
		}
		if !b.memory.take(smallBytes) {
			return errNoMemory
		}
		b.taken += smallBytes
	}
}

// release gives back the memory.
func (b *body) release() {
	b.memory.give(b.taken)
	b.taken = 0
}
