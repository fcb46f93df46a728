package server

import (
	"bytes"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// sendTimeout is how long a client may take to read its answer.
const sendTimeout = 30 * time.Second

// answer is kept in memory until its request's place has been given back: a client that reads slowly holds up nobody.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// answers are used again, as long as they are small.
var answers = sync.Pool{New: func() any { return new(answer) }}

func newAnswer(header http.Header) *answer {
	a, ok := answers.Get().(*answer)
	if !ok {
		a = new(answer)
	}
	a.header = header
	return a
}

// Header returns the headers (http.ResponseWriter).
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the first status (http.ResponseWriter).
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps the body (http.ResponseWriter).
func (a *answer) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

// send writes the answer to its client. A large one waits in memory as long as its client takes to read it, so it needs
// room there; without it, it is dropped for the refusal, unless it shall be kept. The answer of a change always is: it may
// hold the only copy of a secret.
func (a *answer) send(w http.ResponseWriter, keep bool, memory *budget, refuse func(error)) {
	a.WriteHeader(http.StatusOK)
	size := int64(a.body.Len())
	if size > smallBytes {
		if memory.take(size) {
			defer memory.give(size)
		} else if !keep {
			refuse(errNoMemory)
			return
		}
	}
	// It fails only where there is no socket.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTimeout))
	if a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		a.header.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // the client is gone if this fails
}

// recycle lets another request use the memory. What was in it may be secret.
func (a *answer) recycle() {
	if a.body.Cap() > smallBytes {
		return
	}
	clear(a.body.Bytes())
	a.body.Reset()
	a.header, a.status = nil, 0
	answers.Put(a)
}
