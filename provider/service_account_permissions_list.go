package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ list.ListResource              = (*permissionsList)(nil)
	_ list.ListResourceWithConfigure = (*permissionsList)(nil)
)

func newPermissionsList() list.ListResource { return &permissionsList{} }

type permissionsList struct{ listBase }

// permissionsListModel is the configuration of a list of permissions.
type permissionsListModel struct {
	CompanyID        types.String `tfsdk:"company_id"`
	ServiceAccountID types.String `tfsdk:"service_account_id"`
}

func (l *permissionsList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_service_account_permissions"
}

func (l *permissionsList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What the service accounts of a company may do with the tools of the company, sorted by the accounts' names. An account without " +
			"any permission is left out: there is nothing to manage." + listUse,
		Attributes: map[string]schema.Attribute{
			"company_id":         companyIDFilter(),
			"service_account_id": accountAccessFilter("permissions"),
		},
	}
}

func (l *permissionsList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config permissionsListModel
	wanted, ok := l.begin(ctx, req, stream, &config)
	if !ok {
		return
	}
	wanted.tried = triedAccess("list the permissions of", config.ServiceAccountID, wanted.companyID)
	held := inOrder(ctx, accessAtOnce, wanted.accounts(config.ServiceAccountID), wanted.permissions)
	stream.Results = l.results(ctx, wanted, func(yield func(listed, error) bool) {
		for found, err := range held {
			if (err != nil || len(found.model.Company.Elements()) > 0) && !yield(found.listed(), err) {
				return
			}
		}
	})
}

// accountPermissions are the permissions of an account.
type accountPermissions struct {
	account client.ServiceAccount
	model   permissionsModel
}

func (h accountPermissions) listed() listed {
	return listed{named(h.account.Name, h.account.ID), objectIdentity{h.model.CompanyID, h.model.ID}, h.model}
}

// permissions reads what an account holds: nothing, when it was deleted since it was found.
func (l listing) permissions(ctx context.Context, account client.ServiceAccount) (accountPermissions, error) {
	held := accountPermissions{account: account}
	permissions, err := l.api.RefreshPermissions(ctx, l.companyID, account.ID)
	if client.IsNotFound(err) {
		return held, nil
	}
	if err == nil {
		held.model.fill(l.companyID, account.ID, *permissions)
	}
	return held, err
}
