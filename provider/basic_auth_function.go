package provider

import (
	"context"
	"encoding/base64"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/function"
)

var _ function.Function = (*basicAuthFunction)(nil)

func newBasicAuthFunction() function.Function { return &basicAuthFunction{} }

type basicAuthFunction struct{}

func (*basicAuthFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "basic_auth"
}

func (*basicAuthFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Credentials as an HTTP Authorization header",
		MarkdownDescription: "Gives the value of an HTTP `Authorization` header with which a client authenticates to an OAuth token endpoint: `Basic `, with the space " +
			"after it, and the Base64 of both credentials (RFC 6749, section 2.3.1: each form-urlencoded first, which changes nothing in the credentials " +
			"of a service account).\n\n" +
			"The value is as secret as the client secret: whoever has it can read the secret out of it. A function can't mark what it gives as sensitive, but Terraform " +
			"does where an argument is sensitive or ephemeral, and the value is then treated alike. A secret that stands in the configuration in plain, or " +
			"went through `nonsensitive`, gives a value that Terraform shows.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "client_id", MarkdownDescription: "Client ID. It must not be empty."},
			function.StringParameter{Name: "client_secret", MarkdownDescription: "Client secret. It must not be empty or null, which the " +
				"`client_secret` of an imported account is."},
		},
		Return: function.StringReturn{},
	}
}

func (*basicAuthFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var clientID, clientSecret string
	if resp.Error = req.Arguments.Get(ctx, &clientID, &clientSecret); resp.Error != nil {
		return
	}
	switch {
	case clientID == "":
		resp.Error = function.NewArgumentFuncError(0, "client_id must not be empty")
	case clientSecret == "":
		resp.Error = function.NewArgumentFuncError(1, "client_secret must not be empty. An imported account has none that Terraform knows; nor has one whose "+
			"secret was reset elsewhere")
	default:
		joined := url.QueryEscape(clientID) + ":" + url.QueryEscape(clientSecret)
		resp.Error = resp.Result.Set(ctx, "Basic "+base64.StdEncoding.EncodeToString([]byte(joined)))
	}
}
