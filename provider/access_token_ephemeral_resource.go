package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

var (
	_ ephemeral.EphemeralResource                   = (*accessTokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure      = (*accessTokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*accessTokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*accessTokenEphemeralResource)(nil)
)

func newAccessTokenEphemeralResource() ephemeral.EphemeralResource {
	return &accessTokenEphemeralResource{}
}

type accessTokenEphemeralResource struct{ connection }

type accessTokenModel struct {
	ClientID      types.String `tfsdk:"client_id"`
	ClientSecret  types.String `tfsdk:"client_secret"`
	RevokeOnClose types.Bool   `tfsdk:"revoke_on_close"`
	AccessToken   types.String `tfsdk:"access_token"`
	TokenType     types.String `tfsdk:"token_type"`
	ExpiresAt     types.String `tfsdk:"expires_at"`
}

// isKnown reports whether all that Open needs has a value.
func (m accessTokenModel) isKnown() bool {
	return !m.ClientID.IsUnknown() && !m.ClientSecret.IsUnknown() && !m.RevokeOnClose.IsUnknown()
}

func (*accessTokenEphemeralResource) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "procore_access_token"
}

func (*accessTokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "An access token of a service account (OAuth 2.0 client credentials), which reaches neither state nor plan: for the configuration of " +
			"another provider, or for a check that the credentials work.\n\n" +
			"It is got from the provider's `base_url`, or from its `database`, with the credentials that stand here; the provider's own are not used. " +
			"Every plan and every apply gets one, unless the credentials are only known after apply: then the plan gets none. A token lives 90 minutes " +
			"unless the server is set otherwise. Needs Terraform 1.11 or OpenTofu 1.11.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
				MarkdownDescription: "Client ID of the account. May be ephemeral.",
			},
			"client_secret": schema.StringAttribute{
				Required: true, Sensitive: true,
				Validators: []validator.String{isClientSecret()},
				MarkdownDescription: "Client secret of the account: the live one, so that of its reset if there is one. May be ephemeral, and had better be: an ephemeral " +
					"variable, or what a secret store's own ephemeral resource reads.",
			},
			"revoke_on_close": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether the token is revoked as soon as nothing in the plan or apply needs it any more, and where the run fails or is interrupted, " +
					"when the provider ends. Defaults to `false`: it lives to its end, as it does after a run that was killed. " +
					"A token that can't be revoked makes the run fail, with all that it did done and kept. Where the secret was reset or the account " +
					"deleted in the same apply, the token has ended with it.",
			},
			"access_token": schema.StringAttribute{
				Computed: true, Sensitive: true,
				MarkdownDescription: "The access token, for the header `Authorization: Bearer …`.",
			},
			"token_type": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "How to use it: `bearer`.",
			},
			"expires_at": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "When it ends by itself, in UTC by the server's clock, such as `2026-01-02T15:04:05Z`.",
			},
		},
	}
}

func (r *accessTokenEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	r.configure(req.ProviderData, &resp.Diagnostics)
}

// ValidateConfig says what a null secret means: the framework refuses it, too, as an argument that somebody forgot. It is off the
// attribute as all that concerns a secret is.
func (*accessTokenEphemeralResource) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() || !model.ClientSecret.IsNull() {
		return
	}
	resp.Diagnostics.AddError("procore_access_token has no client secret",
		"client_secret is null. That of a procore_service_account is after an import, with client_secret_wo, and once the secret was reset; that of a "+
			"procore_service_account_secret_reset with client_secret_wo, and once the secret was reset elsewhere. Refer to the live secret: to the "+
			"client_secret of the account's reset, or to what the store that has it gives.")
}

func (r *accessTokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model accessTokenModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if reason := r.deferral(model); reason != nil && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = reason
		return
	}
	if !model.isKnown() { // Terraform and OpenTofu wait by themselves until it is
		resp.Diagnostics.AddError("The credentials are not known yet",
			"client_id, client_secret and revoke_on_close must have a value before a token can be had. This is a bug in what runs the provider; please report it.")
		return
	}
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	credentials := client.Credentials{ClientID: model.ClientID.ValueString(), ClientSecret: model.ClientSecret.ValueString()}
	token, err := api.GetToken(ctx, credentials)
	if err != nil {
		r.report(&resp.Diagnostics, operation{
			verb: "get", noun: "an access token for client", object: shortened(credentials.ClientID), companyID: r.session.companyID, presented: true,
		}, err)
		return
	}
	if model.RevokeOnClose.ValueBool() {
		kept, err := json.Marshal(openToken{credentials, token.Token})
		if err != nil {
			resp.Diagnostics.AddError("Unable to note the access token for its revocation", err.Error())
			return
		}
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, openTokenKey, kept)...)
		r.session.openTokens.add(token.Token, ownedToken{api, credentials})
	}
	model.AccessToken, model.TokenType = types.StringValue(token.Token), types.StringValue(token.Type)
	model.ExpiresAt = types.StringValue(token.ExpiresAt.Format(time.RFC3339))
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

// deferral says why a token can't be had yet; nil: it can.
func (r *accessTokenEphemeralResource) deferral(model accessTokenModel) *ephemeral.Deferred {
	switch {
	case !model.isKnown():
		return &ephemeral.Deferred{Reason: ephemeral.DeferredReasonEphemeralResourceConfigUnknown}
	case r.session != nil && r.session.api == nil:
		return &ephemeral.Deferred{Reason: ephemeral.DeferredReasonProviderConfigUnknown}
	default:
		return nil
	}
}

// openTokenKey is where Open leaves, for Close, a token that is to be revoked. Terraform keeps it in memory.
const openTokenKey = "token"

type openToken struct {
	Credentials client.Credentials
	Token       string
}

// Close revokes the token where Open has noted it.
func (r *accessTokenEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	kept, diags := req.Private.GetKey(ctx, openTokenKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || len(kept) == 0 {
		return
	}
	var open openToken
	if err := json.Unmarshal(kept, &open); err != nil {
		resp.Diagnostics.AddError("Unable to revoke the access token", "What Terraform kept of it can't be read. It ends by itself when it expires.")
		return
	}
	api := r.api(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := api.RevokeToken(ctx, open.Credentials, open.Token); err != nil && !endedWithItsSecret(err) {
		r.report(&resp.Diagnostics, operation{
			verb: "revoke", noun: "the access token of client", object: shortened(open.Credentials.ClientID), companyID: r.session.companyID, presented: true,
		}, err)
		resp.Diagnostics.AddError("An access token may still be good", "It was to be revoked and could not be, so it may live until it expires. Whatever else "+
			"the run did is done and kept. To end it now, revoke all tokens of client "+shortened(open.Credentials.ClientID)+" or reset its secret.")
		return // the end of the provider tries once more
	}
	r.session.openTokens.remove(open.Token)
}

// endedWithItsSecret reports whether a revocation failed because credentials that were right at Open are so no more: then the secret
// was reset meanwhile, or the account deleted, and its tokens ended with it.
func endedWithItsSecret(err error) bool {
	var failure *client.Error
	return errors.As(err, &failure) && failure.Origin == client.OriginToken && failure.Code == "invalid_client"
}

// shortened is the beginning of a client ID, enough for a person to know it again.
func shortened(clientID string) string {
	const enough = 12
	clientID = withoutSecrets(clientID) // in the wrong place
	if runes := []rune(clientID); len(runes) > enough {
		return string(runes[:enough]) + "…"
	}
	return clientID
}
