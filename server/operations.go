package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Health is what the probes answer.
type Health struct {
	Status string `json:"status" enum:"ok"`
}

type healthOutput struct{ Body Health }

// registerOperations adds what operators ask: none of it needs a token, and none of it tells a secret.
func registerOperations(mux *http.ServeMux, api huma.API, ready *readiness, metrics *metrics) {
	probe := func(id, path, summary string, statuses ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"Operations"}, Errors: statuses}
	}
	huma.Register(api, probe("healthz", "/healthz", "Whether the process runs", http.StatusInternalServerError),
		func(context.Context, *struct{}) (*healthOutput, error) { return &healthOutput{Health{"ok"}}, nil })
	huma.Register(api, probe("readyz", "/readyz", "Whether requests can be answered: the database is read and written", http.StatusServiceUnavailable),
		func(ctx context.Context, _ *struct{}) (*healthOutput, error) {
			if failure := ready.check(ctx); failure != nil {
				return nil, failure
			}
			return &healthOutput{Health{"ok"}}, nil
		})

	mux.Handle("GET /metrics", metrics.handler())
	plain := func(operation huma.Operation, contentType, description string) {
		operation.Responses = map[string]*huma.Response{"200": {
			Description: description, Content: map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{}}},
		}}
		api.OpenAPI().AddOperation(&operation)
	}
	plain(probe("metrics", "/metrics", "Prometheus metrics"), "text/plain", "Metrics in Prometheus' text format")
	plain(probe("openapi", "/openapi.json", "This document"), "application/json", "The OpenAPI 3.1 document")
}
