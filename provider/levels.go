package provider

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A map from tools to levels has three ways to say that a tool is out of reach: "none", null, and no word about it. They
// mean the same, here and nowhere else:
//
//   - What the server says is put into the state in the words that were there before, so that reading changes nothing
//     when nothing changed (spellLevels).
//   - A plan that differs from the state only in the spelling is no change (keepSpelling).
//     That has a price: Terraform plans once more when a level that was unknown is known. If no level changes after all, and
//     configuration and state spell out different tools at none, then the final plan has the state's spelling where the first had
//     the configuration's. Terraform refuses this ("inconsistent final plan"), changes nothing of this object, and the next apply is
//     right. Nothing tells the one plan from the other, and a map has to be planned as it is configured, or as it was, as a whole.
//   - A level on a tool that the configuration puts at "none", or leaves out, is drift like any other.

// grantedLevels is what a map grants: its tools above "none". Unknown levels count as none: ask levelsKnown first.
func grantedLevels(spelled types.Map) map[string]string {
	granted := map[string]string{}
	for tool, element := range spelled.Elements() {
		if level, ok := element.(types.String); ok && !isNone(level) {
			granted[tool] = level.ValueString()
		}
	}
	return granted
}

func isNone(level types.String) bool {
	return level.IsNull() || level.IsUnknown() || level.ValueString() == levelNone
}

// levelsKnown reports whether every level of the map is known.
func levelsKnown(spelled types.Map) bool {
	if spelled.IsUnknown() {
		return false
	}
	for _, element := range spelled.Elements() {
		if element.IsUnknown() {
			return false
		}
	}
	return true
}

// spellLevels writes what the server grants as the map like does: a tool that like has at none, and that the server
// doesn't grant, stays as like has it.
func spellLevels(granted map[string]string, like types.Map) types.Map {
	spelled := make(map[string]attr.Value, len(granted))
	for tool, element := range like.Elements() {
		if level, ok := element.(types.String); ok && isNone(level) {
			spelled[tool] = level
		}
	}
	for tool, level := range granted {
		if level != levelNone {
			spelled[tool] = types.StringValue(level)
		}
	}
	return types.MapValueMust(types.StringType, spelled)
}

// lostLevels is what held has and granted has not: the tools whose level is lower in granted, at the level of held.
func lostLevels(held, granted map[string]string) map[string]string {
	lost := map[string]string{}
	for tool, level := range held {
		if slices.Index(everyLevel, granted[tool]) < slices.Index(everyLevel, level) {
			lost[tool] = level
		}
	}
	return lost
}

// levels writes permissions as "documents=readonly, schedule=standard".
func levels(permissions map[string]string) string {
	parts := make([]string, 0, len(permissions))
	for tool, level := range permissions {
		parts = append(parts, tool+"="+level)
	}
	sort.Strings(parts)
	return strings.Join(parts, ", ")
}

// managedLevels is a map of levels as something that a resource manages: the spelling makes no difference.
func managedLevels(attribute string, spelled types.Map) managed {
	text := levels(grantedLevels(spelled))
	if text == "" {
		text = "no tool"
	}
	return managed{attribute, types.StringValue(text)}
}

// keepSpelling is a plan modifier for maps of levels: it plans no change where only the spelling changes.
func keepSpelling() planmodifier.Map { return spellingKeeper{} }

type spellingKeeper struct{}

func (spellingKeeper) Description(context.Context) string {
	return "A tool at none, or at null, is the same as one left out."
}

func (k spellingKeeper) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (spellingKeeper) PlanModifyMap(_ context.Context, req planmodifier.MapRequest, resp *planmodifier.MapResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || !levelsKnown(req.PlanValue) {
		return
	}
	if maps.Equal(grantedLevels(req.PlanValue), grantedLevels(req.StateValue)) {
		resp.PlanValue = req.StateValue
	}
}
