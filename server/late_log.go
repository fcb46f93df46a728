package server

import (
	"io"
	"sync"
	"time"
)

const (
	// lateLogDelay is for how long a line of a log may wait for others, to be written together with them.
	lateLogDelay = 100 * time.Millisecond
	// lateLogBytes is how much is written before that time has come.
	lateLogBytes = 32 << 10
	// lateLogMost is how much is gathered at most while the one before is written.
	lateLogMost = 1 << 20
)

// lateLog gathers lines and writes them a moment later, many at once: a line for each request would otherwise be a call of
// the system for each, one after the other, and each request would wait for whoever reads the log. A process that is killed
// loses what it gathered; whoever can't accept that calls flush. While nothing is logged nothing runs.
type lateLog struct {
	to io.Writer

	mu      sync.Mutex
	pending []byte
	timer   *time.Timer
	due     bool // that somebody will flush
	soon    bool // that it is at once

	writing sync.Mutex // held before mu, so that what was gathered first is written first
	spare   []byte
}

// newLateLog writes to another writer.
func newLateLog(to io.Writer) *lateLog {
	l := &lateLog{to: to}
	l.timer = time.AfterFunc(time.Hour, l.flush)
	l.timer.Stop()
	return l
}

// Write takes one line (io.Writer, as slog uses it). It waits for the writer behind only when that is far behind: no line
// is dropped.
func (l *lateLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	l.pending = append(l.pending, line...)
	size := len(l.pending)
	switch {
	case size >= lateLogBytes && !l.soon:
		l.timer.Reset(0)
		l.due, l.soon = true, true
	case !l.due:
		l.timer.Reset(lateLogDelay)
		l.due = true
	}
	l.mu.Unlock()
	if size >= lateLogMost {
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
	l.pending, l.due, l.soon = l.spare[:0], false, false
	l.mu.Unlock()
	if len(lines) > 0 {
		_, _ = l.to.Write(lines) // there is nobody to tell
	}
	l.spare = lines
}
