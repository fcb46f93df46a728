package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
)

// embeddedCompany is the name of the company that an embedded database without one gets.
const embeddedCompany = "Default company"

// embedded holds the servers that run inside this process, by their database's path without links: SQLite wants one writer, and
// Terraform configures a provider more than once.
var embedded = struct {
	sync.Mutex
	servers map[string]*Server
}{servers: map[string]*Server{}}

// Embed runs the management API inside this process, without a socket, on a SQLite file that is made when it isn't
// there; a company is made when the file has none. It returns a transport whose requests reach that API as the company's
// administrator, and the id of the company: the one that was asked for or, with "", the only one of the database.
//
// Whoever can open the file can do all that its administrators can, so the transport needs no secret: it signs itself a
// token with the file's own key. A request under /oauth/ is for an account of its own credentials, and is left as it is. Where the key
// is sealed, PROCORE_MASTER_KEY or PROCORE_MASTER_KEY_FILE opens it. The company of a request is named by its Procore-Company-Id header.
func Embed(ctx context.Context, database, companyID string) (http.RoundTripper, string, error) {
	server, err := embeddedServer(ctx, database)
	if err != nil {
		return nil, "", err
	}
	if companyID == "" {
		if companyID, err = onlyCompany(ctx, server.store, database); err != nil {
			return nil, "", err
		}
	}
	return embeddedTransport{server}, companyID, nil
}

func embeddedServer(ctx context.Context, database string) (*Server, error) {
	if postgres.IsURL(database) {
		return nil, errors.New("database names a SQLite file. For a PostgreSQL database run the management API (terraform-provider-procore " +
			"serve), and give its address as base_url")
	}
	if err := (Database{database}).Validate(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(database)
	if err != nil {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	embedded.Lock()
	defer embedded.Unlock()
	key, err := filepath.EvalSymlinks(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find the database: %w", err)
	}
	if server := embedded.servers[key]; server != nil {
		return server, nil
	}
	master, err := loadMasterKey(os.Getenv(masterKeyVariable), os.Getenv(masterKeyVariable+"_FILE"))
	if err != nil {
		return nil, err
	}
	if err := ensureCompany(ctx, path, master); err != nil {
		return nil, err
	}
	server, err := New(ctx, Config{Database: path, BaseURL: embeddedURL, MasterKey: master})
	if err != nil {
		return nil, err
	}
	if key, err = filepath.EvalSymlinks(path); err != nil { // now there is a file
		return nil, errors.Join(fmt.Errorf("find the database: %w", err), server.store.Close())
	}
	embedded.servers[key] = server
	return server, nil
}

// embeddedURL is the base URL of an embedded API: a name that can't be looked up (RFC 6761 6.4), so that a request that
// misses the transport reaches nobody.
const embeddedURL = "http://embedded.invalid"

func ensureCompany(ctx context.Context, path string, master store.MasterKey) (err error) {
	database, err := openDatabase(ctx, path, databaseOptions{Create: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	companies, err := database.Companies(ctx)
	if err != nil || len(companies) > 0 {
		return err
	}
	// The secret is thrown away: nobody needs it here, and 'admin recover' makes an account when somebody does.
	_, err = initialize(ctx, database, embeddedCompany, "ES256", master)
	if errors.Is(err, &store.Error{Code: store.CodeAlreadyInitialized}) {
		return nil // another process was faster
	}
	return err
}

func onlyCompany(ctx context.Context, database database, path string) (string, error) {
	companies, err := database.Companies(ctx)
	if err != nil {
		return "", err
	}
	if len(companies) == 1 {
		return companies[0].ID.String(), nil
	}
	names := make([]string, len(companies))
	for i, company := range companies {
		names[i] = fmt.Sprintf("%s (%s)", company.ID, company.Name)
	}
	return "", fmt.Errorf("the database %s has several companies, so company_id must say which: %s", path, strings.Join(names, ", "))
}

// embeddedTransport hands a request to the handler and its answer back.
type embeddedTransport struct{ server *Server }

// RoundTrip answers the request as its company's administrator, and one to an OAuth endpoint as whoever its own credentials are
// of (http.RoundTripper).
func (t embeddedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	inner := request.Clone(request.Context())
	if !strings.HasPrefix(request.URL.Path, "/oauth/") {
		token, err := t.token(request)
		if err != nil {
			return nil, err
		}
		inner.Header.Set("Authorization", "Bearer "+token)
	}
	inner.RequestURI = request.URL.RequestURI()
	inner.RemoteAddr = "embedded"
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	defer func() { _ = inner.Body.Close() }() // a transport closes the body, whatever happens
	answer := &memoryWriter{header: http.Header{}}
	t.server.handler.ServeHTTP(answer, inner)
	// What was done is told even when nobody waits for it any more: the answer may hold the only copy of a secret.
	if err := request.Context().Err(); err != nil && answer.status >= http.StatusInternalServerError {
		return nil, err
	}
	return answer.response(request), nil
}

// token signs a token for an administrator of the request's company. Doing so for each request costs less than a
// database write, and leaves no token that a reset in the same apply could end.
func (t embeddedTransport) token(request *http.Request) (string, error) {
	company, ok := store.ParseID(request.Header.Get("Procore-Company-Id"))
	if !ok {
		return "", fmt.Errorf("%q is not a company's id, which is a positive whole number", request.Header.Get("Procore-Company-Id"))
	}
	if _, err := t.server.store.Company(request.Context(), company); err != nil {
		return "", err
	}
	admin, err := t.server.store.WorkingAdministrator(request.Context(), company)
	if err != nil {
		return "", err
	}
	token, _, err := t.server.oauth.IssueFor(admin)
	return token, err
}

// memoryWriter keeps an answer in memory.
type memoryWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *memoryWriter) Header() http.Header { return w.header }

func (w *memoryWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *memoryWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

func (w *memoryWriter) response(request *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Request: request,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()),
	}
}
