package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ datasource.DataSource              = (*serviceAccountsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*serviceAccountsDataSource)(nil)
)

func newServiceAccountsDataSource() datasource.DataSource { return &serviceAccountsDataSource{} }

type serviceAccountsDataSource struct{ dataSourceBase }

// serviceAccountsModel is procore_service_accounts: the API's filters, and what they let through.
type serviceAccountsModel struct {
	CompanyID       types.String  `tfsdk:"company_id"`
	Name            types.String  `tfsdk:"name"`
	AppType         types.String  `tfsdk:"app_type"`
	Status          types.String  `tfsdk:"status"`
	Search          types.String  `tfsdk:"search"`
	ServiceAccounts []accountData `tfsdk:"service_accounts"`
}

func (d *serviceAccountsDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_service_accounts"
}

func (d *serviceAccountsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	filter := func(description string, check validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: []validator.String{check}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The service accounts of a company, all of them or those that every given filter lets through, sorted by name. Never " +
			"with their secrets. None is an empty list, not an error.",
		Attributes: map[string]schema.Attribute{
			"company_id": companyIDArgument(),
			"name":       filter("Only the account of this name; upper and lower case count as the same.", isName()),
			"app_type": filter("Only accounts of this type: `custom` or `marketplace`.",
				stringvalidator.OneOf(appTypeCustom, appTypeMarketplace)),
			"status": filter("Only accounts in this status: `active`, `nonfunctional` or `expired`.",
				stringvalidator.OneOf("active", "nonfunctional", "expired")),
			"search": filter("Only accounts with this text in their name, description or client ID; upper and lower case count as the same.",
				stringvalidator.LengthAtLeast(1)),
			"service_accounts": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The accounts, sorted by name.",
				NestedObject:        schema.NestedAttributeObject{Attributes: accountDataAttributes()},
			},
		},
	}
}

func (d *serviceAccountsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model serviceAccountsModel
	api, companyID, ok := d.begin(ctx, req, resp, &model, "company_id")
	if !ok {
		return
	}
	accounts, err := api.ListServiceAccounts(ctx, companyID, client.ServiceAccountFilter{
		Name:    model.Name.ValueString(),
		AppType: model.AppType.ValueString(),
		Status:  model.Status.ValueString(),
		Search:  model.Search.ValueString(),
	})
	if err != nil {
		d.report(&resp.Diagnostics, operation{
			verb: "list", noun: "service accounts", companyID: companyID,
			attributes: listFilters,
		}, err)
		return
	}
	model.CompanyID = types.StringValue(companyID)
	model.ServiceAccounts = make([]accountData, len(accounts))
	for i, account := range accounts {
		d.session.access.saw(account)
		model.ServiceAccounts[i] = newAccountData(account)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// listFilters maps the API's filters to the arguments.
var listFilters = map[string]string{
	"filters[name]": "name", "filters[app_type]": "app_type", "filters[status]": "status", "filters[search]": "search",
}
