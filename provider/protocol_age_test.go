package provider_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/procore/terraform-provider-procore/server/servertest"
)

const resetType = "procore_service_account_secret_reset"

// agingPlugin is a provider on a server that goes by the clock, and a reset with max_age and those further arguments.
func agingPlugin(t *testing.T, arguments map[string]any) (w pluginWorld, clock *clock, config map[string]any, made object) {
	t.Helper()
	clock = newClock()
	w = newPluginWorld(t, servertest.Now(clock.now))
	config = map[string]any{"service_account_id": w.make("ci").ID, "max_age": "90d"}
	for name, value := range arguments {
		config[name] = value
	}
	made = w.mustApply(resetType, object{}, config)
	return w, clock, config, made
}

// opens reports whether a plan leaves open what the secret will be.
func (w pluginWorld) opens(answer *tfprotov6.PlanResourceChangeResponse) bool {
	w.plugin.t.Helper()
	if failed(answer.Diagnostics) {
		w.plugin.t.Fatal(told(answer.Diagnostics))
	}
	return w.planned(resetType, answer)["secret_version"] == unknownValue
}

func TestMaxAgePlansAResetToTheSecond(t *testing.T) {
	w, clock, config, made := agingPlugin(t, nil)
	clock.step(ninetyDays - time.Second)
	if plan := w.plan(resetType, made, config); w.opens(plan) || len(plan.Diagnostics) > 0 {
		t.Error("a secret is reset that is a second too young", told(plan.Diagnostics))
	}
	clock.step(time.Second)
	w = w.nextRun()
	plan := w.plan(resetType, made, config)
	if !w.opens(plan) {
		t.Error("a secret is not reset that is of age")
	}
	contains(t, told(plan.Diagnostics), "because of its age", "it is 90 days old")
	reset := w.mustApply(resetType, made, config)
	if reset.state["secret_version"] != int64(3) || !w.works(reset.state["client_id"].(string), reset.state["client_secret"].(string)) {
		t.Errorf("version %v is live", reset.state["secret_version"])
	}
	if plan := w.plan(resetType, reset, config); w.opens(plan) || len(plan.Diagnostics) > 0 {
		t.Error("the next plan resets, too", told(plan.Diagnostics))
	}
}

// The plan of an apply has the state of the first plan, and nothing else of it.
func TestMaxAgeReachedBetweenPlanAndApplyChangesNoPlan(t *testing.T) {
	w, clock, config, made := agingPlugin(t, nil)
	clock.step(ninetyDays - time.Second)
	refreshed, _ := w.read(resetType, made)
	config["previous_secret_ttl"] = "1h"
	if w.opens(w.plan(resetType, refreshed, config)) {
		t.Fatal("a secret is reset that is a second too young")
	}
	clock.step(oneDay)
	w = w.nextRun()
	late := w.plan(resetType, refreshed, config)
	if w.opens(late) {
		t.Error("the plan at apply resets, and the first one didn't")
	}
	contains(t, told(late.Diagnostics), "is not reset yet")
	changed := w.mustApply(resetType, refreshed, config)
	if changed.state["secret_version"] != int64(2) || changed.state["client_secret"] != made.state["client_secret"] {
		t.Errorf("version %v is live", changed.state["secret_version"])
	}
	if !w.opens(w.plan(resetType, changed, config)) {
		t.Error("the plan after that doesn't reset")
	}
}

func TestMaxAgeThatIsUnknownLeavesOpenWhatItMayChange(t *testing.T) {
	for _, test := range []struct {
		unknown string
		age     time.Duration
		open    bool
	}{
		{"max_age", 0, true},
		{"keep_access", 0, true},
		{"previous_secret_ttl", ninetyDays, true},
		{"warn_before", 0, true},
	} {
		t.Run(fmt.Sprintf("%s after %s", test.unknown, test.age), func(t *testing.T) {
			w, clock, config, made := agingPlugin(t, nil)
			clock.step(test.age)
			config[test.unknown] = unknownValue
			if open := w.opens(w.plan(resetType, made, config)); open != test.open {
				t.Errorf("secret_version is open: %t, want %t", open, test.open)
			}
		})
	}
}

func TestMaxAgeUnderAProviderThatIsNotConfiguredYetIsDecidedAtApply(t *testing.T) {
	w, clock, config, made := agingPlugin(t, nil)
	clock.step(ninetyDays)
	late := newPlugin(t)
	settings := w.settings()
	settings["base_url"] = unknownValue
	late.mustConfigure(settings)
	plan := late.plan(resetType, made, config)
	if failed(plan.Diagnostics) || late.planned(resetType, plan)["secret_version"] != unknownValue {
		t.Errorf("version %v is planned\n%s", late.planned(resetType, plan)["secret_version"], told(plan.Diagnostics))
	}
	delete(config, "max_age")
	if plan := late.plan(resetType, made, config); failed(plan.Diagnostics) || late.planned(resetType, plan)["secret_version"] != int64(2) {
		t.Errorf("without max_age version %v is planned\n%s", late.planned(resetType, plan)["secret_version"], told(plan.Diagnostics))
	}
}

// Somebody may reset the secret in the very moment of the apply; or two pipelines do.
func TestMaxAgeResetsNoSecretThatSomebodyElseMakesMeanwhile(t *testing.T) {
	clock := newClock()
	w := newPluginWorld(t, servertest.Now(clock.now))
	proxy := newFaultProxy(t, w.URL)
	p := newPlugin(t)
	p.mustConfigure(proxy.behind(w.world).settings())
	config := map[string]any{"service_account_id": w.make("ci").ID, "max_age": "90d", "triggers": map[string]any{"a": "x"}}
	made := p.mustApply(resetType, object{}, config)
	clock.step(ninetyDays)
	var theirs string
	reset := func() { theirs = w.resetElsewhere("ci").ClientSecret }

	proxy.arm("POST .*/reset_secret", 1, meanwhile(reset))
	after, diagnostics := p.apply(resetType, made, config)
	if failed(diagnostics) || after.state["secret_version"] != int64(3) || after.state["client_secret"] != nil {
		t.Errorf("version %v is live\n%s", after.state["secret_version"], told(diagnostics))
	}
	contains(t, told(diagnostics), "is not reset because of its age any more")
	if !w.works(w.find("ci").ClientID, theirs) {
		t.Error("the secret that somebody else has just made has ended")
	}

	// A trigger that changes as well means a reset whatever happened.
	clock.step(ninetyDays)
	config["triggers"] = map[string]any{"a": "y"}
	proxy.arm("POST .*/reset_secret", 1, meanwhile(reset))
	after = p.mustApply(resetType, after, config)
	if after.state["secret_version"] != int64(5) || w.works(w.find("ci").ClientID, theirs) {
		t.Errorf("version %v is live", after.state["secret_version"])
	}
}

func TestMaxAgeWorksWithTheEmbeddedDatabase(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	companyID := initialize(t, database, "Acme")
	p := newPlugin(t)
	p.mustConfigure(map[string]any{"database": database, "company_id": companyID})
	account := p.mustApply("procore_service_account", object{}, map[string]any{"name": "ci"})
	config := map[string]any{"service_account_id": account.state["id"], "max_age": "1s", "keep_access": true}
	made := p.mustApply(resetType, object{}, config)
	time.Sleep(1100 * time.Millisecond)
	plan := p.plan(resetType, made, config)
	contains(t, told(plan.Diagnostics), "because of its age", "by the server's clock")
	config["max_age"] = "90d"
	if plan := p.plan(resetType, made, config); len(plan.Diagnostics) > 0 || p.planned(resetType, plan)["secret_version"] != int64(2) {
		t.Errorf("a young secret is reset, or its age is not known: %s", told(plan.Diagnostics))
	}
}
