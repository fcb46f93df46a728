package client

import (
	"net/http"
	"time"
)

// logTransport tells a Logger of every attempt. It names the path without the query, and neither
// headers nor bodies: those hold secrets.
type logTransport struct {
	next   http.RoundTripper
	logger Logger
}

func (t *logTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	state := progressOf(request.Context())
	state.attempt++
	if t.logger == nil {
		return t.next.RoundTrip(request)
	}
	begin := time.Now()
	response, err := t.next.RoundTrip(request)
	fields := map[string]any{
		"method":      request.Method,
		"path":        request.URL.Path,
		"company_id":  request.Header.Get(companyHeader),
		"attempt":     state.attempt,
		"duration_ms": time.Since(begin).Milliseconds(),
	}
	if err != nil {
		fields["error"] = withoutSecrets(err.Error())
	} else {
		fields["status"] = response.StatusCode
		fields["request_id"] = response.Header.Get(requestIDHeader)
	}
	t.logger(request.Context(), "management API request", fields)
	return response, err
}

// silence is a resty.Logger that says nothing.
type silence struct{}

func (silence) Errorf(string, ...any) {}
func (silence) Warnf(string, ...any)  {}
func (silence) Debugf(string, ...any) {}
