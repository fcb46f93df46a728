package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/procore/terraform-provider-procore/server/store"
)

// The error codes of RFC 6749 5.2 and RFC 6750 3.1. The last two are those of RFC 6749 4.1.2.1, for which 5.2 has no
// words of its own.
const (
	codeInvalidRequest       = "invalid_request"
	codeInvalidClient        = "invalid_client"
	codeUnauthorizedClient   = "unauthorized_client"
	codeUnsupportedGrantType = "unsupported_grant_type"
	codeInvalidScope         = "invalid_scope"
	codeInvalidToken         = "invalid_token"
	codeServerError          = "server_error"
	codeUnavailable          = "temporarily_unavailable"
)

// The challenges of a 401 (RFC 9110 11.6.1).
const (
	challengeBasic        = `Basic realm="procore"`
	challengeBearer       = `Bearer realm="procore"`
	challengeInvalidToken = challengeBearer + `, error="invalid_token"`
)

// failure is a refused request, before it is an answer.
type failure struct {
	status      int
	code        string
	description string
	// challenges are the values of WWW-Authenticate; a 401 has at least one.
	challenges []string
	// allow is the value of Allow; a 405 has one.
	allow string
	// retryAfter is how long to wait before another try is worth it; 0 says nothing, except that a 503 is always worth one
	// in a second.
	retryAfter time.Duration
	// cause is for the log alone. It is set where the fault is the server's.
	cause error
}

// oauthError is the body of every refusal (RFC 6749 5.2).
type oauthError struct {
	Code        string `json:"error" enum:"invalid_request,invalid_client,unauthorized_client,unsupported_grant_type,invalid_scope,invalid_token,server_error,temporarily_unavailable" doc:"What went wrong, for programs (RFC 6749 5.2)."`
	Description string `json:"error_description,omitempty" pattern:"^[ -!#-\\[\\]-~]*$" doc:"What went wrong, for people."`
}

func invalidRequest(description string) *failure {
	return &failure{status: http.StatusBadRequest, code: codeInvalidRequest, description: description}
}

// invalidClient is always a 401 with a challenge. RFC 6749 5.2 asks for it where the client tried the Authorization
// header and allows it elsewhere; one answer for every way is easier to handle.
func invalidClient(description string) *failure {
	return &failure{
		status: http.StatusUnauthorized, code: codeInvalidClient, description: description,
		challenges: []string{challengeBasic},
	}
}

func invalidToken(reason string) *failure {
	return &failure{
		status: http.StatusUnauthorized, code: codeInvalidToken, description: reason,
		challenges: []string{challengeInvalidToken},
	}
}

// methodNotAllowed answers what the mux would, but as JSON and not to be cached (RFC 6749 3.2: POST only).
func methodNotAllowed(allow string) *failure {
	return &failure{
		status: http.StatusMethodNotAllowed, code: codeInvalidRequest, allow: allow,
		description: "This endpoint takes " + allow + " only.",
	}
}

// serverFault is the answer where the request is not to blame. A database that says of itself that it can't serve now
// is worth another try, and so is a request whose client went away; anything else is not known to be.
func serverFault(cause error) *failure {
	busy, damaged := &store.Error{Code: store.CodeUnavailable}, &store.Error{Code: store.CodeNotADatabase}
	unknown := &store.Error{Code: store.CodeOutcomeUnknown} // of a revocation, which may be asked for again (RFC 7009 2.2.1)
	if errors.Is(cause, busy) || errors.Is(cause, unknown) || errors.Is(cause, errUnableToSign) || errors.Is(cause, damaged) || errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		return &failure{
			status: http.StatusServiceUnavailable, code: codeUnavailable, cause: cause,
			description: "The server can't answer at the moment. Try again in a second.",
		}
	}
	return &failure{
		status: http.StatusInternalServerError, code: codeServerError, cause: cause,
		description: "The server failed. The reason is in its log.",
	}
}

// tooMany is a 429. RFC 6749 5.2 has no word for it; temporarily_unavailable is the one that says "not now".
func tooMany(description string, retryAfter time.Duration) *failure {
	return &failure{
		status: http.StatusTooManyRequests, code: codeUnavailable, description: description, retryAfter: retryAfter,
	}
}

// endpoint serves a request, or returns why it was refused before it wrote anything.
type endpoint func(http.ResponseWriter, *http.Request) *failure

// handle makes a handler of an endpoint: the one place where a refusal becomes an answer and a log line. The line
// names no client id: people do paste the secret into the wrong field.
func (s *Server) handle(serve endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		refused := serve(w, r)
		if refused == nil {
			return
		}
		level := slog.LevelDebug
		if refused.cause != nil && r.Context().Err() == nil {
			level = slog.LevelError
		}
		if s.logger.Enabled(r.Context(), level) {
			s.logger.LogAttrs(r.Context(), level, "OAuth request refused", slog.String("path", r.URL.Path),
				slog.Int("status", refused.status), slog.String("error", refused.code),
				slog.String("error_description", refused.description), slog.Any("cause", refused.cause))
		}
		refused.write(w)
	}
}

// Refuse answers a request to one of these endpoints that never reached it, in the words that it would have used.
func Refuse(w http.ResponseWriter, status int, description string) {
	refused := &failure{status: status, code: codeInvalidRequest, description: description}
	switch status {
	case http.StatusServiceUnavailable, http.StatusRequestTimeout:
		refused.code = codeUnavailable
	case http.StatusInternalServerError:
		refused.code = codeServerError
	}
	refused.write(w)
}

func (f *failure) write(w http.ResponseWriter) {
	header := w.Header()
	if len(f.challenges) > 0 {
		header["Www-Authenticate"] = f.challenges
	}
	if f.allow != "" {
		header.Set("Allow", f.allow)
	}
	if f.status == http.StatusServiceUnavailable || f.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(f.retryAfter.Seconds())))))
	}
	body, _ := json.Marshal(oauthError{Code: f.code, Description: descriptionText(f.description)})
	writeUncached(w, f.status, body)
}

// noStore is the Cache-Control of whatever has a token in it.
const noStore = "no-store"

// writeUncached writes an answer that has a token in it or speaks of one. RFC 6749 5.1 asks for both headers.
func writeUncached(w http.ResponseWriter, status int, body []byte) {
	header := w.Header()
	header["Cache-Control"] = []string{noStore}
	header["Pragma"] = []string{"no-cache"}
	writeBody(w, status, "application/json", body)
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	if len(body) > 0 {
		header["Content-Type"] = []string{contentType}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone, and there is nobody left to tell
}

// descriptionText keeps a description within the characters of RFC 6749 5.2: %x20-21 / %x23-5B / %x5D-7E.
func descriptionText(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, text)
}
