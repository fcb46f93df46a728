package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

func TestNoMoreCallsAreUnderWayThanTheGateLetsIn(t *testing.T) {
	const most, calls = 4, 40
	var mu sync.Mutex
	var inside, highest int
	full, leave := make(chan struct{}), make(chan struct{})
	isFull := sync.OnceFunc(func() { close(full) })
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		inside++
		highest = max(highest, inside)
		now := inside
		mu.Unlock()
		if now == most {
			isFull()
		}
		<-leave
		mu.Lock()
		inside--
		mu.Unlock()
		writeJSON(w, http.StatusOK, account("17"))
	})
	gate := NewGate(most)
	shared := func(config *Config) { config.Gate = gate }
	first, second := api.client(t, shared), api.client(t, shared)
	var running sync.WaitGroup
	for i := range calls {
		running.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = first.GetServiceAccount(t.Context(), "1", "17")
			} else {
				_, err = second.UpdateServiceAccount(t.Context(), "1", "17", ServiceAccountChanges{})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	<-full
	// Whoever stands before the gate goes away with its context, and has sent nothing.
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for range 3 {
		go func() {
			_, err := first.GetServiceAccount(ctx, "1", "17")
			ended <- err
		}()
	}
	cancel()
	for range 3 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
	}
	close(leave)
	running.Wait()
	if highest != most || api.calls.Load() != calls {
		t.Errorf("%d calls at once, want %d; %d calls in all, want %d", highest, most, api.calls.Load(), calls)
	}
}

func TestAGateForOneLetsEveryCallThroughInTheEnd(t *testing.T) {
	few := newCompany(60)
	var calls atomic.Int64
	client := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 2 { // and so the token is asked for again, by a call that has passed the gate
			writeError(w, http.StatusUnauthorized, "UNAUTHORIZED")
			return
		}
		few.answer(w, r)
	}).client(t, func(config *Config) { config.Gate = NewGate(1) })
	refreshAll(t, client, few.ids)
}
