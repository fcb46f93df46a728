package provider_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// verbs are all the requests that a life of everything sends, by what they do.
var verbs = map[string]string{
	"token":             `POST /oauth/token`,
	"account create":    `POST .*/service_accounts`,
	"account read":      `GET .*/service_accounts/2`,
	"account update":    `PATCH .*/service_accounts/\d+`,
	"account delete":    `DELETE .*/service_accounts/\d+`,
	"account import":    `GET .*/service_accounts/3`,
	"account list":      `GET .*/service_accounts`,
	"reset":             `POST .*/actions/reset_secret`,
	"permissions put":   `PUT .*/permissions`,
	"permissions read":  `GET .*/permissions`,
	"membership put":    `PUT .*/project_assignments/\d+`,
	"membership read":   `GET .*/project_assignments(/\d+)?`, // alone or, after a few other reads, in a list
	"membership delete": `DELETE .*/project_assignments/\d+`,
	"project create":    `POST .*/projects`,
	"project read":      `GET .*/projects(/\d+)?`,
	"project update":    `PATCH .*/projects/\d+`,
	"project delete":    `DELETE .*/projects/\d+`,
}

// faults are all that can happen to a request.
var faults = map[string]fault{
	"cut before the server":       cutBefore,
	"cut after the server":        cutAfter,
	"truncated":                   truncated,
	"late":                        late,
	"429":                         status(http.StatusTooManyRequests, "1"),
	"503":                         status(http.StatusServiceUnavailable, ""),
	"504 after the server":        pageAfter(http.StatusGatewayTimeout),
	"error page after the server": pageAfter(http.StatusBadGateway),
	"200 page after the server":   pageAfter(http.StatusOK),
}

// everything is a configuration with a resource of each kind, and an account that was made elsewhere (its ID is 3).
func everything(name, trigger, level string) string {
	return account(`name = "`+name+`"`) + project(`name = "`+name+`"`) + reset(`triggers = { a = "`+trigger+`" }`) +
		permissions(`{ documents = "`+level+`" }`, afterTheReset) + membership(`permissions = { rfis = "`+level+`" }`, afterTheReset)
}

const (
	imported = "import {\n  to = procore_service_account.imported\n  id = \"2\"\n}\n" +
		"resource \"procore_service_account\" \"imported\" {\n  name = \"made elsewhere\"\n}\n"
	listed = "data \"procore_service_accounts\" \"all\" {}\n"
)

// Each fault happens once to each verb, in a life from creation to destruction. Nothing may be done twice, nothing may be
// lost, and Terraform may not even notice.
func TestAccEveryFaultOfEveryVerbIsRiddenOut(t *testing.T) {
	needsTerraform(t)
	for name, do := range faults {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.make("made elsewhere")
			proxy := newFaultProxy(t, w.URL)
			armed := map[string]*armedFault{}
			for verb, request := range verbs {
				if request = strings.ReplaceAll(request, "/3", "/2"); verb == "account read" {
					request = `GET .*/service_accounts/3`
				}
				armed[verb] = proxy.arm(request, 1, do)
			}
			front := proxy.behind(w)
			config := func(name, trigger, level string) string {
				return front.patient() + everything(name, trigger, level) + imported + listed
			}
			space := newWorkspace(t)
			space.apply(config("one", "x", "readonly"))
			w.wants(2, "one", "map[documents:readonly]", "map[1:map[rfis:readonly]]", space)
			space.apply(config("two", "y", "admin"))
			w.wants(3, "two", "map[documents:admin]", "map[1:map[rfis:admin]]", space)
			space.run("plan", "-detailed-exitcode", "-no-color") // fails when anything is planned
			id := w.find("two").ID
			space.run("destroy", "-auto-approve", "-no-color")
			if left := w.everyAccount(); len(left) != 1 {
				t.Errorf("%d accounts are left, want the administrator's", len(left))
			}
			w.happened(id, map[string]int{
				"service_account.created": 1, "service_account.updated": 1, "service_account.secret_reset": 2, "service_account.deleted": 1,
			})
			for verb, fault := range armed {
				if proxy.count(fault) != 1 {
					t.Errorf("the fault happened %d times to %s", proxy.count(fault), verb)
				}
			}
		})
	}
}

// patient is a provider block with retries as they are by default, and a timeout that a test can wait for.
func (w *world) patient() string {
	return provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = %q\n request_timeout = \"3s\"",
		w.URL, w.ClientID, w.ClientSecret, w.CompanyID))
}

// everyAccount returns all service accounts.
func (w *world) everyAccount() []client.ServiceAccount {
	w.t.Helper()
	all, err := w.api.ListServiceAccounts(w.t.Context(), w.CompanyID, client.ServiceAccountFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// wants checks the server after an apply of everything: one account of that name, with so many secrets and that access,
// and one project; and that the secret in the state is the live one.
func (w *world) wants(version int64, name, permissions, memberships string, space *workspace) {
	w.t.Helper()
	if all := w.everyAccount(); len(all) != 3 {
		w.t.Fatalf("there are %d accounts, want the administrator's, the imported one and one more", len(all))
	}
	found := w.find(name)
	if found == nil || found.SecretVersion != version {
		w.t.Fatalf("the account is %+v, want version %d", found, version)
	}
	gotPermissions, _ := w.granted(found.ID)
	gotMemberships, err := w.memberships(found.ID)
	if err != nil || gotPermissions != permissions || gotMemberships != memberships {
		w.t.Errorf("it holds %s and %s, %v", gotPermissions, gotMemberships, err)
	}
	projects, err := w.api.ListProjects(w.t.Context(), w.CompanyID, client.ProjectFilter{})
	if err != nil || len(projects) != 1 || projects[0].Name != name {
		w.t.Errorf("the projects are %+v, %v", projects, err)
	}
	if !w.works(found.ClientID, space.secret(resetAddress)) {
		w.t.Error("the secret in the state gets no token")
	}
}

// happened checks how often each action is in the audit log of an account.
func (w *world) happened(accountID string, want map[string]int) {
	w.t.Helper()
	events, err := w.api.LatestAuditEvents(w.t.Context(), w.CompanyID, client.AuditFilter{ServiceAccountID: accountID}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[string]int{}
	for _, event := range events {
		got[event.Action]++
	}
	for action, times := range want {
		if got[action] != times {
			w.t.Errorf("%s happened %d times, want %d", action, got[action], times)
		}
	}
}

// The headline: a connection that is cut when the server has done its work leaves neither a duplicate nor a lost secret,
// however often it happens within max_retries.
func TestAccAConnectionCutAfterTheCommitLeavesNoDuplicateAndNoLostSecret(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	for _, request := range []string{`POST .*/service_accounts`, `POST .*/reset_secret`, `POST .*/projects`} {
		proxy.arm(request, 4, cutAfter)
	}
	space := newWorkspace(t)
	config := proxy.behind(w).patient() + account(`name = "ci"`) + project(`name = "Bridge"`)
	space.apply(config)
	found := w.find("ci")
	if len(w.everyAccount()) != 2 || found.SecretVersion != 1 || !w.works(found.ClientID, space.secret(accountAddress)) {
		t.Errorf("the account is %+v of %d, or its secret in the state is not the live one", found, len(w.everyAccount()))
	}
	space.apply(config + reset())
	found = w.find("ci")
	if found.SecretVersion != 2 || !w.works(found.ClientID, space.secret(resetAddress)) {
		t.Errorf("the account is %+v, or the secret of the reset in the state is not the live one", found)
	}
	projects, err := w.api.ListProjects(t.Context(), w.CompanyID, client.ProjectFilter{})
	if err != nil || len(projects) != 1 {
		t.Errorf("there are %d projects, %v", len(projects), err)
	}
	w.happened(found.ID, map[string]int{"service_account.created": 1, "service_account.secret_reset": 1})
	space.run("plan", "-detailed-exitcode", "-no-color")
}

// A reset of the account that Terraform itself works as ends the very token that the retry has to carry.
func TestAccAResetOfTheOwnAccountCutAfterTheCommitKeepsTheSecret(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	armed := proxy.arm(`POST .*/reset_secret`, 1, cutAfter)
	space := newWorkspace(t)
	own := "resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \"" + w.admin().ID + "\"\n  keep_access = true\n}\n"
	space.apply(proxy.behind(w).patient() + own)
	if proxy.count(armed) != 1 || !w.works(w.ClientID, space.secret(resetAddress)) || w.works(w.ClientID, w.ClientSecret) {
		t.Error("the secret in the state is not the live one")
	}
}

// A fault that doesn't go away ends in an error that says so, loses nothing, and is mended by the next apply.
func TestAccAFaultThatStaysIsToldAndHealedByTheNextApply(t *testing.T) {
	needsTerraform(t)
	const unreachable, proxied, busy = `could\s+not\s+be\s+reached`, `what\s+stands\s+between\s+Terraform\s+and\s+it`, `The\s+server\s+has\s+a\s+fault`
	for name, test := range map[string]struct {
		do   fault
		want string
	}{
		"cut":        {cutBefore, unreachable},
		"busy":       {status(http.StatusServiceUnavailable, ""), busy},
		"error page": {pageInstead, proxied},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			proxy := newFaultProxy(t, w.URL)
			front := proxy.behind(w)
			block := strings.Replace(front.patient(), "request_timeout", "max_retries = 1\n request_timeout", 1)
			space := newWorkspace(t)
			ours := func(config string) string { return block + config }
			life := []struct{ verb, config string }{
				{"account create", ours(account(`name = "one"`))},
				{"reset", ours(account(`name = "one"`) + reset())},
				{"project create", ours(everything("one", "x", "readonly"))},
				{"account read", ours(everything("one", "x", "readonly"))},
				{"account update", ours(everything("two", "x", "readonly"))},
				{"permissions put", ours(everything("two", "x", "admin"))},
				{"account delete", ours("")},
			}
			for _, step := range life {
				armed := proxy.arm(strings.ReplaceAll(verbs[step.verb], "/3", "/2"), forEver, test.do)
				space.write(step.config, "main.tf")
				_, err := space.try("apply", "-auto-approve", "-no-color")
				if err == nil || proxy.count(armed) < 2 {
					t.Fatalf("%s: %v after %d attempts", step.verb, err, proxy.count(armed))
				}
				if !regexp.MustCompile(test.want).MatchString(err.Error()) {
					t.Errorf("%s: no %s in %v", step.verb, test.want, err)
				}
				if client.SecretPattern.MatchString(space.printed.String()) || strings.Contains(space.printed.String(), "<h1>") {
					t.Errorf("%s: a secret, or the page, is in %s", step.verb, space.printed.String())
				}
				proxy.disarm()
				space.apply(step.config)
				if step.verb != "account delete" {
					space.run("plan", "-detailed-exitcode", "-no-color")
				}
			}
			if left := w.everyAccount(); len(left) != 1 {
				t.Errorf("%d accounts are left, want the administrator's", len(left))
			}
		})
	}
}

// pageInstead is a proxy's page for a server that is out of reach.
func pageInstead(w http.ResponseWriter, _ *http.Request, _ func() *answer) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, errorPage)
}

// When even the last retry stays without an answer, the error says what may have happened and what to do, and that helps.
func TestAccACreateWhoseAnswerStaysLostIsExplained(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	proxy.arm(`POST .*/service_accounts`, 1, cutAfter)
	proxy.arm(`POST .*/service_accounts`, forEver, status(http.StatusServiceUnavailable, ""))
	space := newWorkspace(t)
	config := strings.Replace(proxy.behind(w).patient(), "request_timeout", "max_retries = 1\n request_timeout", 1) + account(`name = "ci"`)
	space.write(config, "main.tf")
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil || !lines("may have done it all the same", "import", "procore_service_account_secret_reset").MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	proxy.disarm()
	if _, err := space.try("apply", "-auto-approve", "-no-color"); err == nil || !lines("terraform import procore_service_account.<name> 1/2").MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
	space.run("import", "-no-color", accountAddress, "1/2")
	space.apply(config + reset())
	if !w.works(w.find("ci").ClientID, space.secret(resetAddress)) {
		t.Error("the secret in the state gets no token")
	}
}

// Ctrl-C while a retry waits: Terraform ends, and does not wait for the server's two minutes.
func TestAccCtrlCEndsTheWaitForARetryAtOnce(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	space := newWorkspace(t)
	asked := make(chan struct{}, 1)
	proxy.arm(`POST .*/service_accounts`, 1, func(answer http.ResponseWriter, r *http.Request, forward func() *answer) {
		status(http.StatusServiceUnavailable, "120")(answer, r, forward)
		asked <- struct{}{}
	})
	space.write(proxy.behind(w).patient()+account(`name = "ci"`), "main.tf")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
	defer cancel()
	command := space.command("apply", "-auto-approve", "-no-color")
	command.Stdout, command.Stderr = &space.printed, &space.printed
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		<-asked
		if err := command.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		ended <- command.Wait()
	}()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(space.printed.String(), "cancelled") {
			t.Errorf("%v: %s", err, space.printed.String())
		}
	case <-ctx.Done():
		_ = command.Process.Kill()
		t.Fatal("Terraform waits for the server")
	}
	if w.find("ci") != nil {
		t.Error("the account was made")
	}
}

// A retry is one sentence in the log at WARN, with no secret and no query.
func TestAccEachRetryIsOneSentenceInTheLog(t *testing.T) {
	w := newWorld(t)
	proxy := newFaultProxy(t, w.URL)
	proxy.arm(`POST .*/service_accounts`, 1, cutAfter)
	proxy.arm(`GET .*/service_accounts`, 1, status(http.StatusTooManyRequests, "1"))
	space := newWorkspace(t)
	space.apply(proxy.behind(w).patient() + account(`name = "ci"`) + "data \"procore_service_accounts\" \"all\" {\n  search = \"sought\"\n}\n")
	written, err := os.ReadFile(space.trace)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for line := range strings.Lines(string(written)) {
		if strings.Contains(line, " [WARN] ") {
			text += line
		}
	}
	contains(t, text, "Attempt 1 of 5 at POST /rest/v2.0/companies/1/service_accounts failed because the connection was closed without an answer (EOF); the next one follows in ",
		"Attempt 1 of 5 at GET /rest/v2.0/companies/1/service_accounts failed because the answer was 429; the next one follows in 1")
	if strings.Count(text, "Attempt 1 of 5") != 2 || strings.Contains(text, "sought") || strings.Contains(text, space.secret(accountAddress)) {
		t.Errorf("the log is\n%s", text)
	}
}
