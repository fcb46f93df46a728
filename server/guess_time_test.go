package server_test

import (
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/store"
)

// guessTimes are the times that refused token requests took, through the whole handler on a real database.
type guessTimes struct {
	unknown, wrong time.Duration // medians: for client ids that there aren't, and for wrong secrets of those that there are
	again          time.Duration // wrong once more, which differs from it by noise alone
}

// gap is by how much the two kinds of refusal differ, as a part of the time that they take; noise is by how much two
// equal runs differ.
func (g guessTimes) gap() float64   { return difference(g.unknown, g.wrong) }
func (g guessTimes) noise() float64 { return difference(g.again, g.wrong) }

func difference(a, b time.Duration) float64 {
	return math.Abs(float64(a-b)) / float64(min(a, b))
}

// guesser times guesses on a database with some hundred accounts.
type guesser struct {
	handler http.Handler
	known   []string
}

func newGuesser(t testing.TB) *guesser {
	t.Helper()
	database := fresh(t)
	initialize(t, database)
	g := &guesser{}
	for range 300 {
		g.known = append(g.known, store.NewClientID())
	}
	copyAccount(t, database, g.known)
	s, err := server.New(t.Context(), server.Config{Database: database, BaseURL: "http://127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	g.handler = s.Handler()
	return g
}

// copyAccount makes accounts like the first with these client ids.
func copyAccount(t testing.TB, database string, clientIDs []string) {
	t.Helper()
	var rows []string
	for i, id := range clientIDs {
		rows = append(rows, "('"+id+"','name "+string(rune('a'+i%26))+id[:9]+"')")
	}
	execute(t, database, `INSERT INTO service_accounts (company_id, name, name_key, search_key, app_type, marketplace_app, description,
			client_id, deletion_protection, add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch, created_at, updated_at)
		SELECT company_id, v.column2, v.column2, search_key, app_type, marketplace_app, description, v.column1, deletion_protection,
			add_to_new_projects, secret_version, secret_digest, secret_created_at, token_epoch, a.created_at, a.updated_at
		FROM service_accounts a, (VALUES `+strings.Join(rows, ",")+`) v WHERE a.id = 1`)
	execute(t, database, `INSERT INTO contacts (company_id, service_account_id, name, email_address, assigned_email_address, active, created_at, updated_at)
		SELECT company_id, id, name, client_id || '@service-accounts.invalid', client_id || '@service-accounts.invalid', TRUE, created_at, updated_at
		FROM service_accounts WHERE id > 1`)
}

// guess presents a wrong secret and returns how long the refusal took.
func (g *guesser) guess(t testing.TB, clientID string) time.Duration {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader(tokenForm(clientID, store.NewSecret().Reveal())))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	started := time.Now()
	g.handler.ServeHTTP(recorder, request)
	took := time.Since(started)
	if recorder.Code != http.StatusUnauthorized && recorder.Code != http.StatusTooManyRequests {
		t.Fatalf("status %d: %s", recorder.Code, recorder.Body)
	}
	return took
}

// time takes the three kinds in turn, in an order that chance decides, so that whatever else the machine does meets all of
// them alike.
func (g *guesser) time(t testing.TB, rounds int) guessTimes {
	t.Helper()
	var times [3][]time.Duration
	for range rounds {
		for _, kind := range rand.Perm(3) {
			id := store.NewClientID()
			if kind > 0 {
				id = g.known[rand.IntN(len(g.known))]
			}
			times[kind] = append(times[kind], g.guess(t, id))
		}
	}
	for _, kind := range times {
		slices.Sort(kind)
	}
	return guessTimes{unknown: times[0][rounds/2], wrong: times[1][rounds/2], again: times[2][rounds/2]}
}

// A gap that is there is there each time, while noise comes and goes: the least of some runs tells them apart on any
// machine. Without a row for unknown clients the gap was a seventh.
func TestUnknownClientIsRefusedNoFasterThanAWrongSecret(t *testing.T) {
	g := newGuesser(t)
	g.time(t, 50) // the caches fill
	var runs []guessTimes
	for range 10 {
		run := g.time(t, 300)
		if run.gap() < 0.07 {
			return
		}
		runs = append(runs, run)
	}
	t.Errorf("the times differ in each of the runs: %v", runs)
}

// BenchmarkGuess says how long the two kinds of refusal take, and how far they are apart, beside the noise.
//
//	go test ./server/ -run '^$' -bench Guess -benchtime 1x
func BenchmarkGuess(b *testing.B) {
	g := newGuesser(b)
	g.time(b, 200)
	for b.Loop() {
		got := g.time(b, 5000)
		b.ReportMetric(float64(got.unknown.Nanoseconds())/1000, "unknown-µs")
		b.ReportMetric(float64(got.wrong.Nanoseconds())/1000, "wrong-µs")
		b.ReportMetric(float64(got.again.Nanoseconds())/1000, "wrong-again-µs")
		b.ReportMetric(100*got.gap(), "%gap")
		b.ReportMetric(100*got.noise(), "%noise")
	}
}
