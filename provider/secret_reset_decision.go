package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// resetDecision is whether an update of procore_service_account_secret_reset resets the secret.
type resetDecision int

const (
	noReset    resetDecision = iota // certainly not
	takeOver                        // certainly not, but what somebody else's reset gave is taken over
	maybeReset                      // not known until the plan's unknown values are
	mustReset                       // certainly
)

// decideReset is the rule of the contract, in one place for plan and apply:
//
//   - A reset happens when triggers go from one non-empty map to a different non-empty map: a value
//     changed, a key added or removed.
//   - Setting triggers for the first time, or taking them away, resets nothing: an adopted secret must
//     survive its first configuration.
//   - client_secret_wo_version resets when it goes from one number to another, by the same reasoning.
//   - max_age resets what is older. That is not in state and plan: the plan asks for it (decideByAge), and its apply does as
//     it said.
//   - Nothing else resets, neither keep_access nor previous_secret_ttl: they say how, not when.
//
// State is always known. What the plan doesn't know yet can only make a reset possible, never certain.
func decideReset(state, plan secretResetModel, byAge resetDecision) resetDecision {
	return max(byAge, decideByTriggers(state.Triggers, plan.Triggers),
		decideByVersion(state.ClientSecretWOVersion, plan.ClientSecretWOVersion))
}

func decideByTriggers(state, plan types.Map) resetDecision {
	if len(state.Elements()) == 0 { // null or empty
		return noReset
	}
	if plan.IsUnknown() {
		return maybeReset
	}
	before, after := state.Elements(), plan.Elements()
	if len(after) == 0 { // null or empty
		return noReset
	}
	if !sameKeys(before, after) {
		return mustReset
	}
	decision := noReset
	for key, value := range after {
		switch {
		case value.IsUnknown():
			decision = max(decision, maybeReset)
		case !value.Equal(before[key]):
			return mustReset
		}
	}
	return decision
}

func sameKeys(before, after map[string]attr.Value) bool {
	if len(before) != len(after) {
		return false
	}
	for key := range after {
		if _, found := before[key]; !found {
			return false
		}
	}
	return true
}

func decideByVersion(state, plan types.Int64) resetDecision {
	switch {
	case state.IsNull() || plan.IsNull():
		return noReset
	case plan.IsUnknown():
		return maybeReset
	case plan.Equal(state):
		return noReset
	default:
		return mustReset
	}
}
