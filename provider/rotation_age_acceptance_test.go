package provider_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

// clock is a server's, which a test sets. It is years off the clock of the machine that runs Terraform: a provider that looked
// at its own would find every secret in the future.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := &clock{}
	c.set(time.Date(2041, 1, 1, 12, 0, 0, 0, time.UTC))
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) set(at time.Time) { c.at.Store(&at) }

func (c *clock) step(by time.Duration) { c.set(c.now().Add(by)) }

const (
	ninetyDays = 90 * 24 * time.Hour
	oneDay     = 24 * time.Hour
)

// newAgingWorld is a world whose server goes by the clock.
func newAgingWorld(t *testing.T) (*world, *clock) {
	t.Helper()
	clock := newClock()
	return newWorld(t, servertest.Now(clock.now)), clock
}

func TestAccAgeResetsInPlaceToTheSecond(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := w.config(account(`name = "ci"`), reset(`max_age = "90d"`))
	made := clock.now()
	at := func(age time.Duration) func() { return func() { clock.set(made.Add(age)) } }
	w.run(
		resource.TestStep{Config: config, Check: w.version(2)},
		resource.TestStep{PreConfig: at(ninetyDays - time.Second), Config: config, ConfigPlanChecks: nothingPlanned, Check: w.version(2)},
		resource.TestStep{
			PreConfig: at(ninetyDays), Config: config, ConfigPlanChecks: resets,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(3), w.live(resetAddress)),
		},
		resource.TestStep{PreConfig: at(2*ninetyDays - time.Second), Config: config, ConfigPlanChecks: nothingPlanned},
		resource.TestStep{PreConfig: at(2 * ninetyDays), Config: config, ConfigPlanChecks: resets, Check: w.version(4)},
	)
}

func TestAccAgeResetGrantsEverythingAgainInTheSameApply(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := w.config(integration(`max_age = "90d"`))
	w.run(
		resource.TestStep{Config: config, Check: w.whole()},
		resource.TestStep{
			PreConfig: func() { clock.step(ninetyDays) }, Config: config, ConfigPlanChecks: grantsAgain,
			Check: resource.ComposeAggregateTestCheckFunc(w.whole(), w.version(3), w.live(resetAddress)),
		},
		resource.TestStep{Config: config, ConfigPlanChecks: nothingPlanned},
	)
}

func TestAccAgeResetKeepsAccessAndTheOldSecretWhenAsked(t *testing.T) {
	w, clock := newAgingWorld(t)
	var seen secrets
	config := w.config(account(`name = "ci"`), permissions(`{ documents = "readonly" }`), project(`name = "Bridge"`), membership(`permissions = { daily_log = "standard" }`),
		reset("max_age = \"90d\"\n keep_access = true\n previous_secret_ttl = \"36h\""))
	w.run(
		resource.TestStep{Config: config, Check: seen.note(resetAddress)},
		resource.TestStep{
			PreConfig: func() { clock.step(ninetyDays) }, Config: config, ConfigPlanChecks: resets,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(3), w.live(resetAddress),
				w.holds("map[documents:readonly]", "map[1:map[daily_log:standard]]"), func(*terraform.State) error {
					if !w.works(seen.clientID[0], seen.secret[0]) {
						return fmt.Errorf("the old secret ended at once")
					}
					return nil
				}),
		},
	)
}

func TestAccAgeAndTriggersTogetherResetOnce(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := func(trigger string) string {
		return w.config(account(`name = "ci"`), reset(`max_age = "90d"`, `triggers = { a = "`+trigger+`" }`))
	}
	w.run(
		resource.TestStep{Config: config("x")},
		resource.TestStep{PreConfig: func() { clock.step(ninetyDays) }, Config: config("y"), ConfigPlanChecks: resets, Check: w.version(3)},
		resource.TestStep{PreConfig: func() { clock.step(oneDay) }, Config: config("z"), ConfigPlanChecks: resets, Check: w.version(4)},
		resource.TestStep{PreConfig: func() { clock.step(ninetyDays - time.Second) }, Config: config("z"), ConfigPlanChecks: nothingPlanned},
	)
}

func TestAccAgeCountsFromTheLastResetWhoeverMadeIt(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := w.config(account(`name = "ci"`), reset(`max_age = "90d"`))
	elsewhere := func() { clock.step(ninetyDays); w.resetElsewhere("ci") }
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{PreConfig: elsewhere, Config: config, ConfigPlanChecks: nothingPlanned, Check: w.version(3)},
		resource.TestStep{PreConfig: func() { clock.step(ninetyDays) }, Config: config, ConfigPlanChecks: resets, Check: w.version(4)},
	)
}

func TestAccAgeResetTakesASecretOfOnesOwn(t *testing.T) {
	w, clock := newAgingWorld(t)
	first, second := newClientSecret(t), newClientSecret(t)
	config := func(secret string) string {
		return w.config(account(`name = "ci"`), reset(fmt.Sprintf("max_age = \"90d\"\n client_secret_wo = %q\n client_secret_wo_version = 1", secret)))
	}
	works := func(secret string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if !w.works(w.find("ci").ClientID, secret) {
				return fmt.Errorf("the secret of the configuration isn't the live one")
			}
			return nil
		}
	}
	null := []statecheck.StateCheck{statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("client_secret"), knownvalue.Null())}
	old := func() { clock.step(ninetyDays) }
	w.run(
		resource.TestStep{Config: config(first), Check: works(first), ConfigStateChecks: null},
		resource.TestStep{PreConfig: old, Config: config(first), ExpectError: regexp.MustCompile(`(?s)Unable to reset the secret`)},
		resource.TestStep{
			Config: config(second), Check: resource.ComposeAggregateTestCheckFunc(w.version(3), works(second)), ConfigStateChecks: null,
			ConfigPlanChecks: planned(plancheck.ExpectUnknownValue(resetAddress, tfjsonpath.New("secret_version"))),
		},
	)
}

func TestAccAgeSetShortenedLengthenedAndTakenAway(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := func(arguments string) string { return w.config(account(`name = "ci"`), reset(arguments)) }
	w.run(
		resource.TestStep{Config: config("")},
		resource.TestStep{PreConfig: func() { clock.step(30 * oneDay) }, Config: config(`max_age = "31d"`), ConfigPlanChecks: keeps, Check: w.version(2)},
		resource.TestStep{Config: config(`max_age = "29d"`), ConfigPlanChecks: resets, Check: w.version(3)},
		resource.TestStep{PreConfig: func() { clock.step(30 * oneDay) }, Config: config(`max_age = "90d"`), ConfigPlanChecks: keeps},
		resource.TestStep{PreConfig: func() { clock.step(ninetyDays) }, Config: config(""), ConfigPlanChecks: keeps, Check: w.version(3)},
		resource.TestStep{Config: config(`max_age = "90d"`), ConfigPlanChecks: resets, Check: w.version(4)},
	)
}

func TestAccAgeKnownOnlyAtApplyResetsWhatIsOlderAndNothingElse(t *testing.T) {
	w, clock := newAgingWorld(t)
	config := func(generation int) string {
		return w.config(account(`name = "ci"`), later(generation), reset(`max_age = terraform_data.later.id != "" ? "90d" : "1d"`))
	}
	w.run(
		resource.TestStep{Config: config(1)},
		resource.TestStep{Config: config(2), ConfigPlanChecks: resets, Check: resource.ComposeAggregateTestCheckFunc(w.version(2), w.live(resetAddress))},
		resource.TestStep{
			PreConfig: func() { clock.step(ninetyDays) }, Config: config(3), ConfigPlanChecks: resets,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(3), w.live(resetAddress)),
		},
	)
}

func TestAccAgeOfAnImportedSecretCountsFromItsMaking(t *testing.T) {
	w, clock := newAgingWorld(t)
	made := w.make("ci")
	clock.step(100 * oneDay)
	imports := fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\nimport {\n  to = %s\n  id = %q\n}\n", accountAddress, made.ID, resetAddress, made.ID)
	space := newWorkspace(t)
	contains(t, space.warnings(w.config(account(`name = "ci"`), reset(`max_age = "90d"`), imports)),
		`The plan resets the client secret of service account `+made.ID+` ("ci") because of its age`, made.SecretCreatedAt, "100 days old", "max_age is 90d",
		"and clears its access")
	w.run(
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(`max_age = "120d"`), imports), ConfigPlanChecks: keeps, Check: w.version(1),
		},
		resource.TestStep{Config: w.config(account(`name = "ci"`), reset(`max_age = "90d"`)), ConfigPlanChecks: resets, Check: w.version(2)},
	)
	if w.works(made.ClientID, made.ClientSecret) {
		t.Error("the adopted secret outlived the reset")
	}
}

func TestAccAgeDurationsAreCheckedAtPlan(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for arguments, want := range map[string]string{
		`max_age = "0s"`:                                  `must be positive`,
		`max_age = "3 months"`:                            `must be a duration`,
		`max_age = "1500ms"`:                              `whole\s+seconds`,
		`warn_before = "7d"`:                              `warn_before needs max_age`,
		"max_age = \"7d\"\n warn_before = \"7d\"":         `must be shorter than\s+max_age`,
		"max_age = \"1d\"\n previous_secret_ttl = \"2d\"": `must not be longer than\s+max_age`,
	} {
		steps = append(steps, resource.TestStep{PlanOnly: true, Config: w.config(account(`name = "ci"`), reset(arguments)), ExpectError: regexp.MustCompile(want)})
	}
	w.run(steps...)
}

// withoutDate takes the server's clock out of the answers, as some proxies do.
func withoutDate(w http.ResponseWriter, _ *http.Request, forward func() *answer) {
	whole := forward()
	whole.header["Date"] = nil
	whole.write(w)
}

func TestAccAgeThatCannotBeToldResetsNothingAndIsSaid(t *testing.T) {
	w, clock := newAgingWorld(t)
	proxy := newFaultProxy(t, w.URL)
	front := proxy.behind(w)
	space := newWorkspace(t)
	config := front.config(account(`name = "ci"`), reset(`max_age = "90d"`))
	space.apply(config)
	space.apply(config) // the account's own secret is found to be another one
	clock.step(ninetyDays)
	stripped := proxy.arm("GET .*", forEver, withoutDate)
	contains(t, space.warnings(config), "can't be told", "no Date", "nothing is reset because of max_age")
	space.run("plan", "-detailed-exitcode", "-no-color")
	if proxy.count(stripped) == 0 {
		t.Error("no answer lost its Date")
	}
	proxy.disarm()
	contains(t, space.warnings(config), "because of its age")
}

func TestAccAgeIsNotInventedForAServerOutOfReachOrAnAccountThatIsGone(t *testing.T) {
	w, _ := newAgingWorld(t)
	space := newWorkspace(t)
	space.apply(w.config(account(`name = "ci"`), reset(`max_age = "90d"`)))
	if _, err := space.try("plan", "-refresh=false", "-no-color", "-detailed-exitcode"); err != nil {
		t.Error(err)
	}
	space.write(strings.Replace(w.config(account(`name = "ci"`), reset(`max_age = "90d"`)), w.URL, "http://127.0.0.1:1", 1), "main.tf")
	for _, arguments := range [][]string{{}, {"-refresh=false"}} {
		_, err := space.try(append([]string{"plan", "-no-color"}, arguments...)...)
		if err == nil {
			t.Fatal("a plan was made without the server")
		}
		contains(t, err.Error(), "Unable to")
		lacks(t, err.Error(), "because of its age")
	}
	if err := w.api.DeleteServiceAccount(t.Context(), w.CompanyID, w.find("ci").ID); err != nil {
		t.Fatal(err)
	}
	space.write(w.config(account(`name = "ci"`), reset(`max_age = "90d"`)), "main.tf")
	_, err := space.try("plan", "-no-color", "-refresh=false")
	if err == nil {
		t.Fatal("the age of a secret was found that is gone")
	}
	contains(t, err.Error(), "Unable to find out the age of the secret of service account")
	contains(t, space.run("plan", "-no-color"), "2 to add")
}
