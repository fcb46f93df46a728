package server_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// masterKeyFile writes a master key of these bytes into a file of its own.
func masterKeyFile(t *testing.T, filling byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(path, []byte(masterKeyText(filling)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func masterKeyText(filling byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{filling}, 32))
}

// serveWith starts 'serve' with these variables.
func serveWith(t *testing.T, database string, variables []string, flags ...string) *process {
	t.Helper()
	return serve(t, database, variables, append([]string{"--listen", "127.0.0.1:0"}, flags...)...)
}

// listedKey is what 'keys list' tells of a key.
type listedKey struct {
	ID, Algorithm, State string
	Until                *string
	Sealed               bool
	LongestTokenTTL      int     `json:"longest_token_ttl"`
	MasterKeyID          *string `json:"master_key_id"`
}

func listKeys(t *testing.T, database string) []listedKey {
	t.Helper()
	var keys []listedKey
	if err := json.Unmarshal([]byte(succeed(t, "keys", "list", "--database", database, "--output", "json")), &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

// keyStates is what the keys do, in the order of the list.
func keyStates(t *testing.T, database string) string {
	t.Helper()
	var states []string
	for _, key := range listKeys(t, database) {
		states = append(states, key.Algorithm+" "+key.State)
	}
	return strings.Join(states, ", ")
}

// privateKeys are the signing keys in plain, as the database has them.
func privateKeys(t *testing.T, database string) (keys [][]byte) {
	t.Helper()
	rows, err := storetest.Open(t, database).QueryContext(t.Context(), "SELECT private_key FROM signing_keys")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		if _, err := x509.ParsePKCS8PrivateKey(key); err == nil {
			keys = append(keys, key)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return keys
}

// wantNowhere fails the test when a part of a key is in one of the database's files.
func wantNowhere(t *testing.T, database string, keys [][]byte) {
	t.Helper()
	if where := searchFor(t, database, keys); where != "" {
		t.Errorf("keys are in plain in %s", where)
	}
}

// searchFor names the files in which a part of a key is.
func searchFor(t *testing.T, database string, keys [][]byte) (where string) {
	t.Helper()
	contents := map[string][]byte{"the rows": []byte(servertest.Bytes(t, database))}
	if !storetest.Postgres() {
		files, err := filepath.Glob(database + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("no files: %v", err)
		}
		for _, file := range files {
			if contents[filepath.Base(file)], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for file, content := range contents {
		for i, key := range keys {
			// The beginning of PKCS #8 says which algorithm it is, and is no secret.
			const head, window = 28, 16
			for begin := head; begin+window <= len(key); begin += window / 2 {
				if bytes.Contains(content, key[begin:begin+window]) {
					where += fmt.Sprintf("%s (key %d) ", file, i)
					break
				}
			}
		}
	}
	return where
}

func keyOf(t *testing.T, token string) string {
	t.Helper()
	encoded, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(decoded, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// comesTrue waits until something holds, and returns how long that took.
func comesTrue(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > time.Minute {
			t.Fatalf("%s doesn't come true", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(began)
}

func TestRotationReachesEveryRunningServer(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	one, two := serve(t, database, nil), serve(t, database, nil, "--token-ttl", "2h")
	before := signIn(t, client30, one.url, administrator)
	old := keyOf(t, before.token)

	output := succeed(t, "keys", "rotate", "--database", database)
	if !strings.Contains(output, "Added signing key") || !strings.Contains(output, "sign with it from") {
		t.Errorf("output %s", output)
	}
	equal(t, "states", keyStates(t, database), "ES256 pending, ES256 signing")
	keys := listKeys(t, database)
	equal(t, "longest token of the old key", keys[1].LongestTokenTTL, 7200)
	equal(t, "longest token of the new key", keys[0].LongestTokenTTL, 7200)
	for _, p := range []*process{one, two} {
		stranger := client{url: p.url, http: client30}
		if text := stranger.do(t, 200, "GET", "/oauth/jwks.json", ""); strings.Contains(text, old) == false {
			t.Errorf("the old key isn't published: %s", text)
		}
		comesTrue(t, "the new key being published", func() bool {
			return strings.Contains(stranger.do(t, 200, "GET", "/oauth/jwks.json", ""), keys[0].ID)
		})
		equal(t, "key that signs", keyOf(t, signIn(t, client30, p.url, administrator).token), old)
	}

	// At once, and of another kind: both servers sign with it although nobody asks them for their keys.
	succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s", "--signing-algorithm", "EdDSA")
	next := listKeys(t, database)[1]
	equal(t, "states", keyStates(t, database), "ES256 pending, EdDSA signing, ES256 retiring")
	for _, p := range []*process{one, two} {
		var now client
		took := comesTrue(t, "the new key signing", func() bool {
			now = signIn(t, client30, p.url, administrator)
			return keyOf(t, now.token) == next.ID
		})
		t.Logf("a server signed with the new key %s after the command", took)
		now.do(t, 200, "GET", "service_accounts", "")
		before.url = p.url
		before.do(t, 200, "GET", "service_accounts", "") // the old one's tokens stay good
	}
	one.stop()
	two.stop()
}

func TestDiscardedKeyEndsItsTokensInARunningServerWithinSeconds(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	stolen := signIn(t, client30, p.url, administrator)
	stolen.do(t, 200, "GET", "me", "")

	output := succeed(t, "keys", "rotate", "--database", database, "--discard-old")
	if !strings.Contains(output, keyOf(t, stolen.token)) || !strings.Contains(output, "5s") {
		t.Errorf("output %s", output)
	}
	took := comesTrue(t, "the refusal", func() bool {
		status, _, err := stolen.request(t.Context(), "GET", "me", "")
		return err == nil && status == 401
	})
	t.Logf("the token ended %s after the command", took)
	equal(t, "states", keyStates(t, database), "ES256 signing")
	signIn(t, client30, p.url, administrator).do(t, 200, "GET", "me", "")
	p.stop()
}

func TestKeysThatHaveEndedAreDeleted(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	equal(t, "output", succeed(t, "keys", "prune", "--database", database), "No signing key has ended.\n")
	for range 2 {
		succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s")
	}
	equal(t, "states", keyStates(t, database), "ES256 signing, ES256 retiring, ES256 retiring")
	// Two hours pass.
	execute(t, database, "UPDATE signing_keys SET sign_after = sign_after - 7200000000, created_at = created_at - 7200000000")
	equal(t, "states", keyStates(t, database), "ES256 signing, ES256 ended, ES256 ended")
	output := succeed(t, "keys", "list", "--database", database)
	if !strings.Contains(output, "ended 20") {
		t.Errorf("the list is %s", output)
	}
	ended := listKeys(t, database)[2].ID
	if output := succeed(t, "keys", "prune", "--database", database); !strings.Contains(output, ended) {
		t.Errorf("output %s", output)
	}
	equal(t, "states", keyStates(t, database), "ES256 signing")
	// Rotating does it too.
	succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s")
	execute(t, database, "UPDATE signing_keys SET sign_after = sign_after - 7200000000")
	succeed(t, "keys", "rotate", "--database", database)
	equal(t, "states", keyStates(t, database), "ES256 pending, ES256 signing")
}

func TestListOfKeysShowsNoKey(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	plain := privateKeys(t, database)
	for _, output := range []string{"text", "json"} {
		text := succeed(t, "keys", "list", "--database", database, "--output", output)
		for _, encoded := range []string{
			string(plain[0]), hex.EncodeToString(plain[0]), base64.StdEncoding.EncodeToString(plain[0]), base64.RawURLEncoding.EncodeToString(plain[0]),
		} {
			if strings.Contains(text, encoded[len(encoded)/2:]) {
				t.Errorf("the list shows a private key: %s", text)
			}
		}
	}
}

func TestWrongUsageOfKeysIsRefused(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	for name, flags := range map[string][]string{
		"another algorithm":      {"rotate", "--signing-algorithm", "HS256"},
		"a lead below zero":      {"rotate", "--sign-after=-1m"},
		"a lead of a year":       {"rotate", "--sign-after", "8760h"},
		"a lead without a key":   {"rotate", "--sign-after", "1m", "--discard-old"},
		"rewrap without a key":   {"rewrap"},
		"keys alone":             {},
		"a key on the command":   {"rotate", "--master-key", masterKeyText(1)},
		"an output that isn't":   {"list", "--output", "xml"},
		"prune with a stranger":  {"prune", "all"},
		"rotate with a stranger": {"rotate", "now"},
	} {
		got := run(t, append(append([]string{"keys"}, flags...), "--database", database)...)
		if got.status != 2 || got.stdout != "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	equal(t, "states", keyStates(t, database), "ES256 signing")
}

func TestServeSealsPlainKeysAndLeavesNoPlainByteBehind(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it looks into unused pages of the file, and of a backup")
	administrator := initialize(t, database)
	succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s", "--signing-algorithm", "RS256")
	succeed(t, "keys", "rotate", "--database", database, "--signing-algorithm", "EdDSA")
	admin := open(t, database, administrator) // some history, in the log too
	for _, name := range []string{"a", "b", "c"} {
		admin.create(t, name)
	}
	keys := privateKeys(t, database)
	equal(t, "keys in plain", len(keys), 3)
	copied := filepath.Join(t.TempDir(), "before.db")
	succeed(t, "backup", "--database", database, "--to", copied)
	file := masterKeyFile(t, 1)
	if where := searchFor(t, copied, keys); strings.Count(where, "before.db (key") != 3 {
		t.Fatalf("the control finds %q", where)
	}

	p := serveWith(t, copied, nil, "--master-key-file", file)
	if !strings.Contains(p.log(), "sealed now") || !strings.Contains(p.log(), "backups made before") {
		t.Errorf("the log doesn't say it: %s", p.log())
	}
	signed := signIn(t, client30, p.url, administrator)
	signed.create(t, "written after sealing")
	signed.url = p.url
	admin.url, admin.http = p.url, client30
	admin.do(t, 200, "GET", "me", "") // tokens stay good: it is the same key
	wantNowhere(t, copied, keys)
	for _, key := range listKeys(t, copied) {
		if !key.Sealed || key.MasterKeyID == nil {
			t.Errorf("key %s is in plain", key.ID)
		}
	}
	p.stop()
	wantNowhere(t, copied, keys)

	// A restart seals nothing, and says nothing.
	again := serveWith(t, copied, []string{"PROCORE_MASTER_KEY=" + masterKeyText(1)})
	if strings.Contains(again.log(), "seal") {
		t.Errorf("the log says %s", again.log())
	}
	signIn(t, client30, again.url, administrator)
	again.stop()
	for _, filling := range []string{masterKeyText(1), hex.EncodeToString(bytes.Repeat([]byte{1}, 32))} {
		if strings.Contains(p.log()+again.log(), filling) {
			t.Error("the log holds the master key")
		}
	}
}

func TestServeThatWasKilledBeforeItScrubbedDoesSoAtTheNextStart(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it looks into unused pages of the file")
	administrator := initialize(t, database)
	keys := privateKeys(t, database)
	file := masterKeyFile(t, 1)
	serveWith(t, database, nil, "--master-key-file", file).stop()
	// As a process leaves it that was killed between sealing and scrubbing.
	execute(t, database, "CREATE TABLE remains (x BLOB)")
	execute(t, database, "INSERT INTO remains VALUES (?)", bytes.Repeat(keys[0], 50))
	execute(t, database, "DROP TABLE remains")
	execute(t, database, "UPDATE signing_keys SET scrub_due = 1")
	p := serveWith(t, database, nil, "--master-key-file", file)
	wantNowhere(t, database, keys)
	signIn(t, client30, p.url, administrator)
	p.stop()
}

func TestSealedKeysAreRefusedWithoutTheirMasterKey(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	right, wrong := masterKeyFile(t, 1), masterKeyFile(t, 2)
	administrator := credentials(t, succeed(t, "init", "--database", database, "--company", "Acme", "--output", "json", "--master-key-file", right))
	if keys := listKeys(t, database); len(keys) != 1 || !keys[0].Sealed {
		t.Errorf("init leaves %+v", keys)
	}
	equal(t, "keys in plain", len(privateKeys(t, database)), 0)
	serving := []string{"serve", "--database", database, "--listen", "127.0.0.1:0"}
	run(t, serving...).failed(t, "no master key was given", "PROCORE_MASTER_KEY", "--master-key-file")
	run(t, append(serving, "--master-key-file", wrong)...).failed(t, "wrong one was given", *listKeys(t, database)[0].MasterKeyID)
	run(t, "keys", "rotate", "--database", database).failed(t, "no master key was given")
	run(t, "keys", "rotate", "--database", database, "--master-key-file", wrong).failed(t, "wrong one was given")
	equal(t, "states", keyStates(t, database), "ES256 signing")
	p := serveWith(t, database, nil, "--master-key-file", right)
	signIn(t, client30, p.url, administrator).do(t, 200, "GET", "me", "")
	p.stop()
}

func TestMasterKeyThatCanNotBeMeantIsRefused(t *testing.T) {
	database := fresh(t)
	initialize(t, database)
	file := masterKeyFile(t, 1)
	serving := []string{"serve", "--database", database, "--listen", "127.0.0.1:0", "--master-key-file"}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o622, 0o660} {
		if err := os.Chmod(file, mode); err != nil { //#nosec G302 -- the point of the test
			t.Fatal(err)
		}
		run(t, append(serving, file)...).failed(t, file, "others", "chmod 600")
	}
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PROCORE_MASTER_KEY", masterKeyText(2))
	run(t, append(serving, file)...).failed(t, "PROCORE_MASTER_KEY", file, "different")
	t.Setenv("PROCORE_MASTER_KEY", "hunter2")
	got := run(t, append(serving, file)...)
	got.failed(t, "PROCORE_MASTER_KEY", "32 random bytes")
	if strings.Contains(got.stderr, "hunter2") {
		t.Errorf("the error repeats it: %s", got.stderr)
	}
	t.Setenv("PROCORE_MASTER_KEY", "")
	run(t, append(serving, file+".missing")...).failed(t, "master key", "missing")
	if err := os.WriteFile(file+".bad", []byte("hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, append(serving, file+".bad")...).failed(t, file+".bad", "32 random bytes")
	for _, key := range listKeys(t, database) {
		if key.Sealed {
			t.Error("a refused master key has sealed")
		}
	}
	// Both given, and the same: fine.
	t.Setenv("PROCORE_MASTER_KEY", masterKeyText(1))
	succeed(t, "keys", "rotate", "--database", database, "--master-key-file", file)
	for _, key := range listKeys(t, database) {
		if !key.Sealed {
			t.Errorf("key %s is in plain", key.ID)
		}
	}
}

func TestRewrapChangesTheMasterKeyWhileAServerRuns(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	old, next := masterKeyFile(t, 1), masterKeyFile(t, 2)
	administrator := credentials(t, succeed(t, "init", "--database", database, "--company", "Acme", "--output", "json", "--master-key-file", old))
	p := serveWith(t, database, nil, "--master-key-file", old)
	before := signIn(t, client30, p.url, administrator)

	rewrap := []string{"keys", "rewrap", "--database", database, "--new-master-key-file", next}
	run(t, rewrap...).failed(t, "no master key was given")
	run(t, append(rewrap, "--master-key-file", masterKeyFile(t, 3))...).failed(t, "wrong one")
	id := *listKeys(t, database)[0].MasterKeyID
	if output := succeed(t, append(rewrap, "--master-key-file", old)...); !strings.Contains(output, ": 1. Start every server") {
		t.Errorf("output %s", output)
	}
	if now := *listKeys(t, database)[0].MasterKeyID; now == id {
		t.Error("the old master key still seals")
	}
	// The server goes on with what it has, and says what it can't take.
	succeed(t, "keys", "rotate", "--database", database, "--master-key-file", next)
	comesTrue(t, "a line in the log", func() bool { return strings.Contains(p.log(), "restart this server with the right master key") })
	equal(t, "key that signs", keyOf(t, signIn(t, client30, p.url, administrator).token), keyOf(t, before.token))
	before.do(t, 200, "GET", "me", "")
	p.stop()

	run(t, "serve", "--database", database, "--listen", "127.0.0.1:0", "--master-key-file", old).failed(t, "wrong one")
	again := serveWith(t, database, nil, "--master-key-file", next)
	before.url = again.url
	before.do(t, 200, "GET", "me", "")
	again.stop()
}

func TestLostMasterKeyIsGotOverByDiscardingTheKeys(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := credentials(t, succeed(t, "init", "--database", database, "--company", "Acme", "--output", "json", "--master-key-file", masterKeyFile(t, 1)))
	next := masterKeyFile(t, 2)
	output := succeed(t, "keys", "rotate", "--database", database, "--discard-old", "--master-key-file", next)
	if !strings.Contains(output, "sealed with the master key") {
		t.Errorf("output %s", output)
	}
	p := serveWith(t, database, nil, "--master-key-file", next)
	signIn(t, client30, p.url, administrator).do(t, 200, "GET", "me", "")
	p.stop()
}

// embeddedRequest asks an API that runs inside this process.
func embeddedRequest(t *testing.T, database string) (int, error) {
	t.Helper()
	transport, company, err := server.Embed(t.Context(), database, "")
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet,
		"http://embedded.invalid/rest/v2.0/companies/"+company+"/me", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Procore-Company-Id", company)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

func TestEmbeddedServerTakesTheMasterKeyFromTheEnvironment(t *testing.T) {
	const why = "an embedded database is a file"
	database, other := freshFile(t, why), freshFile(t, why)
	t.Setenv("PROCORE_MASTER_KEY", masterKeyText(1))
	if status, err := embeddedRequest(t, database); err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	keys := listKeys(t, database)
	if len(keys) != 1 || !keys[0].Sealed {
		t.Errorf("the keys are %+v", keys)
	}
	// Rotating works under it, too: it takes the new key for its next request, whatever it has noticed yet.
	succeed(t, "keys", "rotate", "--database", database, "--sign-after", "0s")
	if status, err := embeddedRequest(t, database); err != nil || status != 200 {
		t.Errorf("after a rotation: %d %v", status, err)
	}

	succeed(t, "init", "--database", other, "--company", "Acme")
	t.Setenv("PROCORE_MASTER_KEY", "")
	if _, err := embeddedRequest(t, other); err == nil || !strings.Contains(err.Error(), "no master key was given") {
		t.Errorf("without the master key: %v", err)
	}
	t.Setenv("PROCORE_MASTER_KEY_FILE", masterKeyFile(t, 2))
	if _, err := embeddedRequest(t, other); err == nil || !strings.Contains(err.Error(), "wrong one was given") {
		t.Errorf("with a wrong master key: %v", err)
	}
	t.Setenv("PROCORE_MASTER_KEY_FILE", masterKeyFile(t, 1))
	if status, err := embeddedRequest(t, other); err != nil || status != 200 {
		t.Errorf("with the right one: %d %v", status, err)
	}
}
