package server_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestReadyzTurnsRedBeforeTheServerStopsServing(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--drain-delay", "1h")
	admin := signIn(t, client30, p.url, administrator)
	equal(t, "readyz", ready(t, p.url), "")
	p.signal(syscall.SIGTERM)
	eventually(t, "readyz says so", func() bool { return ready(t, p.url) == "stopping" })
	admin.create(t, "made while draining")
	client{url: p.url, http: client30}.do(t, 200, "GET", "/healthz", "")
	p.signal(syscall.SIGTERM) // the second one doesn't wait
	p.wait()

	again := serve(t, database, nil, "--drain-delay", "50ms")
	equal(t, "accounts", signIn(t, client30, again.url, administrator).names(t), "Administrator,made while draining")
	again.stop()
}

func TestReadyzProbesOnceASecondHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	p := serve(t, database, nil)
	stranger := client{url: p.url, http: client30}
	reads := regexp.MustCompile(`procore_database_duration_seconds_count\{operation="write"\} (\d+)`)
	writes := func() int {
		t.Helper()
		match := reads.FindStringSubmatch(stranger.do(t, 200, "GET", "/metrics", ""))
		if match == nil {
			return 0
		}
		count, _ := strconv.Atoi(match[1])
		return count
	}
	before, started := writes(), time.Now()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if reason := ready(t, p.url); reason != "" {
					t.Errorf("readyz is red: %s", reason)
				}
			}
		})
	}
	group.Wait()
	// A change of the last second, such as those of the start, spares the probe.
	for deadline := time.Now().Add(time.Minute); writes() == before && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ready(t, p.url)
	}
	if probes, most := writes()-before, 2+int(time.Since(started)/time.Second); probes < 1 || probes > most {
		t.Errorf("400 questions and more in %s made %d probes, want at least one and at most %d", time.Since(started), probes, most)
	}
}

func TestFilesThatAreRemovedUnderTheServerTurnItRedUntilTheyAreBack(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-wal"} {
		t.Run("procore.db"+suffix, func(t *testing.T) {
			t.Parallel()
			database := freshFile(t, "it is about the database's files")
			administrator := initialize(t, database)
			p := serve(t, database, nil)
			admin := signIn(t, client30, p.url, administrator)
			kept := admin.create(t, "kept")
			if err := os.Rename(database+suffix, database+".away"); err != nil {
				t.Fatal(err)
			}
			status, header, text := admin.exchange(t, "POST", "service_accounts", `{"name":"lost"}`)
			if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, "removed or replaced") {
				t.Errorf("a change is answered %d: %s", status, text)
			}
			eventually(t, "readyz is red", func() bool { return ready(t, p.url) == "database_unwritable" })
			admin.as(t, kept).do(t, 200, "GET", "me", "")
			if err := os.Rename(database+".away", database+suffix); err != nil {
				t.Fatal(err)
			}
			eventually(t, "readyz is green", func() bool { return ready(t, p.url) == "" })
			admin.create(t, "made afterwards")
			p.signal(syscall.SIGKILL)
			p.wait()
			equal(t, "accounts", signIn(t, client30, serve(t, database, nil).url, administrator).names(t), "Administrator,kept,made afterwards")
		})
	}
}

func TestLockOfAnotherProgramIsAClearRefusalAndReadyzKnows(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	release := storetest.LockWrites(t, database)
	eventually(t, "readyz is red", func() bool { return ready(t, p.url) == "database_unwritable" })
	status, header, text := admin.exchange(t, "POST", "service_accounts", `{"name":"waits too long"}`)
	if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, "busy") {
		t.Errorf("a change is answered %d: %s", status, text)
	}
	signIn(t, client30, p.url, administrator).do(t, 200, "GET", "service_accounts", "")
	release()
	eventually(t, "readyz is green", func() bool { return ready(t, p.url) == "" })
	admin.create(t, "made afterwards")
	equal(t, "accounts", admin.names(t), "Administrator,made afterwards")
	p.stop()
}

func TestDamagedPagesAreNeverAnsweredAsMissingRows(t *testing.T) {
	t.Parallel()
	database := freshFile(t, "it damages pages of the file")
	administrator := initialize(t, database)
	populate(t, database, 500)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	var candidates []account
	for i := range 20 {
		candidates = append(candidates, admin.create(t, fmt.Sprint("lost ", i)))
	}
	p.stop()
	// Client ids are random, and so is where they stand in their index: the administrator's is to stay readable.
	chosen := slices.IndexFunc(candidates, func(a account) bool { return !damageReaches(t, database, a.ClientID, administrator.ClientID) })
	if chosen < 0 {
		t.Fatal("all accounts are on the administrator's pages")
	}
	lost := candidates[chosen]
	invertPagesWith(t, database, lost.ClientID)

	p = serve(t, database, nil)
	admin = signIn(t, client30, p.url, administrator)
	status, header, text := admin.exchange(t, "GET", "service_accounts/"+lost.ID, "")
	if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(text, `"damaged"`) {
		t.Errorf("an account on a damaged page is answered %d: %s", status, text)
	}
	stranger := client{url: p.url, http: client30}
	if text := stranger.do(t, 503, "POST", "/oauth/token", tokenForm(lost.ClientID, lost.ClientSecret)); !strings.Contains(text, "temporarily_unavailable") {
		t.Errorf("its token request is answered %s", text)
	}
	eventually(t, "readyz is red", func() bool { return ready(t, p.url) == "database_damaged" })
	for _, request := range [][2]string{{"GET", "service_accounts?per_page=1000"}, {"GET", "service_accounts/" + lost.ID}, {"GET", "service_accounts/999999"}, {"DELETE", "service_accounts/2"}} {
		if status, _, text := admin.exchange(t, request[0], request[1], ""); status != 503 {
			t.Errorf("%s %s is answered %d: %s", request[0], request[1], status, text)
		}
	}
	signIn(t, client30, p.url, administrator) // what can be read goes on
	if log := p.log(); !strings.Contains(log, "database is damaged") || strings.Contains(log, "panic") {
		t.Errorf("the log doesn't say so: %s", log)
	}
	p.stop()
}

// damageReaches reports whether an index could not lead to the other text any more when the pages with the text are
// damaged: one of them is an inner page, or a leaf that both are on (https://www.sqlite.org/fileformat.html 1.6).
func damageReaches(t *testing.T, database, text, other string) bool {
	t.Helper()
	const size, innerIndex, innerTable, leafIndex = 4096, 2, 5, 10
	data, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	for page := range slices.Chunk(data, size) {
		if !bytes.Contains(page, []byte(text)) {
			continue
		}
		if kind := page[0]; kind == innerIndex || kind == innerTable || kind == leafIndex && bytes.Contains(page, []byte(other)) {
			return true
		}
	}
	return false
}

// invertPagesWith damages every page of a database that has the text on it.
func invertPagesWith(t *testing.T, database, text string) {
	t.Helper()
	const size = 4096
	data, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for at := 0; at+size <= len(data); at += size {
		if page := data[at:][:size]; strings.Contains(string(page), text) {
			damaged++
			for i := range page {
				page[i] ^= 0xff
			}
		}
	}
	if damaged < 2 {
		t.Fatal("nothing was damaged")
	}
	if err := os.WriteFile(database, data, 0o600); err != nil { //#nosec G703 -- of this test
		t.Fatal(err)
	}
}

// A server that can't open the key that others sign with refuses their tokens, and soon has none of its own to sign with.
func TestReadyzIsRedWhileASigningKeyCanNotBeUsed(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	p := serve(t, database, nil)
	equal(t, "readyz", ready(t, p.url), "")
	succeed(t, "keys", "rotate", "--database", database, "--master-key-file", masterKeyFile(t, 1))
	var reason string
	for deadline := time.Now().Add(time.Minute); reason == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		reason = ready(t, p.url)
	}
	equal(t, "readyz", reason, "signing_key_unusable")
}
