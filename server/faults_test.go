package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/store/sqlite"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

// exchange sends a request and returns the whole answer.
func (c client) exchange(t *testing.T, method, path, body string) (status int, header http.Header, text string) {
	t.Helper()
	if !strings.HasPrefix(path, "/") {
		path = "/rest/v2.0/companies/" + c.company + "/" + path
	}
	request, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if strings.HasPrefix(body, "grant_type=") {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := c.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(content)
}

// ready returns "" when readyz is green, and the reason code when it is red.
func ready(t *testing.T, address string) string {
	t.Helper()
	status, header, text := client{url: address, http: client30}.exchange(t, "GET", "/readyz", "")
	if status == 200 {
		return ""
	}
	var envelope struct {
		Error struct {
			Code, Message string
			Details       []struct {
				ReasonCode string `json:"reason_code"`
			}
		}
	}
	err := json.Unmarshal([]byte(text), &envelope)
	if err != nil || status != 503 || header.Get("Retry-After") == "" || envelope.Error.Code != "SERVICE_UNAVAILABLE" ||
		envelope.Error.Message == "" || len(envelope.Error.Details) != 1 {
		t.Errorf("readyz answers %d, Retry-After %q: %s", status, header.Get("Retry-After"), text)
		return text
	}
	return envelope.Error.Details[0].ReasonCode
}

// eventually waits for a condition that comes about by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// isWhole fails the test unless a database that nobody serves is in order.
func isWhole(t *testing.T, database string) {
	t.Helper()
	opened, err := sqlite.Open(t.Context(), sqlite.Options{Path: database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if err := opened.CheckIntegrity(t.Context()); err != nil {
		t.Error(err)
	}
}

// queryRow reads one value of a database beside its server.
func queryRow(t *testing.T, database, query string, into any) {
	t.Helper()
	db := storetest.Open(t, database)
	if err := errors.Join(db.QueryRowContext(t.Context(), query).Scan(into), db.Close()); err != nil {
		t.Fatal(err)
	}
}
