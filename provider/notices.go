package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// Notices are the warnings that the provider gives although nothing failed.

// accountLabel names an account to a person.
func accountLabel(account client.ServiceAccount) string {
	return fmt.Sprintf("service account %s (%s)", account.ID, quoted(account.Name))
}

// resetElsewhere is what the warnings of a stale secret begin with.
func resetElsewhere(account client.ServiceAccount) string {
	return fmt.Sprintf("The client secret of %s was reset at %s, outside this resource; it is now version %d with the fingerprint %s. ",
		accountLabel(account), account.SecretCreatedAt, account.SecretVersion, account.SecretFingerprint)
}

const (
	staleKnown   = "The secret that Terraform knew is not the live one any more"
	staleBrought = "The secret that client_secret_wo brought is not the live one any more"
)

// warnStaleAccountSecret tells that the secret of an account is another one than the state has, or, when it was brought by
// client_secret_wo, than the state tells of.
func warnStaleAccountSecret(diags *diag.Diagnostics, account client.ServiceAccount, brought bool) {
	if brought {
		diags.AddAttributeWarning(path.Root("client_secret_wo_version"), staleBrought,
			resetElsewhere(account)+"The account is not replaced and nothing is changed on the server.\n\n"+
				"If a procore_service_account_secret_reset in this configuration did it, all is well: client_secret_wo here was only for the beginning. "+
				"If something else did, nobody can read the new secret again: add a procore_service_account_secret_reset with client_secret_wo, or "+
				"raise client_secret_wo_version of the one there is, to bring another.")
		return
	}
	diags.AddAttributeWarning(path.Root("client_secret"), staleKnown,
		resetElsewhere(account)+"The secret that Terraform knew no longer counts, so client_secret is null. The account is not replaced and nothing is "+
			"changed on the server.\n\n"+
			"If a procore_service_account_secret_reset in this configuration did it, all is well: its client_secret is the live one, "+
			"refer to that. If something else did, nobody can read the new secret again: add a procore_service_account_secret_reset, or "+
			"change the triggers of the one there is, to get a secret that Terraform knows.")
}

// warnStaleResetSecret tells that somebody reset the secret after the reset resource did. Its summary is its own: Terraform shows one of
// the warnings with the same, and the account's, which a reset makes as well, is no reason to do anything.
func warnStaleResetSecret(diags *diag.Diagnostics, account client.ServiceAccount, brought bool) {
	summary := "Somebody else has reset the client secret of " + accountLabel(account)
	if brought {
		diags.AddAttributeWarning(path.Root("client_secret_wo_version"), summary,
			resetElsewhere(account)+"Whatever was given the secret of before, such as a secret store, has one that ends. Nothing is reset because of this.\n\n"+
				"Nobody can read the new secret again. To bring another, raise client_secret_wo_version before the next apply: that resets the secret once "+
				"more, and the one set elsewhere stops working. An apply without that, which writes a store only because secret_version is another, may "+
				"give it a secret that nothing accepts.")
		return
	}
	diags.AddAttributeWarning(path.Root("client_secret"), summary,
		resetElsewhere(account)+"The secret that Terraform knew no longer counts, so client_secret is null. Nothing is reset because of this.\n\n"+
			"Nobody can read the new secret again. To get one that Terraform knows, change a value in triggers: that resets the "+
			"secret once more, and the one set elsewhere stops working.")
}

// warnAdoptedVersion tells that a first client_secret_wo_version on an existing reset sends nothing: people expect it to.
func warnAdoptedVersion(diags *diag.Diagnostics, decision resetDecision, state, plan secretResetModel) {
	if decision != noReset || !state.ClientSecretWOVersion.IsNull() || plan.ClientSecretWOVersion.IsNull() {
		return
	}
	diags.AddAttributeWarning(path.Root("client_secret_wo_version"), "client_secret_wo is not sent",
		"The plan only notes client_secret_wo_version in the state, because a first one resets nothing; the secret, and client_secret in the state, "+
			"stay as they are. To reset the secret to client_secret_wo, apply this and then raise client_secret_wo_version.")
}

// statusHelp is what to do about each reason for a status other than "active".
var statusHelp = map[string]string{
	"contact_email_changed":      "the e-mail address of its directory contact was changed: put the generated address back",
	"contact_in_other_directory": "its directory contact is in a second company's directory: take it out there",
	"sunset":                     "traditional service accounts have stopped working: move the integration to a developer managed service account",
}

// warnStatus tells that an account gets no tokens, and why. The e-mail address of its contact was formerly another one, if
// the state knows.
func warnStatus(diags *diag.Diagnostics, account client.ServiceAccount, formerly string) {
	if account.Status == "active" {
		return
	}
	reasons := make([]string, len(account.StatusReasons))
	for i, reason := range account.StatusReasons {
		reasons[i] = reason
		help := statusHelp[reason]
		if reason == "contact_email_changed" && formerly != "" && formerly != contactEmail(account).ValueString() {
			help += ", " + formerly
		}
		if help != "" {
			reasons[i] += " (" + help + ")"
		}
	}
	because := ""
	if len(reasons) > 0 {
		because = " Reasons: " + strings.Join(reasons, "; ") + "."
	}
	diags.AddAttributeWarning(path.Root("status"), fmt.Sprintf("Service account %s is %s", quoted(account.Name), account.Status),
		fmt.Sprintf("%s gets no access tokens, and those it had do not work.%s", capitalized(accountLabel(account)), because))
}

// warnSunset tells how long an account that still works is going to.
func warnSunset(diags *diag.Diagnostics, account client.ServiceAccount) {
	if account.Status != "active" || account.DaysUntilSunset == nil {
		return
	}
	left := fmt.Sprintf("in %d days", *account.DaysUntilSunset)
	switch *account.DaysUntilSunset {
	case 0:
		left = "in less than a day"
	case 1:
		left = "in 1 day"
	}
	at := ""
	if account.SunsetAt != nil {
		at = ", at " + *account.SunsetAt
	}
	diags.AddAttributeWarning(path.Root("status"), fmt.Sprintf("Service account %s stops working %s", quoted(account.Name), left),
		fmt.Sprintf("Traditional service accounts end %s%s. From then on %s gets no access tokens, and no setting brings it back. "+
			"Move the integration to a developer managed service account before.", left, at, accountLabel(account)))
}

// warnStrayGrant tells that a grant is lost to a reset that the same plan makes.
func warnStrayGrant(diags *diag.Diagnostics, accountID, what string, certain bool) {
	verb := "resets"
	if !certain {
		verb = "may reset"
	}
	diags.AddAttributeWarning(path.Root("secret_version"),
		fmt.Sprintf("The plan %s the client secret of service account %s, and does not grant %s again", verb, withoutSecrets(accountID), what),
		"The reset clears this access. The secret_version of this resource does not refer to that reset, so Terraform does not know that "+
			"the access has to be granted after it: this apply leaves it cleared, and the next plan shows it as missing.\n\n"+
			"To have it granted again in the same apply, write\n\n"+
			"  secret_version = procore_service_account_secret_reset.<name>.secret_version\n\n"+
			"with the name of the reset for <name>.")
}

// warnNotGrantedAgain tells which levels a reset clears that the permissions after it don't have.
func warnNotGrantedAgain(diags *diag.Diagnostics, accountID string, lost map[string]string, certain bool) {
	if len(lost) == 0 {
		return
	}
	verb := "clears"
	if !certain {
		verb = "may clear"
	}
	diags.AddAttributeWarning(path.Root("company"),
		fmt.Sprintf("The plan %s company permissions of service account %s that are not granted again", verb, withoutSecrets(accountID)),
		fmt.Sprintf("At the moment the account holds %s, and company does not have that. After the reset this resource grants what is in "+
			"company, and nothing else. To keep the rest, write it into company.", levels(lost)))
}

// warnTakenAway tells which levels permissions take from an account that Terraform has not managed so far.
func warnTakenAway(diags *diag.Diagnostics, accountID string, lost map[string]string) {
	if len(lost) == 0 {
		return
	}
	diags.AddAttributeWarning(path.Root("company"),
		fmt.Sprintf("The plan takes company permissions away from service account %s", withoutSecrets(accountID)),
		fmt.Sprintf("At the moment the account holds %s, and company does not have that. This resource makes company all that the account holds. "+
			"To keep the rest, write it into company; to see first what there is, import this resource instead.", levels(lost)))
}

func capitalized(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
