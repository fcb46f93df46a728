package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// maxRetriesLimit keeps a typo from turning into days of retries.
const maxRetriesLimit = 100

// providerModel is the provider block.
type providerModel struct {
	BaseURL           types.String `tfsdk:"base_url"`
	ClientID          types.String `tfsdk:"client_id"`
	ClientSecret      types.String `tfsdk:"client_secret"`
	CompanyID         types.String `tfsdk:"company_id"`
	Database          types.String `tfsdk:"database"`
	CACertificateFile types.String `tfsdk:"ca_certificate_file"`
	AllowInsecureHTTP types.Bool   `tfsdk:"allow_insecure_http"`
	MaxRetries        types.Int64  `tfsdk:"max_retries"`
	RequestTimeout    types.String `tfsdk:"request_timeout"`
}

// settings is the provider block with the environment and the defaults filled in.
type settings struct {
	embedded                               bool
	baseURL, clientID, clientSecret        string
	database, companyID, caCertificateFile string
	allowInsecureHTTP                      bool
	maxRetries                             int
	requestTimeout                         time.Duration
	unknown                                []string // attributes needed to reach the API that are not known yet
	companyUnknown                         bool
}

// session is what Configure hands to every resource and data source.
type session struct {
	api            *client.Client // nil while unknown is not empty
	endpoint       string         // for a person: the base URL, or the database
	embedded       bool
	clientID       string // what the provider signs in as; empty: embedded
	companyID      string // the provider's company; empty: none
	companyUnknown bool
	unknown        []string
	access         plannedAccess // of this plan, or this apply
	openTokens     *openTokens
}

// resolver looks values up, attribute before environment, and gathers what is wrong.
type resolver struct {
	getenv func(string) string
	diags  diag.Diagnostics
}

// environmentVariable is the variable that stands in for an attribute.
func environmentVariable(attribute string) string { return "PROCORE_" + strings.ToUpper(attribute) }

func (r *resolver) text(attribute string, value types.String) (text string, unknown bool) {
	if value.IsUnknown() {
		return "", true
	}
	if !value.IsNull() {
		return value.ValueString(), false
	}
	return r.getenv(environmentVariable(attribute)), false
}

// missing adds the error for an attribute that has no value from anywhere.
func (r *resolver) missing(attribute, orElse string) {
	r.diags.AddAttributeError(path.Root(attribute), "Missing "+attribute+" in the provider's configuration",
		fmt.Sprintf("Set %s in the provider block, or the environment variable %s%s.", attribute, environmentVariable(attribute), orElse))
}

func (r *resolver) wrong(attribute, detail string) {
	r.diags.AddAttributeError(path.Root(attribute), "Invalid "+attribute+" in the provider's configuration",
		withoutSecrets(detail)+fmt.Sprintf(" Check %s in the provider block and the environment variable %s.", attribute, environmentVariable(attribute)))
}

// resolveSettings decides what the provider works with. An attribute of the configuration wins over
// the environment, also across kinds: base_url in the block makes PROCORE_DATABASE of no account, and
// the other way round. When both come from the environment, PROCORE_BASE_URL wins. All that is missing
// is reported at once; what is not known yet is noted and is no error here.
func resolveSettings(model providerModel, getenv func(string) string) (settings, diag.Diagnostics) {
	r := &resolver{getenv: getenv}
	var s settings
	s.embedded = chooseEmbedded(model, getenv)
	s.companyID, s.companyUnknown = r.text("company_id", model.CompanyID)
	if s.companyID != "" && !validID(s.companyID) {
		r.wrong("company_id", fmt.Sprintf("%q is not an ID: IDs are whole numbers from 1, without a sign or leading zeros.", s.companyID))
	}
	s.maxRetries = r.retries(&s, model.MaxRetries)
	s.requestTimeout = r.timeout(&s, model.RequestTimeout)

	need := func(attribute string, value types.String, orElse string) string {
		text, unknown := r.text(attribute, value)
		if unknown {
			s.unknown = append(s.unknown, attribute)
		} else if text == "" {
			r.missing(attribute, orElse)
		}
		return text
	}
	if s.embedded {
		s.database = need("database", model.Database, "")
		if s.companyUnknown { // without it the embedded API might make a company
			s.unknown = append(s.unknown, "company_id")
		}
		return s, r.diags
	}
	s.baseURL = need("base_url", model.BaseURL, "; or, to run the management API inside the provider, database (PROCORE_DATABASE)")
	s.clientID = need("client_id", model.ClientID, "")
	s.clientSecret = need("client_secret", model.ClientSecret, "")
	var unknown bool
	if s.caCertificateFile, unknown = r.text("ca_certificate_file", model.CACertificateFile); unknown {
		s.unknown = append(s.unknown, "ca_certificate_file")
	}
	s.allowInsecureHTTP = r.insecureHTTP(&s, model.AllowInsecureHTTP)
	return s, r.diags
}

func chooseEmbedded(model providerModel, getenv func(string) string) bool {
	if !model.BaseURL.IsNull() {
		return false
	}
	if !model.Database.IsNull() {
		return true
	}
	return getenv(environmentVariable("base_url")) == "" && getenv(environmentVariable("database")) != ""
}

func (r *resolver) insecureHTTP(s *settings, value types.Bool) bool {
	const attribute = "allow_insecure_http"
	if value.IsUnknown() {
		s.unknown = append(s.unknown, attribute)
	}
	text := r.getenv(environmentVariable(attribute))
	if !value.IsNull() || text == "" {
		return value.ValueBool()
	}
	allow, err := strconv.ParseBool(text)
	if err != nil {
		r.wrong(attribute, fmt.Sprintf("%q is neither true nor false.", text))
	}
	return allow
}

func (r *resolver) retries(s *settings, value types.Int64) int {
	const attribute = "max_retries"
	if value.IsUnknown() {
		s.unknown = append(s.unknown, attribute)
	}
	if !value.IsNull() {
		return int(value.ValueInt64())
	}
	text := r.getenv(environmentVariable(attribute))
	if text == "" {
		return client.DefaultMaxRetries
	}
	retries, err := strconv.Atoi(text)
	if err != nil || retries < 0 || retries > maxRetriesLimit {
		r.wrong(attribute, fmt.Sprintf("%q is not a whole number from 0 to %d.", text, maxRetriesLimit))
	}
	return retries
}

func (r *resolver) timeout(s *settings, value types.String) time.Duration {
	const attribute = "request_timeout"
	text, unknown := r.text(attribute, value)
	if unknown {
		s.unknown = append(s.unknown, attribute)
	}
	if text == "" {
		return client.DefaultRequestTimeout
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		r.wrong(attribute, fmt.Sprintf("%q is not a positive duration such as \"30s\".", text))
	}
	return timeout
}

// connect makes the session. It calls the API only where it must: to open an embedded database.
func connect(ctx context.Context, s settings, embedded Embedded, gate *client.Gate, userAgent string) (*session, diag.Diagnostics) {
	var diags diag.Diagnostics
	made := &session{embedded: s.embedded, companyID: s.companyID, companyUnknown: s.companyUnknown, unknown: s.unknown}
	if len(s.unknown) > 0 {
		return made, nil
	}
	config := client.Config{
		BaseURL: s.baseURL, ClientID: s.clientID, ClientSecret: s.clientSecret, CACertificateFile: s.caCertificateFile,
		AllowInsecureHTTP: s.allowInsecureHTTP, MaxRetries: s.maxRetries, RequestTimeout: s.requestTimeout, UserAgent: userAgent, Gate: gate,
		Logger: newLogger(s.clientSecret, tflog.Debug), RetryLogger: newLogger(s.clientSecret, tflog.Warn),
	}
	made.endpoint, made.clientID = withoutSecrets(s.baseURL), s.clientID
	cause := path.Root("base_url")
	if s.embedded {
		made.endpoint, made.clientID, cause = "database "+withoutSecrets(s.database), "", path.Root("database")
		if embedded == nil {
			diags.AddAttributeError(cause, "No embedded management API", "This build of the provider has none; set base_url instead.")
			return nil, diags
		}
		// The API outlives this call, and must not end with it.
		transport, companyID, err := embedded(context.WithoutCancel(ctx), s.database, s.companyID)
		if err != nil {
			diags.AddAttributeError(cause, "Unable to open the embedded database "+strconv.Quote(withoutSecrets(s.database)), withoutSecrets(err.Error()))
			return nil, diags
		}
		config.Transport, made.companyID = transport, companyID
	}
	api, err := client.New(config)
	if err != nil {
		refuse(&diags, cause, err)
		return nil, diags
	}
	made.api = api
	return made, diags
}

// refuse adds the error for settings that the client doesn't take. What isn't about one setting is about cause.
func refuse(diags *diag.Diagnostics, cause path.Path, err error) {
	detail := err.Error()
	var invalid *client.ConfigError
	if errors.As(err, &invalid) {
		cause = path.Root(settingAttributes[invalid.Field])
		if invalid.Insecure {
			detail = capitalized(detail) + ". Nothing was sent.\n\nWhere the network to the server is as safe as this machine, allow_insecure_http = true " +
				"(PROCORE_ALLOW_INSECURE_HTTP) lets it pass. Plain HTTP to localhost needs no leave."
		}
	}
	diags.AddAttributeError(cause, "Invalid provider configuration", detail)
}

// settingAttributes names the attribute behind each field of client.Config that can be wrong.
var settingAttributes = map[string]string{
	"BaseURL":           "base_url",
	"CACertificateFile": "ca_certificate_file",
	"MaxRetries":        "max_retries",
	"RequestTimeout":    "request_timeout",
}

// newLogger logs what the client tells: its requests at level DEBUG, its retries at WARN. What the client logs holds no
// secret; masking is the wall behind that.
func newLogger(secret string, log func(context.Context, string, ...map[string]any)) client.Logger {
	return func(ctx context.Context, message string, fields map[string]any) {
		if secret != "" {
			ctx = tflog.MaskMessageStrings(tflog.MaskAllFieldValuesStrings(ctx, secret), secret)
		}
		ctx = tflog.MaskMessageRegexes(tflog.MaskAllFieldValuesRegexes(ctx, client.SecretPattern), client.SecretPattern)
		log(ctx, message, fields)
	}
}
