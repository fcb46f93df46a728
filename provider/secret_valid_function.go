package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

var _ function.Function = (*secretValidFunction)(nil)

func newSecretValidFunction() function.Function { return &secretValidFunction{} }

type secretValidFunction struct{}

func (*secretValidFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "secret_valid"
}

func (*secretValidFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether a text is a well-formed client secret",
		MarkdownDescription: "Tells whether a text has the form of a client secret, and no typo in it: `pcs_`, 43 characters and 6 of checksum. Any text has an answer, " +
			"none is an error.\n\n" +
			"Nobody is asked, so `true` doesn't say that the secret is some account's, or still good: `procore_access_token` finds that out. Where the secret " +
			"is sensitive or ephemeral, so is the answer; the condition of a `validation` block may be either.",
		Parameters: []function.Parameter{function.StringParameter{
			Name: "secret", MarkdownDescription: "The text. It is never repeated in an error.",
		}},
		Return: function.BoolReturn{},
	}
}

func (*secretValidFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var secret string
	if resp.Error = req.Arguments.Get(ctx, &secret); resp.Error != nil {
		return
	}
	resp.Error = resp.Result.Set(ctx, checkClientSecret(secret) == nil)
}
