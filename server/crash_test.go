package server_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/store"
)

// How long the crash tests go on, and where their randomness starts: go test ./server -run Crash -crashes 500 -crash-seed 1
var (
	crashes   = flag.Int("crashes", 25, "how many times TestCrashLosesNothingAcknowledged kills the server")
	crashSeed = flag.Uint64("crash-seed", 0, "the seed of the crash tests; 0 takes one from the clock")
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
	switch w.random.IntN(6) {
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
	default:
		if after.dailyLog == "" {
			return true, nil
		}
		method, path, status, after.dailyLog = "DELETE", path+"/project_assignments/"+w.project, 204, ""
		act(store.ActionAssignmentDeleted)
	}
	w.pending = &intent{subject: subject, after: after}
	text, answered, err := w.send(ctx, admin, status, method, path, body)
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
	subject.image, w.pending = after, nil
}

func (w *crashWriter) create(ctx context.Context, admin client) (answered bool, err error) {
	w.made++
	name := fmt.Sprintf("%s %d", w.prefix, w.made)
	w.pending = &intent{name: name}
	text, answered, err := w.send(ctx, admin, 201, "POST", "service_accounts", `{"name":"`+name+`"}`)
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

// send reports whether the change was acknowledged: its answer was received to the last byte. An answer that is cut off is
// what the test is about; another one than was to come is the error.
func (w *crashWriter) send(ctx context.Context, admin client, status int, method, path, body string) (text string, answered bool, err error) {
	got, text, cut := admin.request(ctx, method, path, body)
	if answered = cut == nil; answered && got != status {
		return "", false, fmt.Errorf("%s %s is answered %d: %s", method, path, got, text)
	}
	return text, answered, nil
}

// crashScene is a database, and what its writers know of it.
type crashScene struct {
	t             *testing.T
	random        *rand.Rand
	database      string
	administrator server.Credentials
	writers       []*crashWriter
	tokens        int
}

func newCrashScene(t *testing.T) *crashScene {
	t.Helper()
	seed := *crashSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano()) //#nosec G115 -- any number will do
	}
	t.Logf("-crash-seed %d", seed)
	s := &crashScene{t: t, random: rand.New(rand.NewPCG(seed, 0)), database: fresh(t)}
	s.administrator = initialize(t, s.database)
	p := serve(t, s.database, nil)
	admin := signIn(t, client30, p.url, s.administrator)
	project := data[struct{ ID string }](t, admin.do(t, 201, "POST", "projects", `{"name":"Tower"}`)).ID
	p.stop()
	for i, prefix := range []string{"a", "b", "c", "d"} {
		s.writers = append(s.writers, &crashWriter{
			random: rand.New(rand.NewPCG(seed, uint64(i)+1)), prefix: prefix, project: project,
		})
	}
	return s
}

// load runs the writers and token requests against a server until it is gone. The function that it returns waits for
// their end.
func (s *crashScene) load(p *process) (wait func()) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	admin := signIn(s.t, &http.Client{Timeout: 30 * time.Second, Transport: transport}, p.url, s.administrator)
	var group sync.WaitGroup
	for _, writer := range s.writers {
		group.Go(func() { writer.run(s.t, admin) })
	}
	stranger := client{url: admin.url, http: admin.http}
	group.Go(func() {
		for {
			status, text, err := stranger.request(s.t.Context(), "POST", "/oauth/token", tokenForm(s.administrator.ClientID, s.administrator.ClientSecret))
			if err != nil {
				return
			}
			if status != 200 {
				s.t.Errorf("a token request is answered %d: %s", status, text)
				return
			}
			s.tokens++
		}
	})
	return func() {
		group.Wait()
		transport.CloseIdleConnections()
	}
}

// settle compares what a server that was started again has with what was acknowledged.
func (s *crashScene) settle(p *process, old client) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+s.database+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s.invariants(db)
	admin := signIn(s.t, client30, p.url, s.administrator)
	if old.token != "" { // a token that was issued before the crash
		old.url = p.url
		old.do(s.t, 200, "GET", "me", "")
	}
	found := s.images(db)
	for _, writer := range s.writers {
		for _, subject := range writer.subjects {
			s.compare(writer, subject, found[subject.id])
		}
		writer.pending = nil
		var live []*subject
		for _, subject := range writer.subjects {
			s.signIns(admin, subject)
			if !subject.image.deleted {
				live = append(live, subject)
			}
		}
		writer.subjects = live // what is deleted has been looked at
	}
}

// compare fails the test unless the account is as it was acknowledged, or as the change that was under way leaves it.
func (s *crashScene) compare(writer *crashWriter, subject *subject, got image) {
	s.t.Helper()
	if got.is(subject.image) {
		return
	}
	if pending := writer.pending; pending != nil && pending.subject == subject && got.is(pending.after) {
		if subject.image.version != pending.after.version {
			subject.secret, subject.retired = "", subject.secret
		}
		subject.image = pending.after
		return
	}
	s.t.Errorf("account %s has %+v, acknowledged was %+v, under way %+v", subject.id, got, subject.image, writer.pending)
}

// signIns finds out whether the secrets that should count do, and the others don't.
func (s *crashScene) signIns(admin client, subject *subject) {
	s.t.Helper()
	stranger := client{url: admin.url, http: admin.http}
	if subject.image.deleted {
		admin.do(s.t, 404, "GET", "service_accounts/"+subject.id, "")
	}
	for secret, counts := range map[string]bool{subject.secret: !subject.image.deleted, subject.retired: false} {
		want := 401
		if counts {
			want = 200
		}
		if secret != "" {
			stranger.do(s.t, want, "POST", "/oauth/token", tokenForm(subject.clientID, secret))
		}
	}
}

// images reads every account's image, those of deleted ones from what is left of them.
func (s *crashScene) images(db *sql.DB) map[string]image {
	s.t.Helper()
	found := map[string]image{}
	s.query(db, `SELECT c.service_account_id, coalesce(a.secret_version, 0), coalesce(hex(a.secret_digest), ''), a.id IS NULL,
		coalesce((SELECT level FROM company_permissions p WHERE p.service_account_id = c.service_account_id), ''),
		coalesce((SELECT level FROM project_permissions p WHERE p.service_account_id = c.service_account_id), ''),
		(SELECT group_concat(action || ',', '' ORDER BY id) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = c.service_account_id)
		FROM contacts c LEFT JOIN service_accounts a ON a.id = c.service_account_id WHERE c.service_account_id > 1`,
		func(rows *sql.Rows) error {
			var id, digest string
			var got image
			if err := rows.Scan(&id, &got.version, &digest, &got.deleted, &got.documents, &got.dailyLog, &got.events); err != nil {
				return err
			}
			var sum store.SecretDigest
			bytes, err := hex.DecodeString(digest)
			copy(sum[:], bytes)
			if digest != "" {
				got.fingerprint = sum.Fingerprint()
			}
			if got.deleted { // the version went with the account
				got.version = 1 + strings.Count(got.events, store.ActionSecretReset)
			}
			found[id] = got
			return err
		})
	return found
}

// invariants hold for every account, whoever made it.
func (s *crashScene) invariants(db *sql.DB) {
	s.t.Helper()
	for _, query := range []string{
		"SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
		"SELECT 'row ' || rowid || ' of ' || \"table\" FROM pragma_foreign_key_check",
		"SELECT 'no contact: ' || id FROM service_accounts WHERE id NOT IN (SELECT service_account_id FROM contacts)",
		"SELECT 'contact active without an account, or the other way: ' || id FROM contacts WHERE active <> (service_account_id IN (SELECT id FROM service_accounts))",
		"SELECT 'not made once: ' || service_account_id FROM contacts c WHERE (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = c.service_account_id AND action = 'service_account.created') <> 1",
		"SELECT 'event without a contact: ' || id FROM audit_events WHERE service_account_id <> 0 AND service_account_id NOT IN (SELECT service_account_id FROM contacts)",
		"SELECT 'deleted without an event, or the other way: ' || service_account_id FROM contacts c WHERE (1 - active) <> (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = c.service_account_id AND action = 'service_account.deleted')",
		"SELECT 'version and resets differ: ' || id FROM service_accounts a WHERE secret_version <> 1 + (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = a.id AND action = 'service_account.secret_reset')",
		"SELECT 'epoch and revocations differ: ' || id FROM service_accounts a WHERE token_epoch <> 1 + (SELECT count(*) FROM audit_events e WHERE e.company_id = 1 AND e.service_account_id = a.id AND action = 'service_account.tokens_revoked')",
		"SELECT 'level without an assignment: ' || service_account_id FROM project_permissions p WHERE NOT EXISTS (SELECT 1 FROM project_assignments m WHERE m.service_account_id = p.service_account_id AND m.project_id = p.project_id)",
		"SELECT 'id may come again: ' || max(service_account_id) FROM contacts HAVING max(service_account_id) > (SELECT seq FROM sqlite_sequence WHERE name = 'service_accounts')",
	} {
		s.query(db, query, func(rows *sql.Rows) error {
			var text string
			err := rows.Scan(&text)
			s.t.Errorf("after the crash: %s", text)
			return err
		})
	}
}

// query reads the database beside the server.
func (s *crashScene) query(db *sql.DB, query string, each func(*sql.Rows) error) {
	s.t.Helper()
	rows, err := db.QueryContext(s.t.Context(), query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := each(rows); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *crashScene) answered() (total int) {
	for _, writer := range s.writers {
		total += int(writer.answered.Load())
	}
	return total
}

// moment waits for any moment while changes are made: a number of them, and then the part of one.
func (s *crashScene) moment(p *process) {
	s.t.Helper()
	wanted := s.answered() + s.random.IntN(40)
	for deadline := time.Now().Add(30 * time.Second); s.answered() < wanted; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) || s.t.Failed() {
			s.t.Fatalf("the writers don't get on: %s", p.log())
		}
	}
	time.Sleep(time.Duration(s.random.IntN(5000)) * time.Microsecond)
}

func TestCrashLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	s := newCrashScene(t)
	p := serve(t, s.database, nil)
	for round := range *crashes {
		old := signIn(t, client30, p.url, s.administrator)
		wait := s.load(p)
		s.moment(p)
		p.signal(syscall.SIGKILL)
		p.wait()
		wait()
		// Some are killed again while they start, and read the log.
		if s.random.IntN(4) == 0 {
			s.killWhileStarting()
		}
		p = serve(t, s.database, nil)
		s.settle(p, old)
		if t.Failed() {
			return
		}
		if round%50 == 49 {
			t.Logf("%d kills, %d changes acknowledged", round+1, s.answered())
		}
	}
	p.stop()
	t.Logf("%d kills, %d changes acknowledged and none lost, %d tokens issued meanwhile", *crashes, s.answered(), s.tokens)
}

// killWhileStarting starts the server and kills it within the time that a start takes.
func (s *crashScene) killWhileStarting() {
	s.t.Helper()
	command := newProcess(s.t, s.database)
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	time.Sleep(time.Duration(s.random.IntN(60)) * time.Millisecond)
	if err := command.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = command.Wait() // killed
}

func TestStopUnderLoadLosesNothingAndEndsWell(t *testing.T) {
	t.Parallel()
	s := newCrashScene(t)
	p := serve(t, s.database, nil)
	for range 3 {
		old := signIn(t, client30, p.url, s.administrator)
		wait := s.load(p)
		s.moment(p)
		p.stop()
		wait()
		p = serve(t, s.database, nil)
		s.settle(p, old)
	}
	p.stop()
	t.Logf("%d changes acknowledged", s.answered())
}
