package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// An ID names an object on one server. When base_url or database names another server, or the database was made anew, the
// same ID is a stranger's, and going on would change, reset or delete that. What follows tells strangers.

// stranger adds an error for an account that has the ID of the one in the state, but is another: the
// client_id of an account stays for its whole life. Going on would change, or reset, a stranger's.
func (c *connection) stranger(diags *diag.Diagnostics, known types.String, account client.ServiceAccount) bool {
	if known.IsNull() || known.ValueString() == account.ClientID {
		return false
	}
	diags.AddError(fmt.Sprintf("Service account %s is another account than the one in the state", account.ID), paragraphs(
		fmt.Sprintf("The state has the client_id %s, but at %s service account %s (%s) of company %s has the client_id %s. An account keeps its "+
			"client_id, so this is another one that happens to have the same ID: most likely base_url or database names another server "+
			"than the one that the state was made with, or its database was made anew.",
			known.ValueString(), c.endpoint(), account.ID, quoted(account.Name), account.CompanyID, account.ClientID),
		"Nothing was changed. Check base_url (PROCORE_BASE_URL) and database (PROCORE_DATABASE). If the old account is gone for good, take it "+
			"out of the state with terraform state rm, and import or create the right one."))
	return true
}

// sameAccount reports whether the account that permissions or a membership belong to is the one that they were granted
// to. If not, it adds an error. It costs a request, so it is for when something is odd already.
func (c *connection) sameAccount(ctx context.Context, diags *diag.Diagnostics, tried operation, known basis, account accountKey) bool {
	if known.ClientID == "" || c.session == nil || c.session.api == nil {
		return true // nobody knows better
	}
	found, err := c.session.api.GetServiceAccount(ctx, account.companyID, account.id)
	if err != nil {
		c.report(diags, tried, err)
		return false
	}
	return !c.stranger(diags, types.StringValue(known.ClientID), *found)
}

// seenOther reports whether this plan has seen an account of that ID which isn't the one that permissions or a
// membership were given to. If so, it adds an error.
func (c *connection) seenOther(ctx context.Context, diags *diag.Diagnostics, tried operation, known basis, account accountKey) bool {
	seen := c.session.access.clientID(account)
	return seen != "" && seen != known.ClientID && !c.sameAccount(ctx, diags, tried, known, account)
}

// maybeOther adds an error for permissions that are as they were and yet are not those that the plan was made against.
func maybeOther(diags *diag.Diagnostics, account accountKey) {
	diags.AddError(fmt.Sprintf("Service account %s may be another account than the one that the plan was made against", account.id),
		"Its permissions look the same, but the server has another version of them. Nothing was changed. Check base_url (PROCORE_BASE_URL) and "+
			"database (PROCORE_DATABASE): do they name the server that the state was made with? If so, run terraform plan again, without "+
			"-refresh=false, and apply that.")
}

// otherProject adds an error for a project that has the ID of the one in the state, but was made at another time: that
// never changes.
func (c *connection) otherProject(diags *diag.Diagnostics, known basis, project client.Project) bool {
	if known.CreatedAt == "" || known.CreatedAt == project.CreatedAt {
		return false
	}
	diags.AddError(fmt.Sprintf("Project %s is another project than the one in the state", project.ID), paragraphs(
		fmt.Sprintf("The project in the state was made at %s, but at %s project %s (%s) of company %s was made at %s. So this is another one that "+
			"happens to have the same ID: most likely base_url or database names another server than the one that the state was made with, or "+
			"its database was made anew.",
			known.CreatedAt, c.endpoint(), project.ID, quoted(project.Name), project.CompanyID, project.CreatedAt),
		"Nothing was changed. Check base_url (PROCORE_BASE_URL) and database (PROCORE_DATABASE). If the old project is gone for good, take it "+
			"out of the state with terraform state rm, and import or create the right one."))
	return true
}
