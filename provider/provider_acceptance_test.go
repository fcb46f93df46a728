package provider_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// provided is a provider block with those lines of HCL.
func provided(arguments string) string { return "provider \"procore\" {\n" + arguments + "\n}\n" }

func TestAccProviderNamesEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		`(?s)Missing base_url.*PROCORE_BASE_URL.*PROCORE_DATABASE`, `(?s)Missing client_id.*PROCORE_CLIENT_ID`,
		`(?s)Missing client_secret.*PROCORE_CLIENT_SECRET`,
	} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{{
			Config: provided("") + account(`name = "ci"`), ExpectError: regexp.MustCompile(want),
		}}})
	}
}

func TestAccProviderBadConfigurationIsRefused(t *testing.T) {
	w := newWorld(t)
	var steps []resource.TestStep
	for _, test := range []struct{ arguments, want string }{
		{"base_url = \"https://x.invalid\"\n database = \"x.db\"", `(?s)cannot\s+be\s+configured\s+together`},
		{"base_url = \"x.invalid\"\n client_id = \"a\"\n client_secret = \"b\"", `(?s)base\s+URL\s+must\s+be\s+absolute`},
		{"base_url = \"\"", `(?s)base_url.*string length must be at least 1`},
		{"base_url = \"https://x.invalid\"\n max_retries = -1", `max_retries`},
		{"base_url = \"https://x.invalid\"\n request_timeout = \"0s\"", `positive duration`},
		{"base_url = \"https://x.invalid\"\n company_id = \"acme\"", `must be an ID`},
		{"base_url = \"https://x.invalid\"\n client_id = \"a\"\n client_secret = \"b\"\n ca_certificate_file = \"no.pem\"", `(?s)CA certificate file can't\s+be read`},
	} {
		steps = append(steps, resource.TestStep{Config: provided(test.arguments) + account(`name = "ci"`), PlanOnly: true, ExpectError: regexp.MustCompile(test.want)})
	}
	w.run(steps...)
}

func TestAccProviderWithoutACompanyFailsOnlyWhatNamesNone(t *testing.T) {
	w := newWorld(t)
	block := provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q", w.URL, w.ClientID, w.ClientSecret))
	w.run(
		resource.TestStep{Config: block + account(`name = "ci"`), PlanOnly: true, ExpectError: regexp.MustCompile(`(?s)Missing company_id.*PROCORE_COMPANY_ID`)},
		resource.TestStep{Config: block + `data "procore_company" "test" {}`, PlanOnly: true, ExpectError: regexp.MustCompile(`Missing company_id`)},
		resource.TestStep{
			Config: block + account(`name = "ci"`), ResourceName: accountAddress, ImportState: true, ImportStateId: "1",
			ExpectError: regexp.MustCompile(`COMPANY_ID/1`),
		},
		resource.TestStep{Config: block + account(`name = "ci"`, `company_id = "1"`)},
	)
}

func TestAccProviderReadsTheEnvironment(t *testing.T) {
	w := newWorldInSequence(t)
	t.Setenv("PROCORE_BASE_URL", w.URL)
	t.Setenv("PROCORE_DATABASE", filepath.Join(t.TempDir(), "not-used.db"))
	t.Setenv("PROCORE_CLIENT_ID", w.ClientID)
	t.Setenv("PROCORE_CLIENT_SECRET", "an attribute wins over this")
	t.Setenv("PROCORE_COMPANY_ID", w.CompanyID)
	w.run(resource.TestStep{
		Config: provided(fmt.Sprintf("client_secret = %q", w.ClientSecret)) + account(`name = "ci"`),
		ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(w.CompanyID)),
		},
		Check: w.live(accountAddress),
	})
}

func TestAccProviderWrongCredentialsAreTold(t *testing.T) {
	w := newWorld(t)
	w.run(resource.TestStep{
		Config: provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = \"1\"", w.URL, w.ClientID, newClientSecret(t))) +
			account(`name = "ci"`),
		ExpectError: regexp.MustCompile(`(?s)Unable to create service account "ci".*invalid_client.*PROCORE_CLIENT_ID`),
	})
}

func TestAccProviderUnreachableServerIsTold(t *testing.T) {
	w := newWorld(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	w.run(resource.TestStep{
		Config: provided(fmt.Sprintf("base_url = \"http://%s\"\n client_id = \"a\"\n client_secret = \"b\"\n company_id = \"1\"\n max_retries = 0", address)) +
			account(`name = "ci"`),
		ExpectError: regexp.MustCompile(`(?s)Unable to create service account "ci".*refused.*` + regexp.QuoteMeta(address) + `.*PROCORE_BASE_URL`),
	})
}

// A proxy that answers for the server must never make Terraform forget an account, or what it may do.
func TestAccProviderErrorsOfAProxyRemoveNothingFromTheState(t *testing.T) {
	w := newWorld(t)
	proxy := &brokenProxy{target: w.URL}
	front := httptest.NewServer(proxy)
	t.Cleanup(front.Close)
	config := provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = \"1\"\n max_retries = 0", front.URL, w.ClientID, w.ClientSecret)) +
		integration("")
	steps := []resource.TestStep{{Config: config}}
	for _, status := range []int{
		http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable,
	} {
		steps = append(steps, resource.TestStep{
			PreConfig: func() { proxy.status.Store(int64(status)) },
			Config:    config, PlanOnly: true, ExpectError: regexp.MustCompile(fmt.Sprintf(`(?s)Unable to read.*%d`, status)),
		})
	}
	steps = append(steps, resource.TestStep{
		PreConfig: func() { proxy.status.Store(0) }, Config: config,
		ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()), Check: resource.ComposeAggregateTestCheckFunc(w.version(2), w.whole()),
	})
	w.run(steps...)
}

func TestAccProviderEmbeddedDatabaseNeedsNothingElse(t *testing.T) {
	t.Parallel()
	block := provided(fmt.Sprintf("database = %q", filepath.Join(t.TempDir(), "procore.db")))
	config := func(trigger string) string {
		return block + account(`name = "ci"`) + reset(fmt.Sprintf("triggers = { a = %q }", trigger)) +
			"data \"procore_company\" \"test\" {}\n" +
			"data \"procore_service_account\" \"test\" {\n  name = procore_service_account.test.name\n}\n"
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{
		{Config: config("x"), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(2)),
			statecheck.ExpectKnownValue("data.procore_company.test", tfjsonpath.New("name"), knownvalue.NotNull()),
		}},
		{Config: config("y"), ConfigPlanChecks: resets, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(resetAddress, tfjsonpath.New("secret_version"), knownvalue.Int64Exact(3)),
		}},
		{ResourceName: accountAddress, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"client_secret", "secret_version", "secret_fingerprint", "updated_at"}},
	}})
}

func TestAccProviderEmbeddedDatabaseThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{{
		Config:      provided(fmt.Sprintf("database = %q", t.TempDir())) + account(`name = "ci"`),
		ExpectError: regexp.MustCompile(`(?s)Unable to open the embedded database`),
	}}})
}

func TestAccProviderConfigurationUnknownAtPlanIsKnownAtApply(t *testing.T) {
	w := newWorld(t)
	// terraform_data gives its input back as an output that is only known after apply.
	later := "resource \"terraform_data\" \"url\" {\n  input = \"" + w.URL + "\"\n}\n"
	block := provided(fmt.Sprintf("base_url = terraform_data.url.output\n client_id = %q\n client_secret = %q\n company_id = \"1\"\n max_retries = 0", w.ClientID, w.ClientSecret))
	w.run(resource.TestStep{Config: block + later + account(`name = "ci"`) + reset(`triggers = { a = "x" }`), Check: w.live(resetAddress)})
}

func TestAccProviderAnotherDefaultCompanyReplacesNothing(t *testing.T) {
	w := newWorld(t)
	other := addCompany(t, w.Database, "Other")
	block := func(company string) string {
		return provided(fmt.Sprintf("base_url = %q\n client_id = %q\n client_secret = %q\n company_id = %q", w.URL, w.ClientID, w.ClientSecret, company))
	}
	resources := account(`name = "ci"`) + reset(`triggers = { a = "x" }`)
	w.run(
		resource.TestStep{Config: block(w.CompanyID) + resources},
		resource.TestStep{Config: block(other) + resources, ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan())},
		resource.TestStep{
			Config:           block(other) + account(`name = "ci"`, `company_id = "1"`) + reset(`triggers = { a = "x" }`),
			ConfigPlanChecks: planned(plancheck.ExpectEmptyPlan()),
		},
		resource.TestStep{
			Config:      block(other) + account(`name = "ci"`, fmt.Sprintf("company_id = %q", other)),
			ExpectError: regexp.MustCompile(`Unable to move to company`), // the administrator of the one company is none of the other
		},
	)
}

func TestAccProviderResourceInAnotherCompanyOfTheEmbeddedDatabase(t *testing.T) {
	needsTerraform(t)
	t.Parallel()
	database := filepath.Join(t.TempDir(), "procore.db")
	first := initialize(t, database, "Acme")
	second := addCompany(t, database, "Other")
	block := provided(fmt.Sprintf("database = %q\n company_id = %q", database, first))
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: []resource.TestStep{
		{Config: provided(fmt.Sprintf("database = %q", database)) + account(`name = "ci"`), ExpectError: regexp.MustCompile(`(?s)company_id`)},
		{Config: block + account(`name = "ci"`, fmt.Sprintf("company_id = %q", second)), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(second)),
		}},
		{Config: block + account(`name = "ci"`, `company_id = "99"`), ExpectError: regexp.MustCompile(`Unable to move to company 99`)},
		{Config: block + account(`name = "ci"`, fmt.Sprintf("company_id = %q", second))},
		{
			Config:           block + account(`name = "ci"`, fmt.Sprintf("company_id = %q", first)),
			ConfigPlanChecks: planned(plancheck.ExpectResourceAction(accountAddress, plancheck.ResourceActionDestroyBeforeCreate)),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(accountAddress, tfjsonpath.New("company_id"), knownvalue.StringExact(first)),
			},
		},
	}})
}

// brokenProxy stands before a server. While status is set, it answers itself, with a page.
type brokenProxy struct {
	target string
	status atomic.Int64
}

func (p *brokenProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := p.status.Load(); status != 0 && r.URL.Path != "/oauth/token" {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(int(status))
		_, _ = w.Write([]byte("<html>proxy</html>"))
		return
	}
	target, err := url.Parse(p.target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	httputil.NewSingleHostReverseProxy(target).ServeHTTP(w, r)
}
