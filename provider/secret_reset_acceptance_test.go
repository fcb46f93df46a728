package provider_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// outputs are what a reset changes.
var outputs = []string{"client_secret", "secret_version", "secret_fingerprint", "reset_at", "cleared_permissions", "cleared_project_ids"}

// resets are the plan checks of a reset in place; keeps, of an update that resets nothing.
var (
	resets = resource.ConfigPlanChecks{PreApply: append(unknown(resetAddress, outputs...),
		plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionUpdate))}
	keeps = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionUpdate), allKnown{address: resetAddress},
	}}
)

// stages are configurations of one reset, applied one after the other.
type stage struct {
	arguments string
	plan      resource.ConfigPlanChecks
	version   int64 // of the secret, on the server, afterwards
}

// walk applies the stages. The secret of the last reset must work after each of them, and no earlier one.
func walk(t *testing.T, stages ...stage) {
	t.Helper()
	w := newWorld(t)
	var steps []resource.TestStep
	var seen secrets
	for _, stage := range stages {
		steps = append(steps, resource.TestStep{
			Config:           w.config(account(`name = "ci"`), reset(stage.arguments)),
			ConfigPlanChecks: stage.plan,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(stage.version), w.live(resetAddress), seen.note(resetAddress), func(*terraform.State) error {
				last := len(seen.secret) - 1
				for i, secret := range seen.secret {
					if secret != seen.secret[last] && w.works(seen.clientID[i], secret) {
						return fmt.Errorf("the secret of step %d still works", i+1)
					}
				}
				return nil
			}),
		})
	}
	w.run(steps...)
}

func TestAccSecretResetHappensAtCreate(t *testing.T) {
	walk(t, stage{arguments: "", version: 2, plan: resource.ConfigPlanChecks{PreApply: unknown(resetAddress, outputs...)}})
}

func TestAccSecretResetFirstTriggersResetNothing(t *testing.T) {
	walk(t,
		stage{arguments: "", version: 2},
		stage{arguments: `triggers = { a = "x" }`, version: 2, plan: keeps})
}

func TestAccSecretResetChangedTriggerResetsInPlace(t *testing.T) {
	walk(t,
		stage{arguments: `triggers = { a = "x" }`, version: 2},
		stage{arguments: `triggers = { a = "y" }`, version: 3, plan: resets})
}

func TestAccSecretResetAddedTriggerResetsInPlace(t *testing.T) {
	walk(t,
		stage{arguments: `triggers = { a = "x" }`, version: 2},
		stage{arguments: "triggers = {\n a = \"x\"\n b = \"y\"\n}", version: 3, plan: resets})
}

func TestAccSecretResetRemovedTriggerResetsInPlace(t *testing.T) {
	walk(t,
		stage{arguments: "triggers = {\n a = \"x\"\n b = \"y\"\n}", version: 2},
		stage{arguments: `triggers = { a = "x" }`, version: 3, plan: resets})
}

func TestAccSecretResetTriggersTakenAwayResetNothing(t *testing.T) {
	walk(t,
		stage{arguments: `triggers = { a = "x" }`, version: 2},
		stage{arguments: `triggers = {}`, version: 2, plan: keeps},
		stage{arguments: `triggers = { a = "y" }`, version: 2, plan: keeps},
		stage{arguments: "", version: 2, plan: keeps},
		stage{arguments: `triggers = { a = "z" }`, version: 2, plan: keeps})
}

func TestAccSecretResetOptionsAloneResetNothing(t *testing.T) {
	walk(t,
		stage{arguments: `triggers = { a = "x" }`, version: 2},
		stage{arguments: "triggers = { a = \"x\" }\n keep_access = true\n previous_secret_ttl = \"1d12h\"", version: 2, plan: keeps})
}

// later makes a value that is unknown when a plan replaces terraform_data.later, and then is what value makes of the new
// ID.
func later(generation int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  triggers_replace = %d\n}\n", generation)
}

func TestAccSecretResetTriggerUnknownAtPlanResetsWhenItTurnsOutChanged(t *testing.T) {
	w := newWorld(t)
	config := func(generation int) string {
		return w.config(account(`name = "ci"`), later(generation), reset(`triggers = { a = terraform_data.later.id }`))
	}
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	secret := func() statecheck.StateCheck {
		return differ.AddStateValue(resetAddress, tfjsonpath.New("client_secret"))
	}
	w.run(
		resource.TestStep{Config: config(1), ConfigStateChecks: []statecheck.StateCheck{secret()}, Check: w.version(2)},
		resource.TestStep{
			Config: config(2), ConfigPlanChecks: resets, ConfigStateChecks: []statecheck.StateCheck{secret()},
			Check: resource.ComposeAggregateTestCheckFunc(w.version(3), w.live(resetAddress)),
		},
	)
}

func TestAccSecretResetTriggerUnknownAtPlanKeepsTheSecretWhenItTurnsOutTheSame(t *testing.T) {
	w := newWorld(t)
	same := statecheck.CompareValue(compare.ValuesSame())
	secret := func() statecheck.StateCheck { return same.AddStateValue(resetAddress, tfjsonpath.New("client_secret")) }
	var steps []resource.TestStep
	for generation, triggers := range []string{
		`{ a = terraform_data.later.id != "" ? "x" : "y" }`,
		`{ a = terraform_data.later.id != "" ? "x" : "y" }`,
		`terraform_data.later.id != "" ? { a = "x" } : {}`,
		`terraform_data.later.id != "" ? {} : { a = "x" }`,
	} {
		step := resource.TestStep{
			Config:            w.config(account(`name = "ci"`), later(generation), reset("triggers = "+triggers)),
			ConfigStateChecks: []statecheck.StateCheck{secret()},
			Check:             resource.ComposeAggregateTestCheckFunc(w.version(2), w.live(resetAddress)),
		}
		if generation > 0 {
			step.ConfigPlanChecks = resets
		}
		steps = append(steps, step)
	}
	w.run(steps...)
}

func TestAccSecretResetImportAdoptsTheSecretAndItsFirstTriggersResetNothing(t *testing.T) {
	w := newWorld(t)
	made := w.make("ci")
	null := []statecheck.StateCheck{
		statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("client_secret"), knownvalue.Null()),
		statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("cleared_permissions"), knownvalue.Null()),
		statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("reset_at"), knownvalue.StringExact(made.SecretCreatedAt)),
		statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(1)),
	}
	imports := func(address, id string) string {
		return fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	blocks := imports(accountAddress, made.ID) + imports(resetAddress, "1/"+made.ID)
	w.run(
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(), blocks), ConfigStateChecks: null, Check: w.version(1),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionNoop)),
		},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(`triggers = { a = "x" }`)), ConfigStateChecks: null, Check: w.version(1),
			ConfigPlanChecks: keeps,
		},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(`triggers = { a = "y" }`)), ConfigPlanChecks: resets,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(2), w.live(resetAddress)),
		},
	)
	if w.works(made.ClientID, made.ClientSecret) {
		t.Error("the adopted secret outlived the reset")
	}
}

func TestAccSecretResetImportByIDIsVerified(t *testing.T) {
	w := newWorld(t)
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`), reset())},
		resource.TestStep{
			ResourceName: resetAddress, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"client_secret", "cleared_permissions", "cleared_project_ids"},
		},
	)
}

func TestAccSecretResetElsewhereBecomesNullAndResetsNothing(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), reset(`triggers = { a = "x" }`))
	w.run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() { w.resetElsewhere("ci") },
			Config:    config, ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()), Check: w.version(3),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("client_secret"), knownvalue.Null()),
				statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(3)),
			},
		},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(`triggers = { a = "y" }`)), ConfigPlanChecks: resets,
			Check: resource.ComposeAggregateTestCheckFunc(w.version(4), w.live(resetAddress)),
		},
	)
}

func TestAccSecretResetDestroyChangesNothingOnTheServer(t *testing.T) {
	w := newWorld(t)
	var seen secrets
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`), reset()), Check: seen.note(resetAddress)},
		resource.TestStep{Config: w.config(account(`name = "ci"`)), Check: resource.ComposeAggregateTestCheckFunc(w.version(2), func(*terraform.State) error {
			if !w.works(seen.clientID[0], seen.secret[0]) {
				return fmt.Errorf("the secret ended with the resource")
			}
			return nil
		})},
	)
}

func TestAccSecretResetOfAnAccountThatIsGoneIsExplained(t *testing.T) {
	w := newWorld(t)
	w.run(resource.TestStep{
		Config:      w.config("resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = \"999\"\n}\n"),
		ExpectError: regexp.MustCompile(`(?s)Unable to reset the secret of service account 999.*company_id`),
	})
}

func TestAccSecretResetAccountReplacedIsResetAgain(t *testing.T) {
	w := newWorld(t)
	config := w.config(account(`name = "ci"`), reset())
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	id := func() statecheck.StateCheck { return differ.AddStateValue(resetAddress, tfjsonpath.New("id")) }
	w.run(
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{id()}},
		resource.TestStep{
			Config: config, Taint: []string{accountAddress}, ConfigStateChecks: []statecheck.StateCheck{id()},
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(resetAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			Check:            resource.ComposeAggregateTestCheckFunc(w.version(2), w.live(resetAddress)),
		},
	)
}

func TestAccSecretResetOldSecretWorksForThePreviousSecretTTL(t *testing.T) {
	w := newWorld(t)
	var seen secrets
	w.run(
		resource.TestStep{Config: w.config(account(`name = "ci"`)), Check: seen.note(accountAddress)},
		resource.TestStep{
			Config: w.config(account(`name = "ci"`), reset(`previous_secret_ttl = "1h"`)),
			Check: resource.ComposeAggregateTestCheckFunc(w.live(resetAddress), func(*terraform.State) error {
				if !w.works(seen.clientID[0], seen.secret[0]) {
					return fmt.Errorf("the old secret ended at once")
				}
				return nil
			}),
		},
	)
}

func TestAccSecretResetToASecretOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	first, second := newClientSecret(t), newClientSecret(t)
	config := func(secret string, version int) string {
		return w.config(account(`name = "ci"`), reset(fmt.Sprintf("client_secret_wo = %q\n  client_secret_wo_version = %d", secret, version)))
	}
	null := []statecheck.StateCheck{statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("client_secret"), knownvalue.Null())}
	only := func(works, refused string) resource.TestCheckFunc {
		return func(state *terraform.State) error {
			attributes, err := attributesOf(state, resetAddress)
			if err == nil && (!w.works(attributes["client_id"], works) || w.works(attributes["client_id"], refused)) {
				err = fmt.Errorf("another secret is live")
			}
			return err
		}
	}
	w.run(
		resource.TestStep{Config: config(first, 1), ConfigStateChecks: null, Check: resource.ComposeAggregateTestCheckFunc(w.version(2), only(first, second))},
		resource.TestStep{Config: config(second, 1), ConfigStateChecks: null, ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()), Check: w.version(2)},
		resource.TestStep{
			Config: config(second, 2), ConfigStateChecks: null, Check: resource.ComposeAggregateTestCheckFunc(w.version(3), only(second, first)),
			ConfigPlanChecks: planned(plancheck.ExpectUnknownValue(resetAddress, tfjsonpath.New("secret_version")),
				plancheck.ExpectKnownValue(resetAddress, tfjsonpath.New("client_secret"), knownvalue.Null())),
		},
	)
}
