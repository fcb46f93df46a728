package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ datasource.DataSource                     = (*serviceAccountDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*serviceAccountDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*serviceAccountDataSource)(nil)
)

func newServiceAccountDataSource() datasource.DataSource { return &serviceAccountDataSource{} }

type serviceAccountDataSource struct{ dataSourceBase }

func (d *serviceAccountDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_service_account"
}

func (d *serviceAccountDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := accountDataAttributes()
	attributes["company_id"] = companyIDArgument()
	attributes["id"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{isID()},
		MarkdownDescription: "ID of the service account. Give one of `id`, `client_id` and `name`.",
	}
	attributes["client_id"] = schema.StringAttribute{
		Optional: true, Computed: true,
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
		MarkdownDescription: "Client ID of the service account, 64 hexadecimal characters. Give one of `id`, `client_id` and `name`.",
	}
	attributes["name"] = schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{isName()},
		MarkdownDescription: "Name of the service account; upper and lower case count as the same. Give one of `id`, `client_id` and `name`.",
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "One service account of a company, found by its ID, its client ID or its name: everything but the secret, which the server " +
			"can't show again.",
		Attributes: attributes,
	}
}

func (d *serviceAccountDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(
		path.MatchRoot("id"), path.MatchRoot("client_id"), path.MatchRoot("name"))}
}

func (d *serviceAccountDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config accountData
	api, companyID, ok := d.begin(ctx, req, resp, &config, "company_id")
	if !ok {
		return
	}
	account := d.find(ctx, api, companyID, config, &resp.Diagnostics)
	if account == nil {
		return
	}
	d.session.access.saw(*account)
	warnStatus(&resp.Diagnostics, *account, "")
	warnSunset(&resp.Diagnostics, *account)
	resp.Diagnostics.Append(resp.State.Set(ctx, newAccountData(*account))...)
}

// find returns the one account that config names, or adds an error and returns nil.
func (d *serviceAccountDataSource) find(ctx context.Context, api *client.Client, companyID string, config accountData, diags *diag.Diagnostics) *client.ServiceAccount {
	tried := operation{verb: "find", noun: "service account", companyID: companyID}
	if id := config.ID.ValueString(); id != "" {
		tried.object = id
		account, err := api.GetServiceAccount(ctx, companyID, id)
		if err != nil {
			d.report(diags, tried, err)
			return nil
		}
		return account
	}
	attribute, filter := "client_id", client.ServiceAccountFilter{ClientID: config.ClientID.ValueString()}
	tried.object = quoted(filter.ClientID)
	if !config.Name.IsNull() {
		attribute, filter = "name", client.ServiceAccountFilter{Name: config.Name.ValueString()}
		tried.object = quoted(filter.Name)
	}
	accounts, err := api.ListServiceAccounts(ctx, companyID, filter)
	if err != nil {
		d.report(diags, tried, err)
		return nil
	}
	if len(accounts) != 1 {
		diags.AddAttributeError(path.Root(attribute), tried.summary(), fmt.Sprintf("Company %s has %d service accounts with this %s. "+
			"Check it and company_id.", companyID, len(accounts), attribute))
		return nil
	}
	return &accounts[0]
}
