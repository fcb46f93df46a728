package server_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestReadsAndTokensGoOnWhileWritesAreStuck(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--max-concurrency", "4", "--max-queue", "8")
	admin := signIn(t, client30, p.url, administrator)

	// Another program holds the database's one write lock.
	db, err := sql.Open("sqlite", "file:"+database+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	lock, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var made, turnedAway atomic.Int64
	for i := range 12 {
		group.Go(func() {
			status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"stuck %d"}`, i))
			switch {
			case err == nil && status == http.StatusCreated:
				made.Add(1)
			case err == nil && status == http.StatusServiceUnavailable:
				turnedAway.Add(1)
			default:
				t.Errorf("a write is answered %d %s %v", status, text, err)
			}
		})
	}
	for turnedAway.Load() < 11 { // all but the one that has the place
		admin.do(t, 200, "GET", "service_accounts", "")
		signIn(t, client30, p.url, administrator)
		admin.do(t, 200, "GET", "/healthz", "")
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	// The one that had the place is done, unless this machine is so slow that it gave the lock up before.
	equal(t, "writes that were answered", made.Load()+turnedAway.Load(), 12)
	admin.create(t, "not stuck")
	p.stop()
}

func TestFloodIsAnsweredWellOrTurnedAwayAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--max-concurrency", "2", "--max-queue", "4", "--max-connections", "100")
	admin := signIn(t, client30, p.url, administrator)
	var group sync.WaitGroup
	var made, refused atomic.Int64
	for i := range 60 {
		group.Go(func() {
			for j := range 5 {
				status, text, err := admin.request(t.Context(), "POST", "service_accounts", fmt.Sprintf(`{"name":"flood %d %d"}`, i, j))
				switch {
				case err == nil && status == http.StatusCreated:
					made.Add(1)
				case err == nil && status == http.StatusServiceUnavailable:
					refused.Add(1)
				default:
					t.Errorf("answered %d %s %v", status, text, err)
				}
			}
		})
	}
	group.Wait()
	if made.Load() == 0 || refused.Load() == 0 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
	// What was refused was not done, and what was done was acknowledged.
	equal(t, "accounts", int64(strings.Count(admin.names(t), "flood ")), made.Load())
	text := admin.do(t, 200, "GET", "/metrics", "")
	for _, line := range []string{`procore_http_in_flight{lane="write"} 0`, `procore_http_queue_depth{lane="write"} 0`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("%s is not in the metrics", line)
		}
	}
	p.stop()
}
