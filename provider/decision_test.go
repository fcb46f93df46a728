package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func triggers(pairs ...string) types.Map {
	elements := map[string]attr.Value{}
	for i := 0; i < len(pairs); i += 2 {
		elements[pairs[i]] = types.StringValue(pairs[i+1])
		if pairs[i+1] == "?" {
			elements[pairs[i]] = types.StringUnknown()
		}
	}
	return types.MapValueMust(types.StringType, elements)
}

func TestASecretIsResetOnlyWhenTriggersGoFromSomethingToSomethingElse(t *testing.T) {
	null, unknown := types.MapNull(types.StringType), types.MapUnknown(types.StringType)
	tests := []struct {
		name        string
		state, plan types.Map
		want        resetDecision
	}{
		{"never set", null, null, noReset},
		{"set for the first time", null, triggers("a", "x"), noReset},
		{"set for the first time, from empty", triggers(), triggers("a", "x"), noReset},
		{"set for the first time, value unknown", null, triggers("a", "?"), noReset},
		{"set for the first time, all unknown", triggers(), unknown, noReset},
		{"unchanged", triggers("a", "x"), triggers("a", "x"), noReset},
		{"value changed", triggers("a", "x"), triggers("a", "y"), mustReset},
		{"key added", triggers("a", "x"), triggers("a", "x", "b", "y"), mustReset},
		{"key removed", triggers("a", "x", "b", "y"), triggers("a", "x"), mustReset},
		{"key renamed", triggers("a", "x"), triggers("b", "x"), mustReset},
		{"taken away", triggers("a", "x"), null, noReset},
		{"emptied", triggers("a", "x"), triggers(), noReset},
		{"all unknown", triggers("a", "x"), unknown, maybeReset},
		{"value unknown", triggers("a", "x"), triggers("a", "?"), maybeReset},
		{"value unknown, another changed", triggers("a", "x", "b", "x"), triggers("a", "?", "b", "y"), mustReset},
		{"value unknown, key added", triggers("a", "x"), triggers("a", "?", "b", "y"), mustReset},
		{"value to null", triggers("a", "x"), types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringNull()}), mustReset},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := decideReset(secretResetModel{Triggers: test.state}, secretResetModel{Triggers: test.plan}, noReset)
			if got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestASecretIsResetWhenItsVersionGoesFromOneNumberToAnother(t *testing.T) {
	null, unknown := types.Int64Null(), types.Int64Unknown()
	one, two := types.Int64Value(1), types.Int64Value(2)
	for _, test := range []struct {
		name        string
		state, plan types.Int64
		want        resetDecision
	}{
		{"never set", null, null, noReset},
		{"first set", null, one, noReset},
		{"first set, unknown", null, unknown, noReset},
		{"unchanged", one, one, noReset},
		{"changed", one, two, mustReset},
		{"back", two, one, mustReset},
		{"taken away", one, null, noReset},
		{"unknown", one, unknown, maybeReset},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := decideReset(secretResetModel{ClientSecretWOVersion: test.state}, secretResetModel{ClientSecretWOVersion: test.plan}, noReset)
			if got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
	both := decideReset(
		secretResetModel{Triggers: triggers("a", "x"), ClientSecretWOVersion: one},
		secretResetModel{Triggers: triggers("a", "?"), ClientSecretWOVersion: two}, noReset)
	if both != mustReset {
		t.Errorf("a possible and a certain reset make %d, want a certain one", both)
	}
}
