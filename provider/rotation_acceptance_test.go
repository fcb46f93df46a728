package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// integration is an account with permissions and two projects, all of which wait for its reset.
func integration(resetArguments string) string {
	return account(`name = "ci"`) + reset(resetArguments) +
		permissions(`{ documents = "readonly", schedule = "standard", portfolio = "none" }`, afterTheReset) +
		"resource \"procore_project\" \"test\" {\n  count = 2\n  name = [\"Bridge\", \"Tower\"][count.index]\n}\n" +
		"resource \"procore_project_membership\" \"test\" {\n  count = 2\n  service_account_id = procore_service_account.test.id\n" +
		"  project_id = procore_project.test[count.index].id\n  permissions = { daily_log = \"standard\" }\n  " + afterTheReset + "\n}\n"
}

const (
	bridgeMembership = membershipAddress + "[0]"
	towerMembership  = membershipAddress + "[1]"
)

// whole is a check that the integration has all its access, on the server.
func (w *world) whole() resource.TestCheckFunc {
	return w.holds("map[documents:readonly schedule:standard]", "map[1:map[daily_log:standard] 2:map[daily_log:standard]]")
}

// grantsAgain are the plan checks of a reset in place, after which everything is granted in place, too.
var grantsAgain = planned(
	plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionUpdate),
	plancheck.ExpectUnknownValue(resetAddress, tfjsonpath.New("secret_version")),
	plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
	plancheck.ExpectUnknownValue(permissionsAddress, tfjsonpath.New("secret_version")),
	plancheck.ExpectResourceAction(bridgeMembership, plancheck.ResourceActionUpdate),
	plancheck.ExpectResourceAction(towerMembership, plancheck.ResourceActionUpdate),
)

func TestAccRotationOneApplyResetsAndGrantsEverythingAgain(t *testing.T) {
	w := newWorld(t)
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	secret := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{differ.AddStateValue(resetAddress, tfjsonpath.New("client_secret"))}
	}
	w.run(
		resource.TestStep{
			Config: w.config(integration(`triggers = { a = "x" }`)), ConfigStateChecks: secret(),
			Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(2), w.live(resetAddress)),
		},
		resource.TestStep{
			Config: w.config(integration(`triggers = { a = "y" }`)), ConfigPlanChecks: grantsAgain,
			ConfigStateChecks: append(secret(),
				levelsIn(resetAddress, "cleared_permissions", "documents", "readonly", "schedule", "standard"),
				levelsIn(permissionsAddress, "company", "documents", "readonly", "schedule", "standard", "portfolio", "none")),
			Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3), w.live(resetAddress)),
		},
		resource.TestStep{Config: w.config(integration(`triggers = { a = "y" }`)), ConfigPlanChecks: nothingPlanned},
	)
}

func TestAccRotationWithATriggerKnownOnlyAtApplyGrantsEverythingAgain(t *testing.T) {
	w := newWorld(t)
	config := func(generation int, trigger string) string {
		return w.config(integration(`triggers = { a = `+trigger+` }`), later(generation))
	}
	w.run(
		resource.TestStep{Config: config(1, `terraform_data.later.id`), Check: w.whole()},
		resource.TestStep{Config: config(2, `terraform_data.later.id`), ConfigPlanChecks: grantsAgain, Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3))},
	)
}

func TestAccRotationThatKeepsAccessClearsNothing(t *testing.T) {
	w := newWorld(t)
	w.run(
		resource.TestStep{Config: w.config(integration(`triggers = { a = "x" }`)), Check: w.whole()},
		resource.TestStep{
			Config: w.config(integration("triggers = { a = \"y\" }\n  keep_access = true")),
			Check:  resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3), w.live(resetAddress)),
			ConfigStateChecks: []statecheck.StateCheck{
				levelsIn(resetAddress, "cleared_permissions"),
			},
		},
	)
}

func TestAccRotationElsewhereIsDriftThatTheNextApplyRepairs(t *testing.T) {
	w := newWorld(t)
	config := w.config(integration(`triggers = { a = "x" }`))
	w.run(
		resource.TestStep{Config: config, Check: w.whole()},
		resource.TestStep{
			PreConfig: func() { w.resetElsewhere("ci") },
			Config:    config,
			ConfigPlanChecks: planned(
				plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionNoop),
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(bridgeMembership, plancheck.ResourceActionCreate),
				plancheck.ExpectResourceAction(towerMembership, plancheck.ResourceActionCreate),
			),
			Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3)),
		},
	)
}

func TestAccRotationOfAReplacedAccountGrantsToTheNewOne(t *testing.T) {
	w := newWorld(t)
	config := w.config(integration(`triggers = { a = "x" }`))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			Config: config, Taint: []string{accountAddress},
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionDestroyBeforeCreate),
				plancheck.ExpectResourceAction(towerMembership, plancheck.ResourceActionDestroyBeforeCreate)),
			Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(2), w.live(resetAddress)),
		},
	)
}

func TestAccRotationFirstSecretVersionOfWhatIsThereGrantsInPlace(t *testing.T) {
	w := newWorld(t)
	base := account(`name = "ci"`) + project(`name = "Bridge"`)
	access := func(arguments ...string) string {
		return permissions(`{ documents = "readonly" }`, arguments...) + membership(append(arguments, `permissions = { rfis = "admin" }`)...)
	}
	right := w.holds("map[documents:readonly]", "map[1:map[rfis:admin]]")
	w.run(
		resource.TestStep{Config: w.config(base, access()), Check: right},
		resource.TestStep{
			Config: w.config(base, access(afterTheReset), reset()), Check: right,
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(membershipAddress, plancheck.ResourceActionUpdate)),
		},
		resource.TestStep{Config: w.config(base, access()), Check: right},
	)
}

// dyingServer stands before a server, and answers nothing any more once a reset has gone through.
type dyingServer struct {
	forward *httputil.ReverseProxy
	mortal  atomic.Bool // whether a reset kills it
	dead    atomic.Bool
}

func newDyingServer(t *testing.T, address string) (server *dyingServer, front string) {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server = &dyingServer{forward: httputil.NewSingleHostReverseProxy(target)}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	return server, listening.URL
}

func (s *dyingServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.dead.Load() {
		panic(http.ErrAbortHandler) // the connection breaks off
	}
	s.forward.ServeHTTP(w, r)
	if s.mortal.Load() && strings.HasSuffix(r.URL.Path, "/actions/reset_secret") {
		s.dead.Store(true)
	}
}

func TestAccRotationThatEndsHalfwayIsFinishedByTheNextApply(t *testing.T) {
	w := newWorld(t)
	server, front := newDyingServer(t, w.URL)
	block := provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = %q\n max_retries = 0", front, w.ClientID, w.ClientSecret, w.CompanyID))
	same := statecheck.CompareValue(compare.ValuesSame())
	secret := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{same.AddStateValue(resetAddress, tfjsonpath.New("client_secret"))}
	}
	w.run(
		resource.TestStep{Config: block + integration(`triggers = { a = "x" }`), Check: w.whole()},
		resource.TestStep{
			PreConfig:   func() { server.mortal.Store(true) },
			Config:      block + integration(`triggers = { a = "y" }`),
			ExpectError: regexp.MustCompile(`(?s)Unable to set the (permissions|membership) of`),
		},
		resource.TestStep{
			PreConfig: func() {
				if got, err := w.granted(w.find("ci").ID); err != nil || got != "map[]" || w.find("ci").SecretVersion != 3 {
					t.Errorf("half-way, the account holds %s, %v; secret version %d", got, err, w.find("ci").SecretVersion)
				}
				server.mortal.Store(false)
				server.dead.Store(false)
			},
			Config: block + integration(`triggers = { a = "y" }`),
			ConfigPlanChecks: planned(
				plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionNoop), // its secret is in the state
				plancheck.ExpectResourceAction(permissionsAddress, plancheck.ResourceActionUpdate),
				plancheck.ExpectResourceAction(bridgeMembership, plancheck.ResourceActionCreate),
			),
			ConfigStateChecks: secret(),
			Check:             resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3), w.live(resetAddress)),
		},
		resource.TestStep{Config: block + integration(`triggers = { a = "y" }`), ConfigPlanChecks: nothingPlanned, ConfigStateChecks: secret()},
	)
}

func TestAccRotationOfTheLastAdministratorNeedsKeepAccess(t *testing.T) {
	w := newWorld(t)
	of := func(arguments string) string {
		return fmt.Sprintf("resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = %q\n  %s\n}\n", w.find("").ID, arguments)
	}
	w.run(resource.TestStep{
		Config: w.config(of("")), ExpectError: regexp.MustCompile(`(?s)Unable to reset the secret of.*no\s+working\s+service\s+account.*keep_access\s+=\s+true`),
	})
}
