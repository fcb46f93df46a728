package server

import (
	"io"
	"sync"
	"time"
)

const (
	// lateLogDelay is for how long a line of a log may wait for others, to be written together with them.
	lateLogDelay = 100 * time.Millisecond
	// lateLogBytes is how much is gathered at most.
	lateLogBytes = 64 << 10
)

// lateLog gathers lines and writes them a moment later, many at once: a line for each request would otherwise be a call of
// the system for each, one after the other. A process that is killed loses what it gathered; whoever can't accept that
// calls flush. While nothing is logged nothing runs.
type lateLog struct {
	to io.Writer

	mu      sync.Mutex
	pending []byte
	due     bool // that a timer will flush

	writing sync.Mutex // held before mu, so that what was gathered first is written first
	spare   []byte
}

// Write takes one line (io.Writer, as slog uses it). It waits for the writer behind only when there is more than
// lateLogBytes: no line is dropped.
func (l *lateLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	l.pending = append(l.pending, line...)
	full := len(l.pending) >= lateLogBytes
	if !l.due && !full {
		l.due = true
		time.AfterFunc(lateLogDelay, l.flush)
	}
	l.mu.Unlock()
	if full {
		l.flush()
	}
	return len(line), nil
}

// flush writes all that was gathered before it was called.
func (l *lateLog) flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	lines := l.pending
	l.pending, l.due = l.spare[:0], false
	l.mu.Unlock()
	if len(lines) > 0 {
		_, _ = l.to.Write(lines) // there is nobody to tell
	}
	l.spare = lines
}
