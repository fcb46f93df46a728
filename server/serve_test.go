package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestServeSaysWhereItListensInEitherLogFormat(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			p := serve(t, database, nil, "--log-format", format)
			if !strings.HasPrefix(p.address, "127.0.0.1:") || p.address == "127.0.0.1:0" || p.url != "http://"+p.address {
				t.Errorf("address %q, url %q", p.address, p.url)
			}
			signIn(t, client30, p.url, administrator).do(t, 200, "GET", "service_accounts", "")
			p.stop()
			equal(t, "stdout", p.stdout.String(), "")
			for line := range strings.Lines(p.log()) {
				if format == "json" && !json.Valid([]byte(line)) {
					t.Errorf("not JSON: %s", line)
				}
			}
		})
	}
}

func TestServeFinishesARequestInFlightWhenAskedToStop(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)

	// A slow upload: half of the body is there when the signal comes.
	const first, second = `{"name":"made while `, `stopping"}`
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	send := func(text string) {
		t.Helper()
		if _, err := connection.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	send("POST /rest/v2.0/companies/1/service_accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + admin.token +
		"\r\nContent-Type: application/json\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n")
	answer := make([]byte, 1<<16)
	if n, err := connection.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 100") {
		t.Fatalf("the handler doesn't read the body: %s %v", answer[:n], err)
	}
	send(first)
	p.signal(syscall.SIGTERM)
	p.refusesConnections()
	send(second)
	if n, err := connection.Read(answer); err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 201") {
		t.Fatalf("the request in flight is answered %s %v", answer[:n], err)
	}
	equal(t, "exit status", p.wait(), 0)

	again := serve(t, database, nil)
	equal(t, "accounts", signIn(t, client30, again.url, administrator).names(t), "Administrator,made while stopping")
}

func TestServeStopsAtOnceWhenIdle(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		p := serve(t, database, nil)
		started := time.Now()
		p.signal(signal)
		equal(t, "exit status", p.wait(), 0)
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s took %s", signal, took)
		}
	}
}

func TestServeThatIsAskedToStopWhileItStartsEndsWell(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	status := server.Main(ctx, []string{"serve", "--database", database, "--listen", "127.0.0.1:0"}, &stdout, &stderr, build)
	if status != 0 {
		t.Errorf("exit status %d: %s", status, &stderr)
	}
}

func TestRestartEndsNoToken(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)
	made := admin.create(t, "patient")
	holder, revoked := admin.as(t, made), admin.as(t, made)
	stranger := client{url: p.url, http: client30}
	stranger.do(t, 200, "POST", "/oauth/revoke", tokenForm(made.ClientID, made.ClientSecret)+"&token="+revoked.token)
	p.stop()

	again := serve(t, database, nil) // on another port, so with another default issuer
	for _, c := range []*client{&admin, &holder, &revoked} {
		c.url = again.url
	}
	admin.do(t, 200, "GET", "service_accounts", "")
	holder.do(t, 200, "GET", "me", "")
	holder.do(t, 200, "GET", "/oauth/token/info", "")
	revoked.do(t, 401, "GET", "me", "") // nor does it bring one back
	got := data[map[string]any](t, admin.do(t, 200, "GET", "service_accounts/"+made.ID, ""))
	if got["last_token_at"] == nil {
		t.Error("the stop loses the time of the last token")
	}
}

func TestKilledServerLosesNothingThatItAcknowledged(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil)
	admin := signIn(t, client30, p.url, administrator)

	const wanted = 25
	acknowledged := make(chan account, 10_000)
	for _, worker := range []string{"a", "b", "c", "d"} {
		go func() {
			for i := 0; ; i++ {
				status, text, err := admin.request(t.Context(), "POST", "service_accounts", `{"name":"`+worker+" "+time.Now().Format(time.RFC3339Nano)+`"}`)
				var made struct{ Data account }
				if err != nil || status != 201 || json.Unmarshal([]byte(text), &made) != nil {
					return // killed
				}
				acknowledged <- made.Data
			}
		}()
	}
	made := make([]account, 0, wanted)
	for len(made) < wanted {
		made = append(made, <-acknowledged)
	}
	p.signal(syscall.SIGKILL)
	p.wait()
	for len(acknowledged) > 0 {
		made = append(made, <-acknowledged)
	}

	again := serve(t, database, nil)
	admin = signIn(t, client30, again.url, administrator)
	for _, account := range made {
		admin.do(t, 200, "GET", "service_accounts/"+account.ID, "")
	}
	admin.as(t, made[len(made)-1]).do(t, 200, "GET", "me", "")
}

func TestServeFailsWithOneSentenceWhenThePortIsTaken(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	run(t, "serve", "--database", database, "--listen", taken.Addr().String()).failed(t, taken.Addr().String())
}

func TestServeLogsNoSecretAndNoToken(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	administrator := initialize(t, database)
	p := serve(t, database, nil, "--log-level", "debug", "--log-format", "json")
	admin := signIn(t, client30, p.url, administrator)
	made := admin.create(t, "discreet")
	holder := admin.as(t, made)
	reset := data[account](t, admin.do(t, 200, "POST", "service_accounts/"+made.ID+"/actions/reset_secret", ""))
	stranger := client{url: p.url, http: servertest.Watched(t, client30)}
	wrong := strings.ToUpper(made.ClientSecret)
	stranger.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientID, wrong))
	stranger.do(t, 401, "POST", "/oauth/token", tokenForm(made.ClientSecret, "x"))
	stranger.do(t, 400, "POST", "/oauth/token", `{"client_secret":"`+made.ClientSecret+`"`)
	admin.do(t, 400, "GET", "service_accounts?client_secret="+made.ClientSecret, "")
	admin.do(t, 404, "GET", "service_accounts/"+made.ClientSecret, "")
	admin.do(t, 404, "GET", "/"+made.ClientSecret, "")
	admin.do(t, 422, "POST", "service_accounts", `{"name":"x","`+made.ClientSecret+`":1}`)
	admin.do(t, 405, made.ClientSecret, "/healthz", "")
	if !storetest.Postgres() {
		succeed(t, "backup", "--database", database, "--to", database+".backup")
	}
	shown := stranger.do(t, 200, "GET", "/metrics", "") // the client looks for secrets in it
	p.stop()

	log := p.log() // the process looks for secrets in it, when the test ends
	if !strings.Contains(log, `"request"`) || !strings.Contains(log, "mistyped or cut short") || !strings.Contains(shown, "procore_tokens_issued_total 2") {
		t.Fatalf("the log or the metrics lack what they should have: %s", log)
	}
	for what, hidden := range map[string]string{
		"the administrator's secret": administrator.ClientSecret, "an account's secret": made.ClientSecret,
		"a reset secret": reset.ClientSecret, "a wrong secret": wrong, "a token": admin.token, "a dead token": holder.token,
	} {
		if leaks := servertest.SecretsOf(t).Find([]byte("x" + hidden)); len(leaks) == 0 && what != "a wrong secret" {
			t.Errorf("%s would not be found", what)
		}
		if strings.Contains(log, hidden) {
			t.Errorf("the log has %s", what)
		}
	}
}
