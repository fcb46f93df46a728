package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// secretResetSchema keeps every output known until ModifyPlan finds that the plan resets.
func secretResetSchema() schema.Schema {
	secret := computedText("The live client secret, as of the last reset of this resource. Null after an import, with `client_secret_wo`, and once " +
		"the secret was reset elsewhere. It is in the state, so protect the state.")
	secret.Sensitive = true

	return schema.Schema{
		// 0 had no max_age and no warn_before. A provider that doesn't know them must not read a state that has them: it would drop
		// them without a word, and go on as if the secret had no age.
		Version: 1,
		MarkdownDescription: "Resets the client secret of a service account: *Reset Secret* in *Company Settings → Service Accounts*. It happens when the resource " +
			"is created, and again, in place, whenever `triggers` change or the secret is older than `max_age`. The `client_id` stays.\n\n" +
			"A reset ends the old secret and its access tokens at once, and **clears all permissions and project memberships** of the account; the plan " +
			"warns of it, by name. To have them granted again in the same apply, let `secret_version` of the account's `procore_service_account_permissions` " +
			"and `procore_project_membership` refer to that of this resource. See `keep_access` and `previous_secret_ttl` for the gentler ways.\n\n" +
			"Importing this resource adopts the secret that the account has: nothing is reset until `triggers` change after that, or `max_age` is reached. " +
			"Destroying it changes nothing on the server. Have one of it for an account, not more.\n\n" +
			"A reset is carried out once, however often the connection breaks while it is; its secret is not lost as long as one of the provider's " +
			"`max_retries` gets through. It is meant whatever else was changed since the plan, also by another reset (but not one that only `max_age` asks for: " +
			"the other reset has made the secret young); only when the ID is another account's by then, as on another server, it is refused.",
		Attributes: map[string]schema.Attribute{
			"service_account_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{isID()},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "ID of the service account. Another one replaces this resource, and so resets the secret of that other account.",
			},
			"triggers": schema.MapAttribute{
				Optional: true, ElementType: types.StringType,
				MarkdownDescription: "Any strings, such as `{ rotated = \"2026-07\" }`. The secret is reset when a value changes, or a key is added or removed. " +
					"Setting triggers for the first time and taking them away altogether (null or `{}`) reset nothing.",
			},
			"keep_access": schema.BoolAttribute{
				Optional: true, Computed: true,
				Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether a reset leaves the account's permissions and project memberships. Defaults to `false`: they are cleared, as " +
					"Procore does. Changing it resets nothing; it counts from the next reset.",
			},
			"previous_secret_ttl": schema.StringAttribute{
				Optional: true, Computed: true,
				Default:    stringdefault.StaticString(noPreviousSecret),
				Validators: []validator.String{isPreviousSecretTTL()},
				MarkdownDescription: "How long the old secret and its access tokens go on working after a reset, as a duration in whole seconds from `\"0s\"` to " +
					"`\"30d\"`: `\"90m\"`, `\"36h\"`, `\"1d12h\"` (a day, `d`, is 24 hours). Defaults to `\"0s\"`: they end at once. Changing it resets " +
					"nothing; it counts from the next reset.",
			},
			"max_age": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{isMaxAge()},
				MarkdownDescription: "How old the secret may become, as a duration in whole seconds: `\"90d\"`, `\"2160h\"`, `\"1d12h\"`. A plan that finds it that " +
					"old resets it in place, and warns why. The age counts from `reset_at`, by the server's clock, whoever reset the secret; a reset for another " +
					"reason starts it anew. Setting it, also right after an import, resets a secret that is older already. Without a plan nothing happens: " +
					"run one by the calendar.",
			},
			"warn_before": schema.StringAttribute{
				Optional:   true,
				Validators: []validator.String{isWarnBefore()},
				MarkdownDescription: "How long before `max_age` is reached plans warn of the reset to come, as a duration in whole seconds: `\"7d\"`. Needs `max_age`, and is " +
					"shorter. Without it the first warning is that of the plan that resets.",
			},
			"company_id": companyIDAttribute("service account"),
			"client_secret_wo": schema.StringAttribute{
				Optional: true, Sensitive: true, WriteOnly: true,
				Validators: []validator.String{isClientSecret()},
				MarkdownDescription: "The new client secret, instead of one that the server makes. Write-only: it is in neither plan nor state, and `client_secret` " +
					"stays null. It is sent with every reset, also with one by `triggers` or `max_age`, and must differ from the live secret: bring a new one whenever the plan resets, as the " +
					"ephemeral resource `procore_client_secret` does by itself. It must be well-formed, as that and `terraform-provider-procore generate-secret` make them. " +
					"Needs Terraform 1.11 or OpenTofu 1.11.",
			},
			"client_secret_wo_version": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.AlsoRequires(path.MatchRoot("client_secret_wo"))},
				MarkdownDescription: "Version of `client_secret_wo`, a number of your own: Terraform can't see that a write-only value changed. Going from one number " +
					"to another resets the secret to what `client_secret_wo` is then; setting it for the first time and taking it away reset nothing.",
			},
			"id":            computedText("ID of the service account. Import takes it."),
			"client_id":     computedText("Client ID of the account. A reset does not change it."),
			"client_secret": secret,
			"secret_version": schema.Int64Attribute{
				Computed:      true,
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
				MarkdownDescription: "Version of the live secret: one more with every reset, whoever does it. Refer to it in `secret_version` of " +
					"what grants the account its access, and wherever else something must be done again after each reset.",
			},
			"secret_fingerprint": computedText("12 hexadecimal characters that name the live secret without helping to guess it: the beginning of the SHA-256 of " +
				"the secret's own SHA-256."),
			"reset_at": computedText("When the live secret was made, in UTC, such as `2026-01-02T15:04:05Z`."),
			"cleared_permissions": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				PlanModifiers: []planmodifier.Map{mapplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "Company permissions that the last reset of this resource cleared: tool → level. Empty when there were none or " +
					"with `keep_access`; null after an import.",
			},
			"cleared_project_ids": schema.ListAttribute{
				Computed: true, ElementType: types.StringType,
				PlanModifiers: []planmodifier.List{listplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "IDs of the projects whose membership the last reset of this resource cleared. Empty when there were none or " +
					"with `keep_access`; null after an import.",
			},
		},
	}
}
