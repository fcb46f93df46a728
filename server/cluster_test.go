package server_test

import (
	"context"
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

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// How long the cluster test goes on: go test ./server -run TestCluster -cluster-rounds 50 -crash-seed 1
var clusterRounds = flag.Int("cluster-rounds", 1, "how often TestClusterLosesNothingAndDoesNothingTwice kills a server, and then the database")

// clusterScene is a PostgreSQL, two servers on it, a balancer in front of them, and clients that know the balancer alone.
// They try again as provider/client does: whatever got no answer, or 429, 502, 503 or 504; a POST with its Idempotency-Token.
type clusterScene struct {
	*ledger
	postgres *storetest.Cluster
	database string
	balancer *balancer
	servers  []*process
	ctx      context.Context
	cancel   func()
	// stop lets the clients finish what they are at.
	stop chan struct{}
	// refused counts the answers of servers that could not do what was asked, and lost those that never came. reads and tokens
	// count what else was answered.
	refused, lost, reads, tokens atomic.Int64
}

func newClusterScene(t *testing.T) *clusterScene {
	t.Helper()
	postgres := storetest.StartCluster(t)
	s := &clusterScene{postgres: postgres, database: postgres.URL(), balancer: newBalancer(t), stop: make(chan struct{})}
	s.ledger = newLedger(t, s.database)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(*clusterRounds)*time.Minute)
	s.ctx, s.cancel = ctx, cancel
	t.Cleanup(cancel)
	for place := range 2 {
		s.servers = append(s.servers, nil)
		s.start(place)
	}
	for i, writer := range s.writers {
		random := rand.New(rand.NewPCG(s.random.Uint64(), uint64(i)))
		writer.deliver = func(ctx context.Context, admin client, status int, method, path, body string) (string, bool, error) {
			return s.deliver(ctx, random, admin, status, method, path, body)
		}
	}
	return s
}

// start starts a server in a place, where one may have been killed.
func (s *clusterScene) start(place int) {
	s.t.Helper()
	s.servers[place] = serve(s.t, s.database, nil,
		"--listen", "127.0.0.1:0", "--base-url", s.balancer.url, "--rate-limit", "1000000")
	s.balancer.set(place, s.servers[place].url)
}

// deliver sends a request until it is answered.
func (s *clusterScene) deliver(ctx context.Context, random *rand.Rand, c client, status int, method, path, body string) (string, bool, error) {
	header := map[string]string{}
	if method == http.MethodPost && c.token != "" {
		header["Idempotency-Token"] = fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64())
	}
	for attempt := 1; ; attempt++ {
		got, err := c.ask(ctx, method, path, body, header)
		switch {
		case ctx.Err() != nil:
			return "", false, fmt.Errorf("%s %s: no answer after %d attempts: %w", method, path, attempt, ctx.Err())
		case err != nil:
			s.lost.Add(1)
		case got.status == http.StatusBadGateway:
			s.lost.Add(1)
		case got.status == http.StatusServiceUnavailable, got.status == http.StatusGatewayTimeout:
			s.refused.Add(1)
			if err := explains(got); err != nil {
				return "", false, fmt.Errorf("%s %s: %w", method, path, err)
			}
		case got.status == status, attempt > 1 && isRepeated(method, got.status):
			return got.text, true, nil
		default:
			return "", false, fmt.Errorf("%s %s is answered %d at attempt %d: %s", method, path, got.status, attempt, got.text)
		}
		pause := min(time.Duration(attempt)*20*time.Millisecond, 500*time.Millisecond)
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + time.Duration(random.Int64N(int64(pause)))): // a client's patience, not the test's
		}
	}
}

// isRepeated reports whether a status is what a change is answered that was made before, by an attempt whose answer was lost.
func isRepeated(method string, status int) bool {
	return method == http.MethodPut && status == http.StatusOK || method == http.MethodDelete && status == http.StatusNotFound
}

// explains returns an error unless a server that can't do what was asked says so in a sentence. The balancer need not.
func explains(got reply) error {
	if got.header.Get(byBalancer) != "" {
		return nil
	}
	var management struct{ Error struct{ Message string } }
	var oauth struct {
		Error       string
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal([]byte(got.text), &management) // one of the two it is
	_ = json.Unmarshal([]byte(got.text), &oauth)
	if text := management.Error.Message + oauth.Description; !strings.HasSuffix(text, ".") || strings.Contains(text, "x-request-id") {
		return fmt.Errorf("answer %d doesn't say in a sentence why: %s", got.status, got.text)
	}
	return nil
}

// load runs writers, readers and clients that get tokens, until the function that it returns is called. That waits for the
// answers to all that was asked.
func (s *clusterScene) load() (finish func()) {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	admin := signIn(s.t, &http.Client{Timeout: 30 * time.Second, Transport: transport}, s.balancer.url, s.administrator)
	stranger := client{url: admin.url, http: admin.http}
	var group sync.WaitGroup
	s.t.Cleanup(func() { // where the test has failed meanwhile
		s.cancel()
		group.Wait()
	})
	for _, writer := range s.writers {
		group.Go(func() {
			for s.goesOn() {
				if answered, err := writer.step(s.ctx, admin); s.ctx.Err() == nil && (err != nil || !answered) {
					s.t.Errorf("writer %s: %v", writer.prefix, err)
					return
				}
				writer.answered.Add(1)
			}
		})
	}
	ask := func(count *atomic.Int64, c client, method, path, body string) {
		random := rand.New(rand.NewPCG(s.random.Uint64(), 0))
		group.Go(func() {
			for s.goesOn() {
				if _, _, err := s.deliver(s.ctx, random, c, 200, method, path, body); s.ctx.Err() == nil && err != nil {
					s.t.Errorf("while others write: %v", err)
					return
				}
				count.Add(1)
			}
		})
	}
	ask(&s.tokens, stranger, "POST", "/oauth/token", tokenForm(s.administrator.ClientID, s.administrator.ClientSecret))
	ask(&s.reads, admin, "GET", "service_accounts?per_page=100", "")
	ask(&s.reads, admin, "GET", "/oauth/token/info", "")
	return func() {
		close(s.stop)
		group.Wait()
		s.must(s.ctx.Err())
		transport.CloseIdleConnections()
	}
}

func (s *clusterScene) goesOn() bool {
	select {
	case <-s.stop:
		return false
	default:
		return s.ctx.Err() == nil && !s.t.Failed()
	}
}

// progress waits until so many more changes were acknowledged, and some, and returns how long that took.
func (s *clusterScene) progress(changes int) time.Duration {
	s.t.Helper()
	began := time.Now()
	wanted := s.answered() + changes + s.random.IntN(changes)
	for s.answered() < wanted {
		if s.ctx.Err() != nil || s.t.Failed() {
			s.t.Fatalf("the clients don't get on\nfirst server:\n%s\nsecond:\n%s", tail(s.servers[0].log()), tail(s.servers[1].log()))
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

func (s *clusterScene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func tail(log string) string { return log[max(0, len(log)-3000):] }

// becomes waits until every server's /readyz has a status, and returns how long that took.
func (s *clusterScene) becomes(status int) time.Duration {
	s.t.Helper()
	return comesTrue(s.t, fmt.Sprintf("/readyz %d", status), func() bool {
		for _, server := range s.balancer.all() {
			if s.balancer.readiness(s.ctx, server) != status {
				return false
			}
		}
		return true
	})
}

func TestClusterLosesNothingAndDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := newClusterScene(t)
	s.becomes(http.StatusOK)
	old := signIn(t, client30, s.balancer.url, s.administrator)
	finish := s.load()
	const some = 40
	for round := range *clusterRounds {
		s.progress(some)
		victim := s.random.IntN(2)
		s.servers[victim].signal(syscall.SIGKILL)
		s.servers[victim].wait()
		t.Logf("one server killed: %d ms until the other had made some more changes", s.progress(some).Milliseconds())
		s.start(victim)
		s.progress(some)

		// As a crash ends it; or, in every other round of a longer test, in good order.
		end := s.postgres.Kill
		if round%2 == 1 {
			end = s.postgres.Stop
		}
		s.must(end())
		red := s.becomes(http.StatusServiceUnavailable)
		s.must(s.postgres.Start())
		green := s.becomes(http.StatusOK)
		t.Logf("database ended: red after %d ms, and green %d ms after it had started again", red.Milliseconds(), green.Milliseconds())
		s.progress(some)
	}
	finish()
	for _, server := range s.servers {
		old.url = server.url
		old.do(t, 200, "GET", "me", "") // a token from before everything
	}
	s.settle(s.database, s.servers[0].url, s.servers[1].url)
	for _, server := range s.servers {
		server.stop()
	}
	t.Logf("%d changes acknowledged and none lost or made twice, %d tokens, %d reads; %d requests were refused and repeated, and %d had no answer and were repeated",
		s.answered(), s.tokens.Load(), s.reads.Load(), s.refused.Load(), s.lost.Load())
}
