package rest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// client speaks to the API as one account of one company.
type client struct {
	t       *testing.T
	server  *servertest.Server
	company string
	token   string
}

// start runs a server and signs in as its administrator.
func start(t *testing.T, options ...servertest.Option) client {
	t.Helper()
	s := servertest.Start(t, options...)
	return client{t: t, server: s, company: s.CompanyID}.signIn(s.ClientID, s.ClientSecret)
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// do sends a request. A path that begins with a slash is taken as it is, any other is below the company. A body that
// is no text is sent as JSON. Headers are names and values in turn.
func (c client) do(method, path string, body any, headers ...string) answer {
	c.t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = strings.TrimSuffix("/rest/v2.0/companies/"+c.company+"/"+path, "/") // "" is the company itself
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.server.URL+path, reader(c.t, body))
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.server.Client.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if response.Header.Get("X-Request-Id") == "" {
		c.t.Errorf("%s %s: no X-Request-Id", method, path)
	}
	return answer{c.t, response.StatusCode, response.Header, text}
}

func reader(t *testing.T, body any) io.Reader {
	t.Helper()
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(body)
	case io.Reader:
		return body
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}

func (c client) get(path string) answer    { c.t.Helper(); return c.do("GET", path, nil) }
func (c client) delete(path string) answer { c.t.Helper(); return c.do("DELETE", path, nil) }

func (c client) post(path string, body any) answer { c.t.Helper(); return c.do("POST", path, body) }

func (c client) patch(path string, body any) answer { c.t.Helper(); return c.do("PATCH", path, body) }

// object is a JSON object to send.
type object map[string]any

// want ends the test unless the answer has this status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// data returns the answer's "data" as a T.
func data[T any](a answer) T {
	a.t.Helper()
	var envelope struct{ Data *T }
	if err := json.Unmarshal(a.body, &envelope); err != nil || envelope.Data == nil {
		a.t.Fatalf("no data in %s: %v", a.body, err)
	}
	return *envelope.Data
}

// tokenAnswer asks for a token.
func (c client) tokenAnswer(clientID, secret string) answer {
	c.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
	c.token = ""
	return c.do("POST", "/oauth/token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// signIn returns a client that speaks for the account with these credentials.
func (c client) signIn(clientID, secret string) client {
	c.t.Helper()
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(c.tokenAnswer(clientID, secret).want(200).body, &got); err != nil {
		c.t.Fatal(err)
	}
	c.token = got.AccessToken
	return c
}

// secondAdmin makes another administrator of the company, as 'admin recover' does, and signs in as it.
func (c client) secondAdmin() client {
	c.t.Helper()
	return c.credentialsFrom("admin", "recover", "--company-id", c.company)
}

// otherCompany makes a company in the same database and signs in as its administrator.
func (c client) otherCompany(name string) client {
	c.t.Helper()
	return c.credentialsFrom("company", "add", "--name", name)
}

func (c client) credentialsFrom(args ...string) client {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--database", c.server.Database, "--output", "json")
	if status := server.Main(c.t.Context(), args, &stdout, &stderr, server.Build{}); status != 0 {
		c.t.Fatalf("%v: exit status %d: %s", args, status, &stderr)
	}
	var got server.Credentials
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		c.t.Fatal(err)
	}
	c.company = got.CompanyID
	return c.signIn(got.ClientID, got.ClientSecret)
}

// clock is a clock that a test moves. It starts at the real time, in whole seconds, for the database's first rows are
// written by the real one.
type clock struct{ seconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.seconds.Store(time.Now().Unix())
	return c
}

func (c *clock) now() time.Time           { return time.Unix(c.seconds.Load(), 0) }
func (c *clock) advance(by time.Duration) { c.seconds.Add(int64(by.Seconds())) }
