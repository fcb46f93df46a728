package modeltest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A sequence is a seed for each of its operations: some may be left out and the others stay what they are.
//
// A library for such tests (pgregory.net/rapid) was tried. It leaves operations out one by one, which takes minutes where
// each try starts a real server; halves are left out here first, and a script of some steps is there in seconds.
type sequence struct {
	dates uint64 // which dates the server has
	seeds []uint64
}

// attempt is a test of one sequence: a server that is started for it ends with it, and what fails ends it alone.
type attempt struct {
	testing.TB // the test that it is part of
	folder     string
	cleanups   []func()
	world      *world

	mu      sync.Mutex
	failure string
}

type attemptFailed struct{}

func (a *attempt) Helper()          {}
func (a *attempt) Cleanup(f func()) { a.cleanups = append(a.cleanups, f) }
func (a *attempt) TempDir() string  { return a.folder }

// Errorf may be called by the server's goroutines. The first failure is the one that counts.
func (a *attempt) Errorf(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failure == "" {
		a.failure = fmt.Sprintf(format, args...)
	}
}

func (a *attempt) Error(args ...any) { a.Errorf("%s", fmt.Sprintln(args...)) }
func (a *attempt) Fatal(args ...any) { a.Error(args...); panic(attemptFailed{}) }
func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	panic(attemptFailed{})
}

func (a *attempt) failed() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

var folders atomic.Int64

// run plays a sequence on a new server, and returns how it failed, or "", with the script of what happened.
func (s sequence) run(t *testing.T, seen map[string]int) (failure, script string) {
	t.Helper()
	a := &attempt{TB: t, folder: filepath.Join(t.TempDir(), strconv.FormatInt(folders.Add(1), 10))}
	if err := os.MkdirAll(a.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if reason := recover(); reason != nil && reason != (attemptFailed{}) {
				panic(reason)
			}
		}()
		s.play(a, seen)
	}()
	for _, cleanup := range slices.Backward(a.cleanups) {
		cleanup()
	}
	_ = os.RemoveAll(a.folder) // what stays goes with the test's own folder
	if a.world != nil {
		script = a.world.readable(strings.Join(a.world.script, "\n"))
	}
	return a.failed(), script
}

func (s sequence) play(a *attempt, seen map[string]int) {
	cutoffs, sunsets := []time.Duration{0, 0, 3 * day}, []time.Duration{0, 0, 0, 5 * day}
	w := newWorld(a, seen, cutoffs[s.dates%3], sunsets[s.dates/3%4])
	w.callers()
	for _, seed := range s.seeds {
		w.play(seed)
		if a.failed() != "" {
			return
		}
	}
	w.note("At the end:")
	w.everything()
	w.secrets()
}

// shrunk leaves out of a failing sequence what it fails without: halves first, then ever smaller pieces, single operations
// at last. It gives up when its time is over.
func (s sequence) shrunk(t *testing.T, patience time.Duration) sequence {
	t.Helper()
	deadline := time.Now().Add(patience)
	for size := (len(s.seeds) + 1) / 2; size > 0; {
		smaller := false
		for from := 0; from < len(s.seeds) && time.Now().Before(deadline); {
			without := sequence{s.dates, slices.Delete(slices.Clone(s.seeds), from, min(from+size, len(s.seeds)))}
			if failure, _ := without.run(t, map[string]int{}); failure != "" {
				s, smaller = without, true
				continue
			}
			from += size
		}
		switch {
		case size > 1:
			size = (size + 1) / 2
		case !smaller:
			size = 0
		}
		if time.Now().After(deadline) {
			break
		}
	}
	return s
}
