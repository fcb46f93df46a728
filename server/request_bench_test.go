package server_test

import (
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkRequest asks the real program and the floor in turn, over 16 connections each, and says what a request costs
// each of them: processor time and rate, and what part of the floor's rate the program reaches. Each is the median of the
// rounds, of which there are as many as iterations.
//
//	go test ./server/ -run '^$' -bench Request -benchtime 5x
//
// BENCH_BINARY compares another program, such as one that was built before a change, as a third in the same rounds.
func BenchmarkRequest(b *testing.B) {
	database := fresh(b)
	administrator := initialize(b, database)
	address, pid := startFloor(b)
	p := serve(b, database, []string{"PROCORE_LISTEN=127.0.0.1:0"})
	contenders := []contender{
		{name: "floor", load: load{address: address, pid: pid}},
		{name: "server", load: load{address: p.address, pid: p.command.Process.Pid}},
	}
	if before := os.Getenv("BENCH_BINARY"); before != "" {
		command := newProcess(b, database)
		command.Path = before
		other := start(b, command)
		contenders = append(contenders, contender{name: "before", load: load{address: other.address, pid: other.command.Process.Pid}})
	}
	for i, c := range contenders { // the floor knows no tokens but its own
		contenders[i].token = signIn(b, client30, "http://"+c.address, administrator).token
	}
	form := tokenForm(administrator.ClientID, administrator.ClientSecret)
	const formType = "Content-Type: application/x-www-form-urlencoded\r\n"
	for _, kind := range []struct {
		name  string
		asked func(token string) string
	}{
		{"token", func(string) string { return raw("POST", "/oauth/token", formType, form) }},
		{"introspect", func(token string) string { return raw("POST", "/oauth/introspect", formType, form+"&token="+token) }},
		{"info", func(token string) string { return raw("GET", "/oauth/token/info", bearer(token), "") }},
		{"account", func(token string) string {
			return raw("GET", "/rest/v2.0/companies/1/service_accounts/1", bearer(token), "")
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			compare(b, contenders, func(c contender) string { return kind.asked(c.token) })
		})
	}
}

func bearer(token string) string { return "Authorization: Bearer " + token + "\r\n" }

// contender is one of the programs that are compared, with what came of its rounds.
type contender struct {
	name, token string
	load
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
