package provider

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// nullModel is an empty provider block.
func nullModel() providerModel { return providerModel{} }

func problems(diags diag.Diagnostics) []string {
	var found []string
	for _, diagnostic := range diags.Errors() {
		text := diagnostic.Summary() + ": " + diagnostic.Detail()
		if located, ok := diagnostic.(diag.DiagnosticWithPath); ok {
			text = located.Path().String() + ": " + text
		}
		found = append(found, text)
	}
	return found
}

func TestSettingsComeFromTheBlockThenTheEnvironmentThenTheDefault(t *testing.T) {
	full := map[string]string{
		"PROCORE_BASE_URL": "https://env", "PROCORE_CLIENT_ID": "env-id", "PROCORE_CLIENT_SECRET": "env-secret",
		"PROCORE_COMPANY_ID": "2", "PROCORE_MAX_RETRIES": "0", "PROCORE_REQUEST_TIMEOUT": "2m", "PROCORE_CA_CERTIFICATE_FILE": "env.pem",
		"PROCORE_DATABASE": "env.db", "PROCORE_ALLOW_INSECURE_HTTP": "true",
	}
	tests := []struct {
		name        string
		model       func(*providerModel)
		environment map[string]string
		want        settings
	}{
		{"environment", func(*providerModel) {}, full, settings{
			baseURL: "https://env", clientID: "env-id", clientSecret: "env-secret",
			companyID: "2", requestTimeout: 2 * time.Minute, caCertificateFile: "env.pem", allowInsecureHTTP: true,
		}},
		{"block", func(m *providerModel) {
			m.BaseURL, m.ClientID, m.ClientSecret = types.StringValue("https://block"), types.StringValue("id"), types.StringValue("secret")
			m.CompanyID, m.MaxRetries, m.RequestTimeout = types.StringValue("1"), types.Int64Value(9), types.StringValue("1s")
			m.CACertificateFile, m.AllowInsecureHTTP = types.StringValue("block.pem"), types.BoolValue(false)
		}, full, settings{
			baseURL: "https://block", clientID: "id", clientSecret: "secret", companyID: "1", maxRetries: 9,
			requestTimeout: time.Second, caCertificateFile: "block.pem",
		}},
		{
			"a database in the block beats a base URL in the environment",
			func(m *providerModel) { m.Database = types.StringValue("block.db") },
			full,
			settings{embedded: true, database: "block.db", companyID: "2", requestTimeout: 2 * time.Minute},
		},
		{
			"a base URL in the block beats a database in the environment",
			func(m *providerModel) { m.BaseURL = types.StringValue("https://block") },
			full,
			settings{
				baseURL: "https://block", clientID: "env-id", clientSecret: "env-secret", companyID: "2",
				requestTimeout: 2 * time.Minute, caCertificateFile: "env.pem", allowInsecureHTTP: true,
			},
		},
		{
			"defaults", func(*providerModel) {},
			map[string]string{"PROCORE_DATABASE": "env.db"},
			settings{embedded: true, database: "env.db", maxRetries: 4, requestTimeout: 30 * time.Second},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			model := nullModel()
			test.model(&model)
			got, diags := resolveSettings(model, func(name string) string { return test.environment[name] })
			if diags.HasError() || len(got.unknown) > 0 {
				t.Fatalf("errors %v, unknown %v", problems(diags), got.unknown)
			}
			got.unknown = nil
			if !equalSettings(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func equalSettings(a, b settings) bool {
	return slices.Equal(a.unknown, b.unknown) && a.embedded == b.embedded && a.baseURL == b.baseURL && a.clientID == b.clientID &&
		a.clientSecret == b.clientSecret && a.database == b.database && a.companyID == b.companyID && a.companyUnknown == b.companyUnknown &&
		a.caCertificateFile == b.caCertificateFile && a.allowInsecureHTTP == b.allowInsecureHTTP && a.maxRetries == b.maxRetries && a.requestTimeout == b.requestTimeout
}

func TestEverythingThatIsMissingIsNamedAtOnce(t *testing.T) {
	_, diags := resolveSettings(nullModel(), func(string) string { return "" })
	found := strings.Join(problems(diags), "\n")
	for _, want := range []string{
		"base_url: ", "PROCORE_BASE_URL", "PROCORE_DATABASE", "client_id: ", "PROCORE_CLIENT_ID",
		"client_secret: ", "PROCORE_CLIENT_SECRET",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("no %q in\n%s", want, found)
		}
	}
	if strings.Contains(found, "company_id") {
		t.Errorf("a company is only needed by what doesn't name its own:\n%s", found)
	}
}

func TestAWrongEnvironmentVariableIsNamed(t *testing.T) {
	environment := map[string]string{"PROCORE_BASE_URL": "https://x", "PROCORE_CLIENT_ID": "a", "PROCORE_CLIENT_SECRET": "b"}
	for name, value := range map[string]string{
		"PROCORE_COMPANY_ID": "acme", "PROCORE_MAX_RETRIES": "many", "PROCORE_REQUEST_TIMEOUT": "soon", "PROCORE_ALLOW_INSECURE_HTTP": "perhaps",
	} {
		_, diags := resolveSettings(nullModel(), func(asked string) string {
			if asked == name {
				return value
			}
			return environment[asked]
		})
		if found := problems(diags); len(found) != 1 || !strings.Contains(found[0], name) || !strings.Contains(found[0], value) {
			t.Errorf("%s=%s: %v", name, value, found)
		}
	}
}

func TestUnknownSettingsAreNotedAndNoError(t *testing.T) {
	noEnvironment := func(string) string { return "" }
	unknown := types.StringUnknown()
	for name, test := range map[string]struct {
		model providerModel
		want  []string
	}{
		"all": {
			providerModel{
				BaseURL: unknown, ClientID: unknown, ClientSecret: unknown, CompanyID: unknown, CACertificateFile: unknown,
				MaxRetries: types.Int64Unknown(), RequestTimeout: unknown, AllowInsecureHTTP: types.BoolUnknown(),
			},
			[]string{"max_retries", "request_timeout", "base_url", "client_id", "client_secret", "ca_certificate_file", "allow_insecure_http"},
		},
		"database":         {providerModel{Database: unknown}, []string{"database"}},
		"embedded company": {providerModel{Database: types.StringValue("x.db"), CompanyID: unknown}, []string{"company_id"}},
	} {
		got, diags := resolveSettings(test.model, noEnvironment)
		if diags.HasError() || !slices.Equal(got.unknown, test.want) {
			t.Errorf("%s: unknown %v, errors %v", name, got.unknown, problems(diags))
			continue
		}
		made, diags := connect(t.Context(), got, nil, nil, "test")
		if diags.HasError() || made.api != nil {
			t.Errorf("%s: connected to what isn't known: %v", name, problems(diags))
			continue
		}
		var asked diag.Diagnostics
		if (&connection{session: made}).api(&asked) != nil || !strings.Contains(strings.Join(problems(asked), ""), test.want[0]) {
			t.Errorf("%s: %v does not name %s", name, problems(asked), test.want[0])
		}
	}
}

func TestTheEmbeddedDatabaseIsOpenedWithTheCompanyAndSaysWhatFailed(t *testing.T) {
	var opened []string
	embedded := func(_ context.Context, database, companyID string) (http.RoundTripper, string, error) {
		opened = append(opened, database+" "+companyID)
		return http.DefaultTransport, "7", nil
	}
	made, diags := connect(t.Context(), settings{embedded: true, database: "x.db", companyID: "3"}, embedded, nil, "test")
	if diags.HasError() || made.companyID != "7" || made.api == nil || !slices.Equal(opened, []string{"x.db 3"}) {
		t.Errorf("got %+v, %v, opened %v", made, problems(diags), opened)
	}

	failing := func(context.Context, string, string) (http.RoundTripper, string, error) {
		return nil, "", errors.New("the file is a picture")
	}
	if _, diags = connect(t.Context(), settings{embedded: true, database: "x.db"}, failing, nil, "test"); len(problems(diags)) != 1 ||
		!strings.Contains(problems(diags)[0], "database: ") || !strings.Contains(problems(diags)[0], "the file is a picture") {
		t.Errorf("got %v", problems(diags))
	}
	if _, diags = connect(t.Context(), settings{embedded: true, database: "x.db"}, nil, nil, "test"); !diags.HasError() {
		t.Error("a build without an embedded API opened a database")
	}
}

func TestAWrongSettingIsAnErrorOfItsAttribute(t *testing.T) {
	for want, wrong := range map[string]settings{
		"base_url: Invalid":     {baseURL: "example.com"},
		"base_url: ":            {baseURL: "http://example.com"},
		"ca_certificate_file: ": {baseURL: "https://example.com", caCertificateFile: "does-not-exist.pem"},
	} {
		if _, diags := connect(t.Context(), wrong, nil, nil, "test"); len(problems(diags)) != 1 || !strings.HasPrefix(problems(diags)[0], want) {
			t.Errorf("got %v, want %s", problems(diags), want)
		}
	}
}

func TestPlainHTTPIsRefusedWithTheWayOut(t *testing.T) {
	_, diags := connect(t.Context(), settings{baseURL: "http://api.example.com", clientSecret: "s3cret"}, nil, nil, "test")
	found := strings.Join(problems(diags), "\n")
	for _, want := range []string{"base_url: ", "plain HTTP", "use https", "allow_insecure_http = true", "PROCORE_ALLOW_INSECURE_HTTP", "Nothing was sent"} {
		if !strings.Contains(found, want) {
			t.Errorf("no %q in\n%s", want, found)
		}
	}
	if strings.Contains(found, "s3cret") {
		t.Errorf("the secret is in\n%s", found)
	}
	made, diags := connect(t.Context(), settings{baseURL: "http://api.example.com", allowInsecureHTTP: true}, nil, nil, "test")
	if diags.HasError() || made.api == nil {
		t.Errorf("plain HTTP that was asked for: %v", problems(diags))
	}
}

func TestAWrongSettingIsToldOfWithoutASecretThatIsInItsPlace(t *testing.T) {
	secret := newClientSecret()
	for _, variable := range []string{"PROCORE_COMPANY_ID", "PROCORE_MAX_RETRIES", "PROCORE_REQUEST_TIMEOUT", "PROCORE_ALLOW_INSECURE_HTTP", "PROCORE_DATABASE"} {
		environment := map[string]string{
			"PROCORE_BASE_URL": "https://env", "PROCORE_CLIENT_ID": "env-id", "PROCORE_CLIENT_SECRET": "env-secret", variable: secret,
		}
		if variable == "PROCORE_DATABASE" {
			delete(environment, "PROCORE_BASE_URL")
		}
		settings, diags := resolveSettings(nullModel(), func(name string) string { return environment[name] })
		if !diags.HasError() {
			broken := func(_ context.Context, database, _ string) (http.RoundTripper, string, error) {
				return nil, "", errors.New("open " + database)
			}
			_, diags = connect(t.Context(), settings, broken, nil, "")
		}
		if text := strings.Join(problems(diags), "\n"); text == "" || strings.Contains(text, secret) {
			t.Errorf("%s: a secret is in what is said of it, or nothing is", variable)
		}
	}
}

func TestAListedNameIsFitForATerminal(t *testing.T) {
	secret := newClientSecret()
	got := named("red \x1b[31m\r\n\u202eci "+secret, "7")
	if strings.ContainsAny(got, "\x1b\r\n\u202e") || strings.Contains(got, secret) || !strings.HasSuffix(got, " (7)") {
		t.Errorf("it is %d bytes with what a terminal obeys, or a secret", len(got))
	}
	if got := named("CI Überwachung 🚧", "7"); got != "CI Überwachung 🚧 (7)" {
		t.Error(got)
	}
}
