package provider

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// spelled is a map of levels; "?" is unknown and "" null.
func spelled(pairs ...string) types.Map {
	elements := map[string]attr.Value{}
	for i := 0; i < len(pairs); i += 2 {
		switch pairs[i+1] {
		case "?":
			elements[pairs[i]] = types.StringUnknown()
		case "":
			elements[pairs[i]] = types.StringNull()
		default:
			elements[pairs[i]] = types.StringValue(pairs[i+1])
		}
	}
	return types.MapValueMust(types.StringType, elements)
}

func TestNoneNullAndAbsentGrantTheSame(t *testing.T) {
	for _, same := range []types.Map{
		spelled("documents", "readonly"), spelled("documents", "readonly", "schedule", "none"), spelled("documents", "readonly", "schedule", ""),
	} {
		if got := grantedLevels(same); len(got) != 1 || got["documents"] != "readonly" {
			t.Errorf("%s grants %v", same, got)
		}
	}
	for _, nothing := range []types.Map{spelled(), types.MapNull(types.StringType), types.MapUnknown(types.StringType), spelled("documents", "none")} {
		if got := grantedLevels(nothing); got == nil || len(got) != 0 {
			t.Errorf("%s grants %v, want an empty map", nothing, got)
		}
	}
}

func TestTheStateKeepsTheSpellingUntilTheServerDisagrees(t *testing.T) {
	readonly := map[string]string{"documents": "readonly"}
	for _, test := range []struct {
		name       string
		server     map[string]string
		like, want types.Map
	}{
		{"the same", readonly, spelled("documents", "readonly"), spelled("documents", "readonly")},
		{"none kept", readonly, spelled("documents", "readonly", "schedule", "none"), spelled("documents", "readonly", "schedule", "none")},
		{"null kept", readonly, spelled("documents", "readonly", "schedule", ""), spelled("documents", "readonly", "schedule", "")},
		{"level changed", readonly, spelled("documents", "admin", "schedule", "none"), spelled("documents", "readonly", "schedule", "none")},
		{"level at none granted", map[string]string{"schedule": "admin"}, spelled("schedule", "none"), spelled("schedule", "admin")},
		{"level added", map[string]string{"documents": "readonly", "reports": "admin"}, spelled("documents", "readonly"), spelled("documents", "readonly", "reports", "admin")},
		{"level gone", nil, spelled("documents", "readonly"), spelled()},
		{"imported", readonly, types.MapNull(types.StringType), spelled("documents", "readonly")},
		{"imported, nothing granted", nil, types.MapNull(types.StringType), spelled()},
		{"none from the server", map[string]string{"documents": "none"}, spelled(), spelled()},
	} {
		if got := spellLevels(test.server, test.like); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestAChangeOfSpellingIsNoChange(t *testing.T) {
	for _, test := range []struct {
		name              string
		state, plan, want types.Map
	}{
		{"none added", spelled("documents", "readonly"), spelled("documents", "readonly", "schedule", "none"), spelled("documents", "readonly")},
		{"none taken away", spelled("schedule", "none"), spelled(), spelled("schedule", "none")},
		{"none to null", spelled("schedule", "none"), spelled("schedule", ""), spelled("schedule", "none")},
		{"level changed", spelled("documents", "readonly"), spelled("documents", "admin"), spelled("documents", "admin")},
		{"level to none", spelled("documents", "readonly"), spelled("documents", "none"), spelled("documents", "none")},
		{"created", types.MapNull(types.StringType), spelled("schedule", "none"), spelled("schedule", "none")},
		{"level unknown", spelled("documents", "readonly"), spelled("documents", "readonly", "schedule", "?"), spelled("documents", "readonly", "schedule", "?")},
		{"all unknown", spelled(), types.MapUnknown(types.StringType), types.MapUnknown(types.StringType)},
	} {
		response := planmodifier.MapResponse{PlanValue: test.plan}
		keepSpelling().PlanModifyMap(t.Context(), planmodifier.MapRequest{StateValue: test.state, PlanValue: test.plan}, &response)
		if !response.PlanValue.Equal(test.want) {
			t.Errorf("%s: planned %s, want %s", test.name, response.PlanValue, test.want)
		}
	}
}

func TestLostLevelsAreThoseThatBecomeLower(t *testing.T) {
	held := map[string]string{"documents": "admin", "schedule": "standard", "reports": "readonly", "portfolio": "readonly"}
	granted := map[string]string{"documents": "standard", "schedule": "admin", "reports": "readonly", "calendar": "admin"}
	if got := levels(lostLevels(held, granted)); got != "documents=admin, portfolio=readonly" {
		t.Errorf("got %s", got)
	}
	if got := lostLevels(nil, granted); len(got) != 0 {
		t.Errorf("from nothing: %v", got)
	}
}

func TestToolsAndLevelsAreCheckedWhereTheyAreKnown(t *testing.T) {
	for _, test := range []struct {
		tools toolSet
		value types.Map
		want  []string // of each error
	}{
		{companyTools, spelled("documents", "readonly", "admin", "admin", "concierge", "standard", "directory", "none"), nil},
		{companyTools, spelled("documents", "?", "schedule", ""), nil},
		{companyTools, types.MapUnknown(types.StringType), nil},
		{companyTools, types.MapNull(types.StringType), nil},
		{projectTools, spelled("admin", "readonly", "daily_log", "standard"), nil},
		{companyTools, spelled("documnts", "readonly"), []string{`Invalid ["documnts"]: There is no company tool "documnts". Did you mean documents?`}},
		{companyTools, spelled("Resource Planing", "?"), []string{"Did you mean resource_planning?"}},
		{companyTools, spelled("daily_log", "readonly"), []string{`There is no company tool "daily_log". The data source procore_tools`}},
		{projectTools, spelled("rfi", "readonly"), []string{"There is no project tool \"rfi\". Did you mean rfis?"}},
		{projectTools, spelled("", "readonly"), []string{`There is no project tool "".`}},
		{companyTools, spelled("admin", "readonly"), []string{`The company tool admin takes the levels none, admin, and not "readonly".`}},
		{companyTools, spelled("concierge", "readonly"), []string{`takes the levels none, standard, admin, and not "readonly".`}},
		{companyTools, spelled("documents", "read_only"), []string{`and not "read_only". Did you mean readonly?`}},
		{companyTools, spelled("documents", "Admin"), []string{`and not "Admin". Did you mean admin?`}},
		{companyTools, spelled("documents", "wizard", "schedul", "admin"), []string{`and not "wizard".`, "Did you mean schedule?"}},
	} {
		var response validator.MapResponse
		test.tools.hasLevels().ValidateMap(t.Context(), validator.MapRequest{Path: path.Empty(), ConfigValue: test.value}, &response)
		found := response.Diagnostics.Errors()
		if len(found) != len(test.want) {
			t.Errorf("%s: %v, want %d errors", test.value, found, len(test.want))
			continue
		}
		for i, want := range test.want {
			if text := found[i].Summary() + ": " + found[i].Detail(); !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %q", test.value, want, text)
			}
		}
	}
}

func TestToolsAreListedByName(t *testing.T) {
	for _, tools := range []toolSet{companyTools, projectTools} {
		if names := tools.names(); !slices.IsSorted(names) || len(names) != len(slices.Collect(maps.Keys(tools.levels))) {
			t.Errorf("%s tools: %v", tools.kind, names)
		}
		if !strings.Contains(tools.documentation(), "`directory`, `documents`") {
			t.Errorf("%s tools are documented as %s", tools.kind, tools.documentation())
		}
	}
}
