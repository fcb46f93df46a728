package provider_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/procore/terraform-provider-procore/provider"
	"github.com/procore/terraform-provider-procore/server"
)

// BenchmarkAccount is what Terraform asks the provider for one account, without Terraform: an apply that makes it, and a plan in which
// nothing changes. The API runs inside the provider.
func BenchmarkAccount(b *testing.B) {
	running, err := providerserver.NewProtocol6WithError(provider.New("test", server.Embed)())()
	if err != nil {
		b.Fatal(err)
	}
	schemas, err := running.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	database := map[string]string{"database": filepath.Join(b.TempDir(), "procore.db")}
	configured, err := running.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{Config: packTexts(b, schemas.Provider, database)})
	if err != nil || len(configured.Diagnostics) > 0 {
		b.Fatal(err, told(configured.Diagnostics))
	}
	schema := schemas.ResourceSchemas[accountType]
	nothing, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		b.Fatal(err)
	}
	made := 0
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			made++
			config := packTexts(b, schema, map[string]string{"name": fmt.Sprintf("exporter %d", made)})
			appliedAccount(b, running, &nothing, nil, config, config)
		}
	})
	config := packTexts(b, schema, map[string]string{"name": "refreshed"})
	account := appliedAccount(b, running, &nothing, nil, config, config)
	b.Run("refresh and plan", func(b *testing.B) {
		for b.Loop() {
			read, err := running.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{
				TypeName: accountType, CurrentState: account.NewState, Private: account.Private, CurrentIdentity: account.NewIdentity,
			})
			if err != nil || len(read.Diagnostics) > 0 {
				b.Fatal(err, told(read.Diagnostics))
			}
			if _, err = running.ValidateResourceConfig(b.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: accountType, Config: config}); err != nil {
				b.Fatal(err)
			}
			plannedAccount(b, running, read.NewState, read.Private, config, read.NewState)
		}
	})
}

// plannedAccount plans an account.
func plannedAccount(
	b *testing.B, running tfprotov6.ProviderServer, prior *tfprotov6.DynamicValue, private []byte, config, proposed *tfprotov6.DynamicValue,
) *tfprotov6.PlanResourceChangeResponse {
	b.Helper()
	plan, err := running.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: accountType, PriorState: prior, PriorPrivate: private, Config: config, ProposedNewState: proposed,
	})
	if err != nil || len(plan.Diagnostics) > 0 {
		b.Fatal(err, told(plan.Diagnostics))
	}
	return plan
}

// appliedAccount plans and applies an account.
func appliedAccount(
	b *testing.B, running tfprotov6.ProviderServer, prior *tfprotov6.DynamicValue, private []byte, config, proposed *tfprotov6.DynamicValue,
) *tfprotov6.ApplyResourceChangeResponse {
	b.Helper()
	plan := plannedAccount(b, running, prior, private, config, proposed)
	made, err := running.ApplyResourceChange(b.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: accountType, PriorState: prior, PlannedState: plan.PlannedState, PlannedPrivate: plan.PlannedPrivate, Config: config,
	})
	if err != nil || len(made.Diagnostics) > 0 {
		b.Fatal(err, told(made.Diagnostics))
	}
	return made
}
