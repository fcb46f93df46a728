package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ function.Function = (*parseIDFunction)(nil)

func newParseIDFunction() function.Function { return &parseIDFunction{} }

type parseIDFunction struct{}

func (*parseIDFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "parse_id"
}

func (*parseIDFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "The parts of an import ID",
		MarkdownDescription: "Takes an import ID apart: `ID` or `COMPANY_ID/ID`, as every resource but `procore_project_membership` is imported by. It gives an object " +
			"with `company_id`, null where the text names no company, and `id`. Both are strings, as the attributes of those names are.\n\n" +
			"Anything else is an error: an ID is a whole number from 1, without a sign, spaces or leading zeros.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "text", MarkdownDescription: "An import ID, such as `\"17\"` or `\"1/17\"`.",
		}},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{"company_id": types.StringType, "id": types.StringType}},
	}
}

type parsedID struct {
	CompanyID types.String `tfsdk:"company_id"`
	ID        types.String `tfsdk:"id"`
}

func (*parseIDFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	parsed, err := parseImportID(text, 1)
	if err != nil { // whose words repeat the text. Terraform shows it by itself, and knows whether it may.
		resp.Error = function.NewArgumentFuncError(0, `text must be an import ID: ID, as in "17", or COMPANY_ID/ID, as in "1/17". Both are whole numbers `+
			"from 1, without a sign, spaces or leading zeros")
		return
	}
	result := parsedID{ID: types.StringValue(parsed.ids[0])}
	if parsed.companyID != "" {
		result.CompanyID = types.StringValue(parsed.companyID)
	}
	resp.Error = resp.Result.Set(ctx, result)
}
