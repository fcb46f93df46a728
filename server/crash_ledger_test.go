package server_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/store"
	"github.com/procore/terraform-provider-procore/server/store/postgres"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// image is all that a change of an account may change. A change is whole when the image is that from before it, or that
// from after it, and half-done when it is anything else.
type image struct {
	version     int
	fingerprint string // "" where nobody knows the secret: the answer that had it was cut off
	documents   string // the level on a company tool
	dailyLog    string // the level on a project's tool; "" without an assignment
	events      string // the actions of its audit events, each with a comma
	deleted     bool
}

func (i image) is(other image) bool {
	if i.fingerprint == "" || other.fingerprint == "" {
		i.fingerprint, other.fingerprint = "", ""
	}
	return i == other
}

// subject is an account that one writer alone changes.
type subject struct {
	id, clientID string
	secret       string // "" when it isn't known
	retired      string // a secret that was reset
	image        image
	// token is good, and ended are not any more.
	token string
	ended []string
}

// become takes over a change that was made. Some of them end the account's tokens.
func (s *subject) become(after image) {
	if after.version > s.image.version || after.deleted ||
		strings.Count(after.events, store.ActionTokensRevoked) > strings.Count(s.image.events, store.ActionTokensRevoked) {
		if s.token != "" {
			s.ended = append(s.ended, s.token)
		}
		s.token = ""
	}
	s.image = after
}

// intent is a change that has been sent, and whose answer isn't there.
type intent struct {
	subject *subject // nil: makes one with this name
	name    string
	after   image
}

// crashWriter makes changes, one after another, and keeps a model of what was acknowledged.
type crashWriter struct {
	random   *rand.Rand
	prefix   string
	project  string
	made     int
	subjects []*subject
	pending  *intent
	// deliver sends a request. It reports whether it was answered, and returns an error for another answer than the status.
	deliver func(ctx context.Context, admin client, status int, method, path, body string) (text string, answered bool, err error)
	// answered counts the changes that were acknowledged.
	answered atomic.Int64
}

// run makes changes until one isn't answered. An answer that is no success fails the test, except 503 where allowed.
func (w *crashWriter) run(t *testing.T, admin client) {
	for {
		answered, err := w.step(t.Context(), admin)
		if err != nil {
			t.Errorf("writer %s: %v", w.prefix, err)
		}
		if !answered {
			return
		}
		w.answered.Add(1)
	}
}

const crashSubjects = 6

func (w *crashWriter) step(ctx context.Context, admin client) (answered bool, err error) {
	var live []*subject
	for _, subject := range w.subjects {
		if !subject.image.deleted {
			live = append(live, subject)
		}
	}
	if len(live) < crashSubjects {
		return w.create(ctx, admin)
	}
	subject := live[w.random.IntN(len(live))]
	after, path := subject.image, "service_accounts/"+subject.id
	var method, body string
	status := 200
	act := func(action string) { after.events += action + "," }
	switch w.random.IntN(7) {
	case 0:
		method, path, body = "POST", path+"/actions/reset_secret", `{"keep_access":false}`
		after.version, after.fingerprint, after.documents, after.dailyLog = after.version+1, "", "", ""
		act(store.ActionSecretReset)
	case 1:
		method, path, status = "POST", path+"/actions/revoke_tokens", 204
		act(store.ActionTokensRevoked)
	case 2:
		method, status, after.deleted, after.documents, after.dailyLog = "DELETE", 204, true, "", ""
		act(store.ActionAccountDeleted)
	case 3:
		after.documents = map[string]string{"": "readonly", "readonly": "admin", "admin": "standard", "standard": "none"}[after.documents]
		method, path, body = "PUT", path+"/permissions", `{"company":{"documents":"`+after.documents+`"}}`
		if after.documents == "none" {
			after.documents = ""
		}
		act(store.ActionPermissionsChanged)
	case 4:
		method, path = "PUT", path+"/project_assignments/"+w.project
		if after.dailyLog == "" {
			status = 201
			act(store.ActionAssignmentCreated)
		} else {
			act(store.ActionAssignmentUpdated)
		}
		after.dailyLog = map[string]string{"": "standard", "standard": "readonly", "readonly": "admin", "admin": "standard"}[after.dailyLog]
		body = `{"permissions":{"daily_log":"` + after.dailyLog + `"}}`
	case 5:
		return w.signIn(ctx, admin, subject)
	default:
		if after.dailyLog == "" {
			return true, nil
		}
		method, path, status, after.dailyLog = "DELETE", path+"/project_assignments/"+w.project, 204, ""
		act(store.ActionAssignmentDeleted)
	}
	w.pending = &intent{subject: subject, after: after}
	text, answered, err := w.deliver(ctx, admin, status, method, path, body)
	if answered {
		w.accept(subject, after, text)
	}
	return answered, err
}

// accept takes over what was acknowledged.
func (w *crashWriter) accept(subject *subject, after image, text string) {
	if after.version > subject.image.version {
		var envelope struct{ Data account }
		_ = json.Unmarshal([]byte(text), &envelope) // an answer that says nothing fails the comparison
		subject.retired, subject.secret = subject.secret, envelope.Data.ClientSecret
		after.fingerprint = store.DigestSecret(subject.secret).Fingerprint()
	}
	subject.become(after)
	w.pending = nil
}

// signIn gets a token of the account where its secret is known.
func (w *crashWriter) signIn(ctx context.Context, admin client, subject *subject) (answered bool, err error) {
	if subject.secret == "" || subject.token != "" {
		return true, nil
	}
	stranger := client{url: admin.url, http: admin.http}
	text, answered, err := w.deliver(ctx, stranger, 200, "POST", "/oauth/token", tokenForm(subject.clientID, subject.secret))
	if err == nil && answered {
		subject.token, err = tokenOf(text)
	}
	return answered, err
}

func (w *crashWriter) create(ctx context.Context, admin client) (answered bool, err error) {
	w.made++
	name := fmt.Sprintf("%s %d", w.prefix, w.made)
	w.pending = &intent{name: name}
	text, answered, err := w.deliver(ctx, admin, 201, "POST", "service_accounts", `{"name":"`+name+`"}`)
	if !answered {
		return false, err
	}
	var envelope struct{ Data account }
	if err := json.Unmarshal([]byte(text), &envelope); err != nil {
		return false, err
	}
	made := envelope.Data
	w.pending = nil
	w.subjects = append(w.subjects, &subject{id: made.ID, clientID: made.ClientID, secret: made.ClientSecret, image: image{
		version: 1, fingerprint: store.DigestSecret(made.ClientSecret).Fingerprint(), events: store.ActionAccountCreated + ",",
	}})
	return true, nil
}

// once sends a request once, and reports whether it was acknowledged: its answer was received to the last byte. An answer that
// is cut off is what the test is about; another one than was to come is the error.
func once(ctx context.Context, admin client, status int, method, path, body string) (text string, answered bool, err error) {
	got, text, cut := admin.request(ctx, method, path, body)
	if answered = cut == nil; answered && got != status {
		return "", false, fmt.Errorf("%s %s is answered %d: %s", method, path, got, text)
	}
	return text, answered, nil
}

// ledger is what the writers know of a database, whichever kind it is.
type ledger struct {
	t             *testing.T
	random        *rand.Rand
	administrator server.Credentials
	writers       []*crashWriter
}

// newLedger initializes a database, and makes its writers and the project that they all use.
func newLedger(t *testing.T, database string) *ledger {
	t.Helper()
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) //#nosec G115 -- any number will do
	}
	t.Logf("-crash-seed %d", seed)
	l := &ledger{t: t, random: rand.New(rand.NewPCG(seed, 0)), administrator: initialize(t, database)}
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, l.administrator)
	project := data[struct{ ID string }](t, admin.do(t, 201, "POST", "projects", `{"name":"Tower"}`)).ID
	p.stop()
	for i, prefix := range []string{"a", "b", "c", "d"} {
		l.writers = append(l.writers, &crashWriter{
			random: rand.New(rand.NewPCG(seed, uint64(i)+1)), prefix: prefix, project: project, deliver: once,
		})
	}
	return l
}

func (l *ledger) answered() (total int) {
	for _, writer := range l.writers {
		total += int(writer.answered.Load())
	}
	return total
}

// settle compares what the database has, and what the servers on it say, with what was acknowledged.
func (l *ledger) settle(database string, addresses ...string) {
	l.t.Helper()
	db := storetest.Open(l.t, database)
	l.none(db, invariants...)
	if postgres.IsURL(database) {
		l.none(db, ofPostgres...)
	} else {
		l.none(db, ofSQLite...)
	}
	found := l.images(db)
	for _, writer := range l.writers {
		for _, subject := range writer.subjects {
			l.compare(writer, subject, found[subject.id])
		}
		writer.pending = nil
		for _, address := range addresses {
			admin := signIn(l.t, client30, address, l.administrator)
			for _, subject := range writer.subjects {
				l.signIns(admin, subject)
			}
		}
		for _, subject := range writer.subjects {
			subject.ended = nil
		}
		// What is deleted has been looked at.
		writer.subjects = slices.DeleteFunc(writer.subjects, func(subject *subject) bool { return subject.image.deleted })
	}
}

// compare fails the test unless the account is as it was acknowledged, or as the change that was under way leaves it.
func (l *ledger) compare(writer *crashWriter, subject *subject, got image) {
	l.t.Helper()
	if got.is(subject.image) {
		return
	}
	if pending := writer.pending; pending != nil && pending.subject == subject && got.is(pending.after) {
		if subject.image.version != pending.after.version {
			subject.secret, subject.retired = "", subject.secret
		}
		subject.become(pending.after)
		return
	}
	l.t.Errorf("account %s has %+v, acknowledged was %+v, under way %+v", subject.id, got, subject.image, writer.pending)
}

// signIns finds out whether the secrets that should count do, and the others don't.
func (l *ledger) signIns(admin client, subject *subject) {
	l.t.Helper()
	stranger := client{url: admin.url, http: admin.http}
	if subject.image.deleted {
		admin.do(l.t, 404, "GET", "service_accounts/"+subject.id, "")
	}
	for _, token := range subject.ended {
		stranger.token = token
		stranger.do(l.t, 401, "GET", "/oauth/token/info", "")
	}
	if stranger.token = subject.token; stranger.token != "" {
		stranger.do(l.t, 200, "GET", "/oauth/token/info", "")
	}
	stranger.token = ""
	for secret, counts := range map[string]bool{subject.secret: !subject.image.deleted, subject.retired: false} {
		want := 401
		if counts {
			want = 200
		}
		if secret != "" {
			stranger.do(l.t, want, "POST", "/oauth/token", tokenForm(subject.clientID, secret))
		}
	}
}

// images reads every account's image, those of deleted ones from what is left of them.
func (l *ledger) images(db *sql.DB) map[string]image {
	l.t.Helper()
	found := map[string]image{}
	l.query(db, `SELECT c.service_account_id, coalesce(a.secret_version, 0), a.secret_digest, a.id IS NULL,
		coalesce((SELECT level FROM company_permissions p WHERE p.service_account_id = c.service_account_id), ''),
		coalesce((SELECT level FROM project_permissions p WHERE p.service_account_id = c.service_account_id), '')
		FROM contacts c LEFT JOIN service_accounts a ON a.id = c.service_account_id WHERE c.service_account_id > 1`,
		func(rows *sql.Rows) error {
			var id string
			var digest []byte
			var got image
			if err := rows.Scan(&id, &got.version, &digest, &got.deleted, &got.documents, &got.dailyLog); err != nil {
				return err
			}
			if digest != nil {
				var sum store.SecretDigest
				copy(sum[:], digest)
				got.fingerprint = sum.Fingerprint()
			}
			found[id] = got
			return nil
		})
	l.query(db, "SELECT service_account_id, action FROM audit_events WHERE company_id = 1 AND service_account_id > 1 ORDER BY id",
		func(rows *sql.Rows) error {
			var id, action string
			err := rows.Scan(&id, &action)
			got := found[id]
			got.events += action + ","
			found[id] = got
			return err
		})
	for id, got := range found {
		if got.deleted { // the version went with the account
			got.version = 1 + strings.Count(got.events, store.ActionSecretReset)
			found[id] = got
		}
	}
	return found
}

// invariants find what must not be, whoever made the accounts.
var invariants = []string{
	"SELECT 'no contact: ' || id FROM service_accounts WHERE id NOT IN (SELECT service_account_id FROM contacts)",
	"SELECT 'contact active without an account, or the other way: ' || id FROM contacts WHERE active <> (service_account_id IN (SELECT id FROM service_accounts))",
	"SELECT 'not made once: ' || service_account_id FROM contacts c WHERE (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = c.service_account_id AND action = 'service_account.created') <> 1",
	"SELECT 'event without a contact: ' || id FROM audit_events WHERE service_account_id <> 0 AND service_account_id NOT IN (SELECT service_account_id FROM contacts)",
	"SELECT 'deleted without an event, or the other way: ' || service_account_id FROM contacts c WHERE CASE WHEN active THEN 0 ELSE 1 END <> (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = c.service_account_id AND action = 'service_account.deleted')",
	"SELECT 'version and resets differ: ' || id FROM service_accounts a WHERE secret_version <> 1 + (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = a.id AND action = 'service_account.secret_reset')",
	"SELECT 'epoch and revocations differ: ' || id FROM service_accounts a WHERE token_epoch <> 1 + (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = a.id AND action = 'service_account.tokens_revoked')",
	"SELECT 'level without an assignment: ' || service_account_id FROM project_permissions p WHERE NOT EXISTS (SELECT 1 FROM project_assignments m WHERE m.service_account_id = p.service_account_id AND m.project_id = p.project_id)",
}

// ofSQLite and ofPostgres are those that each asks in its own way.
var (
	ofSQLite = []string{
		"SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		"SELECT 'row ' || rowid || ' of ' || \"table\" FROM pragma_foreign_key_check",
		idMayComeAgain + "(SELECT seq FROM sqlite_sequence WHERE name = 'service_accounts')",
	}
	ofPostgres = []string{
		idMayComeAgain + `coalesce((SELECT last_value FROM pg_sequences
			WHERE schemaname = current_schema() AND sequencename = 'service_accounts_id_seq'), 0)`,
	}
)

const idMayComeAgain = "SELECT 'id may come again: ' || max(service_account_id) FROM contacts HAVING max(service_account_id) > "

// none fails the test for each row that one of the queries has.
func (l *ledger) none(db *sql.DB, queries ...string) {
	l.t.Helper()
	for _, query := range queries {
		l.query(db, query, func(rows *sql.Rows) error {
			var text string
			err := rows.Scan(&text)
			l.t.Errorf("after the crash: %s", text)
			return err
		})
	}
}

// query reads the database beside the server.
func (l *ledger) query(db *sql.DB, query string, each func(*sql.Rows) error) {
	l.t.Helper()
	rows, err := db.QueryContext(l.t.Context(), query)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
}
