package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const (
	appTypeCustom      = "custom"
	appTypeMarketplace = "marketplace"
	maxDescription     = 10000
)

// computedText is a string that the server sets and an update leaves alone. It stays known in every
// plan, so that an unrelated change doesn't ripple through what refers to it.
func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: description,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func serviceAccountSchema() schema.Schema {
	secret := computedText("Client secret: what an integration proves with that it is this account. The server shows it once, when the account is made, " +
		"and keeps only a digest; the state is then the only place that has it, so protect the state. Null for an imported account, " +
		"with `client_secret_wo`, and once the secret was reset elsewhere: get a known one with `procore_service_account_secret_reset`.")
	secret.Sensitive = true

	return schema.Schema{
		Version: 0,
		MarkdownDescription: "A service account of a company: a `client_id` and a `client_secret` with which an integration gets access tokens " +
			"without a user (OAuth 2.0 client credentials). In Procore it is found under *Company Settings → Service Accounts*.\n\n" +
			"A new account has no permissions: `procore_service_account_permissions` and `procore_project_membership` grant them. To give an " +
			"existing account a new secret, use `procore_service_account_secret_reset`; this resource never replaces or resets one.\n\n" +
			changedElsewhere + " A secret that was reset, a status or a contact that changed is no such change: there the plan wins.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:   true,
				Validators: []validator.String{isName()},
				MarkdownDescription: "Name, 1 to 255 characters without spaces at the ends, unique in the company whatever the case. Changed in " +
					"place. *Name* in Procore's form.",
			},
			"app_type": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:    stringdefault.StaticString(appTypeCustom),
				Validators: []validator.String{stringvalidator.OneOf(appTypeCustom, appTypeMarketplace)},
				MarkdownDescription: "`custom` for an integration of your own (the default), or `marketplace` for an app of the Procore Marketplace. Changed in " +
					"place. *App Type* in Procore's form.",
			},
			"marketplace_app": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{isName()},
				MarkdownDescription: "The app of the Procore Marketplace that uses the account. Required when `app_type` is `marketplace`, and refused " +
					"when it is `custom`. Changed in place.",
			},
			"description": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:             stringdefault.StaticString(""),
				Validators:          []validator.String{stringvalidator.UTF8LengthAtMost(maxDescription), isPlainText()},
				MarkdownDescription: "What the account is for, at most 10,000 characters. Defaults to `\"\"`. Changed in place.",
			},
			"deletion_protection": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether the server refuses to delete the account, whoever asks. To destroy a protected one, set this to `false`, " +
					"apply, then destroy. Defaults to `false`. Changed in place.",
			},
			"add_to_new_projects": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether the account becomes a member of every project that is made from now on. Projects that exist are not " +
					"touched. Defaults to `false`. Changed in place.",
			},
			"company_id": companyIDAttribute("service account"),
			"client_secret_wo": schema.StringAttribute{
				Optional: true, Sensitive: true, WriteOnly: true,
				Validators: []validator.String{isClientSecret()},
				MarkdownDescription: "Client secret of your own for the new account, instead of one that the server makes. Write-only: it is in neither plan nor " +
					"state, and `client_secret` stays null. It counts when the account is created and never after. It must be well-formed, as " +
					"the ephemeral resource `procore_client_secret` and `terraform-provider-procore generate-secret` make them. Needs Terraform 1.11 or OpenTofu 1.11.",
			},
			"client_secret_wo_version": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.AlsoRequires(path.MatchRoot("client_secret_wo"))},
				MarkdownDescription: "Version of `client_secret_wo`, a number of your own. It takes effect only when the account is created; a later change " +
					"is refused: reset the secret with `procore_service_account_secret_reset`, which takes `client_secret_wo`, too.",
			},
			"id": computedText("ID of the service account in its company. Import takes it."),
			"client_id": computedText("Client ID: the public half of the credentials, 64 hexadecimal characters. It never changes, not even when the secret " +
				"is reset."),
			"client_secret": secret,
			"secret_version": schema.Int64Attribute{
				Computed:            true,
				PlanModifiers:       []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
				MarkdownDescription: "How many secrets the account has had: 1 when it is made, one more with every reset, whoever does it.",
			},
			"secret_fingerprint": computedText("12 hexadecimal characters that name the live secret without helping to guess it: the beginning of the SHA-256 " +
				"of the secret's own SHA-256. Compare it to find out which secret an integration holds."),
			"status": computedText("`active`; or `nonfunctional` or `expired`, and then the account gets no access tokens, for the reasons " +
				"in `status_reasons`. A refresh warns about it."),
			"status_reasons": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				PlanModifiers: []planmodifier.List{listplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "Why the account does not work: `contact_email_changed`, `contact_in_other_directory` (its directory contact must be left " +
					"as it was made), `sunset` (traditional accounts have ended). Empty when it is active.",
			},
			"contact_email": computedText("Generated, unreachable e-mail address of the account's contact in the company's *Directory*. Changing it there makes " +
				"the account stop working."),
			"created_at": computedText("When the account was made, in UTC, such as `2026-01-02T15:04:05Z`."),
			"updated_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When the account was last changed, in UTC.",
			},
		},
	}
}
