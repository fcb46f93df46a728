package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// A secret grows old while nobody looks, so that max_age is the one argument whose answer depends on when it is asked. Terraform
// plans twice: for the person, and once more when it applies, maybe days later; and what the first plan said would stay has to stay.
// The second plan knows nothing of the first but the state that the first began with. So each refresh keeps in the private state
// when it was, by the server's clock, and the age counts:
//
//   - as of the refresh, always: both plans have the same one. When somebody else has reset the secret in between, theirs is taken
//     over instead; that takes back a reset and never adds one;
//   - as of now as well, where nothing else of the resource changes: a plan that found the secret young then changes nothing at all
//     and is not made again. This is for a plan with -refresh=false.

// secretAge is how old a secret is.
type secretAge struct {
	madeAt time.Time
	now    time.Time // the server's clock; zero: not known
}

// newSecretAge is the age of a secret that was made at that time, as the API writes it. A time that can't be read makes an age
// that isn't known.
func newSecretAge(madeAt string, now time.Time) secretAge {
	made, err := time.Parse(time.RFC3339, madeAt)
	if err != nil {
		return secretAge{}
	}
	return secretAge{madeAt: made, now: now}
}

func (a secretAge) known() bool { return !a.now.IsZero() }

// reached reports whether the secret is known to be that old. The clock has seconds; the second at which the age is reached counts.
func (a secretAge) reached(age time.Duration) bool {
	return a.known() && a.now.Sub(a.madeAt) >= age
}

// secretAges is what a plan knows of the age of an account's secret.
type secretAges struct {
	asked     bool      // the server was asked; where not, it may be at apply
	same      bool      // the secret of the refresh is still the live one
	refreshed secretAge // of the state's secret, as of the refresh
	live      secretAge // of the live secret, as of now
}

// decideByAge is the part of decideReset that max_age has; see above for when which age counts. As long as a value of the
// resource is not known, it can't be told whether something else changes.
func decideByAge(state, plan secretResetModel, ages secretAges) resetDecision {
	if plan.MaxAge.IsUnknown() {
		return maybeReset
	}
	maxAge, set := configuredAge(plan.MaxAge)
	switch {
	case !set:
		return noReset
	case !ages.asked:
		return maybeReset
	case ages.same && ages.refreshed.reached(maxAge):
		return mustReset
	case plan.anythingUnknown():
		return maybeReset
	case ages.live.reached(maxAge) && !plan.changes(state):
		return mustReset
	case ages.refreshed.reached(maxAge):
		return takeOver
	default:
		return noReset
	}
}

// configuredAge returns a duration of the configuration; set is false when there is none.
func configuredAge(text types.String) (age time.Duration, set bool) {
	if text.IsNull() || text.IsUnknown() {
		return 0, false
	}
	age, err := parseAge(text.ValueString())
	return age, err == nil // the validator has told of the error
}

// changes reports whether an argument is another one than in the state.
func (m *secretResetModel) changes(state secretResetModel) bool {
	return !m.Triggers.Equal(state.Triggers) || !m.KeepAccess.Equal(state.KeepAccess) || !m.PreviousSecretTTL.Equal(state.PreviousSecretTTL) ||
		!m.MaxAge.Equal(state.MaxAge) || !m.WarnBefore.Equal(state.WarnBefore) || !m.ClientSecretWOVersion.Equal(state.ClientSecretWOVersion)
}

// anythingUnknown reports whether an argument is only known after apply.
func (m *secretResetModel) anythingUnknown() bool {
	for _, trigger := range m.Triggers.Elements() {
		if trigger.IsUnknown() {
			return true
		}
	}
	return m.Triggers.IsUnknown() || m.KeepAccess.IsUnknown() || m.PreviousSecretTTL.IsUnknown() || m.MaxAge.IsUnknown() ||
		m.WarnBefore.IsUnknown() || m.ClientSecretWOVersion.IsUnknown()
}

// ageNote is what the private state keeps about the age of a secret.
type ageNote struct {
	// RefreshedAt is when the state's secret was the live one, by the server's clock.
	RefreshedAt time.Time `json:"refreshed_at,omitzero"`
	// Due is the fingerprint of the secret that is too old; empty: none. It is for the apply that follows.
	Due string `json:"due,omitempty"`
	// Elsewhere is set when the plan knew already that somebody else has reset that one.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// ageNoteKey is the key of the note in the private state.
const ageNoteKey = "age"

// readAgeNote returns the zero note for a state that was written before there was one.
func readAgeNote(ctx context.Context, private privateState, diags *diag.Diagnostics) ageNote {
	return readNote[ageNote](ctx, private, ageNoteKey, diags)
}

func (n ageNote) keep(ctx context.Context, private privateState, diags *diag.Diagnostics) {
	keepNote(ctx, private, ageNoteKey, n, diags)
}

// plannedByAge is what max_age does in a plan.
type plannedByAge struct {
	decision resetDecision
	account  *client.ServiceAccount // nil: not asked
	ages     secretAges
}

// planByAge asks the server for the age of the secret, where max_age is set, decides by it, and notes the decision for the apply.
// A failure to ask is an error.
func (r *secretResetResource) planByAge(
	ctx context.Context, private privateState, state, plan secretResetModel, diags *diag.Diagnostics,
) plannedByAge {
	note := readAgeNote(ctx, private, diags)
	planned := plannedByAge{}
	_, set := configuredAge(plan.MaxAge)
	if set && r.session != nil && r.session.api != nil {
		companyID, id := state.CompanyID.ValueString(), state.ID.ValueString()
		account, err := r.session.api.RefreshServiceAccount(ctx, companyID, id)
		if err != nil {
			r.report(diags, operation{verb: "find out the age of the secret of", noun: "service account", object: id, companyID: companyID}, err)
			return planned
		}
		if r.stranger(diags, state.ClientID, *account) {
			return planned
		}
		planned.account = account
		planned.ages = secretAges{
			asked: true, same: sameSecret(state.SecretVersion, state.SecretFingerprint, *account),
			refreshed: newSecretAge(state.ResetAt.ValueString(), note.RefreshedAt),
			live:      newSecretAge(account.SecretCreatedAt, account.Version.At),
		}
	}
	planned.decision = decideByAge(state, plan, planned.ages)
	note.Due, note.Elsewhere = "", planned.decision == takeOver
	switch planned.decision {
	case mustReset:
		note.Due = planned.account.SecretFingerprint
	case takeOver:
		note.Due = state.SecretFingerprint.ValueString()
	case noReset, maybeReset:
	}
	note.keep(ctx, private, diags)
	return planned
}

// decided is what the plan has decided by age, as its apply knows it. Whether the secret is still the one that is due, the reset
// finds out.
func (n ageNote) decided() resetDecision {
	if n.Due != "" {
		return mustReset
	}
	return noReset
}

// shortMaxAge is what hardly anybody means: "3m" are minutes.
const shortMaxAge = time.Hour

// checkAges checks max_age, warn_before and previous_secret_ttl of a configuration against each other. What is not known yet is
// checked when it is; what is no duration has its error already.
func checkAges(diags *diag.Diagnostics, config secretResetModel) {
	if config.MaxAge.IsNull() && !config.WarnBefore.IsNull() {
		diags.AddAttributeError(path.Root("warn_before"), "warn_before needs max_age",
			"It says how long before max_age is reached plans warn. Set max_age, too, or take warn_before out.")
	}
	maxAge, set := configuredAge(config.MaxAge)
	if !set {
		return
	}
	if maxAge > 0 && maxAge < shortMaxAge {
		diags.AddAttributeWarning(path.Root("max_age"), "max_age is less than an hour",
			fmt.Sprintf("Every plan that is made %s or more after the last reset resets the secret again. In a duration m is minutes; write a "+
				"month as 30d.", inWords(maxAge)))
	}
	if warnBefore, set := configuredAge(config.WarnBefore); set && warnBefore >= maxAge {
		diags.AddAttributeError(path.Root("warn_before"), "warn_before must be shorter than max_age",
			fmt.Sprintf("With %s every plan would warn of the reset that max_age, %s, brings.", config.WarnBefore.ValueString(), config.MaxAge.ValueString()))
	}
	if ttl, set := configuredAge(config.PreviousSecretTTL); set && ttl > maxAge {
		diags.AddAttributeError(path.Root("previous_secret_ttl"), "previous_secret_ttl must not be longer than max_age",
			fmt.Sprintf("An account has two live secrets at most: the next reset, after %s, ends the one before the last, although %s were promised to it.",
				config.MaxAge.ValueString(), config.PreviousSecretTTL.ValueString()))
	}
}
