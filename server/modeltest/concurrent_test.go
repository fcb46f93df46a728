package modeltest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// crowd is many callers at once, and what they were told.
type crowd struct {
	t       *testing.T
	servers []*servertest.Server // on one database
	company string
	token   string

	mu    sync.Mutex
	heard []heard
	there []string       // ids of accounts
	sites []string       // ids of projects
	steps map[string]int // acknowledged steps of each account's counter
}

// heard is one answer.
type heard struct {
	what, action string // action: the one event that it must have left, "" where it may have left none
	account      string
	requestID    string
	status       int
	version      int
	secret       string
}

type shownAccount struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	ClientID      string `json:"client_id"`
	ClientSecret  string `json:"client_secret"`
	SecretVersion int    `json:"secret_version"`
	Fingerprint   string `json:"secret_fingerprint"`
	Description   string `json:"description"`
	Contact       struct {
		ID           string `json:"id"`
		EmailAddress string `json:"email_address"`
	} `json:"contact"`
}

// spell is how long the concurrent tests play.
func spell(t *testing.T) time.Duration {
	t.Helper()
	return setting(t, "MODEL_CONCURRENT", 5*time.Second)
}

// startCrowd runs two servers on one database, as two processes would.
func startCrowd(t *testing.T) *crowd {
	t.Helper()
	one := servertest.Start(t)
	two := servertest.Open(t, one.Database)
	c := &crowd{t: t, servers: []*servertest.Server{one, two}, company: one.CompanyID, steps: map[string]int{}}
	for _, s := range c.servers {
		s.Client.Transport.(*http.Transport).MaxIdleConnsPerHost = 32
	}
	c.token = c.signIn(one.ClientID, one.ClientSecret)
	return c
}

func (c *crowd) signIn(clientID, secret string) string {
	c.t.Helper()
	got := c.ask(0, clientID, secret)
	var shown struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(got.body, &shown); err != nil || got.status != http.StatusOK {
		c.t.Fatalf("sign in: %d %s", got.status, got.body)
	}
	return shown.AccessToken
}

func (c *crowd) ask(server int, clientID, secret string) answer {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
	return c.sendTo(server, "", "POST", "/oauth/token", form.Encode(), "Content-Type", formType)
}

// send sends a request to one of the servers. It may be called by many goroutines.
func (c *crowd) send(server int, method, path string, body any, headers ...string) answer {
	if !strings.HasPrefix(path, "/") {
		path = "/rest/v2.0/companies/" + c.company + "/" + path
	}
	return c.sendTo(server, c.token, method, path, body, headers...)
}

func (c *crowd) sendTo(server int, token, method, path string, body any, headers ...string) answer {
	s := c.servers[server%len(c.servers)]
	payload, _ := payloadOf(body)
	// Not the test's context: what was sent is to be answered.
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, payload)
	if err != nil {
		c.t.Error(err)
		return answer{}
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := s.Client.Do(request)
	if err != nil {
		c.t.Error(err)
		return answer{}
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Error(err)
	}
	if response.StatusCode >= 500 {
		c.t.Errorf("%s %s: %d %s", method, path, response.StatusCode, got)
	}
	return answer{what: method + " " + path, status: response.StatusCode, header: response.Header, body: got}
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

func dataAs[T any](t *testing.T, a answer) T {
	t.Helper()
	var shown struct{ Data T }
	if err := json.Unmarshal(a.body, &shown); err != nil || !a.ok() {
		t.Errorf("%s: %d %s: %v", a.what, a.status, a.body, err)
	}
	return shown.Data
}

// note remembers an answer to a change.
func (c *crowd) note(a answer, account, action string, shown shownAccount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, heard{
		what: a.what, action: action, account: account, requestID: a.header.Get("X-Request-Id"), status: a.status,
		version: shown.SecretVersion, secret: shown.ClientSecret,
	})
}

// pick returns one of a list that others append to.
func (c *crowd) pick(r *rand.Rand, list *[]string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(*list) == 0 {
		return "999999"
	}
	last := (*list)[max(0, len(*list)-6):] // few, so that many meet on each
	return last[r.IntN(len(last))]
}

// member is one of the crowd.
type member struct {
	*crowd
	*rand.Rand
	number int
}

func (m *member) account() string { return m.pick(m.Rand, &m.there) }
func (m *member) project() string { return m.pick(m.Rand, &m.sites) }

// change sends a change of an account. The action is what an acknowledged one must leave; "" where it may be nothing new.
func (m *member) change(account, action, method, path string, body any, headers ...string) answer {
	a := m.send(m.number, method, path, body, headers...)
	m.note(a, account, action, shownAccount{})
	return a
}

func (m *member) play() {
	account := m.account()
	path := accountPath(account)
	switch m.IntN(14) {
	case 0:
		m.create()
	case 1:
		name := m.name()
		if a := m.change(account, "", "PATCH", path, object{"name": name}); a.ok() && dataAs[shownAccount](m.t, a).Name != name {
			m.t.Errorf("account %s was to be called %q: %s", account, name, a.body)
		}
	case 2, 3:
		m.reset(account)
	case 4:
		m.change(account, "service_account.tokens_revoked", "POST", path+"/actions/revoke_tokens", nil)
	case 5:
		if m.IntN(4) == 0 {
			m.change(account, "service_account.deleted", "DELETE", path, nil)
		}
	case 6:
		m.change(account, "", "PUT", path+"/permissions", object{"company": m.levels("documents", "directory", "reports")})
	case 7:
		m.change(account, "", "PUT", placePath(account, m.project()), object{"permissions": m.levels("rfis", "drawings")})
	case 8:
		m.change(account, "project_assignment.deleted", "DELETE", placePath(account, m.project()), nil)
	case 9:
		m.projectComesOrGoes()
	case 10:
		m.moveContact(account)
	case 11, 12:
		m.step(account)
	case 13:
		m.listHasNoTwins()
	}
}

// name is one of few names, in one of many spellings.
func (m *member) name() string {
	letters := []byte(fmt.Sprintf("account %d", m.IntN(12)))
	for i := range letters {
		if m.IntN(2) == 0 {
			letters[i] = strings.ToUpper(string(letters[i]))[0]
		}
	}
	return string(letters)
}

func (m *member) levels(tools ...string) object {
	return object{tools[m.IntN(len(tools))]: []string{"readonly", "standard", "admin"}[m.IntN(3)]}
}

// post sends a POST; every second time to both servers at once, with one Idempotency-Token, as a client does whose
// connection was cut. It is carried out once, and both are told the same.
func (m *member) post(path string, body any) answer {
	if m.IntN(2) == 0 {
		return m.send(m.number, "POST", path, body)
	}
	token := fmt.Sprintf("%016x%016x", m.Uint64(), m.Uint64())
	var answers [2]answer
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = m.send(i, "POST", path, body, "Idempotency-Token", token) })
	}
	group.Wait()
	one, two := answers[0], answers[1]
	replayed := func(a answer) bool { return a.header.Get("Idempotency-Replayed") == "true" }
	if one.ok() && two.ok() && (replayed(one) == replayed(two) || !bytes.Equal(one.body, two.body)) {
		m.t.Errorf("POST %s twice with one Idempotency-Token: %v %s and %v %s", path, one.header, one.body, two.header, two.body)
	}
	if !one.ok() || replayed(one) {
		one, two = two, one
	}
	if !two.ok() {
		m.note(two, "", "", shownAccount{})
	}
	return one
}

func (m *member) create() {
	a := m.post("service_accounts", object{"name": m.name(), "description": "0", "add_to_new_projects": m.IntN(2) == 0})
	if !a.ok() {
		m.note(a, "", "", shownAccount{})
		return
	}
	made := dataAs[shownAccount](m.t, a)
	m.note(a, made.ID, "service_account.created", made)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.there = append(m.there, made.ID)
}

func (m *member) reset(account string) {
	a := m.post(accountPath(account)+"/actions/reset_secret", object{"keep_access": m.IntN(2) == 0})
	shown := shownAccount{}
	if a.ok() {
		shown = dataAs[shownAccount](m.t, a)
	}
	m.note(a, account, "service_account.secret_reset", shown)
}

func (m *member) projectComesOrGoes() {
	if m.IntN(4) == 0 {
		m.change("", "", "DELETE", projectPath(m.project()), nil)
		return
	}
	a := m.change("", "", "POST", "projects", object{"name": m.name()})
	made := dataAs[struct{ ID string }](m.t, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sites = append(m.sites, made.ID)
}

// moveContact changes the address of the account's contact, or puts it back.
func (m *member) moveContact(account string) {
	a := m.send(m.number, "GET", accountPath(account), nil)
	if !a.ok() {
		return
	}
	contactID := dataAs[shownAccount](m.t, a).Contact.ID
	m.change(account, "", "PATCH", contactPath(contactID), object{"email_address": fmt.Sprintf("%d@example.com", m.IntN(3))})
}

// step counts the account's counter up by one, if nobody else changed the account in between.
func (m *member) step(account string) {
	read := m.send(m.number, "GET", accountPath(account), nil)
	if !read.ok() {
		return
	}
	count, err := strconv.Atoi(dataAs[shownAccount](m.t, read).Description)
	if err != nil {
		m.t.Error(err)
	}
	a := m.change(account, "service_account.updated", "PATCH", accountPath(account), object{"description": number(count + 1)},
		"If-Match", read.header.Get("ETag"))
	if a.ok() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.steps[account]++
	}
}

func (m *member) listHasNoTwins() {
	seen := map[string]string{}
	for _, a := range dataAs[[]shownAccount](m.t, m.send(m.number, "GET", "service_accounts?per_page=1000", nil)) {
		if other := seen[fold(a.Name)]; other != "" {
			m.t.Errorf("accounts %s and %s are both called %q", other, a.ID, a.Name)
		}
		seen[fold(a.Name)] = a.ID
	}
}

func TestNothingAcknowledgedIsLostBetweenConcurrentCallers(t *testing.T) {
	t.Parallel()
	c := startCrowd(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed) // for the record: what many do at once is not to be replayed
	deadline := time.Now().Add(spell(t))
	var group sync.WaitGroup
	for i := range uint64(8) {
		group.Go(func() {
			m := &member{c, rand.New(rand.NewPCG(seed, i)), int(i)} //nolint:gosec // G115: less than eight
			for time.Now().Before(deadline) && !t.Failed() {
				m.play()
			}
		})
	}
	group.Wait()
	history := c.history()
	c.wasHeardOnce(history)
	c.hasAllThatWasAcknowledged(c.replay(history))
	c.onlyTheLastSecretsCount()
	t.Logf("%d changes were asked for, %d events left by them", len(c.heard), len(history))
}
