package server_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
)

// BenchmarkRequest asks the real program and the floor in turn, over 16 connections each, and says what a request costs
// each of them: processor time and rate, and what part of the floor's rate the program reaches. Each is the median of the
// rounds, of which there are as many as iterations.
//
//	go test ./server/ -run '^$' -bench Request -benchtime 5x
//
// BENCH_BINARY compares another program, such as one that was built before a change, as a third in the same rounds.
func BenchmarkRequest(b *testing.B) {
	contenders := []contender{startFloor(b), startServer(b, "server", binary(b))}
	if before := os.Getenv("BENCH_BINARY"); before != "" {
		contenders = append(contenders, startServer(b, "before", before))
	}
	const formType = "Content-Type: application/x-www-form-urlencoded\r\n"
	for _, kind := range []struct {
		name  string
		asked func(contender) string
	}{
		{"token", func(c contender) string { return raw("POST", "/oauth/token", formType, c.form) }},
		{"introspect", func(c contender) string {
			return raw("POST", "/oauth/introspect", formType, c.form+"&token="+c.token)
		}},
		{"info", func(c contender) string { return raw("GET", "/oauth/token/info", bearer(c.token), "") }},
		{"account", func(c contender) string {
			return raw("GET", "/rest/v2.0/companies/1/service_accounts/1", bearer(c.token), "")
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			compare(b, contenders, kind.asked)
		})
	}
}

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

// contender is one of the programs that are compared, with credentials and a token that it takes.
type contender struct {
	name, form, token string
	load
}

// enter signs in at a contender.
func enter(b *testing.B, name, address string, pid int, as server.Credentials) contender {
	b.Helper()
	return contender{
		name: name, form: tokenForm(as.ClientID, as.ClientSecret), token: signIn(b, client30, "http://"+address, as).token,
		load: load{address: address, pid: pid},
	}
}

// startServer runs the program on a database of its own: another version may have another schema.
func startServer(b *testing.B, name, path string) contender {
	b.Helper()
	database := fresh(b)
	made, err := exec.CommandContext(b.Context(), path, "init", "--database", database, "--company", "Acme", "--output", "json").Output()
	if err != nil {
		b.Fatal(err)
	}
	command := newProcess(b, database)
	command.Path = path
	p := start(b, command)
	return enter(b, name, p.address, command.Process.Pid, credentials(b, string(made)))
}

const (
	roundTime        = 2 * time.Second
	roundConnections = 16
)

func compare(b *testing.B, contenders []contender, request func(contender) string) {
	b.Helper()
	rates, costs, p99s := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	round := func(s contender, lasts time.Duration) *outcome {
		text := request(s)
		s.request, s.lasts = func(int64) string { return text }, lasts
		return s.run(b, roundConnections, 0)
	}
	for _, s := range contenders {
		round(s, roundTime/4) // its caches fill
	}
	for b.Loop() {
		for _, s := range contenders {
			got := round(s, roundTime)
			if got.failed+got.refused > 0 {
				b.Fatalf("%s: %d failed, %d were refused", s.name, got.failed, got.refused)
			}
			rates[s.name] = append(rates[s.name], got.goodput())
			costs[s.name] = append(costs[s.name], 1e6/got.perProcessorSecond())
			p99s[s.name] = append(p99s[s.name], got.p99().Seconds()*1000)
		}
	}
	for _, s := range contenders {
		b.ReportMetric(median(costs[s.name]), s.name+"-cpu-µs")
		b.ReportMetric(median(rates[s.name]), s.name+"/s")
		b.ReportMetric(median(p99s[s.name]), s.name+"-p99-ms")
		if s.name != "floor" {
			b.ReportMetric(100*median(rates[s.name])/median(rates["floor"]), s.name+"-%ofloor")
		}
		b.ReportMetric(float64(residentBytes(b, s.pid))/(1<<20), s.name+"-MiB")
	}
	b.ReportMetric(0, "ns/op") // of all contenders together, which says nothing
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
