package provider

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// clockTolerance is how far the server's clock may lie behind the time at which a secret was made, before somebody is told: a
// proxy that writes its own Date is a little off.
const clockTolerance = 5 * time.Minute

// warn says what max_age does to the secret, or soon will. Plan is what comes of it, decision all that decides about a reset.
func (p plannedByAge) warn(diags *diag.Diagnostics, plan secretResetModel, decision resetDecision) {
	maxAge, set := configuredAge(plan.MaxAge)
	if p.account == nil || !set {
		return
	}
	live, due := p.ages.live, p.ages.live.madeAt.Add(maxAge)
	warnBefore, ahead := configuredAge(plan.WarnBefore)
	switch {
	case p.decision == mustReset:
		p.warnReset(diags, plan)
	case decision == takeOver:
		warnYoungAgain(diags, *p.account)
	case !live.known():
		p.warnAgeUnknown(diags)
	case decision != noReset: // the secret is, or may be, a new one then
	case live.reached(maxAge):
		p.warnNotYet(diags, plan)
	case live.madeAt.Sub(live.now) > clockTolerance:
		p.warnFuture(diags, due)
	case ahead && live.reached(maxAge-warnBefore):
		p.warnAhead(diags, plan, due)
	}
}

// madeAt says how old the secret is.
func (p plannedByAge) madeAt() string {
	made := fmt.Sprintf("The secret, version %d, was made at %s", p.account.SecretVersion, p.account.SecretCreatedAt)
	if !p.ages.live.known() {
		return made
	}
	return made + fmt.Sprintf("; now, at %s by the server's clock, it is %s old",
		p.ages.live.now.Format(time.RFC3339), inWords(p.ages.live.now.Sub(p.ages.live.madeAt)))
}

func (p plannedByAge) warnReset(diags *diag.Diagnostics, plan secretResetModel) {
	label := accountLabel(*p.account)
	text := []string{
		fmt.Sprintf("%s, and max_age is %s. Applying this plan resets it in place; the client_id stays. Unless somebody else resets the secret "+
			"before that: then the plan resets nothing because of its age.", p.madeAt(), plan.MaxAge.ValueString()),
	}
	if plan.KeepAccess.ValueBool() { // the other warning is silent then
		text = append(text, oldSecretEnds(plan.PreviousSecretTTL.ValueString())+" With keep_access = true permissions and project memberships stay.")
	}
	if !plan.ClientSecretWOVersion.IsNull() {
		text = append(text, "The new secret is what client_secret_wo is then. If that is still the live one, the server refuses it: bring a new one.")
	}
	text = append(text, "To keep this secret for now, make max_age longer, or take it out.")
	diags.AddAttributeWarning(path.Root("max_age"), fmt.Sprintf("The plan resets the client secret of %s because of its age", label), paragraphs(text...))
}

func (p plannedByAge) warnAhead(diags *diag.Diagnostics, plan secretResetModel, due time.Time) {
	access := "It clears all permissions and project memberships of the account; those whose secret_version refers to this reset are granted again in the same apply."
	switch {
	case plan.KeepAccess.IsUnknown():
		access = "Unless keep_access turns out to be true, it clears all permissions and project memberships of the account."
	case plan.KeepAccess.ValueBool():
		access = "With keep_access = true permissions and project memberships stay."
	}
	diags.AddAttributeWarning(path.Root("max_age"),
		fmt.Sprintf("The client secret of %s is going to be reset in %s", accountLabel(*p.account), inWords(due.Sub(p.ages.live.now))),
		paragraphs(
			fmt.Sprintf("%s. max_age is %s, so the first plan from %s on resets it in place. This plan doesn't.",
				p.madeAt(), plan.MaxAge.ValueString(), due.UTC().Format(time.RFC3339)),
			access+" "+oldSecretEnds(plan.PreviousSecretTTL.ValueString()),
			"To choose another moment, change a value in triggers before, or make max_age longer."))
}

// warnNotYet is for a secret that has come of age after the refresh, in a plan that changes something else.
func (p plannedByAge) warnNotYet(diags *diag.Diagnostics, plan secretResetModel) {
	diags.AddAttributeWarning(path.Root("max_age"),
		fmt.Sprintf("The client secret of %s is older than max_age, and is not reset yet", accountLabel(*p.account)),
		fmt.Sprintf("%s, and max_age is %s. At the refresh that this plan goes by it was not that old, or not known to be. A plan that changes other "+
			"arguments of the reset, too, goes by its refresh, so that its apply does what it said. The next plan resets the secret.",
			p.madeAt(), plan.MaxAge.ValueString()))
}

func (p plannedByAge) warnAgeUnknown(diags *diag.Diagnostics) {
	why := "the server's answer has no Date that can be read, most likely because a proxy between takes it out. Let the proxy pass the header on"
	if p.ages.live.madeAt.IsZero() {
		why = "the server doesn't say when the secret was made. Check that base_url (PROCORE_BASE_URL) is the management API's"
	}
	diags.AddAttributeWarning(path.Root("max_age"),
		fmt.Sprintf("How old the client secret of %s is can't be told", accountLabel(*p.account)),
		"The age counts by the server's clock, and "+why+". Until then nothing is reset because of max_age, and warn_before warns of nothing.")
}

func (p plannedByAge) warnFuture(diags *diag.Diagnostics, due time.Time) {
	diags.AddAttributeWarning(path.Root("max_age"),
		fmt.Sprintf("The client secret of %s was made in the future", accountLabel(*p.account)),
		fmt.Sprintf("It was made at %s, but by the server's clock it is only %s: that clock was wrong then, or is now. By max_age the secret is not "+
			"reset before %s. To have it reset sooner, change a value in triggers.",
			p.account.SecretCreatedAt, p.ages.live.now.Format(time.RFC3339), due.UTC().Format(time.RFC3339)))
}

// warnYoungAgain tells that a reset by age is not needed any more.
func warnYoungAgain(diags *diag.Diagnostics, account client.ServiceAccount) {
	diags.AddAttributeWarning(path.Root("max_age"), fmt.Sprintf("The client secret of %s is not reset because of its age any more", accountLabel(account)),
		fmt.Sprintf("The secret in the state was too old, but at %s somebody else has reset it. The new one, version %d, is left alone: whoever made it "+
			"may use it. client_secret becomes null, because Terraform doesn't know it; to get one that it knows, change a value in triggers.",
			account.SecretCreatedAt, account.SecretVersion))
}

// inWords is a duration as a person says it, by its two largest units: "91 days and 3 hours".
func inWords(duration time.Duration) string {
	duration = max(duration, 0)
	units := []struct {
		name   string
		length time.Duration
	}{{"day", day}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	for i, unit := range units {
		count := duration / unit.length
		if count == 0 && i < len(units)-1 {
			continue
		}
		text := counted(int64(count), unit.name)
		if i < len(units)-1 {
			if rest := (duration % unit.length) / units[i+1].length; rest > 0 {
				text += " and " + counted(int64(rest), units[i+1].name)
			}
		}
		return text
	}
	return ""
}

func counted(count int64, noun string) string {
	if count == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", count, noun)
}
