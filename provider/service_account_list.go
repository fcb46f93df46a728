package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ list.ListResource              = (*serviceAccountList)(nil)
	_ list.ListResourceWithConfigure = (*serviceAccountList)(nil)
)

func newServiceAccountList() list.ListResource { return &serviceAccountList{} }

type serviceAccountList struct{ listBase }

// serviceAccountListModel is the configuration of a list of accounts: the API's filters.
type serviceAccountListModel struct {
	CompanyID types.String `tfsdk:"company_id"`
	IDs       types.List   `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	ClientID  types.String `tfsdk:"client_id"`
	AppType   types.String `tfsdk:"app_type"`
	Status    types.String `tfsdk:"status"`
	Search    types.String `tfsdk:"search"`
}

func (m serviceAccountListModel) filter() client.ServiceAccountFilter {
	return client.ServiceAccountFilter{
		IDs: texts(m.IDs), Name: m.Name.ValueString(), ClientID: m.ClientID.ValueString(),
		AppType: m.AppType.ValueString(), Status: m.Status.ValueString(), Search: m.Search.ValueString(),
	}
}

// serviceAccountListFilters maps the API's filters to the arguments.
var serviceAccountListFilters = map[string]string{
	"filters[id][]": "id", "filters[name]": "name", "filters[client_id]": "client_id", "filters[app_type]": "app_type",
	"filters[status]": "status", "filters[search]": "search",
}

func (l *serviceAccountList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "procore_service_account"
}

func (l *serviceAccountList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The service accounts of a company, all of them or those that every given filter lets through, sorted by name. The account that " +
			"Terraform itself works as is among them. Never with their secrets: `client_secret` is null, as after an import." + listUse,
		Attributes: map[string]schema.Attribute{
			"company_id": companyIDFilter(),
			"id":         idsFilter("accounts"),
			"name":       textFilter("Only the account of this name; upper and lower case count as the same.", isName()),
			"client_id":  textFilter("Only the account with this client ID.", stringvalidator.LengthAtLeast(1)),
			"app_type": textFilter("Only accounts of this type: `custom` or `marketplace`.",
				stringvalidator.OneOf(appTypeCustom, appTypeMarketplace)),
			"status": textFilter("Only accounts in this status: `active`, `nonfunctional` or `expired`.",
				stringvalidator.OneOf("active", "nonfunctional", "expired")),
			"search": textFilter("Only accounts with this text in their name, description or client ID; upper and lower case count as the same.",
				stringvalidator.LengthAtLeast(1)),
		},
	}
}

func (l *serviceAccountList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config serviceAccountListModel
	wanted, ok := l.begin(ctx, req, stream, &config)
	if !ok {
		return
	}
	wanted.tried = operation{verb: "list", noun: "service accounts", companyID: wanted.companyID, attributes: serviceAccountListFilters}
	stream.Results = l.results(ctx, wanted, func(yield func(listed, error) bool) {
		for account, err := range wanted.api.ServiceAccounts(ctx, wanted.companyID, config.filter(), wanted.most()) {
			if !yield(listedAccount(account), err) {
				return
			}
		}
	})
}

func listedAccount(account client.ServiceAccount) listed {
	var model serviceAccountModel
	model.fill(account)
	return listed{named(account.Name, account.ID), objectIdentity{model.CompanyID, model.ID}, model}
}
