package provider_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/procore/terraform-provider-procore/provider/client"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

const revokeTokens = "procore_revoke_tokens"

// token gets an access token for the credentials.
func (w *world) token(clientID, clientSecret string) string {
	w.t.Helper()
	config := clientcredentials.Config{ClientID: clientID, ClientSecret: clientSecret, TokenURL: w.URL + "/oauth/token"}
	token, err := config.Token(context.WithoutCancel(w.t.Context()))
	if err != nil {
		w.t.Fatal(err)
	}
	return token.AccessToken
}

// accepts reports whether the server takes the access token for a call.
func (w *world) accepts(token string) bool {
	w.t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), http.MethodGet, w.URL+"/rest/v2.0/companies/"+w.CompanyID+"/me", http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := servertest.Watched(w.t, &http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		w.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusUnauthorized {
		w.t.Fatalf("a call with the token is answered with %d", answer.StatusCode)
	}
	return answer.StatusCode == http.StatusOK
}

func TestRevokingEndsTheTokensAndKeepsTheSecret(t *testing.T) {
	p := newPluginWorld(t)
	made, other := p.make("ci exporter"), p.make("bystander")
	first, second, others := p.token(made.ClientID, made.ClientSecret), p.token(made.ClientID, made.ClientSecret), p.token(other.ClientID, other.ClientSecret)
	config := map[string]any{"service_account_id": made.ID}
	if plan := p.planAction(revokeTokens, config); len(plan.Diagnostics) > 0 || plan.Deferred != nil {
		t.Fatal(told(plan.Diagnostics), plan.Deferred)
	}
	if !p.accepts(first) || !p.accepts(second) {
		t.Fatal("a plan ended the tokens")
	}
	progress, diagnostics := p.invoke(revokeTokens, config)
	if len(diagnostics) > 0 {
		t.Fatal(told(diagnostics))
	}
	contains(t, progress, "Ended the live access tokens of service account "+made.ID+` "ci exporter"`)
	if p.accepts(first) || p.accepts(second) {
		t.Error("a token outlived it")
	}
	if !p.accepts(others) {
		t.Error("another account's token ended, too")
	}
	if !p.accepts(p.token(made.ClientID, made.ClientSecret)) {
		t.Error("the secret gets no token that works")
	}
	if found := p.find("ci exporter"); found.SecretVersion != 1 {
		t.Errorf("the secret is version %d", found.SecretVersion)
	}
}

func TestRevokingTheProvidersOwnTokensLeavesItWorking(t *testing.T) {
	p := newPluginWorld(t)
	if _, diagnostics := p.invoke(revokeTokens, map[string]any{"service_account_id": p.admin().ID, "company_id": p.CompanyID}); len(diagnostics) > 0 {
		t.Fatal(told(diagnostics))
	}
	p.mustApply("procore_project", object{}, map[string]any{"name": "after"})
}

func TestRevokingForAnAccountThatIsNotThereIsRefusedAtPlanAndWhenInvoked(t *testing.T) {
	p := newPluginWorld(t)
	config := map[string]any{"service_account_id": "999"}
	_, invoked := p.invoke(revokeTokens, config)
	for _, diagnostics := range [][]*tfprotov6.Diagnostic{p.planAction(revokeTokens, config).Diagnostics, invoked} {
		if !failed(diagnostics) {
			t.Error("no error")
		}
		contains(t, told(diagnostics), "Unable to end the live access tokens of service account 999", "404", "company_id ("+p.CompanyID+")")
	}
}

func TestRevokingWithoutTheRightIsToldAtOnce(t *testing.T) {
	w := newPluginWorld(t)
	clerk := w.make("clerk")
	w.grant(clerk.ID, map[string]string{"directory": "readonly"})
	p := newPlugin(t)
	settings := w.settings()
	settings["client_id"], settings["client_secret"] = clerk.ClientID, clerk.ClientSecret
	p.mustConfigure(settings)
	config := map[string]any{"service_account_id": w.admin().ID}
	if plan := p.planAction(revokeTokens, config); failed(plan.Diagnostics) {
		t.Error("what a plan can't find out failed it: " + told(plan.Diagnostics))
	}
	progress, diagnostics := p.invoke(revokeTokens, config)
	if !failed(diagnostics) || progress != "" {
		t.Errorf("no error, and told %q", progress)
	}
	contains(t, told(diagnostics), "Unable to end the live access tokens of service account "+w.admin().ID, "403", "admin on the company's Admin tool")
}

func TestRevokingNamesTheArgumentThatIsWrong(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	for attribute, config := range map[string]map[string]any{
		"service_account_id": {"service_account_id": "seventeen"},
		"company_id":         {"service_account_id": "17", "company_id": "0"},
	} {
		diagnostics := p.validateAction(revokeTokens, config)
		if len(diagnostics) != 1 || complaint(diagnostics[0]) != attribute {
			t.Errorf("%s: %s", attribute, told(diagnostics))
		}
	}
	for _, config := range []map[string]any{
		{"service_account_id": "17"}, {"service_account_id": unknownValue, "company_id": unknownValue},
	} {
		if diagnostics := p.validateAction(revokeTokens, config); len(diagnostics) > 0 {
			t.Error(told(diagnostics))
		}
	}
}

func TestRevokingWithoutACompanyFailsThePlan(t *testing.T) {
	w := newPluginWorld(t)
	p := newPlugin(t)
	settings := w.settings()
	settings["company_id"] = nil
	p.mustConfigure(settings)
	own := w.admin().ID
	contains(t, told(p.planAction(revokeTokens, map[string]any{"service_account_id": own}).Diagnostics), "Missing company_id", "PROCORE_COMPANY_ID")
	config := map[string]any{"service_account_id": own, "company_id": w.CompanyID}
	if plan := p.planAction(revokeTokens, config); len(plan.Diagnostics) > 0 {
		t.Error(told(plan.Diagnostics))
	}
	if _, diagnostics := p.invoke(revokeTokens, config); len(diagnostics) > 0 {
		t.Error(told(diagnostics))
	}
}

// A reset with previous_secret_ttl leaves the old secret's tokens alive; this is what ends them.
func TestRevokingAfterAGentleResetEndsTheOldSecretsTokensAndNotTheOldSecret(t *testing.T) {
	p := newPluginWorld(t)
	made := p.make("ci exporter")
	token := p.token(made.ClientID, made.ClientSecret)
	done, err := p.api.ResetSecret(t.Context(), p.CompanyID, made.ID, client.ResetOptions{KeepAccess: true, PreviousSecretTTL: 3600})
	if err != nil {
		t.Fatal(err)
	}
	if !p.accepts(token) {
		t.Fatal("the gentle reset ended the token")
	}
	if _, diagnostics := p.invoke(revokeTokens, map[string]any{"service_account_id": made.ID}); len(diagnostics) > 0 {
		t.Fatal(told(diagnostics))
	}
	if p.accepts(token) {
		t.Error("the token outlived it")
	}
	for _, secret := range []string{made.ClientSecret, done.ClientSecret} {
		if !p.accepts(p.token(made.ClientID, secret)) {
			t.Error("a secret gets no token that works")
		}
	}
}
