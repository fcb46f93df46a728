package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ datasource.DataSource                     = (*companyDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*companyDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*companyDataSource)(nil)
)

func newCompanyDataSource() datasource.DataSource { return &companyDataSource{} }

type companyDataSource struct{ dataSourceBase }

// companyModel is procore_company. Its id and company_id are the same.
type companyModel struct {
	ID        types.String `tfsdk:"id"`
	CompanyID types.String `tfsdk:"company_id"`
	Name      types.String `tfsdk:"name"`
	CreatedAt types.String `tfsdk:"created_at"`
	UpdatedAt types.String `tfsdk:"updated_at"`
}

func (d *companyDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "procore_company"
}

func (d *companyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	id := companyIDArgument()
	id.MarkdownDescription = "ID of the company. Defaults to the provider's `company_id`."
	companyID := companyIDArgument()
	companyID.MarkdownDescription = "The same as `id`, under the name that other data sources have for it. Give one of the two, or neither."
	resp.Schema = schema.Schema{
		MarkdownDescription: "A company that the provider's service account belongs to.",
		Attributes: map[string]schema.Attribute{
			"id":         id,
			"company_id": companyID,
			"name":       schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the company."},
			"created_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When the company was made, in UTC, such as `2026-01-02T15:04:05Z`.",
			},
			"updated_at": schema.StringAttribute{Computed: true, MarkdownDescription: "When the company was last changed, in UTC."},
		},
	}
}

func (d *companyDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.Conflicting(path.MatchRoot("id"), path.MatchRoot("company_id"))}
}

func (d *companyDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model companyModel
	api, id, ok := d.begin(ctx, req, resp, &model, "id", "company_id")
	if !ok {
		return
	}
	company, err := api.GetCompany(ctx, id)
	if err != nil {
		d.report(&resp.Diagnostics, operation{verb: "find", noun: "company", object: id, companyID: id}, err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, companyModel{
		ID:        types.StringValue(company.ID),
		CompanyID: types.StringValue(company.ID),
		Name:      types.StringValue(company.Name),
		CreatedAt: types.StringValue(company.CreatedAt),
		UpdatedAt: types.StringValue(company.UpdatedAt),
	})...)
}
