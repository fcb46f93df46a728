package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/procore/terraform-provider-procore/provider"
	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// The acceptance tests run the real Terraform against the real server. Each has a server of its own, so that they can
// run side by side, and terraform-plugin-testing plans once more after every step: a plan that isn't empty fails it.

const (
	accountAddress = "procore_service_account.test"
	resetAddress   = "procore_service_account_secret_reset.test"
)

// factories gives Terraform this provider.
func factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"procore": providerserver.NewProtocol6WithError(provider.New("test", server.Embed)()),
	}
}

// world is a server, and what a test does to it behind Terraform's back.
type world struct {
	*servertest.Server
	t   *testing.T
	api *client.Client
}

func newWorld(t *testing.T, options ...servertest.Option) *world {
	t.Helper()
	t.Parallel()
	return newWorldInSequence(t, options...)
}

// newWorldInSequence is newWorld for a test that can't run beside others.
func newWorldInSequence(t *testing.T, options ...servertest.Option) *world {
	t.Helper()
	needsTerraform(t)
	running := servertest.Start(t, options...)
	return newWorldOn(t, running)
}

// newWorldWithoutTerraform is newWorld for a test that needs none.
func newWorldWithoutTerraform(t *testing.T, options ...servertest.Option) *world {
	t.Helper()
	t.Parallel()
	return newWorldOn(t, servertest.Start(t, options...))
}

// newWorldOn is a world on a server that runs already.
func newWorldOn(t *testing.T, running *servertest.Server) *world {
	t.Helper()
	api, err := client.New(client.Config{BaseURL: running.URL, ClientID: running.ClientID, ClientSecret: running.ClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	return &world{Server: running, t: t, api: api}
}

// needsTerraform leaves a test out of a run without TF_ACC, as terraform-plugin-testing does, but before it starts a
// server in vain.
func needsTerraform(t *testing.T) {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skip("Acceptance tests skipped unless env '" + resource.EnvTfAcc + "' set")
	}
}

// providerBlock configures the provider for the server. max_retries is 0, so that a failure is seen at once.
func (w *world) providerBlock() string {
	return fmt.Sprintf("provider \"procore\" {\n  base_url = %q\n  client_id = %q\n  client_secret = %q\n  company_id = %q\n  max_retries = 0\n}\n",
		w.URL, w.ClientID, w.ClientSecret, w.CompanyID)
}

// config puts the provider block before blocks.
func (w *world) config(blocks ...string) string {
	return w.providerBlock() + strings.Join(blocks, "\n")
}

// account is the resource accountAddress; arguments are lines of HCL.
func account(arguments ...string) string {
	return "resource \"procore_service_account\" \"test\" {\n  " + strings.Join(arguments, "\n  ") + "\n}\n"
}

// reset is the resource resetAddress, of the account accountAddress.
func reset(arguments ...string) string {
	return "resource \"procore_service_account_secret_reset\" \"test\" {\n  service_account_id = procore_service_account.test.id\n  " +
		strings.Join(arguments, "\n  ") + "\n}\n"
}

// run runs the steps of a test.
func (w *world) run(steps ...resource.TestStep) {
	w.t.Helper()
	resource.Test(w.t, resource.TestCase{ProtoV6ProviderFactories: factories(), Steps: steps})
}

// make creates an account behind Terraform's back.
func (w *world) make(name string) *client.ServiceAccountSecret {
	w.t.Helper()
	made, err := w.api.CreateServiceAccount(w.t.Context(), w.CompanyID, client.NewServiceAccount{Name: name, AppType: "custom"})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// find returns the account of that name, or nil.
func (w *world) find(name string) *client.ServiceAccount {
	w.t.Helper()
	found, err := w.api.ListServiceAccounts(context.WithoutCancel(w.t.Context()), w.CompanyID, client.ServiceAccountFilter{Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// resetElsewhere resets the account's secret behind Terraform's back.
func (w *world) resetElsewhere(name string) *client.Reset {
	w.t.Helper()
	done, err := w.api.ResetSecret(w.t.Context(), w.CompanyID, w.find(name).ID, client.ResetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// works reports whether the server gives a token for the credentials. Anything but a token or a refusal of the client
// fails the test.
func (w *world) works(clientID, clientSecret string) bool {
	w.t.Helper()
	config := clientcredentials.Config{
		ClientID: clientID, ClientSecret: clientSecret, TokenURL: w.URL + "/oauth/token",
		AuthStyle: oauth2.AuthStyleInHeader,
	}
	_, err := config.Token(context.WithoutCancel(w.t.Context()))
	var refused *oauth2.RetrieveError
	if err != nil && (!errors.As(err, &refused) || refused.Response.StatusCode != http.StatusUnauthorized) {
		w.t.Fatal(err)
	}
	return err == nil
}

// getsToken reports whether the server gives a token for an Authorization header.
func (w *world) getsToken(authorization string) bool {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.URL+"/oauth/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := w.Client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// secrets keeps the credentials that a test has seen, by step.
type secrets struct{ clientID, secret []string }

// note is a check that keeps the credentials of the resource at address.
func (s *secrets) note(address string) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes, err := attributesOf(state, address)
		if err != nil {
			return err
		}
		s.clientID = append(s.clientID, attributes["client_id"])
		s.secret = append(s.secret, attributes["client_secret"])
		return nil
	}
}

func attributesOf(state *terraform.State, address string) (map[string]string, error) {
	found := state.RootModule().Resources[address]
	if found == nil || found.Primary == nil {
		return nil, fmt.Errorf("%s is not in the state", address)
	}
	return found.Primary.Attributes, nil
}

// live is a check that the credentials of address get a token.
func (w *world) live(address string) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes, err := attributesOf(state, address)
		if err != nil {
			return err
		}
		if !w.works(attributes["client_id"], attributes["client_secret"]) {
			return fmt.Errorf("the credentials of %s get no token", address)
		}
		return nil
	}
}

// version is a check that the account at accountAddress has that many secrets behind it, on the server.
func (w *world) version(want int64) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes, err := attributesOf(state, accountAddress)
		if err != nil {
			return err
		}
		found, err := w.api.GetServiceAccount(context.WithoutCancel(w.t.Context()), w.CompanyID, attributes["id"])
		if err != nil {
			return err
		}
		if found.SecretVersion != want {
			return fmt.Errorf("the secret version is %d on the server, want %d", found.SecretVersion, want)
		}
		return nil
	}
}

// planned is a check of the plan, before it is applied.
func planned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// unknown checks that the plan leaves those attributes of address open, and known that it doesn't.
func unknown(address string, attributes ...string) []plancheck.PlanCheck {
	checks := make([]plancheck.PlanCheck, len(attributes))
	for i, attribute := range attributes {
		checks[i] = plancheck.ExpectUnknownValue(address, tfjsonpath.New(attribute))
	}
	return checks
}

// allKnown is a plan check: of the attributes of address only those excepted are open.
type allKnown struct {
	address string
	except  []string
}

func (k allKnown) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address != k.address {
			continue
		}
		open, ok := change.Change.AfterUnknown.(map[string]any)
		if !ok {
			resp.Error = fmt.Errorf("no list of unknown values for %s", k.address)
			return
		}
		for _, attribute := range k.except {
			delete(open, attribute)
		}
		for attribute, value := range open {
			if value == true {
				resp.Error = fmt.Errorf("%s.%s is only known after apply", k.address, attribute)
				return
			}
		}
		return
	}
	resp.Error = fmt.Errorf("%s is not in the plan", k.address)
}

// initialize and addCompany make a company as an operator does, and return its ID.
func initialize(t *testing.T, database, name string) string {
	t.Helper()
	return operate(t, "init", "--database", database, "--company", name, "--output", "json").CompanyID
}

func addCompany(t *testing.T, database, name string) string {
	t.Helper()
	return operate(t, "company", "add", "--database", database, "--name", name, "--output", "json").CompanyID
}

// operate runs a subcommand that prints credentials.
func operate(t *testing.T, arguments ...string) server.Credentials {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := server.Main(t.Context(), arguments, &stdout, &stderr, server.Build{}); status != 0 {
		t.Fatalf("%v: %s", arguments, stderr.String())
	}
	var printed server.Credentials
	if err := json.Unmarshal(stdout.Bytes(), &printed); err != nil || printed.CompanyID == "" {
		t.Fatalf("%v printed no credentials: %v", arguments, err)
	}
	return printed
}

// newClientSecret makes a well-formed secret, as generate-secret does.
func newClientSecret(t *testing.T) string {
	t.Helper()
	const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	body := make([]byte, 43)
	for i := range body {
		body[i] = base62[rand.IntN(len(base62))]
	}
	sum, checksum := crc32.ChecksumIEEE(body), make([]byte, 6)
	for i := len(checksum) - 1; i >= 0; i-- {
		checksum[i] = base62[sum%62]
		sum /= 62
	}
	return "pcs_" + string(body) + string(checksum)
}
