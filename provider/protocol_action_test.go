package provider_test

import (
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Actions, as Terraform speaks of them from 1.14 on.

func (p *plugin) actions() tfprotov6.ActionServer {
	p.t.Helper()
	server, ok := p.server.(tfprotov6.ActionServer)
	if !ok {
		p.t.Fatal("the provider has no actions")
	}
	return server
}

func (p *plugin) packAction(action string, config map[string]any) *tfprotov6.DynamicValue {
	p.t.Helper()
	schema, ok := p.schemas.ActionSchemas[action]
	if !ok {
		p.t.Fatalf("there is no action %s", action)
	}
	return pack(p.t, schema.Schema.ValueType(), config)
}

func (p *plugin) validateAction(action string, config map[string]any) []*tfprotov6.Diagnostic {
	p.t.Helper()
	answer, err := p.actions().ValidateActionConfig(p.t.Context(), &tfprotov6.ValidateActionConfigRequest{
		ActionType: action, Config: p.packAction(action, config),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Diagnostics
}

func (p *plugin) planAction(action string, config map[string]any) *tfprotov6.PlanActionResponse {
	p.t.Helper()
	answer, err := p.actions().PlanAction(p.t.Context(), &tfprotov6.PlanActionRequest{
		ActionType: action, Config: p.packAction(action, config),
		ClientCapabilities: &tfprotov6.PlanActionClientCapabilities{DeferralAllowed: p.deferral},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// invoke returns what the action told while it ran, and how it ended.
func (p *plugin) invoke(action string, config map[string]any) (progress string, diagnostics []*tfprotov6.Diagnostic) {
	p.t.Helper()
	answer, err := p.actions().InvokeAction(p.t.Context(), &tfprotov6.InvokeActionRequest{ActionType: action, Config: p.packAction(action, config)})
	if err != nil {
		p.t.Fatal(err)
	}
	ended := false
	for event := range answer.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress += event.Message + "\n"
		case tfprotov6.CompletedInvokeActionEventType:
			ended, diagnostics = true, event.Diagnostics
		}
	}
	if !ended {
		p.t.Error("the action told no end")
	}
	return progress, diagnostics
}

// complaint is what there is to say of a diagnostic's place: the attribute that it is about, or "".
func complaint(found *tfprotov6.Diagnostic) string {
	if found.Attribute == nil || len(found.Attribute.Steps()) == 0 {
		return ""
	}
	name, _ := found.Attribute.Steps()[0].(tftypes.AttributeName)
	return string(name)
}
