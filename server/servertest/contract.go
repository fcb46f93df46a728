package servertest

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	pathpkg "path"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contractCheck passes every answer on, and fails the test for one that the OpenAPI document doesn't promise.
type contractCheck struct {
	next     http.Handler
	watch    *watch
	document any
	routes   *http.ServeMux // the document's own operations, so that a route that it lacks is found
	compiler *jsonschema.Compiler

	mu    sync.Mutex
	t     testing.TB // nil once the test has ended
	known map[string]*jsonschema.Schema
}

func newContractCheck(t testing.TB, next http.Handler, watch *watch) *contractCheck {
	t.Helper()
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/openapi.json", nil))
	document, err := jsonschema.UnmarshalJSON(recorder.Body)
	if err != nil {
		t.Fatalf("read the OpenAPI document: %v", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatalf("read the OpenAPI document: %v", err)
	}
	return &contractCheck{
		next: next, watch: watch, document: document, routes: documentedRoutes(document), compiler: compiler,
		t: t, known: map[string]*jsonschema.Schema{},
	}
}

// documentedRoutes returns a mux with one route for each operation of the document.
func documentedRoutes(document any) *http.ServeMux {
	mux := http.NewServeMux()
	paths, _ := lookUp(document, "paths")
	operations, _ := paths.(map[string]any)
	for path, methods := range operations {
		byMethod, _ := methods.(map[string]any)
		for method := range byMethod {
			mux.Handle(strings.ToUpper(method)+" "+path, http.NotFoundHandler())
		}
	}
	return mux
}

// reportTo makes the check fail another test, or none, and returns the one that it failed so far.
//
//nolint:thelper // it may be called for a fuzz target that runs a case, where everything of testing.F panics
func (c *contractCheck) reportTo(t testing.TB) (before testing.TB) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, c.t = c.t, t
	return before
}

func (c *contractCheck) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	inner, body := c.watch.request(r)
	c.next.ServeHTTP(recorder, inner)
	_, route := c.routes.Handler(r)
	c.watch.answer(r, route, body.Bytes(), recorder.Code, recorder.Header(), recorder.Body.Bytes())
	if err := c.check(r, recorder); err != nil {
		c.fail(fmt.Errorf("%s %s answered %d %s, which the OpenAPI document doesn't promise: %w",
			r.Method, r.URL.Path, recorder.Code, recorder.Header().Get("Content-Type"), err))
	}
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes()) // the client is gone if this fails
}

func (c *contractCheck) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.t != nil {
		c.t.Error(err)
	}
}

// check finds what the document says of the answer, and compares.
func (c *contractCheck) check(r *http.Request, answer *httptest.ResponseRecorder) error {
	_, pattern := c.routes.Handler(r)
	method, path, documented := strings.Cut(pattern, " ")
	if !documented || r.URL.Path != pathpkg.Clean(r.URL.Path) { // the mux would send an unclean path elsewhere
		return c.checkRefusal(r, answer)
	}
	response := []string{"paths", path, strings.ToLower(method), "responses", strconv.Itoa(answer.Code)}
	promised, found := lookUp(c.document, response...)
	if !found {
		return errors.New("the status is not among those of the operation")
	}
	if _, hasBody := lookUp(promised, "content"); !hasBody {
		if answer.Body.Len() > 0 {
			return fmt.Errorf("it has a body: %s", answer.Body)
		}
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(answer.Header().Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("its content type: %w", err)
	}
	if _, found := lookUp(promised, "content", mediaType); !found {
		return errors.New("the content type is not among those of the response")
	}
	if r.Method == http.MethodHead || mediaType == "text/plain" {
		return nil
	}
	return c.validate(jsonPointer(append(response, "content", mediaType, "schema")...), answer.Body.Bytes())
}

// checkRefusal holds the answer to a path or method that the document doesn't have: it must be a refusal, in the words
// of the API that it belongs to.
func (c *contractCheck) checkRefusal(r *http.Request, answer *httptest.ResponseRecorder) error {
	schema := "Error"
	ofOauth := strings.HasPrefix(r.URL.Path, "/oauth/") || strings.HasPrefix(r.URL.Path, "/.well-known/oauth-authorization-server")
	switch answer.Code {
	case http.StatusNotFound:
	case http.StatusBadRequest: // a secret in the URL is refused before anything is looked up
		if strings.HasPrefix(r.URL.Path, "/oauth/") {
			schema = "OauthError"
		}
	case http.StatusMethodNotAllowed:
		if ofOauth {
			schema = "OauthError"
		}
	default:
		return errors.New("the document has no such operation")
	}
	return c.validate(jsonPointer("components", "schemas", schema), answer.Body.Bytes())
}

func (c *contractCheck) validate(pointer string, body []byte) error {
	schema, err := c.schema(pointer)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("its body is not JSON: %w", err)
	}
	return schema.Validate(value)
}

func (c *contractCheck) schema(pointer string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if schema := c.known[pointer]; schema != nil {
		return schema, nil
	}
	schema, err := c.compiler.Compile("openapi.json#" + pointer)
	c.known[pointer] = schema
	return schema, err
}

func lookUp(document any, keys ...string) (any, bool) {
	for _, key := range keys {
		object, ok := document.(map[string]any)
		if !ok {
			return nil, false
		}
		if document, ok = object[key]; !ok {
			return nil, false
		}
	}
	return document, true
}

// jsonPointer joins keys as RFC 6901 3 says, percent-encoded for a URL's fragment.
func jsonPointer(keys ...string) string {
	var pointer strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for _, key := range keys {
		pointer.WriteString("/" + escape.Replace(key))
	}
	return pointer.String()
}
