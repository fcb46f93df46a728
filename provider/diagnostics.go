package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// operation is what was tried, in the words of the diagnostic that tells of its failure.
type operation struct {
	verb         string // "create", "read", …
	noun         string // "service account"
	object       string // the name in quotes, or the ID; empty for a list
	resourceType string // of resources that can be imported: "procore_service_account"
	companyID    string
	// attributes maps the fields that the API names in details[].source to attributes of the schema.
	attributes map[string]string
	// lost is the next step when the answer to what makes an account, a secret or a project stays lost after every retry.
	lost string
	// presented is set when the credentials that were tried stand in the configuration of what failed, rather than the provider's.
	presented bool
}

func (o operation) summary() string {
	return strings.TrimSpace(fmt.Sprintf("Unable to %s %s %s", o.verb, o.noun, o.object))
}

// attribute finds the place in the configuration that a field of the API stands for. "company.documents" is an element
// of the map company.
func (o operation) attribute(source string) (at path.Path, known bool) {
	if attribute, found := o.attributes[source]; found {
		return path.Root(attribute), true
	}
	field, key, nested := strings.Cut(source, ".")
	if attribute, found := o.attributes[field]; nested && found {
		return path.Root(attribute).AtMapKey(key), true
	}
	return path.Empty(), false
}

// quoted is a name as summaries show it.
func quoted(name string) string { return strconv.Quote(name) }

// withoutSecrets is a text of unknown origin, such as one that somebody pasted into the wrong place.
func withoutSecrets(text string) string {
	return client.SecretPattern.ReplaceAllString(text, "(secret removed)")
}

// report turns a failure of the client into diagnostics; it is the only place that does. Each says
// what was tried, what the server said, and what to do next. A detail of the API that names a field
// goes to the attribute of that field.
func (c *connection) report(diags *diag.Diagnostics, tried operation, err error) {
	if errors.Is(err, errRefused) {
		return // told already
	}
	// A value that was unknown when it could have been checked is anything at all.
	tried.object, tried.companyID = withoutSecrets(tried.object), withoutSecrets(tried.companyID)
	var failure *client.Error
	if !errors.As(err, &failure) {
		said := err.Error()
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			said = interruption(err)
		}
		diags.AddError(tried.summary(), sentence(said))
		return
	}
	if failure.Origin == client.OriginCaller {
		diags.AddError(tried.summary(), paragraphs(interruption(err), tried.doubt(failure)))
		return
	}
	advice, note := c.advice(tried, failure), requestNote(failure)
	var general []string
	for _, detail := range failure.Details {
		text := said(failure, detail)
		if attribute, known := tried.attribute(detail.Source); known {
			diags.AddAttributeError(attribute, tried.summary(), paragraphs(failure.Message, text, advice, note))
		} else {
			general = append(general, text)
		}
	}
	if len(failure.Details) == 0 || len(general) > 0 {
		diags.AddError(tried.summary(), paragraphs(statusWords(failure), strings.Join(general, " "), advice, note))
	}
}

// said is what a detail adds to the message, which often has it all.
func said(failure *client.Error, detail client.Detail) string {
	if strings.Contains(failure.Message, strings.TrimSuffix(detail.Message, ".")) {
		return ""
	}
	if detail.Source == "" {
		return sentence(detail.Message)
	}
	return sentence(detail.Source + ": " + detail.Message)
}

// statusWords is the status and the message: "409 CONFLICT: …". A proxy gives no code, and the network no status.
func statusWords(failure *client.Error) string {
	switch {
	case failure.Status == 0:
		return failure.Message
	case failure.Code == "":
		return fmt.Sprintf("%d: %s", failure.Status, failure.Message)
	default:
		return fmt.Sprintf("%d %s: %s", failure.Status, failure.Code, failure.Message)
	}
}

// advice is the next step for a person. Where it depends on the reason that the API gives, that comes
// first; after it the status decides.
func (c *connection) advice(tried operation, failure *client.Error) string {
	if failure.Detail("name_taken") != nil {
		return nameTakenAdvice(tried, failure.Detail("name_taken"))
	}
	if failure.Detail("deletion_protected") != nil {
		return "To destroy it, set deletion_protection = false, run terraform apply, and then destroy."
	}
	if failure.Detail("last_admin") != nil {
		return lastAdminAdvice(tried)
	}
	if client.IsOtherCompany(failure) {
		return "The credentials of the provider belong to another company than " + tried.companyID + ". Check client_id (PROCORE_CLIENT_ID) and " +
			"company_id (PROCORE_COMPANY_ID): they must be of the same company. Whether the object is still there isn't known."
	}
	switch failure.Origin {
	case client.OriginNetwork:
		return c.unreachableAdvice(tried, failure)
	case client.OriginToken:
		if tried.presented {
			return presentedAdvice(tried, failure)
		}
		if client.IsWrongCredentials(failure) {
			return "The server refused the credentials of the provider itself. Check client_id and client_secret in the provider block, or " +
				"PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET. Was that account's secret reset, the account deleted, or is it nonfunctional or expired?"
		}
		return "No access token could be had from " + c.endpoint() + ". Check that base_url (PROCORE_BASE_URL) is the management API's."
	case client.OriginOther:
		return "Check that base_url (PROCORE_BASE_URL) is the management API's, and what stands between Terraform and it. " +
			"It was asked at " + c.endpoint() + ".\n\n" + tried.doubt(failure)
	case client.OriginAPI:
		return statusAdvice(tried, failure)
	case client.OriginCaller: // report has no use for advice then
		return ""
	default:
		return ""
	}
}

// presentedAdvice is about an answer of the OAuth endpoints to credentials of the configuration's own.
func presentedAdvice(tried operation, failure *client.Error) string {
	if failure.Code == "unauthorized_client" {
		return "The credentials are right, but their account gets no tokens at the moment. Its status and status_reasons say why, and how to mend it."
	}
	if client.IsWrongCredentials(failure) {
		return "Check client_id and client_secret here; they are of another account than the provider's own. Was the secret reset since? Then refer to the " +
			"client_secret of the procore_service_account_secret_reset, or to where the live one is kept."
	}
	if failure.Status == http.StatusTooManyRequests {
		return statusAdvice(tried, failure)
	}
	return "Check that base_url (PROCORE_BASE_URL) is the management API's, and try again."
}

func statusAdvice(tried operation, failure *client.Error) string {
	switch status := failure.Status; {
	case status == http.StatusUnauthorized:
		return "The access token was refused, and so was a fresh one. Check that the provider's service account is active and belongs to company " +
			tried.companyID + "."
	case status == http.StatusForbidden:
		return "The provider's service account may not do this. Service accounts need admin on the company's Admin tool; permissions, " +
			"projects and the directory need admin on its Directory tool."
	case status == http.StatusNotFound:
		return "Check the ID and company_id (" + tried.companyID + "). What the provider's service account can't see is not found either."
	case status == http.StatusPreconditionFailed:
		return "It keeps changing while Terraform works on it. See who else does, then run terraform apply again."
	case status == http.StatusTooManyRequests:
		return "The server limits how fast it is called. Try again later, or lower terraform's -parallelism, or raise max_retries " +
			"in the provider block."
	case status >= http.StatusInternalServerError:
		return "The server has a fault of its own; its log tells more. Try again.\n\n" + tried.doubt(failure)
	default:
		return ""
	}
}

func (c *connection) endpoint() string {
	if c.session == nil {
		return "the configured address"
	}
	return c.session.endpoint
}

func (c *connection) unreachableAdvice(tried operation, failure *client.Error) string {
	if c.session != nil && c.session.embedded {
		return "The management API inside the provider failed on " + c.endpoint() + ". Check the file and company_id (" + tried.companyID + ")."
	}
	return "The management API at " + c.endpoint() + " could not be reached, or did not answer in time. Check that it runs, base_url " +
		"(PROCORE_BASE_URL), the network, and, for a private certificate authority, ca_certificate_file.\n\n" + tried.doubt(failure)
}

// doubt is what to add when an answer was lost, and every retry, which would have brought it back, failed as well.
func (o operation) doubt(failure *client.Error) string {
	if !failure.MaybeDone || o.lost == "" {
		return ""
	}
	return "The server may have done it all the same, before its answer was lost. " + o.lost
}

// What to do about each answer that stays lost.
const (
	lostAccount = "Once the server can be reached, run terraform apply again. If that says that the name is taken, the account was made: import it as " +
		"that error tells, and get a secret that Terraform knows with a procore_service_account_secret_reset."
	lostProject = "Once the server can be reached, see whether the project is there, and import it if so: names of projects need not be unique, so that " +
		"another apply would make a second one."
	lostSecret = "Then the old secret has ended and nobody knows the new one. Once the server can be reached, run terraform apply again, which resets once " +
		"more and gives a secret that Terraform knows."
)

func lastAdminAdvice(tried operation) string {
	advice := "This would leave the company with no working service account that holds admin on the Admin tool, and nobody could manage it. " +
		"Make another one that does, then try again."
	if tried.attributes["keep_access"] != "" {
		advice += " Or set keep_access = true, which leaves the account its permissions."
	}
	return advice
}

func nameTakenAdvice(tried operation, detail *client.Detail) string {
	if detail.ExistingID == "" || tried.resourceType == "" {
		return "Choose another name, or import the object that has it."
	}
	id := tried.companyID + "/" + detail.ExistingID
	return fmt.Sprintf("The name belongs to %s %s. Choose another, or let Terraform manage that one: put the name of this resource for <name> and run\n\n"+
		"  terraform import %s.<name> %s\n\nor write\n\n  import {\n    to = %s.<name>\n    id = %q\n  }",
		tried.noun, detail.ExistingID, tried.resourceType, id, tried.resourceType, id)
}

// interruption says that the person, or Terraform, ended the operation.
func interruption(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "The operation ran out of time before the server answered."
	}
	return "The operation was cancelled before the server answered."
}

func requestNote(failure *client.Error) string {
	if failure.RequestID == "" {
		return ""
	}
	return "Request ID, for the server's log: " + failure.RequestID
}

// sentence ends text with a full stop, unless it ends otherwise or in a line of code.
func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?}") {
		return text
	}
	return text + "."
}

// paragraphs joins what there is.
func paragraphs(parts ...string) string {
	var kept []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			kept = append(kept, sentence(part))
		}
	}
	return strings.Join(kept, "\n\n")
}
