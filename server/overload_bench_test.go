package server_test

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkOverload finds the most that the real program answers in a second, then offers twice that, whether it answers
// or not, and says what becomes of it: goodput, refusals, the 99th percentile of the good answers' time, and memory.
//
//	go test ./server/ -run '^$' -bench Overload -benchtime 1x
//
// The load comes from this machine too, so leave the server a processor: it runs with one, the load takes the others.
func BenchmarkOverload(b *testing.B) {
	database := fresh(b)
	administrator := initialize(b, database)
	p := serve(b, database, []string{"GOMAXPROCS=1", "PROCORE_LISTEN=127.0.0.1:0", "PROCORE_LOG_LEVEL=" + cmp.Or(os.Getenv("BENCH_LOG_LEVEL"), "info")})
	admin := signIn(b, client30, p.url, administrator)
	target := load{address: p.address, pid: p.command.Process.Pid}
	form := tokenForm(administrator.ClientID, administrator.ClientSecret)
	tokens := func(int64) string {
		return raw("POST", "/oauth/token", "Content-Type: application/x-www-form-urlencoded\r\n", form)
	}
	for _, kind := range []struct {
		name string
		// A connection for each request is what many clients look like that know nothing of each other; there may be so many.
		perRequest  bool
		connections int
		request     func(i int64) string
	}{
		{"tokens", false, 1000, tokens},
		{"tokens-each-on-its-own-connection", true, 8000, tokens},
		{"reads", false, 1000, func(int64) string {
			return raw("GET", "/rest/v2.0/companies/1/service_accounts/1", "Authorization: Bearer "+admin.token+"\r\n", "")
		}},
		{"writes", false, 1000, func(i int64) string {
			return raw("PATCH", "/rest/v2.0/companies/1/service_accounts/1", "Authorization: Bearer "+admin.token+
				"\r\nContent-Type: application/json\r\n", fmt.Sprintf(`{"description":"change %d"}`, i))
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			for b.Loop() {
				target.request, target.perRequest = kind.request, kind.perRequest
				peak := target.run(b, 32, 0)
				double := target.run(b, kind.connections, 2*peak.goodput())
				b.ReportMetric(peak.goodput(), "peak/s")
				b.ReportMetric(double.offered(), "offered/s")
				b.ReportMetric(double.goodput(), "goodput/s")
				b.ReportMetric(100*double.goodput()/peak.goodput(), "%ofpeak")
				b.ReportMetric(double.perSecond(double.refused), "refused/s")
				b.ReportMetric(double.perSecond(double.failed), "failed/s")
				b.ReportMetric(peak.p99().Seconds()*1000, "peak-p99-ms")
				b.ReportMetric(double.p99().Seconds()*1000, "p99-ms")
				b.ReportMetric(100*double.perProcessorSecond()/peak.perProcessorSecond(), "%ofpeak-per-cpu-s")
				b.ReportMetric(float64(residentBytes(b, target.pid))/(1<<20), "MiB")
			}
		})
	}
}

// raw writes a request as it goes over the wire.
func raw(method, path, headers, body string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// load sends requests.
type load struct {
	address string
	pid     int
	request func(i int64) string
	// perRequest takes a new connection for each request.
	perRequest bool
	// lasts is for how long; loadTime when zero.
	lasts time.Duration
}

// outcome is what became of them.
type outcome struct {
	mu              sync.Mutex
	took            time.Duration
	processor       time.Duration   // what the server used of its processor
	latencies       []time.Duration // of those that were answered well
	refused, failed int
}

// perProcessorSecond is the goodput that the server would have with a processor of its own, which it may not have here.
func (o *outcome) perProcessorSecond() float64 {
	return float64(len(o.latencies)) / o.processor.Seconds()
}

func (o *outcome) perSecond(count int) float64 { return float64(count) / o.took.Seconds() }
func (o *outcome) goodput() float64            { return o.perSecond(len(o.latencies)) }
func (o *outcome) offered() float64            { return o.perSecond(len(o.latencies) + o.refused + o.failed) }

func (o *outcome) p99() time.Duration {
	if len(o.latencies) == 0 {
		return 0
	}
	slices.Sort(o.latencies)
	return o.latencies[len(o.latencies)*99/100]
}

// loadTime is how long a load lasts unless told otherwise.
const loadTime = 6 * time.Second

// clientPatience is how long a client waits for its answer.
const clientPatience = 5 * time.Second

// run sends requests over so many connections: each when its time has come at so many a second, or each as soon as the
// one before is answered when rate is 0. A request's time counts from when it was due, so that one that had to wait for a
// connection is not taken for a quick one.
func (l load) run(b *testing.B, connections int, rate float64) *outcome {
	b.Helper()
	result := &outcome{}
	var sent atomic.Int64
	var workers sync.WaitGroup
	started, processor := time.Now(), processorTime(b, l.pid)
	for range connections {
		workers.Go(func() {
			c := &connection{address: l.address}
			defer c.close()
			var latencies []time.Duration
			var refused, failed, unexpected int
			for {
				i := sent.Add(1)
				due := time.Now()
				if rate > 0 {
					due = started.Add(time.Duration(float64(i) / rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if due.Sub(started) > cmp.Or(l.lasts, loadTime) {
					break
				}
				status, err := c.ask(l.request(i))
				if l.perRequest {
					c.close()
				}
				switch {
				case err != nil:
					failed++
				case status == http.StatusServiceUnavailable:
					refused++
				case status < 300:
					latencies = append(latencies, time.Since(due))
				default:
					unexpected = status
				}
			}
			result.mu.Lock()
			defer result.mu.Unlock()
			result.latencies = append(result.latencies, latencies...)
			result.refused += refused
			result.failed += failed
			if unexpected != 0 {
				b.Errorf("status %d", unexpected)
			}
		})
	}
	workers.Wait()
	result.took, result.processor = time.Since(started), processorTime(b, l.pid)-processor
	return result
}

// connection is one that is kept for the next request, without the cost of net/http's client.
type connection struct {
	address string
	conn    net.Conn
	reader  *bufio.Reader
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *connection) ask(request string) (status int, err error) {
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.address, clientPatience); err != nil {
			return 0, err
		}
		if tcp, ok := c.conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // so many closed ones would use up the ports
		}
		c.reader = bufio.NewReaderSize(c.conn, 2048)
	}
	if err := c.conn.SetDeadline(time.Now().Add(clientPatience)); err != nil {
		return 0, err
	}
	if _, err = io.WriteString(c.conn, request); err != nil {
		return 0, err
	}
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = c.reader.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if len(line) == 2 {
			break
		}
		if name := "Content-Length: "; strings.HasPrefix(string(line), name) {
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[len(name):]))); err != nil {
				return 0, err
			}
		}
	}
	_, err = c.reader.Discard(length)
	return status, err
}

// processorTime is how long a process has used a processor.
func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return 0 // not Linux
	}
	var total int64
	for _, task := range tasks {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, task.Name()))
		if err != nil {
			continue // it has ended
		}
		nanoseconds, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		total += nanoseconds
	}
	return time.Duration(total)
}

func residentBytes(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0 // not Linux
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
