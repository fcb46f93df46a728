package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// changedElsewhere is what the descriptions say of lost updates.
const changedElsewhere = "When somebody else has changed an argument between plan and apply, the change or destruction is refused, with what they " +
	"changed and who they are, and nothing is overwritten; to overwrite it, plan and apply again."

// planWinsAfterReset is what follows it for access.
const planWinsAfterReset = " The plan wins when the resource is created, and when `secret_version` changes: what the account holds then is replaced, whoever " +
	"granted it."

// sameAsAbsent is what the descriptions of all maps of levels say.
const sameAsAbsent = "`none`, null and leaving a tool out say the same, and a change from one to another is none. "

func permissionsSchema() schema.Schema {
	return schema.Schema{
		Version: 0,
		MarkdownDescription: "What a service account may do with the tools of its company, all of it: a level that the account holds and that is not in " +
			"`company` is taken away. What it may do in a project is a `procore_project_membership`.\n\n" +
			"A reset of the account's secret clears its permissions. Let `secret_version` refer to the reset, and the same apply grants them again.\n\n" +
			"Destroying this resource takes all company permissions away from the account. Have one of it for an account, not more. The company's last " +
			"service account that works and holds `admin` on the Admin tool can't lose it: the server refuses.\n\n" +
			changedElsewhere + planWinsAfterReset,
		Attributes: map[string]schema.Attribute{
			"service_account_id": accountIDAttribute("Another one replaces this resource: the permissions of the account before are taken away."),
			"company": schema.MapAttribute{
				Required: true, ElementType: types.StringType,
				Validators:    []validator.Map{companyTools.hasLevels()},
				PlanModifiers: []planmodifier.Map{keepSpelling()},
				MarkdownDescription: "Company tool → level: `none`, `readonly`, `standard` or `admin`. The tool `admin` takes only `none` and `admin`; " +
					"`concierge` takes no `readonly`. `directory` at `admin` means `admin` on every company and project tool. " + sameAsAbsent +
					"The tools: " + companyTools.documentation() + ". Changed in place.",
			},
			"secret_version": secretVersionArgument("the permissions are"),
			"company_id":     companyIDAttribute("service account"),
			"id":             computedText("ID of the service account. Import takes it."),
		},
	}
}

func membershipSchema() schema.Schema {
	return schema.Schema{
		Version: 0,
		MarkdownDescription: "A service account's place in a project, with its level on each of the project's tools.\n\n" +
			"A reset of the account's secret ends its memberships. Let `secret_version` refer to the reset, and the same apply makes this one again.\n\n" +
			"Creating it for an account that is in the project already, such as one with `add_to_new_projects`, takes that membership over. Destroying it " +
			"takes the account out of the project. Have one of it for an account and a project, not more.\n\n" +
			changedElsewhere + planWinsAfterReset + " It also wins over an end: a membership that has ended since the plan is made again.",
		Attributes: map[string]schema.Attribute{
			"service_account_id": accountIDAttribute("Another one replaces this resource."),
			"project_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{isID()},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
				MarkdownDescription: "ID of the project, in the same company. Another one replaces this resource.",
			},
			"permissions": schema.MapAttribute{
				Optional: true, Computed: true, ElementType: types.StringType,
				Default:       mapdefault.StaticValue(stringMap(nil)),
				Validators:    []validator.Map{projectTools.hasLevels()},
				PlanModifiers: []planmodifier.Map{keepSpelling()},
				MarkdownDescription: "Project tool → level: `none`, `readonly`, `standard` or `admin`. Defaults to `{}`, a member without access to any tool. " +
					sameAsAbsent + "The tools: " + projectTools.documentation() + ". Changed in place.",
			},
			"secret_version": secretVersionArgument("the membership is"),
			"company_id":     companyIDAttribute("service account and the project"),
			"id":             computedText("`ID/PROJECT_ID`: the IDs of the service account and of the project. Import takes it."),
		},
	}
}

// accountIDAttribute is service_account_id on what belongs to an account.
func accountIDAttribute(replacement string) schema.StringAttribute {
	return schema.StringAttribute{
		Required:            true,
		Validators:          []validator.String{isID()},
		PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		MarkdownDescription: "ID of the service account. " + replacement,
	}
}

// secretVersionArgument is secret_version on what a reset clears. Its value is never sent: that it changes makes
// Terraform plan an update, and every update grants.
func secretVersionArgument(what string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: "The `secret_version` of the `procore_service_account_secret_reset` of this account. When it changes, or is only known after apply, " +
			what + " granted again, after the reset and in the same apply, although nothing else changed. Refer to the reset's, not to the account's: " +
			"the account's is known too early. Leave it out when there is no reset, or only one with `keep_access`.",
	}
}
