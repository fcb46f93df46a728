package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/procore/terraform-provider-procore/server/store/sqlstore"
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

	// Of failed client authentications; slowed are those that were answered with 429.
	authenticationsFailed, authenticationsSlowed prometheus.Counter
	// By API: requests of an account beyond its rate limit.
	throttled *prometheus.CounterVec
	// By lane.
	inFlight, queued *prometheus.GaugeVec
	waited           *prometheus.HistogramVec
	// By lane and reason.
	rejected *prometheus.CounterVec

	connections        prometheus.Gauge
	connectionsDropped prometheus.Counter

	// What is counted for every request, found quickly.
	answers    memo[answerKey, answerMetrics]
	operations memo[sqlstore.Operation, prometheus.Observer]
}

type answerKey struct {
	route  string
	status int
}

type answerMetrics struct {
	requests prometheus.Counter
	duration prometheus.Observer
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
	m.addOverload()
	m.registry.MustRegister(m.requests, m.duration, m.tokensIssued, m.tokensRefused, m.secretsReset, m.database,
		m.authenticationsFailed, m.authenticationsSlowed, m.throttled,
		m.inFlight, m.queued, m.waited, m.rejected, m.connections, m.connectionsDropped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observeDatabase is for databaseOptions.
func (m *metrics) observeDatabase(operation sqlstore.Operation, took time.Duration) {
	m.operations.find(operation, func() prometheus.Observer { return m.database.WithLabelValues(string(operation)) }).Observe(took.Seconds())
}

// answered counts a request, and how long it took.
func (m *metrics) answered(route string, status int, took time.Duration) {
	of := m.answers.find(answerKey{route, status}, func() answerMetrics {
		return answerMetrics{m.requests.WithLabelValues(route, strconv.Itoa(status)), m.duration.WithLabelValues(route)}
	})
	of.requests.Inc()
	of.duration.Observe(took.Seconds())
}

// addOverload makes the metrics by which an operator sees that there is more to do than can be done, and who asks for it.
func (m *metrics) addOverload() {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m.authenticationsFailed = counter("procore_authentications_failed_total",
		"Client authentications that failed: the client is unknown, or the secret is wrong.")
	m.authenticationsSlowed = counter("procore_authentications_slowed_total",
		"Of the failed client authentications those that were answered with 429.")
	m.connectionsDropped = counter("procore_http_connections_dropped_total",
		"Connections closed because there were too many, and they had waited for their client longest.")
	m.connections = prometheus.NewGauge(prometheus.GaugeOpts{Name: "procore_http_connections", Help: "Connections that are open."})
	m.throttled = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "procore_requests_throttled_total", Help: "Requests of accounts beyond their rate limit, by API.",
	}, []string{"api"})
	m.inFlight = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "procore_http_in_flight", Help: "Requests that are worked on, by lane.",
	}, []string{"lane"})
	m.queued = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "procore_http_queue_depth", Help: "Requests that wait for their turn, by lane.",
	}, []string{"lane"})
	m.waited = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "procore_http_queue_wait_seconds", Help: "How long requests that had to wait waited for their turn, by lane.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1},
	}, []string{"lane"})
	m.rejected = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "procore_http_rejected_total", Help: "Requests turned away unseen because there was too much to do, by lane and reason.",
	}, []string{"lane", "reason"})
}

// authenticationFailed counts an unknown client or a wrong secret.
func (m *metrics) authenticationFailed(slowed bool) {
	m.authenticationsFailed.Inc()
	if slowed {
		m.authenticationsSlowed.Inc()
	}
}

// maxScrapes bounds what is asked of /metrics at once, for it waits in no queue.
const maxScrapes = 8

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}
