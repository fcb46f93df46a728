package provider_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// Ctrl-C while a create is under way: Terraform cancels it and waits. The server has made the account by then, so the
// state must have it, with the secret that only this answer holds.
func TestAccServiceAccountInterruptedCreateIsInTheState(t *testing.T) {
	t.Parallel()
	space := newWorkspace(t)
	running := servertest.Start(t)
	target, err := url.Parse(running.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var terraform atomic.Pointer[os.Process]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/service_accounts") {
			if err := terraform.Load().Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // long enough for Terraform to have cancelled the operation
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	behind := *running
	behind.URL = front.URL
	w := &world{Server: &behind, t: t}
	space.write(w.config(account(`name = "ci exporter"`)), "main.tf")

	command := space.command("apply", "-auto-approve", "-no-color")
	command.Stdout, command.Stderr = &space.printed, &space.printed
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	terraform.Store(command.Process)
	_ = command.Wait() // an interrupted apply fails; the state is what counts
	if !strings.Contains(space.printed.String(), "Interrupt") {
		t.Fatalf("Terraform was not interrupted:\n%s", space.printed.String())
	}
	clientID, _ := space.attributes(accountAddress)["client_id"].(string)
	if !newWorldOn(t, running).works(clientID, space.secret(accountAddress)) {
		t.Error("the credentials in the state get no token")
	}
}
