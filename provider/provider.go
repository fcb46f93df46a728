package provider

import (
	"context"
	"net/http"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/providervalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// address is the provider's source address in a configuration's required_providers.
const address = "registry.terraform.io/procore/procore"

// Embedded opens the management API on a SQLite file inside this process. With an empty companyID it
// resolves the database's only company, which it makes when there is none. The transport authenticates
// by itself and finds the company of a request in its Procore-Company-Id header.
type Embedded func(ctx context.Context, database, companyID string) (transport http.RoundTripper, resolvedCompanyID string, err error)

var (
	_ provider.Provider                       = (*procoreProvider)(nil)
	_ provider.ProviderWithConfigValidators   = (*procoreProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*procoreProvider)(nil)
	_ provider.ProviderWithListResources      = (*procoreProvider)(nil)
	_ provider.ProviderWithActions            = (*procoreProvider)(nil)
	_ provider.ProviderWithFunctions          = (*procoreProvider)(nil)
)

type procoreProvider struct {
	version    string
	embedded   Embedded
	openTokens *openTokens // nil: nobody revokes what Terraform leaves open
	gate       *client.Gate
}

// New returns what makes a provider of this version. A nil embedded refuses the database attribute.
func New(version string, embedded Embedded) func() provider.Provider {
	gate := client.NewGate(client.DefaultInFlight)
	return func() provider.Provider {
		return &procoreProvider{version: version, embedded: embedded, gate: gate}
	}
}

// Serve answers Terraform over the plugin protocol, version 6, until Terraform hangs up. With debug the
// plugin is started by hand and prints how Terraform finds it.
func Serve(ctx context.Context, version string, embedded Embedded, debug bool) error {
	var open openTokens
	defer open.revoke(ctx)
	gate := client.NewGate(client.DefaultInFlight)
	made := func() provider.Provider {
		return &procoreProvider{version: version, embedded: embedded, openTokens: &open, gate: gate}
	}
	return providerserver.Serve(ctx, made, providerserver.ServeOpts{Address: address, Debug: debug, ProtocolVersion: 6})
}

func (p *procoreProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "procore"
	resp.Version = p.version
}

func (p *procoreProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{
			Optional: true, MarkdownDescription: description,
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		}
	}
	secret := text("Client secret of the service account that Terraform works as. It is used for access tokens only and never " +
		"logged. Needed with `base_url`, unless the environment variable `PROCORE_CLIENT_SECRET` is set.")
	secret.Sensitive = true
	company := text("ID of the company whose objects Terraform manages, as in the address bar of Procore. Every resource and data source " +
		"can name another in its own `company_id`. May come from the environment variable `PROCORE_COMPANY_ID`. With `database` " +
		"it may be left out as long as there is only one company in it.")
	company.Validators = []validator.String{isID()}
	timeout := text("How long one attempt at a request may take, as a duration such as `\"30s\"` or `\"2m\"`. Defaults to `\"30s\"`. " +
		"May come from the environment variable `PROCORE_REQUEST_TIMEOUT`.")
	timeout.Validators = []validator.String{isTimeout()}

	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the service accounts of a Procore company: their credentials, resets of their secrets, what they " +
			"may do in the company and in its projects, and the import of all that exists.\n\n" +
			"The provider talks to a management API at `base_url`, as a service account that holds `admin` on the company's Admin " +
			"and Directory tools; or, with `database`, it runs the same API inside itself on a SQLite file. Every argument may come from the " +
			"environment instead; an argument in the configuration wins.",
		Attributes: map[string]schema.Attribute{
			"base_url": text("Address of the management API, such as `https://procore-admin.example.com`. A path is kept. Plain `http` is taken " +
				"for this machine only (`localhost`, `127.0.0.0/8`, `::1`), unless `allow_insecure_http` is set. Excludes `database`. " +
				"May come from the environment variable `PROCORE_BASE_URL`, which wins over `PROCORE_DATABASE`."),
			"client_id": text("Client ID of the service account that Terraform works as. It needs `admin` on the company's Admin tool, " +
				"and on its Directory tool for permissions and projects. Needed with `base_url`, unless the environment variable `PROCORE_CLIENT_ID` is set."),
			"client_secret": secret,
			"company_id":    company,
			"database": text("Path of a SQLite file. The management API then runs inside the provider on this file, without a server and without " +
				"credentials; a file that isn't there is made, with a company in it. Fit for one person and for tests: a team " +
				"needs `base_url`, which it excludes. May come from the environment variable `PROCORE_DATABASE`."),
			"ca_certificate_file": text("Path of a PEM file with certificates to trust besides the system's, for a management API behind a private " +
				"certificate authority. May come from the environment variable `PROCORE_CA_CERTIFICATE_FILE`."),
			"allow_insecure_http": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether `base_url` may be plain `http` to another machine. The provider's credentials, and every secret that the " +
					"server gives, then cross the network for anybody on the way to read. Defaults to `false`. May come from the environment variable " +
					"`PROCORE_ALLOW_INSECURE_HTTP`.",
			},
			"max_retries": schema.Int64Attribute{
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, maxRetriesLimit)},
				MarkdownDescription: "How often a request that failed for a passing reason (no connection, an answer cut off, 429, 502, 503, 504) is tried " +
					"again, with growing pauses or after as long as the server asks for; the log tells of each at level `WARN`. What makes an account, a " +
					"secret or a project is done once however often it is tried, and its answer isn't lost. `0` never. Defaults to `4`, at most `100`. " +
					"May come from the environment variable `PROCORE_MAX_RETRIES`.",
			},
			"request_timeout": timeout,
		},
	}
}

func (p *procoreProvider) ConfigValidators(context.Context) []provider.ConfigValidator {
	return []provider.ConfigValidator{
		providervalidator.Conflicting(path.MatchRoot("base_url"), path.MatchRoot("database")),
	}
}

func (p *procoreProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	settings, diags := resolveSettings(model, os.Getenv)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	userAgent := "terraform-provider-procore/" + p.version + " Terraform/" + req.TerraformVersion
	session, diags := connect(ctx, settings, p.embedded, p.gate, userAgent)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	session.openTokens = p.openTokens
	// A configuration that is not known yet is no reason for resp.Deferred, which would defer everything, also what can be planned
	// without the API. And OpenTofu 1.11 allows deferral without having it: there everything would be an error. What can't go on
	// defers by itself, see deferral.go.
	resp.ResourceData = session
	resp.DataSourceData = session
	resp.EphemeralResourceData = session
	resp.ListResourceData = session
	resp.ActionData = session
}

func (p *procoreProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newServiceAccountResource,
		newSecretResetResource,
		newPermissionsResource,
		newProjectResource,
		newMembershipResource,
	}
}

func (p *procoreProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		newServiceAccountDataSource,
		newServiceAccountsDataSource,
		newCompanyDataSource,
		newProjectDataSource,
		newProjectsDataSource,
		newToolsDataSource,
	}
}

// EphemeralResources are known to Terraform from 1.10 and OpenTofu from 1.11.
func (p *procoreProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		newClientSecretEphemeralResource,
		newAccessTokenEphemeralResource,
	}
}

// ListResources are known to Terraform from 1.14.
func (p *procoreProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		newServiceAccountList,
		newPermissionsList,
		newProjectList,
		newMembershipList,
	}
}

// Actions are known to Terraform from 1.14.
func (p *procoreProvider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{
		newRevokeTokensAction,
	}
}

// Functions are known to Terraform from 1.8.
func (p *procoreProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		newParseIDFunction,
		newBasicAuthFunction,
		newSecretValidFunction,
	}
}
