package servertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// watch notes every secret that goes in and out of one server, and looks for them in all that the server writes: its log, its
// answers, its metrics, its audit events and its files.
type watch struct {
	secrets   *Secrets
	database  string
	text, log *logBook // the log in both formats, at level DEBUG

	mu       sync.Mutex
	messages []string
}

// maxMessages keeps one leak, which is soon in every line, from filling the screen.
const maxMessages = 20

func newWatch(t testing.TB, database string) *watch {
	t.Helper()
	w := &watch{secrets: SecretsOf(t), database: database}
	w.secrets.noteURL(database)
	w.text, w.log = &logBook{watch: w, name: "the log (text)"}, &logBook{watch: w, name: "the log (JSON)"}
	return w
}

// logger returns a logger whose lines are searched, and go to the test's own as well, if it has one.
func (w *watch) logger(own *slog.Logger) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	handlers := []slog.Handler{slog.NewTextHandler(w.text, options), slog.NewJSONHandler(w.log, options)}
	if own != nil {
		handlers = append(handlers, own.Handler())
	}
	return slog.New(slog.NewMultiHandler(handlers...))
}

// logBook keeps the last lines of a log. A line is searched once it is old: the secret in it may be one that its request has
// yet to make.
type logBook struct {
	watch    *watch
	name     string
	mu       sync.Mutex
	old, new []byte
}

// logGeneration is how many bytes of a log are kept, twice.
const logGeneration = 4 << 20

// Write takes one line (io.Writer, as slog uses it).
func (b *logBook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.new = append(b.new, line...)
	if len(b.new) > logGeneration {
		b.watch.search(b.name, b.old)
		b.old, b.new = b.new, nil
	}
	return len(line), nil
}

func (b *logBook) searchAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watch.search(b.name, b.old)
	b.watch.search(b.name, b.new)
}

// search notes what is wrong with the text, for the end of the test.
func (w *watch) search(place string, text []byte, kinds ...Kind) {
	for _, message := range w.secrets.complaints(place, text, kinds...) {
		w.complain(message)
	}
}

func (w *watch) complain(message string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.messages) < maxMessages {
		w.messages = append(w.messages, message)
	}
}

// request notes the secrets of the request's headers. It returns the request for the handler, and what will hold its body as
// far as the handler reads it. The request is a copy: net/http looks at its own's body once more when it is done.
func (w *watch) request(r *http.Request) (*http.Request, *bytes.Buffer) {
	inner, body := r.WithContext(r.Context()), &bytes.Buffer{}
	if r.Body != nil {
		inner.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, body), r.Body}
	}
	w.secrets.noteHeader(r.Header)
	return inner, body
}

// answer notes and searches an answer.
func (w *watch) answer(r *http.Request, route string, body []byte, status int, header http.Header, answer []byte) {
	for _, message := range w.secrets.answer(r, body, status, header, answer) {
		w.complain(fmt.Sprintf("the answer %d to %q%s", status, route, message)) // the path itself may have a secret in it
	}
}

// answer notes the secrets of a request's body and of its answer, and says what the answer shows that it shouldn't.
func (s *Secrets) answer(r *http.Request, body []byte, status int, header http.Header, answer []byte) []string {
	s.noteBody(r, body, status)
	for _, secret := range s.noteAnswer(r, status, answer) {
		answer = bytes.ReplaceAll(answer, []byte(secret), []byte("shown"))
	}
	messages := s.complaints("", answer)
	for name, values := range header {
		messages = append(messages, s.complaints(", header "+name, []byte(strings.Join(values, "\n")))...)
	}
	return messages
}

// noteHeader adds what a request's headers hold.
func (s *Secrets) noteHeader(header http.Header) {
	for _, token := range header.Values("Idempotency-Token") {
		s.Add(KindIdempotency, token)
	}
	for _, authorization := range header.Values("Authorization") {
		_, value, _ := strings.Cut(authorization, " ")
		if isJWT.MatchString(value) {
			s.Add(KindToken, value)
			continue
		}
		if joined, err := base64.StdEncoding.DecodeString(value); err == nil {
			plain, _ := url.QueryUnescape(string(joined))
			s.Add(KindPresented, plain)
		}
	}
}

// isJWT recognizes a token by its three parts.
var isJWT = regexp.MustCompile(`^eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+$`)

// noteBody adds what a request's body holds. In a request that was refused any client secret counts, wherever somebody has
// pasted it; in one that was done, only that which stands in its field: a description may hold anything.
func (s *Secrets) noteBody(r *http.Request, body []byte, status int) {
	kind := KindPresented
	if strings.HasPrefix(r.URL.Path, "/rest/") {
		kind = KindBrought
	}
	fields := secretFields(body)
	if form, err := url.ParseQuery(string(body)); err == nil {
		fields = append(fields, form["client_secret"]...)
		fields = append(fields, form["token"]...)
	}
	if status >= http.StatusBadRequest {
		for _, secret := range likeSecret.FindAllString(r.URL.RequestURI()+" "+string(body), -1) {
			s.Add(KindPresented, secret)
		}
		kind = KindPresented
	}
	for _, secret := range fields {
		if isJWT.MatchString(secret) {
			s.Add(KindToken, secret)
			continue
		}
		s.Add(kind, secret)
	}
}

// noteAnswer adds what a successful answer shows, and returns what it may show: a secret where one was made, a token where one
// was asked for.
func (s *Secrets) noteAnswer(r *http.Request, status int, answer []byte) []string {
	if status >= http.StatusMultipleChoices || r.Method != http.MethodPost {
		return nil
	}
	shown := secretFields(answer)
	for _, secret := range shown {
		if isJWT.MatchString(secret) {
			s.Add(KindToken, secret)
			continue
		}
		s.Add(KindMade, secret) // unless it was brought, which it then stays
	}
	return shown
}

// secretFields returns the members of a JSON object, at any depth, that hold secrets.
func secretFields(text []byte) []string {
	if !bytes.Contains(text, []byte("client_secret")) && !bytes.Contains(text, []byte("token")) {
		return nil
	}
	var value any
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	var found []string
	var walk func(any)
	walk = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			for name, member := range value {
				if secret, isText := member.(string); isText && (name == "client_secret" || name == "access_token" || name == "token") {
					found = append(found, secret)
				}
				walk(member)
			}
		case []any:
			for _, member := range value {
				walk(member)
			}
		}
	}
	walk(value)
	return found
}

// endTimeout bounds what is asked of the server at the end of a test, whatever state the test has left it in.
const endTimeout = 10 * time.Second

// searchRunning searches all that a server shows while it runs. With the administrator's credentials, that is the audit events
// as the API shows them as well.
func (w *watch) searchRunning(handler http.Handler, admin *Server) {
	w.noteSigningKeys()
	w.text.searchAll()
	w.log.searchAll()
	ask := func(method, path, token, form string) *httptest.ResponseRecorder {
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		return recorder
	}
	w.search("/metrics", ask(http.MethodGet, "/metrics", "", "").Body.Bytes())
	w.searchFiles()
	w.searchRows()
	if admin.ClientSecret == "" {
		return
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {admin.ClientID}, "client_secret": {admin.ClientSecret}}
	token := secretFields(ask(http.MethodPost, "/oauth/token", "", form.Encode()).Body.Bytes())
	// A test may have taken the administrator's secret or rights away; the rows were searched all the same.
	for page := 1; len(token) == 1; page++ {
		answer := ask(http.MethodGet, fmt.Sprintf("/rest/v2.0/companies/%s/audit_events?per_page=1000&page=%d", admin.CompanyID, page), token[0], "")
		w.search("the audit events", answer.Body.Bytes())
		if !strings.Contains(answer.Header().Get("Link"), `rel="next"`) {
			break
		}
	}
}

// report fails the test for all that was found.
func (w *watch) report(t testing.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, message := range w.messages {
		t.Error(message)
	}
	w.messages = nil
}
