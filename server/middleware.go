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

	"github.com/procore/terraform-provider-procore/server/oauth"
	"github.com/procore/terraform-provider-procore/server/rest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// middleware is what every request goes through, outermost first: it gets an id and the headers that every answer has, is
// logged and counted, survives a panic, is refused with a secret in its URL, meets an answer in this API's own words where
// the mux knows no route, and waits for its turn.
func middleware(mux *http.ServeMux, config Config, metrics *metrics) http.Handler {
	handler := withoutSecretsInURL(routed(mux, bounded(mux, config, metrics)))
	return identified(observed(recovered(sunsetting(handler, config), config.Logger), config.Logger, metrics), config)
}

// The values of headers that every answer has. They are shared, so nobody may change them in place.
var (
	// Answers are about one caller and one moment; those that may be kept say so themselves.
	headerNoStore = []string{"no-store"}
	// Nothing here is for a browser to show, to guess the type of, to frame, or to tell others where it came from.
	headerNoSniff    = []string{"nosniff"}
	headerNoContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
	headerNoReferrer = []string{"no-referrer"}
	headerTLSOnly    = []string{"max-age=31536000"} // RFC 6797
)

// identified gives the request an id, which its answer and its log lines carry. The caller's own is not taken over: it
// could be anything.
func identified(next http.Handler, config Config) http.Handler {
	behindTLS := strings.HasPrefix(config.BaseURL, "https://")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var random [8]byte
		_, _ = rand.Read(random[:])
		id := hex.EncodeToString(random[:])
		// net/http would take the machine's clock, and an embedded API has no net/http. By this clock a client tells the age of what
		// the answer speaks of.
		own := []string{id, config.Now().UTC().Format(http.TimeFormat)}
		header := w.Header()
		header["X-Request-Id"], header["Date"] = own[:1:1], own[1:]
		header["Cache-Control"] = headerNoStore
		header["X-Content-Type-Options"] = headerNoSniff
		header["Content-Security-Policy"] = headerNoContent
		header["Referrer-Policy"] = headerNoReferrer
		if r.TLS != nil || behindTLS {
			header["Strict-Transport-Security"] = headerTLSOnly
		}
		ctx := store.WithActor(r.Context(), store.Actor{RequestID: id})
		next.ServeHTTP(w, r.WithContext(withCaller(ctx)))
	})
}

// statusWriter remembers the status of the answer, and how long it is.
type statusWriter struct {
	http.ResponseWriter
	status int
	bytes  int
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
	n, err := w.ResponseWriter.Write(data)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// observed logs and counts the request by its route. The path and its query stay out of the log: what a careless client
// puts there may be a secret.
func observed(next http.Handler, logger *slog.Logger, metrics *metrics) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		writer := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(writer, r)
		ended := time.Now()
		elapsed := ended.Sub(started)
		route := r.Pattern
		if route == "" {
			route = "unmatched"
		}
		metrics.answered(route, writer.status, elapsed)
		if !logger.Enabled(r.Context(), slog.LevelInfo) {
			return
		}
		// The handler is called directly: Logger would look for the line of code that logs, which is always this one.
		line := slog.NewRecord(ended, slog.LevelInfo, requestLine, 0)
		line.AddAttrs(slog.String("method", method(r)), slog.String("route", route), slog.Int("status", writer.status),
			slog.Float64("duration_ms", float64(elapsed.Microseconds())/1000), slog.Int("bytes", writer.bytes))
		if caller := callerOf(r.Context()); caller.serviceAccountID != 0 {
			line.AddAttrs(slog.String("caller", caller.serviceAccountID.String()), slog.String("client_id", caller.clientID),
				slog.String("company_id", caller.companyID.String()))
		}
		_ = logger.Handler().Handle(r.Context(), line) // as Logger does: there is nobody to tell
	})
}

// method returns the request's method where it is one that there is: any other is the client's own text.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
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
			refuse(w, r, http.StatusInternalServerError, "The server failed to answer. Its log says why, under this answer's x-request-id.")
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

// routed answers in JSON where the mux has no route for the path, or none for the method. Elsewhere the request is marked
// with its route, and goes on.
func routed(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Media types have no case (RFC 9110 8.3.1), but huma compares them as they are.
		contentType := r.Header.Get("Content-Type")
		if plain := strings.ToLower(contentType); plain != contentType {
			r.Header.Set("Content-Type", plain)
		}
		// All answers but the metrics are JSON, whatever is accepted (RFC 9110 12.5.1 lets a server disregard the header). huma would
		// read it once the work is done, and panics over some values: a secret that was just made would be lost.
		if r.URL.Path != "/metrics" {
			r.Header.Del("Accept")
		}
		unknown, pattern := mux.Handler(r)
		// The mux would redirect a path such as //healthz to a clean one; no caller of an API follows that.
		if pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			r.Pattern = pattern // the log's and the metrics', should it not get as far as the mux
			next.ServeHTTP(w, r)
			return
		}
		refusal := &refusal{header: http.Header{}}
		unknown.ServeHTTP(refusal, r)
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

// refuse answers in the words of the API that the request is for.
func refuse(w http.ResponseWriter, r *http.Request, status int, message string, details ...rest.ErrorDetail) {
	if strings.HasPrefix(r.URL.Path, oauthPrefix) {
		oauth.Refuse(w, status, message)
		return
	}
	writeError(w, rest.NewError(status, message, details...))
}

// oauthPrefix is what the paths of the OAuth endpoints begin with.
const oauthPrefix = "/oauth/"

func writeError(w http.ResponseWriter, answer *rest.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.GetStatus())
	_ = json.NewEncoder(w).Encode(answer) // the client is gone if this fails
}
