package server_test

import (
	"flag"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// How long the crash tests go on, and where their randomness starts: go test ./server -run Crash -crashes 500 -crash-seed 1
var (
	crashes   = flag.Int("crashes", 25, "how many times TestCrashLosesNothingAcknowledged kills the server")
	crashSeed = flag.Uint64("crash-seed", 0, "the seed of the crash tests; 0 takes one from the clock")
)

// crashScene is a database, and what its writers know of it.
type crashScene struct {
	*ledger
	database string
	tokens   int
}

func newCrashScene(t *testing.T) *crashScene {
	t.Helper()
	database := freshFile(t, "it looks through the file with PRAGMAs; the test of the cluster does so on PostgreSQL")
	return &crashScene{ledger: newLedger(t, database), database: database}
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
	old.url = p.url
	old.do(s.t, 200, "GET", "me", "") // a token that was issued before the crash
	s.ledger.settle(s.database, p.url)
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
