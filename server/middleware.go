package server

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// middleware is what every request goes through, outermost first: it gets an id, is logged and counted, survives a
// panic, and meets an answer in this API's own words where the mux knows no route.
func middleware(mux *http.ServeMux, config Config, metrics *metrics) http.Handler {
	return identified(observed(recovered(sunsetting(routed(mux), config), config.Logger), config.Logger, metrics))
}

// identified gives the request an id, which its answer and its log lines carry. The caller's own is not taken over: it
// could be anything.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		random := make([]byte, 8)
		_, _ = rand.Read(random)
		id := hex.EncodeToString(random)
		w.Header().Set("X-Request-Id", id)
		// Answers are about one caller and one moment; those that may be kept say so themselves.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(store.WithActor(r.Context(), store.Actor{RequestID: id})))
	})
}

// statusWriter remembers the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(data []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observed logs and counts the request by its route. The path's query stays out of the log: what a careless client
// puts there may be a secret.
func observed(next http.Handler, logger *slog.Logger, metrics *metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		writer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(writer, r)
		elapsed := time.Since(started)
		route := r.Pattern
		if route == "" {
			route = "unmatched"
		}
		metrics.requests.WithLabelValues(route, strconv.Itoa(writer.status)).Inc()
		metrics.duration.WithLabelValues(route).Observe(elapsed.Seconds())
		logger.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", loggedMethod(r.Method)),
			slog.String("route", route), slog.Int("status", writer.status), slog.Float64("duration_ms", float64(elapsed.Microseconds())/1000))
	})
}

// loggedMethod keeps a method that is none out of the log: a method is any word that a client sends, and that may be a secret.
func loggedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func recovered(next http.Handler, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			reason := recover()
			if reason == nil {
				return
			}
			if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) { // net/http's own way to cut a connection
				panic(reason)
			}
			logger.ErrorContext(r.Context(), "panic", "reason", reason, "stack", string(debug.Stack()))
			writeError(w, rest.NewError(http.StatusInternalServerError,
				"The server failed to answer. Its log says why, under this answer's x-request-id."))
		}()
		next.ServeHTTP(w, r)
	})
}

// sunsetting tells every client of the API when traditional accounts stop working: the date (RFC 8594) and how many whole
// days are left.
func sunsetting(next http.Handler, config Config) http.Handler {
	sunset := config.Policy.Sunset
	if sunset.IsZero() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/rest/") || r.URL.Path == "/oauth/token" {
			w.Header().Set("Sunset", sunset.UTC().Format(http.TimeFormat))
			w.Header().Set("X-Days-Until-Sunset", strconv.Itoa(store.DaysLeft(sunset, config.Now())))
		}
		next.ServeHTTP(w, r)
	})
}

// routed answers in JSON where the mux has no route for the path, or none for the method.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Media types have no case (RFC 9110 8.3.1), but huma compares them as they are.
		if contentType := r.Header.Get("Content-Type"); contentType != "" {
			r.Header.Set("Content-Type", strings.ToLower(contentType))
		}
		// All answers but the metrics are JSON, whatever is accepted (RFC 9110 12.5.1 lets a server disregard the header). huma would
		// read it once the work is done, and panics over some values: a secret that was just made would be lost.
		if r.URL.Path != "/metrics" {
			r.Header.Del("Accept")
		}
		refuse, pattern := mux.Handler(r)
		// The mux would redirect a path such as //healthz to a clean one; no caller of an API follows that.
		if pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			mux.ServeHTTP(w, r)
			return
		}
		refusal := &refusal{header: http.Header{}}
		refuse.ServeHTTP(refusal, r)
		if allow := refusal.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			writeError(w, rest.NewError(http.StatusMethodNotAllowed, "This path doesn't take "+r.Method+"; it takes "+allow+"."))
			return
		}
		writeError(w, rest.NewError(http.StatusNotFound, "There is nothing at this path. GET /openapi.json lists what there is."))
	})
}

// refusal takes the mux's own refusal, of which only the headers count.
type refusal struct{ header http.Header }

func (r *refusal) Header() http.Header            { return r.header }
func (r *refusal) Write(data []byte) (int, error) { return len(data), nil }
func (r *refusal) WriteHeader(int)                {}

func writeError(w http.ResponseWriter, answer *rest.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.GetStatus())
	_ = json.NewEncoder(w).Encode(answer) // the client is gone if this fails
}
