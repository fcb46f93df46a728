package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/procore/terraform-provider-procore/server/store/sqlite"
)

// metrics are one server's own: a registry of their own lets several servers live in one process.
type metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	tokensIssued  prometheus.Counter
	tokensRefused *prometheus.CounterVec
	secretsReset  prometheus.Counter
	database      *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "procore_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "procore_http_request_duration_seconds", Help: "Time from a request's arrival to the end of its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route"}),
		tokensIssued: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "procore_tokens_issued_total", Help: "Access tokens issued.",
		}),
		tokensRefused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "procore_tokens_refused_total", Help: "Token requests refused, by OAuth error.",
		}, []string{"error"}),
		secretsReset: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "procore_secrets_reset_total", Help: "Client secrets reset.",
		}),
		database: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "procore_database_duration_seconds",
			Help:    "Time that reads and writes took in the database, and that writes waited for their turn.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation"}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.tokensIssued, m.tokensRefused, m.secretsReset, m.database,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observeDatabase is for sqlite.Options.
func (m *metrics) observeDatabase(operation sqlite.Operation, took time.Duration) {
	m.database.WithLabelValues(string(operation)).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
