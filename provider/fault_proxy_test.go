package provider_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// faultProxy stands between the provider and a real server, and does to requests and answers what networks, proxies and
// busy servers do.
type faultProxy struct {
	*httptest.Server
	t      *testing.T
	target string

	mu    sync.Mutex
	armed []*armedFault
	seen  []string // "PATCH /rest/v2.0/companies/1/projects/3", in their order
}

// fault is what happens to a request: it answers in place of the server, or forwards the request itself.
type fault func(w http.ResponseWriter, r *http.Request, forward func() *answer)

// armedFault is a fault that waits for requests like "PATCH .*/projects/3".
type armedFault struct {
	request *regexp.Regexp
	do      fault
	left    int // how many times it still happens
	hits    int
}

// answer is an answer of the server, read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

const forEver = 1 << 30

func newFaultProxy(t *testing.T, target string) *faultProxy {
	t.Helper()
	proxy := &faultProxy{t: t, target: target}
	proxy.Server = httptest.NewServer(proxy)
	t.Cleanup(proxy.Close)
	return proxy
}

// behind is the world as seen through the proxy, with retries as they are by default.
func (p *faultProxy) behind(w *world) *world {
	front := *w.Server
	front.URL = p.URL
	return &world{Server: &front, t: w.t, api: w.api}
}

// arm lets do happen to the next so many requests whose method and path match.
func (p *faultProxy) arm(request string, times int, do fault) *armedFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	armed := &armedFault{request: regexp.MustCompile("^(" + request + ")$"), do: do, left: times}
	p.armed = append(p.armed, armed)
	return armed
}

// disarm ends all faults.
func (p *faultProxy) disarm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = nil
}

// count returns how often a fault happened.
func (p *faultProxy) count(armed *armedFault) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return armed.hits
}

// requests returns what was asked since the last time, without token requests.
func (p *faultProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := slices.DeleteFunc(p.seen, func(request string) bool { return request == "POST /oauth/token" })
	p.seen = nil
	return seen
}

func (p *faultProxy) next(r *http.Request) fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	request := r.Method + " " + r.URL.Path
	p.seen = append(p.seen, request)
	for _, armed := range p.armed {
		if armed.left > 0 && armed.request.MatchString(request) {
			armed.left--
			armed.hits++
			return armed.do
		}
	}
	return nil
}

func (p *faultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the provider is gone
	}
	forward := func() *answer { return p.forward(r, body) }
	if do := p.next(r); do != nil {
		do(w, r, forward)
		return
	}
	forward().write(w)
}

// forward asks the server. It doesn't end with the provider's request: a server doesn't stop because nobody listens.
func (p *faultProxy) forward(r *http.Request, body []byte) *answer {
	request, err := http.NewRequest(r.Method, p.target+r.URL.RequestURI(), bytes.NewReader(body)) //nolint:gosec // to the test's own server, as a proxy does
	if err != nil {
		p.t.Error(err)
		panic(http.ErrAbortHandler)
	}
	request.Header = r.Header.Clone()
	request.Header.Del("Connection")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		p.t.Error(err)
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = response.Body.Close() }()
	read := &answer{status: response.StatusCode, header: response.Header}
	if read.body, err = io.ReadAll(response.Body); err != nil {
		p.t.Error(err)
	}
	return read
}

func (a *answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// The faults.

// cutBefore closes the connection; the server never hears of the request.
func cutBefore(http.ResponseWriter, *http.Request, func() *answer) { panic(http.ErrAbortHandler) }

// cutAfter closes the connection when the server has done its work.
func cutAfter(_ http.ResponseWriter, _ *http.Request, forward func() *answer) {
	forward()
	panic(http.ErrAbortHandler)
}

// truncated sends a part of the answer, and says it were the whole. An answer without a body loses its headers' end.
func truncated(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
	whole := forward()
	if len(whole.body) == 0 {
		connection, buffer, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = buffer.WriteString("HTTP/1.1 " + strconv.Itoa(whole.status) + " OK\r\nX-Requ")
			_ = buffer.Flush()
			_ = connection.Close()
		}
		return
	}
	whole.header.Set("Content-Length", strconv.Itoa(len(whole.body)))
	whole.body = whole.body[:len(whole.body)/2]
	whole.write(w)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// late answers when the provider has given up waiting.
func late(_ http.ResponseWriter, r *http.Request, forward func() *answer) {
	forward()
	<-r.Context().Done()
}

// status answers in place of the server, which never hears of the request.
func status(code int, retryAfter string) fault {
	return func(w http.ResponseWriter, _ *http.Request, _ func() *answer) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"error":{"code":"BUSY","message":"Not now."}}`)
	}
}

const errorPage = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"

// pageAfter is a proxy's page in place of an answer, whose work is done.
func pageAfter(code int) fault {
	return func(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
		forward()
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, errorPage)
	}
}

// meanwhile lets something else happen just before a request arrives.
func meanwhile(act func()) fault {
	return func(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
		act()
		forward().write(w)
	}
}
