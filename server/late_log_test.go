package server

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// slowWriter takes a log once it may, and counts how often it was written to.
type slowWriter struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	pass   chan struct{} // closed: at once
}

func (w *slowWriter) Write(data []byte) (int, error) {
	<-w.pass
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(data)
}

func (w *slowWriter) read() (text string, writes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String(), w.writes
}

func quickWriter() *slowWriter {
	w := &slowWriter{pass: make(chan struct{})}
	close(w.pass)
	return w
}

func TestALineOfARequestIsWrittenSoonThoughNoOtherFollows(t *testing.T) {
	t.Parallel()
	w := quickWriter()
	logger, _, err := newLogger(w, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // once more when all is written
		logger.Info(requestLine)
		eventually(t, "the line is written", func() bool {
			text, _ := w.read()
			return strings.Count(text, "msg=request\n") == i+1
		})
	}
}

func TestALineThatMattersIsWrittenAtOnceAndAfterThoseBeforeIt(t *testing.T) {
	t.Parallel()
	w := quickWriter()
	logger, _, err := newLogger(w, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		logger.Info(requestLine, "n", i)
	}
	logger.With("more", true).WithGroup("g").Error("it burns")
	text, _ := w.read()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 21 || !strings.Contains(lines[20], "it burns") || !strings.Contains(lines[19], `"n":19`) {
		t.Errorf("written at once: %s", text)
	}
}

func TestNoLineIsLostOrTornOrOutOfOrderWhenTheLogIsSlowToTake(t *testing.T) {
	t.Parallel()
	w := &slowWriter{pass: make(chan struct{})}
	logger, flush, err := newLogger(w, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 1000 // more than is gathered
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for i := range each {
				logger.Info(requestLine, "writer", writer, "i", i, "more", strings.Repeat("x", 20))
			}
		})
	}
	close(w.pass)
	group.Wait()
	flush()
	text, writes := w.read()
	next := [writers]int{}
	for line := range strings.Lines(text) {
		var writer, i int
		_, found, _ := strings.Cut(line, " writer=")
		if _, err := fmt.Sscanf(found, "%d i=%d more=xxxxxxxxxxxxxxxxxxxx\n", &writer, &i); err != nil || next[writer] != i {
			t.Fatalf("after %v comes %q: %v", next, line, err)
		}
		next[writer]++
	}
	for writer, count := range next {
		if count != each {
			t.Errorf("%d of %d lines of writer %d are written", count, each, writer)
		}
	}
	if writes > writers*each/20 {
		t.Errorf("%d lines took %d writes", writers*each, writes)
	}
}
