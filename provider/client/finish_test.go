package client

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
)

// A server whose calls are cancelled while they are under way.
func TestAPostUnderWayIsFinishedWhenItsContextIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var posts atomic.Int32
	handler := http.NewServeMux()
	handler.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"t","token_type":"bearer","expires_in":5400}`))
	})
	handler.HandleFunc("POST /rest/v2.0/companies/1/service_accounts", func(w http.ResponseWriter, _ *http.Request) {
		posts.Add(1)
		cancel() // Terraform's first Ctrl-C
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"data":{"id":"17","client_secret":"kept"}}`))
	})
	handler.HandleFunc("GET /rest/v2.0/companies/1/service_accounts/17", func(http.ResponseWriter, *http.Request) {
		t.Error("a call was sent after its context had ended")
	})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	api, err := New(Config{BaseURL: server.URL, ClientID: "c", ClientSecret: "s", MaxRetries: 4})
	if err != nil {
		t.Fatal(err)
	}

	created, err := api.CreateServiceAccount(ctx, "1", NewServiceAccount{Name: "ci"})
	if err != nil || created.ID != "17" || created.ClientSecret != "kept" {
		t.Errorf("the answer is lost: %+v, %v", created, err)
	}
	if _, err := api.CreateServiceAccount(ctx, "1", NewServiceAccount{Name: "late"}); !errors.Is(err, context.Canceled) {
		t.Errorf("a POST after the end: %v", err)
	}
	if _, err := api.GetServiceAccount(ctx, "1", "17"); !errors.Is(err, context.Canceled) {
		t.Errorf("a GET after the end: %v", err)
	}
	if posts.Load() != 1 {
		t.Errorf("%d POSTs were sent", posts.Load())
	}
}
