package provider

import (
	"context"
	"iter"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ list.ListResource              = (*membershipList)(nil)
	_ list.ListResourceWithConfigure = (*membershipList)(nil)
)

func newMembershipList() list.ListResource { return &membershipList{} }

type membershipList struct{ listBase }

// membershipListModel is the configuration of a list of memberships.
type membershipListModel struct {
	CompanyID        types.String `tfsdk:"company_id"`
	ServiceAccountID types.String `tfsdk:"service_account_id"`
	ProjectID        types.String `tfsdk:"project_id"`
}

func (l *membershipList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_project_membership"
}

func (l *membershipList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The places of service accounts in the projects of a company, sorted by the accounts' names." + listUse,
		Attributes: map[string]schema.Attribute{
			"company_id":         companyIDFilter(),
			"service_account_id": accountAccessFilter("memberships"),
			"project_id":         textFilter("ID of a project: only memberships of it. It must exist.", isID()),
		},
	}
}

func (l *membershipList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config membershipListModel
	wanted, ok := l.begin(ctx, req, stream, &config)
	if !ok {
		return
	}
	wanted.tried = triedAccess("list the project memberships of", config.ServiceAccountID, wanted.companyID)
	stream.Results = l.results(ctx, wanted, wanted.memberships(ctx, config))
}

// accountMembership is a membership with its account.
type accountMembership struct {
	account    client.ServiceAccount
	membership client.ProjectAssignment
}

// memberships finds what the configuration asks for, and the names for it.
func (l listing) memberships(ctx context.Context, config membershipListModel) iter.Seq2[listed, error] {
	projectID := config.ProjectID.ValueString()
	// One request for a thousand names, and none for a list of nothing.
	projects := sync.OnceValues(func() (map[string]string, error) { return l.projectNames(ctx, projectID) })
	return func(yield func(listed, error) bool) {
		if projectID != "" {
			if _, err := projects(); err != nil { // there is no such project
				yield(listed{}, err)
				return
			}
		}
		for found, err := range l.found(ctx, config.ServiceAccountID, projectID) {
			var names map[string]string
			if err == nil {
				names, err = projects()
			}
			if !yield(listedMembership(l.companyID, found, names), err) || err != nil {
				return
			}
		}
	}
}

// found finds the memberships of one account as its pages arrive, or those of all accounts, of several at a time.
func (l listing) found(ctx context.Context, accountID types.String, projectID string) iter.Seq2[accountMembership, error] {
	if accountID.IsNull() {
		work := func(ctx context.Context, accounts []client.ServiceAccount) ([]accountMembership, error) {
			return l.membershipsOfAll(ctx, accounts, projectID)
		}
		return flat(inOrder(ctx, accessAtOnce, together(accountsTogether, l.accounts(accountID)), work))
	}
	return func(yield func(accountMembership, error) bool) {
		for account, err := range l.accounts(accountID)(ctx) {
			if err != nil {
				yield(accountMembership{}, err)
				return
			}
			l.membershipsOf(ctx, account, projectID)(yield)
		}
	}
}

// membershipsOfAll are the memberships of some accounts, in the order of the accounts, or those of them in one project.
func (l listing) membershipsOfAll(ctx context.Context, accounts []client.ServiceAccount, projectID string) ([]accountMembership, error) {
	held, err := l.api.AssignmentsOf(ctx, l.companyID, idsOf(accounts))
	if err != nil {
		return nil, err
	}
	var memberships []accountMembership
	for _, account := range accounts {
		for _, membership := range held[account.ID] {
			if projectID == "" || membership.ProjectID == projectID {
				memberships = append(memberships, accountMembership{account, membership})
			}
		}
	}
	return memberships, nil
}

func idsOf(accounts []client.ServiceAccount) []string {
	ids := make([]string, len(accounts))
	for i, account := range accounts {
		ids[i] = account.ID
	}
	return ids
}

// membershipsOf are the memberships of an account, or its membership of one project. An account that was deleted since it was found has
// none.
func (l listing) membershipsOf(ctx context.Context, account client.ServiceAccount, projectID string) iter.Seq2[accountMembership, error] {
	return func(yield func(accountMembership, error) bool) {
		if projectID != "" {
			membership, err := l.api.GetProjectAssignment(ctx, l.companyID, account.ID, projectID)
			if !client.IsNotFound(err) {
				yield(accountMembership{account, *membership}, err)
			}
			return
		}
		for membership, err := range l.api.ProjectAssignments(ctx, l.companyID, account.ID, l.most()) {
			if client.IsNotFound(err) || !yield(accountMembership{account, membership}, err) {
				return
			}
		}
	}
}

// projectNames are the names of all projects, or of the one of that ID, by their IDs.
func (l listing) projectNames(ctx context.Context, projectID string) (map[string]string, error) {
	names := map[string]string{}
	if projectID != "" {
		project, err := l.api.GetProject(ctx, l.companyID, projectID)
		names[projectID] = project.Name
		return names, err
	}
	for project, err := range l.api.Projects(ctx, l.companyID, client.ProjectFilter{}, 0) {
		if err != nil {
			return nil, err
		}
		names[project.ID] = project.Name
	}
	return names, nil
}

func listedMembership(companyID string, found accountMembership, projects map[string]string) listed {
	var model membershipModel
	model.fill(companyID, found.membership)
	project := "project " + found.membership.ProjectID // made since the names were read
	if name, known := projects[found.membership.ProjectID]; known {
		project = named(name, found.membership.ProjectID)
	}
	return listed{
		named(found.account.Name, found.account.ID) + " in " + project,
		membershipIdentity{model.CompanyID, model.ServiceAccountID, model.ProjectID},
		model,
	}
}
