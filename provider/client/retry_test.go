package client

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"
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
		{"POST 502", post, 502, 3},
		{"POST 504", post, 504, 3},
		{"POST cut", post, 0, 3},
		{"POST 500", post, 500, 1},
		{"POST 412", post, 412, 1},
		{"POST 409", post, 409, 1},
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

func TestAPostHasOneTokenForAllItsAttemptsAndAnotherForTheNextCall(t *testing.T) {
	var tokens []string
	api := newFakeAPI(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			tokens = append(tokens, r.Header.Get("Idempotency-Token"))
		} else if r.Header.Get("Idempotency-Token") != "" {
			t.Errorf("%s has a token", r.Method)
		}
		switch len(tokens) {
		case 1: // the connection is cut
			panic(http.ErrAbortHandler)
		case 2:
			writeError(w, http.StatusUnauthorized, "UNAUTHORIZED") // the access token was ended: once more with a fresh one
		case 3:
			http.Error(w, "<html>", http.StatusBadGateway)
		default:
			writeJSON(w, http.StatusOK, account("17"))
		}
	})
	client := api.client(t)
	if _, err := client.ResetSecret(t.Context(), "1", "17", ResetOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(tokens) != 4 || len(tokens[0]) < 26 { // 26 characters of base32 are 130 bits
		t.Fatalf("tokens = %q", tokens)
	}
	for _, token := range tokens {
		if token != tokens[0] {
			t.Errorf("tokens = %q", tokens)
		}
	}
	if _, err := client.CreateServiceAccount(t.Context(), "1", NewServiceAccount{}); err != nil || tokens[4] == tokens[0] {
		t.Errorf("%v: the next call has the same token", err)
	}
	if _, err := client.GetServiceAccount(t.Context(), "1", "17"); err != nil {
		t.Error(err)
	}
}

func TestAnAnswerThatWasCutOffIsAskedForAgain(t *testing.T) {
	whole := `{"data":{"id":"17","client_secret":"kept"}}`
	for name, cut := range map[string]func(http.ResponseWriter){
		"shorter than it says": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(whole[:20]))
		},
		"in the middle of a chunk": func(w http.ResponseWriter) {
			_, _ = w.Write([]byte(whole[:20]))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"by a proxy that covers it up": func(w http.ResponseWriter) { _, _ = w.Write([]byte(whole[:20])) },
		"to nothing":                   func(http.ResponseWriter) {},
		"a page in its place":          func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>back soon</html>")) },
		"no content":                   func(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) },
		"a refusal that is cut off": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error":`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if count.Add(1) == 1 {
					cut(w)
					return
				}
				_, _ = w.Write([]byte(whole))
			})
			reset, err := api.client(t).ResetSecret(t.Context(), "1", "17", ResetOptions{})
			if err != nil || reset.ClientSecret != "kept" || count.Load() != 2 {
				t.Errorf("got %+v, %v after %d calls", reset, err, count.Load())
			}
		})
	}
}

func TestATokenAnswerThatWasCutOffIsAskedForAgain(t *testing.T) {
	var asked atomic.Int64
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, account("17")) })
	api.token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		answer := `{"access_token":"t","token_type":"bearer","expires_in":5400}`
		if asked.Add(1) == 1 {
			answer = answer[:30]
		}
		_, _ = w.Write([]byte(answer))
	}
	if _, err := api.client(t).GetServiceAccount(t.Context(), "1", "17"); err != nil || asked.Load() != 2 {
		t.Errorf("%v after %d token requests", err, asked.Load())
	}
}

func TestAPageInPlaceOfADeletionIsNoDeletion(t *testing.T) {
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>back soon</html>")) })
	var failure *Error
	if err := api.client(t).DeleteServiceAccount(t.Context(), "1", "17"); !errors.As(err, &failure) || failure.Origin != OriginOther || api.calls.Load() != 3 {
		t.Errorf("got %v after %d calls", err, api.calls.Load())
	}
}

// What was carried out by an early attempt is not undone by a late one that doesn't get through.
func TestALostAnswerIsRememberedThroughAllRetries(t *testing.T) {
	create := func(c *Client) error {
		_, err := c.CreateServiceAccount(t.Context(), "1", NewServiceAccount{})
		return err
	}
	for name, test := range map[string]struct {
		statuses []int // 0: cut
		call     func(*Client) error
		want     bool
	}{
		"cut, then unavailable": {[]int{0, 503, 503}, create, true},
		"never taken up":        {[]int{429, 503, 503}, create, false},
		"a gateway's timeout":   {[]int{504, 503, 503}, create, true},
		"refused":               {[]int{403}, create, false},
		"a read": {[]int{0, 0, 0}, func(c *Client) error {
			_, err := c.GetServiceAccount(t.Context(), "1", "17")
			return err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
				status := test.statuses[count.Add(1)-1]
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				writeError(w, status, "CODE")
			})
			var failure *Error
			if err := test.call(api.client(t)); !errors.As(err, &failure) || failure.MaybeDone != test.want {
				t.Errorf("got %+v, want MaybeDone %t", failure, test.want)
			}
		})
	}
	t.Run("no connection", func(t *testing.T) {
		api := newFakeAPI(t, nil)
		client := api.client(t)
		api.Close()
		var failure *Error
		if err := create(client); !errors.As(err, &failure) || failure.Origin != OriginNetwork || failure.MaybeDone {
			t.Errorf("got %+v", failure)
		}
	})
}

func TestEachRetryIsToldInOneSentence(t *testing.T) {
	var count atomic.Int64
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		switch count.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "1")
			writeError(w, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE")
		case 2:
			panic(http.ErrAbortHandler)
		default:
			writeJSON(w, http.StatusOK, account("17"))
		}
	})
	var told []string
	client := api.client(t, func(c *Config) {
		c.RetryLogger = func(_ context.Context, message string, fields map[string]any) {
			if fields["attempt"] != len(told)+1 || fields["attempts"] != 3 {
				t.Errorf("fields = %v", fields)
			}
			told = append(told, message)
		}
	})
	// Not a GET: net/http itself sends that again when a kept connection turns out closed.
	if _, err := client.UpdateServiceAccount(t.Context(), "1", "17", ServiceAccountChanges{}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`^Attempt 1 of 3 at PATCH /rest/v2\.0/companies/1/service_accounts/17 failed because the answer was 503; the next one follows in 1(\.\d+)?s\.$`,
		`^Attempt 2 of 3 at PATCH /rest/v2\.0/companies/1/service_accounts/17 failed because the connection was closed without an answer \(EOF\); the next one follows in \d+ms\.$`,
	} {
		if len(told) != 2 || !regexp.MustCompile(want).MatchString(told[i]) {
			t.Errorf("got %q, want %s", told, want)
		}
	}
}

func TestWrongCredentialsAreSentOnce(t *testing.T) {
	var asked atomic.Int64
	api := newFakeAPI(t, nil)
	api.token = func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client", "error_description": "no"})
	}
	client := api.client(t)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			_, err := client.CreateServiceAccount(t.Context(), "1", NewServiceAccount{})
			var failure *Error
			if !errors.As(err, &failure) || !IsWrongCredentials(err) || failure.MaybeDone {
				t.Errorf("got %+v", failure)
			}
		})
	}
	group.Wait()
	if asked.Load() != 1 || api.calls.Load() != 0 {
		t.Errorf("%d token requests and %d calls", asked.Load(), api.calls.Load())
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
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
				t.Errorf("got %v after %s", err, time.Since(begin))
			}
		})
	}
}

// resty gives the answer back without an error when the context has ended before the wait for the next attempt.
func TestAnAnswerThatWouldHaveBeenRetriedIsACancellationOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	api := newFakeAPI(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := api.client(t).CreateProject(ctx, "1", NewProject{Name: "Tower"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
