package provider_test

import (
	"testing"
	"time"
)

// These apply a plan later than it was made, or make one by an older refresh. What a plan says has to hold then.

// agingSpace is a workspace with an integration whose reset has max_age, all of it applied.
type agingSpace struct {
	*workspace
	w     *world
	clock *clock
}

// aging is the configuration of an agingSpace, with further arguments of the reset.
func (s agingSpace) aging(arguments string) string {
	return s.w.config(integration("max_age = \"90d\"\n" + arguments))
}

func newAgingSpace(t *testing.T) agingSpace {
	t.Helper()
	w, clock := newAgingWorld(t)
	s := agingSpace{newWorkspace(t), w, clock}
	s.apply(s.aging(""))
	s.apply(s.aging("")) // the account's own secret is found to be another one
	return s
}

// wantVersion fails the test unless the account has had so many secrets.
func (s agingSpace) wantVersion(want int64) {
	s.t.Helper()
	if found := s.w.find("ci").SecretVersion; found != want {
		s.t.Fatalf("the secret version is %d, want %d", found, want)
	}
}

// save makes a plan of the configuration and keeps it.
func (s agingSpace) save(config string, arguments ...string) string {
	s.t.Helper()
	s.write(config, "main.tf")
	return s.run(append([]string{"plan", "-no-color", "-out=saved.tfplan"}, arguments...)...)
}

func (s agingSpace) applySaved() string {
	s.t.Helper()
	return s.run("apply", "-no-color", "saved.tfplan")
}

// nothingPlanned fails the test unless a plan is empty.
func (s agingSpace) nothingPlanned(arguments ...string) {
	s.t.Helper()
	s.run(append([]string{"plan", "-no-color", "-detailed-exitcode"}, arguments...)...)
}

func TestAccAgeSavedPlanThatResetsDoesSoLaterAndAlsoWhenTheClockWasPutBack(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays)
	contains(t, s.save(s.aging("")), "because of its age", "Plan: 0 to add, 4 to change")
	s.clock.step(10 * oneDay)
	s.applySaved()
	s.wantVersion(3)
	s.nothingPlanned()

	s.clock.step(ninetyDays)
	s.save(s.aging(""))
	s.clock.step(-oneDay)
	s.applySaved()
	s.wantVersion(4)
	s.nothingPlanned()
	if !s.w.works(s.w.find("ci").ClientID, s.secret(resetAddress)) {
		t.Error("the secret in the state isn't the live one")
	}
}

func TestAccAgeSavedPlanResetsNothingWhenSomebodyElseHasDoneSo(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays)
	s.save(s.aging(""))
	done := s.w.resetElsewhere("ci")
	contains(t, s.applySaved(), "is not reset because of its age any more")
	s.wantVersion(3)
	if !s.w.works(done.ClientID, done.ClientSecret) {
		t.Error("the secret that somebody else has just made has ended")
	}
	if secret := s.attributes(resetAddress)["client_secret"]; secret != nil {
		t.Error("the state has a secret that is dead")
	}
	if access := s.w.access("ci"); access != `map[documents:readonly schedule:standard] map[1:map[daily_log:standard] 2:map[daily_log:standard]]` {
		t.Errorf("what the reset elsewhere cleared was not granted again: %s", access)
	}
	s.nothingPlanned()
}

func TestAccAgeSavedPlanThatDoesNotResetDoesNotWhenTheAgeIsReachedMeanwhile(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays - time.Second)
	changed := s.aging(`previous_secret_ttl = "1h"`)
	lacks(t, s.save(changed), "because of its age")
	s.clock.step(oneDay)
	contains(t, s.applySaved(), "is older than max_age, and is not reset yet")
	s.wantVersion(2)
	contains(t, s.warnings(changed), "because of its age")
	s.apply(changed)
	s.wantVersion(3)
	s.nothingPlanned()
}

func TestAccAgeSavedPlanOfAnotherArgumentAndAResetDoesBoth(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays)
	changed := s.aging(`previous_secret_ttl = "1h"`)
	contains(t, s.save(changed), "because of its age")
	s.clock.step(oneDay)
	s.applySaved()
	s.wantVersion(3)
	s.nothingPlanned()
}

func TestAccAgeIsAskedForWithoutARefresh(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays)
	contains(t, s.save(s.aging(""), "-refresh=false"), "because of its age")
	s.clock.step(oneDay)
	s.applySaved()
	s.wantVersion(3)
	s.nothingPlanned("-refresh=false")
	s.nothingPlanned()

	// Together with another change a plan goes by its refresh, so that the apply can't be of another mind; the next one resets.
	s.clock.step(ninetyDays)
	changed := s.aging(`previous_secret_ttl = "1h"`)
	printed := s.save(changed, "-refresh=false")
	contains(t, printed, "is older than max_age, and is not reset yet", "The next plan resets")
	s.applySaved()
	s.wantVersion(3)
	contains(t, s.save(changed, "-refresh=false"), "because of its age")
	s.applySaved()
	s.wantVersion(4)

	s.clock.step(ninetyDays)
	s.w.resetElsewhere("ci")
	s.nothingPlanned("-refresh=false")
	s.wantVersion(5)
}

func TestAccAgeResetsNothingInARefreshOrADestroy(t *testing.T) {
	s := newAgingSpace(t)
	s.clock.step(ninetyDays)
	contains(t, s.run("plan", "-refresh-only", "-no-color"), "No changes")
	s.run("apply", "-refresh-only", "-auto-approve", "-no-color")
	s.wantVersion(2)
	s.run("destroy", "-target="+resetAddress, "-auto-approve", "-no-color")
	s.wantVersion(2)
}

func TestAccAgeIsWarnedOfFromWarnBeforeOn(t *testing.T) {
	s := newAgingSpace(t)
	config := s.aging(`warn_before = "14d"`)
	due := s.clock.now().Add(ninetyDays)
	s.apply(config)
	s.clock.set(due.Add(-14*oneDay - time.Second))
	if text := s.warnings(config); text != "" {
		t.Errorf("warned too early:\n%s", text)
	}
	s.clock.step(time.Second)
	contains(t, s.warnings(config), `("ci") is going to be reset in 14 days`, "from "+due.Format(time.RFC3339)+" on", "clears all permissions")
	s.nothingPlanned()
	s.clock.set(due)
	text := s.warnings(config)
	contains(t, text, `("ci") because of its age`, "it is 90 days old, and max_age is 90d", "and clears its access",
		"At the moment it holds these company permissions: documents=readonly, schedule=standard.")
	lacks(t, text, "is going to be reset")
	s.apply(config)
	if text := s.warnings(config); text != "" {
		t.Errorf("a reset that is done warns:\n%s", text)
	}
}
