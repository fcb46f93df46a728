package server_test

import (
	"cmp"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest/load"
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
	target := load.Load{Address: p.address, PID: p.command.Process.Pid, Duration: loadTime}
	form := tokenForm(administrator.ClientID, administrator.ClientSecret)
	tokens := func(int64) []byte {
		return load.Raw("POST", "/oauth/token", "Content-Type: application/x-www-form-urlencoded\r\n", form)
	}
	for _, kind := range []struct {
		name string
		// A connection for each request is what many clients look like that know nothing of each other; there may be so many.
		perRequest  bool
		connections int
		request     func(i int64) []byte
	}{
		{"tokens", false, 1000, tokens},
		{"tokens-each-on-its-own-connection", true, 8000, tokens},
		{"reads", false, 1000, func(int64) []byte {
			return load.Raw("GET", "/rest/v2.0/companies/1/service_accounts/1", "Authorization: Bearer "+admin.token+"\r\n", "")
		}},
		{"writes", false, 1000, func(i int64) []byte {
			return load.Raw("PATCH", "/rest/v2.0/companies/1/service_accounts/1", "Authorization: Bearer "+admin.token+
				"\r\nContent-Type: application/json\r\n", fmt.Sprintf(`{"description":"change %d"}`, i))
		}},
	} {
		b.Run(kind.name, func(b *testing.B) {
			for b.Loop() {
				peak, double := target, target
				peak.Request, peak.FreshConnections, peak.Connections = kind.request, kind.perRequest, 32
				most := putOn(b, peak)
				double.Request, double.FreshConnections, double.Connections, double.Rate = kind.request, kind.perRequest, kind.connections, 2*most.Good()
				over := putOn(b, double)
				resident, _ := load.Resident(target.PID)
				b.ReportMetric(most.Good(), "peak/s")
				b.ReportMetric(over.Offered(), "offered/s")
				b.ReportMetric(over.Good(), "goodput/s")
				b.ReportMetric(100*over.Good()/most.Good(), "%ofpeak")
				b.ReportMetric(over.PerSecond(over.Refused), "refused/s")
				b.ReportMetric(over.PerSecond(over.Failed), "failed/s")
				b.ReportMetric(most.Percentile(99).Seconds()*1000, "peak-p99-ms")
				b.ReportMetric(over.Percentile(99).Seconds()*1000, "p99-ms")
				// As if the server had a processor of its own, which it may not have here.
				b.ReportMetric(100*most.ProcessorPerAnswer().Seconds()/over.ProcessorPerAnswer().Seconds(), "%ofpeak-per-cpu-s")
				b.ReportMetric(float64(resident)/(1<<20), "MiB")
			}
		})
	}
}

// loadTime is how long each load lasts.
const loadTime = 6 * time.Second

func putOn(b *testing.B, target load.Load) *load.Outcome {
	b.Helper()
	result := target.Run(b.Context())
	if result.Unexpected != nil {
		b.Error(result.Unexpected)
	}
	return result
}
