package provider

import (
	"fmt"
	"sort"
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

// warnStaleAccountSecret tells that the secret of an account is another one than the state has.
func warnStaleAccountSecret(diags *diag.Diagnostics, account client.ServiceAccount) {
	diags.AddAttributeWarning(path.Root("client_secret"), "The secret that Terraform knew is not the live one any more",
		fmt.Sprintf("The client secret of %s was reset at %s, outside this resource; it is now version %d with the fingerprint %s. The secret that "+
			"Terraform knew no longer counts, so client_secret is null. The account is not replaced and nothing is changed on the server.\n\n"+
			"If a procore_service_account_secret_reset in this configuration did it, all is well: its client_secret is the live one, "+
			"refer to that. If something else did, nobody can read the new secret again: add a procore_service_account_secret_reset, or "+
			"change the triggers of the one there is, to get a secret that Terraform knows.",
			accountLabel(account), account.SecretCreatedAt, account.SecretVersion, account.SecretFingerprint))
}

// warnStaleResetSecret tells that somebody reset the secret after the reset resource did.
func warnStaleResetSecret(diags *diag.Diagnostics, account client.ServiceAccount) {
	diags.AddAttributeWarning(path.Root("client_secret"), "The secret that Terraform knew is not the live one any more",
		fmt.Sprintf("The client secret of %s was reset at %s, outside this resource; it is now version %d with the fingerprint %s. The secret that "+
			"Terraform knew no longer counts, so client_secret is null. Nothing is reset because of this.\n\n"+
			"Nobody can read the new secret again. To get one that Terraform knows, change a value in triggers: that resets the "+
			"secret once more, and the one set elsewhere stops working.",
			accountLabel(account), account.SecretCreatedAt, account.SecretVersion, account.SecretFingerprint))
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

// warnStatus tells that an account gets no tokens, and why.
func warnStatus(diags *diag.Diagnostics, account client.ServiceAccount) {
	if account.Status == "active" {
		return
	}
	reasons := make([]string, len(account.StatusReasons))
	for i, reason := range account.StatusReasons {
		reasons[i] = reason
		if help := statusHelp[reason]; help != "" {
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

// plannedReset is what is known about a reset when it is planned.
type plannedReset struct {
	certain     bool
	account     string            // how to call the account
	permissions map[string]string // its company permissions; nil: not known
	keepUnknown bool              // keep_access is not known yet
	ttl         string            // previous_secret_ttl; empty: not known yet
}

// warnPlannedReset tells before it happens what a reset takes away.
func warnPlannedReset(diags *diag.Diagnostics, reset plannedReset) {
	verb, condition := "resets", ""
	if !reset.certain {
		verb = "may reset"
		condition = " Whether it happens depends on values that are only known after apply."
	}
	oldSecret := "The old secret, and the access tokens got with it, stop working at once."
	if seconds, err := parsePreviousSecretTTL(reset.ttl); reset.ttl == "" || err != nil {
		oldSecret = "The old secret stops working once previous_secret_ttl has passed."
	} else if seconds > 0 {
		oldSecret = "The old secret goes on working for " + reset.ttl + "."
	}
	unless := ""
	if reset.keepUnknown {
		unless = " unless keep_access turns out to be true"
	}
	held := ""
	switch {
	case reset.permissions == nil:
	case len(reset.permissions) == 0:
		held = " At the moment it holds no company permissions."
	default:
		held = " At the moment it holds these company permissions: " + levels(reset.permissions) + "."
	}
	diags.AddWarning(fmt.Sprintf("The plan %s the client secret of %s, and clears its access", verb, reset.account),
		fmt.Sprintf("%s%s The reset clears all permissions and all project memberships of the account%s.%s\n\n"+
			"Until they are granted again, the new secret gets tokens but no call succeeds. To leave them as they are, set keep_access = true.",
			oldSecret, condition, unless, held))
}

// levels writes permissions as "documents = readonly, schedule = standard".
func levels(permissions map[string]string) string {
	parts := make([]string, 0, len(permissions))
	for tool, level := range permissions {
		parts = append(parts, tool+"="+level)
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

func capitalized(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
