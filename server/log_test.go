package server_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// logged returns the lines that the log has for requests, by route and status.
func logged(t *testing.T, log string) map[string]map[string]any {
	t.Helper()
	lines := map[string]map[string]any{}
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if record["msg"] == "request" {
			status, _ := json.Marshal(record["status"])
			lines[record["route"].(string)+" "+string(status)] = record
		}
	}
	return lines
}

func TestEveryRequestIsOneLineThatSaysWhoAskedWhatAndHowItWent(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--log-format", "json")
	admin := signIn(t, client30, p.url, administrator)
	made := admin.create(t, "small")
	holder := admin.as(t, made)
	holder.do(t, 403, "GET", "service_accounts", "")
	stranger := client{url: p.url, http: client30}
	stranger.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientID, "wrong"))
	stranger.do(t, 400, "POST", "/oauth/token", tokenForm(made.ClientID, made.ClientSecret)+"&scope=private")
	stranger.do(t, 200, "POST", "/oauth/introspect", tokenForm(made.ClientID, made.ClientSecret)+"&token=x")
	stranger.do(t, 200, "POST", "/oauth/revoke", tokenForm(made.ClientID, made.ClientSecret)+"&token=x")
	holder.do(t, 200, "GET", "/oauth/token/info", "")
	stranger.do(t, 404, "GET", "/nothing", "")
	stranger.do(t, 405, "BREW", "/healthz", "")
	p.stop()

	lines := logged(t, p.log())
	const accounts = "/rest/v2.0/companies/{company_id}/service_accounts"
	small, none := made.ClientID, ""
	for line, clientID := range map[string]string{
		"POST " + accounts + " 201": administrator.ClientID, "GET " + accounts + " 403": small,
		"POST /oauth/token 200": small, "POST /oauth/token 401": none, "POST /oauth/token 400": small,
		"POST /oauth/introspect 200": small, "POST /oauth/revoke 200": small, "GET /oauth/token/info 200": small,
		"unmatched 404": none, "unmatched 405": none,
	} {
		record := lines[line]
		if record == nil {
			t.Errorf("there is no line for %s", line)
			continue
		}
		if id, _ := record["request_id"].(string); len(id) != 16 || record["bytes"] == nil || record["duration_ms"] == nil || record["method"] == nil {
			t.Errorf("%s: %v", line, record)
		}
		got, _ := record["client_id"].(string)
		equal(t, line+" client_id", got, clientID)
		if clientID == small {
			equal(t, line+" caller", record["caller"], any(made.ID))
			equal(t, line+" company_id", record["company_id"], any("1"))
		}
		if _, has := record["caller"]; has != (clientID != "") {
			t.Errorf("%s: %v", line, record)
		}
	}
	equal(t, "a made-up method", lines["unmatched 405"]["method"], any("other"))
}

func TestMetricsTellOfGuessesLimitsAndConnections(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--rate-limit", "1")
	stranger := client{url: p.url, http: client30}
	for i := range 12 {
		want := 401
		if i >= 10 {
			want = 429
		}
		stranger.do(t, want, "POST", "/oauth/token", tokenForm("nobody", "wrong"))
	}
	// Two windows of a minute may meet here; one of three requests is beyond the limit all the same.
	admin := signIn(t, client30, p.url, administrator)
	for range 3 {
		_, _, _ = admin.request(t.Context(), "GET", "me", "")
		_, _, _ = admin.request(t.Context(), "GET", "/oauth/token/info", "")
	}
	text := stranger.do(t, 200, "GET", "/metrics", "")
	for _, line := range []string{
		"procore_authentications_failed_total 12\n", "procore_authentications_slowed_total 2\n",
		`procore_tokens_refused_total{error="temporarily_unavailable"} 2` + "\n",
		`procore_http_in_flight{lane="read"} 0` + "\n", `procore_http_queue_depth{lane="write"} 0` + "\n",
		"procore_http_connections_dropped_total 0\n", `procore_requests_throttled_total{api="rest"}`, `procore_requests_throttled_total{api="oauth"}`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is not in the metrics", line)
		}
	}
	if strings.Contains(text, `throttled_total{api="rest"} 0`) || strings.Contains(text, `throttled_total{api="oauth"} 0`) {
		t.Error("no request is beyond the limit")
	}
}
