package provider_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/procore/terraform-provider-procore/server/servertest"
	"github.com/procore/terraform-provider-procore/server/store"
)

// opened is an ephemeral resource instance while it is open.
type opened struct {
	*tfprotov6.OpenEphemeralResourceResponse
	result map[string]any
}

func (p *plugin) ephemeralType(resource string) tftypes.Type {
	p.t.Helper()
	schema, ok := p.schemas.EphemeralResourceSchemas[resource]
	if !ok {
		p.t.Fatalf("there is no ephemeral resource %s", resource)
	}
	return schema.ValueType()
}

// open validates a configuration and opens it, as Terraform does.
func (p *plugin) open(resource string, config map[string]any) opened {
	p.t.Helper()
	packed := pack(p.t, p.ephemeralType(resource), config)
	valid, err := p.server.ValidateEphemeralResourceConfig(p.t.Context(),
		&tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: resource, Config: packed})
	if err != nil {
		p.t.Fatal(err)
	}
	if failed(valid.Diagnostics) {
		return opened{&tfprotov6.OpenEphemeralResourceResponse{Diagnostics: valid.Diagnostics}, nil}
	}
	answer, err := p.server.OpenEphemeralResource(p.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{
		TypeName: resource, Config: packed, ClientCapabilities: &tfprotov6.OpenEphemeralResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return opened{answer, unpack(p.t, p.ephemeralType(resource), answer.Result)}
}

func (p *plugin) close(resource string, open opened) []*tfprotov6.Diagnostic {
	p.t.Helper()
	answer, err := p.server.CloseEphemeralResource(p.t.Context(), &tfprotov6.CloseEphemeralResourceRequest{TypeName: resource, Private: open.Private})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Diagnostics
}

func TestClientSecretIsMadeWithoutAServer(t *testing.T) {
	t.Parallel()
	p := newPlugin(t) // not configured
	first, second := p.open("procore_client_secret", map[string]any{}), p.open("procore_client_secret", map[string]any{})
	if text := told(first.Diagnostics) + told(second.Diagnostics); text != "" {
		t.Fatal(text)
	}
	secret, _ := first.result["client_secret"].(string)
	if _, wellFormed := store.ParseSecret(secret); !wellFormed || first.result["secret_fingerprint"] != store.DigestSecret(secret).Fingerprint() {
		t.Error("the secret and its fingerprint are not what the server takes them for")
	}
	if secret == second.result["client_secret"] {
		t.Error("the same secret was made twice")
	}
	if diagnostics := p.close("procore_client_secret", first); len(diagnostics) > 0 {
		t.Error(told(diagnostics))
	}
}

// account makes an account and returns what its token is got with.
func (w *world) credentialsOf(name string) map[string]any {
	w.t.Helper()
	made := w.make(name)
	return map[string]any{"client_id": made.ClientID, "client_secret": made.ClientSecret}
}

// isGood reports whether an access token counts.
func (w *world) isGood(token any) bool {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.URL+"/oauth/token/info", http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token.(string))
	response, err := w.Client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func TestAccessTokenLivesAfterItsCloseUnlessItIsToBeRevoked(t *testing.T) {
	now := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC) // the clock is the server's
	w := newPluginWorld(t, servertest.Now(func() time.Time { return now }))
	for _, test := range []struct {
		revoke any
		after  bool
	}{{nil, true}, {false, true}, {true, false}} {
		config := w.credentialsOf("ci " + map[any]string{nil: "null", false: "false", true: "true"}[test.revoke])
		config["revoke_on_close"] = test.revoke
		open := w.open("procore_access_token", config)
		if text := told(open.Diagnostics); text != "" {
			t.Fatal(text)
		}
		if !w.isGood(open.result["access_token"]) || open.result["token_type"] != "bearer" || open.result["expires_at"] != "2031-02-03T05:35:06Z" {
			t.Errorf("the token is of type %v and expires at %v", open.result["token_type"], open.result["expires_at"])
		}
		for name, want := range config {
			if open.result[name] != want {
				t.Errorf("%s came back changed", name)
			}
		}
		if diagnostics := w.close("procore_access_token", open); len(diagnostics) > 0 {
			t.Error(told(diagnostics))
		}
		if got := w.isGood(open.result["access_token"]); got != test.after {
			t.Errorf("with revoke_on_close %v the token is good after the close: %v", test.revoke, got)
		}
	}
}

func TestAccessTokenOfASecretThatWasResetIsNoErrorAtItsClose(t *testing.T) {
	w := newPluginWorld(t)
	config := w.credentialsOf("ci")
	config["revoke_on_close"] = true
	open := w.open("procore_access_token", config)
	w.resetElsewhere("ci")
	if diagnostics := w.close("procore_access_token", open); len(diagnostics) > 0 || w.isGood(open.result["access_token"]) {
		t.Errorf("the token is good after the reset, or: %s", told(diagnostics))
	}
}

func TestAccessTokenThatCannotBeRevokedIsToldOfWithoutIt(t *testing.T) {
	w := newWorld(t)
	front, failure := newEcho(t, w.URL)
	p := newPlugin(t)
	settings := w.settings()
	settings["base_url"] = front
	p.mustConfigure(settings)
	config := w.credentialsOf("ci")
	config["revoke_on_close"] = true
	open := p.open("procore_access_token", config)
	failure.Store(http.StatusInternalServerError)
	text := told(p.close("procore_access_token", open))
	contains(t, text, "ERROR", "Unable to revoke the access token of client "+config["client_id"].(string)[:12]+"…", "may live until it expires", "500")
	w.Secrets.Check(t, "the diagnostic", []byte(text))
	if len(w.Secrets.Find([]byte(open.result["access_token"].(string)))) == 0 {
		t.Error("the search would not find the token")
	}
}

func TestAccessTokenWithWrongCredentialsFailsWithoutShowingThem(t *testing.T) {
	w := newPluginWorld(t)
	right, wrong := w.credentialsOf("ci"), newClientSecret(t)
	for _, test := range []struct {
		id, secret any
		want       []string
	}{
		{right["client_id"], wrong, []string{"Unable to get an access token for client " + right["client_id"].(string)[:12] + "…", "invalid_client", "Was the secret reset since?"}},
		{strings.Repeat("0", 64), right["client_secret"], []string{"invalid_client", "Check client_id and client_secret here"}},
		{right["client_id"], "pcs_" + wrong, []string{"Invalid client_secret", "well-formed"}},
		{right["client_id"], "", []string{"Invalid client_secret"}},
		{"", wrong, []string{"client_id"}},
	} {
		text := told(w.open("procore_access_token", map[string]any{"client_id": test.id, "client_secret": test.secret}).Diagnostics)
		contains(t, text, append(test.want, "ERROR")...)
		lacks(t, text, wrong, right["client_secret"].(string), "provider block")
	}
}

func TestAccessTokenWaitsForWhatIsNotKnownYet(t *testing.T) {
	w := newPluginWorld(t)
	for _, attribute := range []string{"client_id", "client_secret", "revoke_on_close"} {
		config := w.credentialsOf("ci " + attribute)
		config[attribute] = unknownValue
		w.deferral = false
		contains(t, told(w.open("procore_access_token", config).Diagnostics), "not known yet")
		w.deferral = true
		if open := w.open("procore_access_token", config); failed(open.Diagnostics) || open.Deferred == nil ||
			open.Deferred.Reason != tfprotov6.DeferredReasonResourceConfigUnknown {
			t.Errorf("with an unknown %s: %+v %s", attribute, open.Deferred, told(open.Diagnostics))
		}
	}
}

func TestAccessTokenWaitsForTheProvidersConfiguration(t *testing.T) {
	w := newWorld(t)
	config := w.credentialsOf("ci")
	p := newPlugin(t)
	contains(t, told(p.open("procore_access_token", config).Diagnostics), "Provider not configured")
	settings := w.settings()
	settings["base_url"] = unknownValue
	p.mustConfigure(settings)
	contains(t, told(p.open("procore_access_token", config).Diagnostics), "The provider's configuration is not known yet", "base_url")
	p.deferral = true
	if open := p.open("procore_access_token", config); failed(open.Diagnostics) || open.Deferred == nil ||
		open.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("%+v %s", open.Deferred, told(open.Diagnostics))
	}
}

func TestAccessTokenComesFromAnEmbeddedDatabase(t *testing.T) {
	t.Parallel()
	p := newPlugin(t)
	p.mustConfigure(map[string]any{"database": t.TempDir() + "/procore.db"})
	secret := newClientSecret(t)
	made := p.mustApply("procore_service_account", object{}, map[string]any{"name": "ci", "client_secret_wo": secret, "client_secret_wo_version": 1})
	config := map[string]any{"client_id": made.state["client_id"], "client_secret": secret, "revoke_on_close": true}
	open := p.open("procore_access_token", config)
	if text := told(open.Diagnostics); text != "" || open.result["access_token"] == nil {
		t.Fatal(text)
	}
	if diagnostics := p.close("procore_access_token", open); len(diagnostics) > 0 {
		t.Error(told(diagnostics))
	}
	config["client_secret"] = newClientSecret(t)
	contains(t, told(p.open("procore_access_token", config).Diagnostics), "invalid_client")
}

func TestATokenWithoutASecretSaysWhereTheLiveOneIs(t *testing.T) {
	w := newPluginWorld(t)
	text := told(w.open("procore_access_token", map[string]any{"client_id": "17"}).Diagnostics)
	contains(t, text, "procore_access_token has no client secret", "client_secret of the account's reset")
}
