package client

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestRetryPolicy(t *testing.T) {
	get := func(ctx context.Context, c *Client) error {
		_, err := c.GetServiceAccount(ctx, "1", "17")
		return err
	}
	post := func(ctx context.Context, c *Client) error {
		_, err := c.ResetSecret(ctx, "1", "17", ResetOptions{})
		return err
	}
	patch := func(ctx context.Context, c *Client) error {
		_, err := c.UpdateServiceAccount(ctx, "1", "17", ServiceAccountChanges{})
		return err
	}
	remove := func(ctx context.Context, c *Client) error { return c.DeleteServiceAccount(ctx, "1", "17") }

	tests := []struct {
		name   string
		call   func(context.Context, *Client) error
		status int // 0: the connection is cut
		calls  int64
	}{
		{"GET 502", get, 502, 3},
		{"GET 503", get, 503, 3},
		{"GET 504", get, 504, 3},
		{"GET 429", get, 429, 3},
		{"GET 500", get, 500, 1},
		{"GET 404", get, 404, 1},
		{"GET 403", get, 403, 1},
		{"GET cut", get, 0, 3},
		{"PATCH 502", patch, 502, 3},
		{"PATCH cut", patch, 0, 3},
		{"PATCH 422", patch, 422, 1},
		{"DELETE 504", remove, 504, 3},
		{"DELETE cut", remove, 0, 3},
		{"DELETE 409", remove, 409, 1},
		{"POST 429", post, 429, 3},
		{"POST 503", post, 503, 3},
		{"POST 502", post, 502, 1},
		{"POST 504", post, 504, 1},
		{"POST cut", post, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.status == 0 {
					connection, _, err := w.(http.Hijacker).Hijack()
					if err == nil {
						_ = connection.Close()
					}
					return
				}
				writeError(w, test.status, "CODE")
			})
			err := test.call(t.Context(), api.client(t))
			var failure *Error
			if !errors.As(err, &failure) || failure.Status != test.status {
				t.Errorf("got %v, want status %d", err, test.status)
			}
			if got := api.calls.Load(); got != test.calls {
				t.Errorf("%d calls, want %d", got, test.calls)
			}
		})
	}
}

func TestAPassingFailureIsRiddenOut(t *testing.T) {
	var count atomic.Int64
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		if count.Add(1) < 3 {
			http.Error(w, "<html>bad gateway</html>", http.StatusBadGateway)
			return
		}
		writeJSON(w, http.StatusOK, account("17"))
	})
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "17"); err != nil {
		t.Fatal(err)
	}
}

func TestATokenEndpointThatIsBusyIsRetriedEvenForAPost(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, account("17")) })
	var asked atomic.Int64
	api.token = func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			writeJSON(w, http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable"})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"access_token": "t", "token_type": "bearer", "expires_in": 5400})
	}
	begin := time.Now()
	if _, err := api.client(t).ResetSecret(t.Context(), "1", "17", ResetOptions{}); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(begin); waited < time.Second {
		t.Errorf("waited %s, but the server asked for a second", waited)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	var count atomic.Int64
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		if count.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			writeError(w, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
			return
		}
		writeJSON(w, http.StatusOK, account("17"))
	})
	begin := time.Now()
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "17"); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(begin); waited < time.Second {
		t.Errorf("waited %s, but the server asked for a second", waited)
	}
}

func TestAServerThatAsksForHoursIsNotWaitedFor(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7200")
		writeError(w, http.StatusTooManyRequests, "TOO_MANY_REQUESTS")
	})
	_, err := api.client(t).GetServiceAccount(t.Context(), "1", "17")
	var failure *Error
	if !errors.As(err, &failure) || failure.Status != http.StatusTooManyRequests || api.calls.Load() != 1 {
		t.Errorf("got %v after %d calls, want the 429 after one", err, api.calls.Load())
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "-3": 0, "soon": 0, "99999999999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("retryAfter(%q) = %s, want %s", value, got, want)
		}
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	for attempt := 1; attempt < 100; attempt++ {
		longest := longestDelay
		if attempt < 8 {
			longest = min(firstDelay<<(attempt-1), longestDelay)
		}
		if got := backoff(attempt); got < longest/2 || got > longest {
			t.Errorf("backoff(%d) = %s, want %s to %s", attempt, got, longest/2, longest)
		}
	}
}

func TestACancelledContextStopsAtOnce(t *testing.T) {
	for name, retryAfter := range map[string]string{"while waiting to retry": "60", "while the server is silent": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				if retryAfter == "" {
					<-release
					return
				}
				w.Header().Set("Retry-After", retryAfter)
				writeError(w, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE")
			})
			t.Cleanup(func() { close(release) })
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			begin := time.Now()
			_, err := api.client(t).GetServiceAccount(ctx, "1", "17")
			if err == nil || time.Since(begin) > 5*time.Second {
				t.Errorf("got %v after %s", err, time.Since(begin))
			}
		})
	}
}
