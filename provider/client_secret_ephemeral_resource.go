package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var _ ephemeral.EphemeralResource = (*clientSecretEphemeralResource)(nil)

func newClientSecretEphemeralResource() ephemeral.EphemeralResource {
	return &clientSecretEphemeralResource{}
}

// clientSecretEphemeralResource asks nobody, so it needs no provider that is configured.
type clientSecretEphemeralResource struct{}

type clientSecretModel struct {
	ClientSecret      types.String `tfsdk:"client_secret"`
	SecretFingerprint types.String `tfsdk:"secret_fingerprint"`
}

func (*clientSecretEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "procore_client_secret"
}

func (*clientSecretEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A new client secret, made on the machine that Terraform runs on, which reaches neither state nor plan. Give it to `client_secret_wo` of " +
			"`procore_service_account` or `procore_service_account_secret_reset`, and, in the same apply, to the write-only attribute of the resource " +
			"that puts it where the integration reads it.\n\n" +
			"Every plan and every apply makes another one, and within an apply all that refers to it gets the same. It counts only where it is sent: " +
			"an account takes it when it is created, a reset when it resets, and a store when its own version changes. Let the store's version " +
			"follow the `secret_version` of the reset, so that both take a secret in the same apply or neither does. The guide " +
			"[Hand the secret over](../guides/hand-over-the-secret.md) has it whole.\n\n" +
			"Nothing is made on the server: a secret that nobody took is simply forgotten. Needs Terraform 1.11 or OpenTofu 1.11 for the " +
			"write-only attributes that take it.",
		Attributes: map[string]schema.Attribute{
			"client_secret": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The secret: `pcs_`, 43 characters that hold 256 random bits, and 6 of checksum.",
			},
			"secret_fingerprint": schema.StringAttribute{
				Computed: true,
				MarkdownDescription: "12 hexadecimal characters that name the secret without helping to guess it. Once the secret is in use, the account " +
					"and the reset have the same `secret_fingerprint`.",
			},
		},
	}
}

func (*clientSecretEphemeralResource) Open(ctx context.Context, _ ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	secret := newClientSecret()
	resp.Diagnostics.Append(resp.Result.Set(ctx, clientSecretModel{
		ClientSecret: types.StringValue(secret), SecretFingerprint: types.StringValue(clientSecretFingerprint(secret)),
	})...)
}
