package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// plannedReset is what is known about a reset when it is planned.
type plannedReset struct {
	certain     bool
	account     string            // how to call the account
	id          string            // of the account; empty: not known yet
	permissions map[string]string // its company permissions; nil: not known
	memberships []heldMembership  // its project memberships; nil: not known
	strays      []string          // what this configuration grants without waiting for the reset
	keepUnknown bool              // keep_access is not known yet
	ttl         string            // previous_secret_ttl; empty: not known yet
}

// heldMembership is a project that an account is a member of.
type heldMembership struct {
	projectID   string
	projectName string // empty: not known
	levels      map[string]string
}

// namedMemberships bounds the memberships that a warning names.
const namedMemberships = 100

// warn says what the planned reset takes away, as exactly as can be found out, and notes it for the grants that are
// planned later. Not being able to find out is no reason to fail a plan.
func (r *secretResetResource) warn(ctx context.Context, diags *diag.Diagnostics, plan secretResetModel, decision resetDecision) {
	r.warnOwn(ctx, diags, plan)
	if plan.KeepAccess.ValueBool() {
		return
	}
	reset := plannedReset{
		certain:     decision == mustReset,
		account:     "a service account whose ID is known after apply",
		id:          plan.ServiceAccountID.ValueString(),
		keepUnknown: plan.KeepAccess.IsUnknown(),
		ttl:         plan.PreviousSecretTTL.ValueString(),
	}
	companyID := plan.CompanyID.ValueString()
	if reset.id != "" {
		reset.account = "service account " + withoutSecrets(reset.id)
	}
	if reset.id != "" && companyID != "" && r.session != nil {
		if r.session.api != nil {
			reset.lookUp(ctx, r.session.api, companyID)
		}
		reset.strays = r.session.access.planReset(accountKey{companyID, reset.id},
			plannedClearing{certain: reset.certain && !reset.keepUnknown, permissions: reset.permissions})
	}
	warnPlannedReset(diags, reset)
}

// warnOwn says that the reset is of the account that the provider itself signs in as, where that can be found out: it takes
// away what the rest of the apply, and the next one, work with.
func (r *secretResetResource) warnOwn(ctx context.Context, diags *diag.Diagnostics, plan secretResetModel) {
	id, companyID := plan.ServiceAccountID.ValueString(), plan.CompanyID.ValueString()
	if id == "" || companyID == "" || r.session == nil || r.session.api == nil || r.session.clientID == "" {
		return
	}
	account, err := r.session.api.RefreshServiceAccount(ctx, companyID, id)
	if err != nil || account.ClientID != r.session.clientID {
		return
	}
	diags.AddWarning(fmt.Sprintf("The plan resets the account that Terraform itself signs in as: %s", accountLabel(*account)),
		"After the reset the provider's client_secret (PROCORE_CLIENT_SECRET) is the old one, and what this apply has yet to do fails: unless "+
			"previous_secret_ttl keeps the old secret good for a while, and keep_access = true keeps the permissions. Put the new secret where the "+
			"provider gets it before the old one ends. If it is too late, 'terraform-provider-procore admin recover' on the server makes another "+
			"administrator.")
}

// lookUp adds the account's name and access; what can't be had stays out.
func (r *plannedReset) lookUp(ctx context.Context, api *client.Client, companyID string) {
	account, err := api.RefreshServiceAccount(ctx, companyID, r.id)
	if err != nil {
		return
	}
	r.account = accountLabel(*account)
	if permissions, err := api.RefreshPermissions(ctx, companyID, r.id); err == nil {
		r.permissions = permissions.Company
	}
	if assignments, err := api.ListProjectAssignments(ctx, companyID, r.id); err == nil {
		r.memberships = newMemberships(assignments, projectNames(ctx, api, companyID, assignments))
	}
}

// projectNames returns the names of the projects that a warning is going to name, by ID.
func projectNames(ctx context.Context, api *client.Client, companyID string, assignments []client.ProjectAssignment) map[string]string {
	if len(assignments) == 0 {
		return nil
	}
	filter := client.ProjectFilter{}
	for _, assignment := range assignments[:min(len(assignments), namedMemberships)] {
		filter.IDs = append(filter.IDs, assignment.ProjectID)
	}
	projects, err := api.ListProjects(ctx, companyID, filter)
	if err != nil {
		return nil
	}
	names := make(map[string]string, len(projects))
	for _, project := range projects {
		names[project.ID] = project.Name
	}
	return names
}

func newMemberships(assignments []client.ProjectAssignment, names map[string]string) []heldMembership {
	memberships := make([]heldMembership, len(assignments))
	for i, assignment := range assignments {
		memberships[i] = heldMembership{
			projectID: assignment.ProjectID, projectName: names[assignment.ProjectID], levels: assignment.Permissions,
		}
	}
	return memberships
}

// warnPlannedReset tells before it happens what a reset takes away, and how much can be known of what comes back.
func warnPlannedReset(diags *diag.Diagnostics, reset plannedReset) {
	verb, condition, unless := "resets", "", ""
	if !reset.certain {
		verb, condition = "may reset", " Whether it happens depends on values that are only known after apply."
	}
	if reset.keepUnknown {
		unless = " unless keep_access turns out to be true"
	}
	detail := []string{
		fmt.Sprintf("%s%s The reset clears all permissions and all project memberships of the account%s.%s",
			oldSecretEnds(reset.ttl), condition, unless, heldPermissions(reset)) + heldProjects(reset),
		"Until they are granted again, the new secret gets tokens but no call succeeds. The same apply grants again only what stands in a " +
			"procore_service_account_permissions or procore_project_membership of this configuration whose secret_version refers to the " +
			"secret_version of this reset. Terraform plans those after the reset, so that this warning can't tell which there are: each is in " +
			"the plan as an update or a creation, and what is named here and not there is not granted again.",
	}
	if len(reset.strays) > 0 {
		detail = append(detail, "This configuration also has "+enumeration(reset.strays)+", with a secret_version that does not refer to this reset: "+
			"this apply will not grant that again.")
	}
	detail = append(detail, "To leave everything as it is, set keep_access = true.")
	diags.AddWarning(fmt.Sprintf("The plan %s the client secret of %s, and clears its access", verb, reset.account), strings.Join(detail, "\n\n"))
}

func oldSecretEnds(ttl string) string {
	seconds, err := parsePreviousSecretTTL(ttl)
	switch {
	case ttl == "" || err != nil:
		return "The old secret stops working once previous_secret_ttl has passed."
	case seconds > 0:
		return "The old secret goes on working for " + ttl + "."
	default:
		return "The old secret, and the access tokens got with it, stop working at once."
	}
}

func heldPermissions(reset plannedReset) string {
	switch {
	case reset.id == "":
		return ""
	case reset.permissions == nil:
		return " Which company permissions it holds at the moment could not be found out."
	case len(reset.permissions) == 0:
		return " At the moment it holds no company permissions."
	default:
		return " At the moment it holds these company permissions: " + levels(reset.permissions) + "."
	}
}

func heldProjects(reset plannedReset) string {
	switch {
	case reset.id == "":
		return ""
	case reset.memberships == nil:
		return " Which projects it is a member of could not be found out."
	case len(reset.memberships) == 0:
		return " It is a member of no project."
	}
	var text strings.Builder
	text.WriteString(" It is a member of these projects:\n")
	for _, membership := range reset.memberships[:min(len(reset.memberships), namedMemberships)] {
		text.WriteString("\n  - " + membership.String())
	}
	if more := len(reset.memberships) - namedMemberships; more > 0 {
		fmt.Fprintf(&text, "\n  - and %d more", more)
	}
	return text.String()
}

// String names a membership to a person: `3 "Bridge" (daily_log=standard)`.
func (m heldMembership) String() string {
	text := m.projectID
	if m.projectName != "" {
		text += " " + quoted(m.projectName)
	}
	if len(m.levels) == 0 {
		return text + " (no tool)"
	}
	return text + " (" + levels(m.levels) + ")"
}

// enumeration joins items as a sentence does: "a, b and c".
func enumeration(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(slices.Clone(items[:last]), ", ") + " and " + items[last]
}
