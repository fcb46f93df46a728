package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/procore/terraform-provider-procore/provider"
	"github.com/procore/terraform-provider-procore/server"
	"github.com/procore/terraform-provider-procore/server/servertest"
)

// plugin is the provider, spoken to as Terraform speaks to it but without Terraform: for what the Terraform at hand may be too old
// for (identity, lists, actions), and for what it never does unless made to (deferral).
type plugin struct {
	t          *testing.T
	server     tfprotov6.ProviderServer
	schemas    *tfprotov6.GetProviderSchemaResponse
	identities map[string]*tfprotov6.ResourceIdentitySchema
	deferral   bool // Terraform would take a deferral for an answer
}

// pluginWorld is a server, and the provider configured for it.
type pluginWorld struct {
	*world
	*plugin
}

// newPluginWorld needs no Terraform.
func newPluginWorld(t *testing.T, options ...servertest.Option) pluginWorld {
	t.Helper()
	w := newWorldWithoutTerraform(t, options...)
	p := newPlugin(t)
	p.mustConfigure(w.settings())
	return pluginWorld{w, p}
}

// nextRun is the same server with a provider as another run of Terraform starts it: what the one before has read is forgotten.
func (w pluginWorld) nextRun() pluginWorld {
	w.plugin.t.Helper()
	p := newPlugin(w.plugin.t)
	p.mustConfigure(w.settings())
	return pluginWorld{w.world, p}
}

// settings is the provider block for the server.
func (w *world) settings() map[string]any {
	return map[string]any{
		"base_url": w.URL, "client_id": w.ClientID, "client_secret": w.ClientSecret, "company_id": w.CompanyID, "max_retries": 0,
	}
}

// newPlugin is a provider that isn't configured yet.
func newPlugin(t *testing.T) *plugin {
	t.Helper()
	running, err := providerserver.NewProtocol6WithError(provider.New("test", server.Embed)())()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := running.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, told(schemas.Diagnostics))
	}
	identities, err := running.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil || len(identities.Diagnostics) > 0 {
		t.Fatal(err, told(identities.Diagnostics))
	}
	return &plugin{t: t, server: running, schemas: schemas, identities: identities.IdentitySchemas}
}

func (p *plugin) configure(settings map[string]any) []*tfprotov6.Diagnostic {
	p.t.Helper()
	answer, err := p.server.ConfigureProvider(p.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.15.0", Config: pack(p.t, p.schemas.Provider.ValueType(), settings),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Diagnostics
}

// mustConfigure is configure for what must succeed without a word.
func (p *plugin) mustConfigure(settings map[string]any) {
	p.t.Helper()
	if diagnostics := p.configure(settings); len(diagnostics) > 0 {
		p.t.Fatal(told(diagnostics))
	}
}

// object is a resource instance as Terraform keeps it. The zero object is one that isn't there.
type object struct {
	state    map[string]any
	identity map[string]any
	private  []byte
}

func (p *plugin) typeOf(resource string) tftypes.Type {
	p.t.Helper()
	schema, ok := p.schemas.ResourceSchemas[resource]
	if !ok {
		p.t.Fatalf("there is no resource %s", resource)
	}
	return schema.ValueType()
}

func (p *plugin) packState(resource string, state map[string]any) *tfprotov6.DynamicValue {
	p.t.Helper()
	if state == nil {
		return pack(p.t, p.typeOf(resource), nil)
	}
	return pack(p.t, p.typeOf(resource), state)
}

func (p *plugin) packIdentity(resource string, identity map[string]any) *tfprotov6.ResourceIdentityData {
	p.t.Helper()
	if identity == nil {
		return nil
	}
	return &tfprotov6.ResourceIdentityData{IdentityData: pack(p.t, p.identities[resource].ValueType(), identity)}
}

func (p *plugin) unpackIdentity(resource string, data *tfprotov6.ResourceIdentityData) map[string]any {
	p.t.Helper()
	if data == nil {
		return nil
	}
	return unpack(p.t, p.identities[resource].ValueType(), data.IdentityData)
}

// plan plans what makes prior the configuration; nil plans to destroy it. What it returns is the whole answer.
func (p *plugin) plan(resource string, prior object, config map[string]any) *tfprotov6.PlanResourceChangeResponse {
	p.t.Helper()
	answer, err := p.server.PlanResourceChange(p.t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: resource, PriorState: p.packState(resource, prior.state), PriorPrivate: prior.private,
		PriorIdentity: p.packIdentity(resource, prior.identity), Config: p.packState(resource, config),
		ProposedNewState:   p.packState(resource, p.proposed(resource, prior, config)),
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// planned is the state that a plan arrives at.
func (p *plugin) planned(resource string, answer *tfprotov6.PlanResourceChangeResponse) map[string]any {
	p.t.Helper()
	return unpack(p.t, p.typeOf(resource), answer.PlannedState)
}

// proposed is what Terraform proposes before the provider plans: the configuration, with what is computed as it was.
func (p *plugin) proposed(resource string, prior object, config map[string]any) map[string]any {
	if config == nil {
		return nil
	}
	made := map[string]any{}
	for _, attribute := range p.schemas.ResourceSchemas[resource].Block.Attributes {
		value := config[attribute.Name]
		if value == nil && attribute.Computed {
			value = prior.state[attribute.Name]
		}
		if attribute.WriteOnly {
			value = nil
		}
		made[attribute.Name] = value
	}
	return made
}

// apply plans and applies, and returns the object as it is then. For a nil configuration that is the zero object.
func (p *plugin) apply(resource string, prior object, config map[string]any) (object, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	plan := p.plan(resource, prior, config)
	if failed(plan.Diagnostics) {
		return prior, plan.Diagnostics
	}
	answer, err := p.server.ApplyResourceChange(p.t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: resource, PriorState: p.packState(resource, prior.state), PlannedState: plan.PlannedState,
		Config: p.packState(resource, config), PlannedPrivate: plan.PlannedPrivate, PlannedIdentity: plan.PlannedIdentity,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return object{
		state:    unpack(p.t, p.typeOf(resource), answer.NewState),
		identity: p.unpackIdentity(resource, answer.NewIdentity), private: answer.Private,
	}, append(plan.Diagnostics, answer.Diagnostics...)
}

// mustApply is apply for what must succeed.
func (p *plugin) mustApply(resource string, prior object, config map[string]any) object {
	p.t.Helper()
	made, diagnostics := p.apply(resource, prior, config)
	if failed(diagnostics) {
		p.t.Fatal(told(diagnostics))
	}
	return made
}

// read refreshes an object.
func (p *plugin) read(resource string, kept object) (object, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	answer, err := p.server.ReadResource(p.t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: resource, CurrentState: p.packState(resource, kept.state), Private: kept.private,
		CurrentIdentity:    p.packIdentity(resource, kept.identity),
		ClientCapabilities: &tfprotov6.ReadResourceClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return object{
		state:    unpack(p.t, p.typeOf(resource), answer.NewState),
		identity: p.unpackIdentity(resource, answer.NewIdentity), private: answer.Private,
	}, answer.Diagnostics
}

// importAs imports by ID, or by identity when id is empty, and reads what was imported, as Terraform does.
func (p *plugin) importAs(resource, id string, identity map[string]any) (object, []*tfprotov6.Diagnostic) {
	p.t.Helper()
	answer, err := p.server.ImportResourceState(p.t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: resource, ID: id, Identity: p.packIdentity(resource, identity),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if failed(answer.Diagnostics) {
		return object{}, answer.Diagnostics
	}
	imported := answer.ImportedResources[0]
	read, diagnostics := p.read(resource, object{
		state:    unpack(p.t, p.typeOf(resource), imported.State),
		identity: p.unpackIdentity(resource, imported.Identity), private: imported.Private,
	})
	return read, append(answer.Diagnostics, diagnostics...)
}
