package provider

import (
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

const madeAt = "2041-01-01T00:00:00Z"

// aged is a secret that was made at madeAt, so long ago.
func aged(age time.Duration) secretAge {
	made, _ := time.Parse(time.RFC3339, madeAt)
	return newSecretAge(madeAt, made.Add(age))
}

// withMaxAge is a reset with that max_age; "?" is known after apply.
func withMaxAge(text string) secretResetModel {
	model := secretResetModel{Triggers: types.MapNull(types.StringType), KeepAccess: types.BoolValue(false), PreviousSecretTTL: types.StringValue("0s"), MaxAge: types.StringValue(text)}
	switch text {
	case "":
		model.MaxAge = types.StringNull()
	case "?":
		model.MaxAge = types.StringUnknown()
	}
	return model
}

func TestASecretIsResetOnceItIsAsOldAsMaxAge(t *testing.T) {
	const limit = 90 * day
	young, old, unknown := aged(limit-time.Second), aged(limit), newSecretAge(madeAt, time.Time{})
	model := withMaxAge("90d")
	other, open := model, model
	other.KeepAccess, open.KeepAccess = types.BoolValue(true), types.BoolUnknown()
	same := func(refreshed, live secretAge) secretAges { return secretAges{true, true, refreshed, live} }
	elsewhere := func(refreshed, live secretAge) secretAges { return secretAges{true, false, refreshed, live} }
	for _, test := range []struct {
		name        string
		state, plan secretResetModel
		ages        secretAges
		want        resetDecision
	}{
		{"no max_age", withMaxAge(""), withMaxAge(""), same(old, old), noReset},
		{"taken away", model, withMaxAge(""), same(old, old), noReset},
		{"unknown", model, withMaxAge("?"), same(young, young), maybeReset},
		{"a second too young", model, model, same(young, young), noReset},
		{"of age", model, model, same(old, old), mustReset},
		{"of age since the refresh", model, model, same(young, old), mustReset},
		{"never refreshed", model, model, same(secretAge{}, old), mustReset},
		{"clock put back since the refresh", model, model, same(old, young), mustReset},
		{"made in the future", model, model, same(aged(-day), aged(-day)), noReset},

		{"of age, and another change", model, other, same(old, old), mustReset},
		{"of age since the refresh, and another change", model, other, same(young, old), noReset},
		{"never refreshed, and another change", model, other, same(secretAge{}, old), noReset},
		{"of age, and something unknown", model, open, same(old, old), mustReset},
		{"young, and something unknown", model, open, same(young, young), maybeReset},

		{"set for the first time, of age", withMaxAge(""), model, same(old, old), mustReset},
		{"set for the first time, young", withMaxAge(""), model, same(young, young), noReset},
		{"made shorter", withMaxAge("365d"), model, same(old, old), mustReset},
		{"made longer", model, withMaxAge("91d"), same(old, old), noReset},

		{"reset elsewhere", model, model, elsewhere(young, young), noReset},
		{"of age, and reset elsewhere", model, model, elsewhere(old, young), takeOver},
		{"of age, reset elsewhere, and that one of age, too", model, model, elsewhere(old, old), mustReset},
		{"of age, reset elsewhere, and another change", model, other, elsewhere(old, old), takeOver},

		{"not asked", model, model, secretAges{}, maybeReset},
		{"not asked, without max_age", withMaxAge(""), withMaxAge(""), secretAges{}, noReset},
		{"no clock", model, model, same(unknown, unknown), noReset},
		{"no clock at the refresh", model, model, same(unknown, old), mustReset},
		{"no clock now", model, model, same(old, unknown), mustReset},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decideByAge(test.state, test.plan, test.ages); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// A plan that leaves the outputs alone and changes something else is planned again when it is applied, however late that is,
// whoever reset the secret in between, and whatever the clock did. Terraform refuses the apply if the outputs are open then.
func TestWhatAPlanDecidedByAgeItsApplyDoesNotOverturn(t *testing.T) {
	made := aged(0).madeAt
	moments := []time.Time{{}, made.Add(-day), made, made.Add(90*day - time.Second), made.Add(90 * day), made.Add(400 * day)}
	states := []secretResetModel{withMaxAge(""), withMaxAge("90d"), withMaxAge("300d")}
	plans := append([]secretResetModel{withMaxAge("?")}, states...)
	for _, plan := range states {
		other, open := plan, plan
		other.KeepAccess, open.KeepAccess = types.BoolValue(true), types.BoolUnknown()
		plans = append(plans, other, open)
	}
	var situations []secretAges // at a plan; those at its apply have the same refresh
	for _, now := range moments {
		live := newSecretAge(madeAt, now)
		situations = append(situations, secretAges{asked: true, same: true, live: live}, secretAges{asked: true, live: live})
	}
	overturned := func(state, plan secretResetModel, refreshed secretAge, planned, applied secretAges) bool {
		planned.refreshed, applied.refreshed = refreshed, refreshed
		if decideByAge(state, plan, planned) != noReset || !plan.changes(state) {
			return false
		}
		if plan.MaxAge.IsUnknown() {
			plan.MaxAge = state.MaxAge
		}
		if plan.KeepAccess.IsUnknown() {
			plan.KeepAccess = state.KeepAccess
		}
		return decideByAge(state, plan, applied) != noReset
	}
	kept := 0
	for _, refreshed := range moments {
		for _, planned := range append(situations, secretAges{}) {
			for _, applied := range situations {
				if applied.same && planned.asked && !planned.same {
					continue // a secret that was reset elsewhere doesn't come back
				}
				for _, state := range states {
					for _, plan := range plans {
						kept++
						if overturned(state, plan, newSecretAge(madeAt, refreshed), planned, applied) {
							t.Errorf("%s, then %s, keep_access %s: refreshed %s, planned %+v, applied %+v", state.MaxAge, plan.MaxAge, plan.KeepAccess, refreshed, planned, applied)
						}
					}
				}
			}
		}
	}
	if kept < 10_000 {
		t.Errorf("only %d plans were looked at", kept)
	}
}

func TestDurationsOfAResetAreCheckedAgainstEachOther(t *testing.T) {
	null, unknown := types.StringNull(), types.StringUnknown()
	text := types.StringValue
	for _, test := range []struct {
		name                    string
		maxAge, warnBefore, ttl types.String
		want                    string // in the diagnostics; empty: there are none
		warning                 bool
	}{
		{"none", null, null, null, "", false},
		{"all", text("90d"), text("14d"), text("30d"), "", false},
		{"to the second", text("3600s"), text("3599s"), text("1h"), "", false},
		{"warn_before alone", null, text("14d"), null, "warn_before needs max_age", false},
		{"warn_before too long", text("14d"), text("336h"), null, "warn_before must be shorter than max_age", false},
		{"previous_secret_ttl too long", text("1d"), null, text("25h"), "previous_secret_ttl must not be longer than max_age", false},
		{"short", text("3m"), null, null, "Every plan that is made 3 minutes or more after", true},
		{"max_age unknown", unknown, text("14d"), text("30d"), "", false},
		{"the others unknown", text("1h"), unknown, unknown, "", false},
		{"no duration", text("soon"), text("14d"), null, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var diags diag.Diagnostics
			checkAges(&diags, secretResetModel{MaxAge: test.maxAge, WarnBefore: test.warnBefore, PreviousSecretTTL: test.ttl})
			said := ""
			for _, found := range diags {
				said += found.Summary() + ": " + found.Detail()
			}
			if (said == "") != (test.want == "") || !strings.Contains(said, test.want) || diags.HasError() != (test.want != "" && !test.warning) {
				t.Errorf("got %q, want %q", said, test.want)
			}
		})
	}
}

func TestMaxAgeIsAPositiveDurationInWholeSeconds(t *testing.T) {
	for text, want := range map[string]bool{
		"90d": true, "2160h": true, "1d12h": true, "1s": true, "65535d": true,
		"0s": false, "0d": false, "-1h": false, "1.5s": false, "500ms": false, "": false, "90": false, "3 months": false, "1y": false, "70000d": false,
	} {
		if err := isMaxAge().(stringRule).check(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := isWarnBefore().(stringRule).check("0s"); err != nil {
		t.Error(err)
	}
}

func TestAnAgeIsToldByItsTwoLargestUnits(t *testing.T) {
	for age, want := range map[time.Duration]string{
		0: "0 seconds", -time.Hour: "0 seconds", time.Second: "1 second", 61 * time.Second: "1 minute and 1 second", time.Hour: "1 hour",
		90 * day: "90 days", 91*day + 3*time.Hour + 59*time.Minute: "91 days and 3 hours", day + 59*time.Minute: "1 day",
	} {
		if got := inWords(age); got != want {
			t.Errorf("%s is %q, want %q", age, got, want)
		}
	}
}

func TestAPlanSaysWhatTheAgeOfASecretDoes(t *testing.T) {
	account := client.ServiceAccount{ID: "17", Name: "ci", SecretVersion: 2, SecretCreatedAt: madeAt}
	plan := withMaxAge("90d")
	plan.WarnBefore = types.StringValue("14d")
	keeping, own := plan, plan
	keeping.KeepAccess, keeping.PreviousSecretTTL = types.BoolValue(true), types.StringValue("36h")
	own.ClientSecretWOVersion = types.Int64Value(1)
	of := func(by resetDecision, age secretAge) plannedByAge {
		return plannedByAge{decision: by, account: &account, ages: secretAges{asked: true, same: true, refreshed: age, live: age}}
	}
	for _, test := range []struct {
		name     string
		age      plannedByAge
		plan     secretResetModel
		decision resetDecision
		want     []string // none: no warning
	}{
		{"young", of(noReset, aged(day)), plan, noReset, nil},
		{"a second before warn_before", of(noReset, aged(76*day-time.Second)), plan, noReset, nil},
		{"warn_before", of(noReset, aged(76*day)), plan, noReset, []string{
			`The client secret of service account 17 ("ci") is going to be reset in 14 days`, "version 2, was made at 2041-01-01T00:00:00Z",
			"the first plan from 2041-04-01T00:00:00Z on resets it", "clears all permissions", "at once",
		}},
		{"warn_before, access kept", of(noReset, aged(89*day)), keeping, noReset, []string{"in 1 day", "permissions and project memberships stay", "goes on working for 36h"}},
		{"of age", of(mustReset, aged(91*day+time.Hour)), plan, mustReset, []string{
			`The plan resets the client secret of service account 17 ("ci") because of its age`, "now, at 2041-04-02T01:00:00Z by the server's clock, it is 91 days and 1 hour old",
			"max_age is 90d", "make max_age longer",
		}},
		{"of age, access kept", of(mustReset, aged(90*day)), keeping, mustReset, []string{"because of its age", "goes on working for 36h", "stay"}},
		{"of age, a secret of one's own", of(mustReset, aged(90*day)), own, mustReset, []string{"client_secret_wo", "bring a new one"}},
		{"of age since the refresh", of(noReset, aged(90*day)), plan, noReset, []string{"is older than max_age, and is not reset yet", "The next plan resets"}},
		{"almost of age, and triggers reset", of(noReset, aged(89*day)), plan, mustReset, nil},
		{"no clock", of(noReset, newSecretAge(madeAt, time.Time{})), plan, noReset, []string{"can't be told", "no Date", "nothing is reset because of max_age"}},
		{"no time", of(noReset, newSecretAge("", aged(0).now)), plan, noReset, []string{"can't be told", "doesn't say when the secret was made"}},
		{"a little in the future", of(noReset, aged(-time.Minute)), plan, noReset, nil},
		{"in the future", of(noReset, aged(-day)), plan, noReset, []string{"was made in the future", "only 2040-12-31T00:00:00Z", "not reset before 2041-04-01T00:00:00Z"}},
		{"reset elsewhere", of(takeOver, aged(day)), plan, takeOver, []string{"is not reset because of its age any more", "client_secret becomes null"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var diags diag.Diagnostics
			test.age.warn(&diags, test.plan, test.decision)
			if len(test.want) == 0 && len(diags) > 0 {
				t.Fatal(warning(diags))
			}
			for _, want := range test.want {
				if text := warning(diags); !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
		})
	}
}
