package servertest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestASecretIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	forms := map[string]func(string) string{
		"plain":               func(s string) string { return s },
		"in JSON":             func(s string) string { text, _ := json.Marshal(s); return string(text) },
		"in base64":           func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"in base64, by one":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("x" + s)) },
		"in base64, by two":   func(s string) string { return base64.StdEncoding.EncodeToString([]byte("xy" + s)) },
		"in base64 for URLs":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("id:" + s)) },
		"in hex":              func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in upper-case hex":   func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"percent-encoded":     url.QueryEscape,
		"all percent-encoded": percentEncoded,
		"its first half":      func(s string) string { return s[:len(s)/2+1] },
		"its second half":     func(s string) string { return s[len(s)/2-1:] },
		"between others":      func(s string) string { return strings.Repeat("pcs_", 50) + s + "pcs_" },
	}
	for what, secret := range map[string]string{
		"a client secret":      store.NewSecret().Reveal(),
		"an Idempotency-Token": "9f0c2d51-7d3e-4a8c-9c55-0a1b2c3d4e5f",
		"a text with signs":    `once "and" for/all + me & you = ü`,
		"a signature":          "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0." + rand.Text() + rand.Text() + rand.Text(),
	} {
		for form, write := range forms {
			set := newSecrets()
			for range 500 { // among many others
				set.Add(KindToken, store.NewSecret().Reveal())
			}
			set.Add(KindMade, secret)
			text := []byte("before it " + write(secret) + " and after")
			if leaks := set.Find(text); len(leaks) != 1 || leaks[0].Kind != KindMade {
				t.Errorf("%s, %s: found %v", what, form, leaks)
			}
			for _, complaint := range set.complaints("the place", text) {
				if !strings.Contains(complaint, "the place: a client secret that the server made") || len(set.Find([]byte(complaint))) > 0 {
					t.Errorf("%s, %s: %s", what, form, complaint)
				}
			}
			if leaks := set.Find(text, KindToken, KindBrought); len(leaks) != 0 {
				t.Errorf("%s, %s: found as another kind: %v", what, form, leaks)
			}
			set.Published(secret)
			if leaks := set.Find(text); len(leaks) != 0 {
				t.Errorf("%s, %s: found although it was published: %v", what, form, leaks)
			}
		}
	}
}

func percentEncoded(text string) string {
	var encoded strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&encoded, "%%%02X", text[i])
	}
	return encoded.String()
}

func TestWhatIsNoSecretIsNotLookedFor(t *testing.T) {
	t.Parallel()
	set := newSecrets()
	for _, plain := range []string{"", "x", "wrong", "pcs_", strings.Repeat("a", 60), "once", "Bearer"} {
		set.Add(KindPresented, plain)
	}
	set.Add(KindPresented, strings.Repeat("0123456789abcdef", 4)) // a client id
	set.Add(KindIdempotency, "service_accounts/17/actions/reset_secret")
	if len(set.needles) != 0 {
		t.Errorf("%d parts are looked for", len(set.needles))
	}
}

// witness is a test that is failed instead of the one that runs.
type witness struct {
	testing.TB
	name   string
	failed []string
	clean  []func()
}

func (w *witness) Name() string         { return w.name }
func (w *witness) Error(args ...any)    { w.failed = append(w.failed, fmt.Sprint(args...)) }
func (w *witness) Cleanup(clean func()) { w.clean = append(w.clean, clean) }

func (w *witness) end() {
	for i := len(w.clean) - 1; i >= 0; i-- {
		w.clean[i]()
	}
}

// leaky stands between the check and the real API, and adds what a test plants.
type leaky struct {
	http.Handler
	header, body, metrics string
}

func (l *leaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/metrics":
		_, _ = w.Write([]byte(l.metrics))
	case "/leak":
		w.Header().Set("X-Leak", l.header)
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(l.body))
	default:
		l.Handler.ServeHTTP(w, r)
	}
}

// plant is a running server whose test is a witness.
type plant struct {
	*Server
	t       *testing.T
	witness *witness
	leaky   *leaky
	secrets map[string]string
}

func newPlant(t *testing.T) *plant {
	t.Helper()
	// A name of its own keeps what is planted out of the set of the test that runs.
	p := &plant{t: t, witness: &witness{TB: t, name: "witness" + rand.Text()}, leaky: &leaky{}}
	p.Server = Start(p.witness)
	p.leaky.Handler, p.contract.next = p.contract.next, p.leaky
	p.contract.reportTo(nil) // what is planted isn't in the OpenAPI document either
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {p.ClientID}, "client_secret": {p.ClientSecret}}
	token := secretFields(p.send("/oauth/token", "application/x-www-form-urlencoded", form.Encode()))[0]
	const accounts = "/rest/v2.0/companies/1/service_accounts"
	once, brought := "once-"+rand.Text(), store.NewSecret().Reveal()
	made := secretFields(p.send(accounts, "application/json", `{"name":"made"}`, "Authorization", "Bearer "+token, "Idempotency-Token", once))[0]
	p.send(accounts, "application/json", `{"name":"brought","client_secret":"`+brought+`"}`, "Authorization", "Bearer "+token)
	p.secrets = map[string]string{
		KindMade.String(): made, KindBrought.String(): brought, KindToken.String(): token, KindIdempotency.String(): once,
	}
	return p
}

func (p *plant) send(path, contentType, body string, headers ...string) []byte {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	p.Handler.ServeHTTP(recorder, r)
	return recorder.Body.Bytes()
}

// row writes an audit event that has the text in it.
func (p *plant) row(text string) {
	p.t.Helper()
	facts, err := json.Marshal(map[string]string{"description": strings.Repeat("x", 6000) + text})
	if err == nil { // by a pool that stays open, so that what was written stays in the -wal for a while
		_, err = storetest.Open(p.t, p.Database).ExecContext(p.t.Context(), storetest.Statement(p.Database, `INSERT INTO audit_events
			(company_id, service_account_id, action, actor_service_account_id, actor_client_id, request_id, facts_after, created_at)
			VALUES (1, 1, 'service_account.updated', 0, '', '', ?, 0)`), string(facts))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *plant) file(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.Database), name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func TestALeakIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	leaks := map[string]func(p *plant, secret string){
		"the log (text)": func(p *plant, secret string) {
			p.contract.watch.logger(nil).DebugContext(context.Background(), "line", "value", secret)
		},
		"the log (JSON)": func(p *plant, secret string) {
			p.contract.watch.logger(nil).DebugContext(context.Background(), "line", "value", secret)
		},
		`the answer 404 to "":`:                   func(p *plant, secret string) { p.leaky.body = secret; p.send("/leak", "", "") },
		`the answer 404 to "", header X-Leak`:     func(p *plant, secret string) { p.leaky.header = secret; p.send("/leak", "", "") },
		"/metrics":                                func(p *plant, secret string) { p.leaky.metrics = secret },
		"table audit_events, column facts_after":  (*plant).row,
		"the audit events":                        (*plant).row,
		"the file procore.db-wal":                 (*plant).row,
		"the file backup.db":                      func(p *plant, secret string) { p.file("backup.db", "SQLite format 3\x00"+secret) },
		"the file procore.db.before-restore-2026": func(p *plant, secret string) { p.file("procore.db.before-restore-2026", secret) },
	}
	for place, leak := range leaks {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(place, "the file ") {
				storetest.SQLiteOnly(t, "the files beside a database")
			}
			p := newPlant(t)
			leak(p, strings.Join(slices.Collect(maps.Values(p.secrets)), " "))
			p.witness.end()
			for what := range p.secrets {
				if !slices.ContainsFunc(p.witness.failed, func(found string) bool {
					return strings.HasPrefix(found, place) && strings.Contains(found, what)
				}) {
					t.Errorf("%s is not found there: %q", what, p.witness.failed)
				}
			}
			if found := strings.Join(p.witness.failed, "\n"); len(p.Secrets.Find([]byte(found))) > 0 {
				t.Error("the finding shows a secret")
			}
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		t.Parallel()
		p := newPlant(t)
		if !storetest.Postgres() {
			p.file("notes.txt", p.secrets[KindMade.String()]) // no file of the database's
		}
		p.witness.end()
		if len(p.witness.failed) > 0 {
			t.Errorf("a leak was found where there is none: %q", p.witness.failed)
		}
	})
}

func TestALongLogIsSearchedToItsBeginning(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	logger := p.contract.watch.logger(nil)
	logger.InfoContext(t.Context(), "first", "value", p.secrets[KindMade.String()])
	line := strings.Repeat("x", 1<<16)
	for range 4 * logGeneration / len(line) {
		logger.InfoContext(t.Context(), "more", "value", line)
	}
	p.witness.end()
	if found := strings.Join(p.witness.failed, "\n"); !strings.Contains(found, "the log (text)") || !strings.Contains(found, "the log (JSON)") {
		t.Errorf("found %q", found)
	}
}

func TestAPrivateKeyIsNoneOfTheLogsBusiness(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	_ = eachRow(p.Database, func(table string, _ []string, values []any) {
		for _, value := range values {
			if key := valueText(value); table == "signing_keys" && len(key) > 100 {
				p.contract.watch.logger(nil).InfoContext(t.Context(), "line", "key", base64.StdEncoding.EncodeToString(key))
			}
		}
	})
	p.witness.end()
	if found := strings.Join(p.witness.failed, "\n"); !strings.Contains(found, KindSigningKey.String()) {
		t.Errorf("found %q", found)
	}
}
