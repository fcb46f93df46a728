package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// accountData is a service account as data sources show it: everything but the secret, which nobody
// can read.
type accountData struct {
	ID                 types.String `tfsdk:"id"`
	CompanyID          types.String `tfsdk:"company_id"`
	Name               types.String `tfsdk:"name"`
	AppType            types.String `tfsdk:"app_type"`
	MarketplaceApp     types.String `tfsdk:"marketplace_app"`
	Description        types.String `tfsdk:"description"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection"`
	AddToNewProjects   types.Bool   `tfsdk:"add_to_new_projects"`
	ClientID           types.String `tfsdk:"client_id"`
	SecretVersion      types.Int64  `tfsdk:"secret_version"`
	SecretFingerprint  types.String `tfsdk:"secret_fingerprint"`
	Status             types.String `tfsdk:"status"`
	StatusReasons      types.List   `tfsdk:"status_reasons"`
	ContactEmail       types.String `tfsdk:"contact_email"`
	CreatedAt          types.String `tfsdk:"created_at"`
	UpdatedAt          types.String `tfsdk:"updated_at"`
}

func newAccountData(account client.ServiceAccount) accountData {
	return accountData{
		ID:                 types.StringValue(account.ID),
		CompanyID:          types.StringValue(account.CompanyID),
		Name:               types.StringValue(account.Name),
		AppType:            types.StringValue(account.AppType),
		MarketplaceApp:     types.StringPointerValue(account.MarketplaceApp),
		Description:        types.StringValue(account.Description),
		DeletionProtection: types.BoolValue(account.DeletionProtection),
		AddToNewProjects:   types.BoolValue(account.AddToNewProjects),
		ClientID:           types.StringValue(account.ClientID),
		SecretVersion:      types.Int64Value(account.SecretVersion),
		SecretFingerprint:  types.StringValue(account.SecretFingerprint),
		Status:             types.StringValue(account.Status),
		StatusReasons:      stringList(account.StatusReasons),
		ContactEmail:       contactEmail(account),
		CreatedAt:          types.StringValue(account.CreatedAt),
		UpdatedAt:          types.StringValue(account.UpdatedAt),
	}
}

// accountDataAttributes describes accountData. A data source that looks accounts up replaces those
// that it takes as arguments.
func accountDataAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	return map[string]schema.Attribute{
		"id":              text("ID of the service account in its company."),
		"company_id":      text("ID of the company of the service account."),
		"name":            text("Name of the service account."),
		"app_type":        text("`custom`, or `marketplace` for an app of the Procore Marketplace."),
		"marketplace_app": text("The app of the Procore Marketplace that uses the account; null for a custom one."),
		"description":     text("What the account is for."),
		"deletion_protection": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the server refuses to delete the account.",
		},
		"add_to_new_projects": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether the account becomes a member of every new project.",
		},
		"client_id": text("Client ID: the public half of the account's credentials, 64 hexadecimal characters."),
		"secret_version": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "How many secrets the account has had: 1 when it is made, one more with every reset.",
		},
		"secret_fingerprint": text("12 hexadecimal characters that name the live secret without helping to guess it: the beginning of the SHA-256 of " +
			"the secret's own SHA-256."),
		"status": text("`active`; or `nonfunctional` or `expired`, and then the account gets no access tokens."),
		"status_reasons": schema.ListAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "Why the account does not work: `contact_email_changed`, `contact_in_other_directory`, `sunset`. Empty when it is active.",
		},
		"contact_email": text("E-mail address of the account's contact in the company's Directory."),
		"created_at":    text("When the account was made, in UTC, such as `2026-01-02T15:04:05Z`."),
		"updated_at":    text("When the account was last changed, in UTC."),
	}
}

// companyIDArgument is company_id on every data source.
func companyIDArgument() schema.StringAttribute {
	return schema.StringAttribute{
		Optional: true, Computed: true, Validators: []validator.String{isID()},
		MarkdownDescription: "ID of the company to look in. Defaults to the provider's `company_id`.",
	}
}
