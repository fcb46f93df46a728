package provider

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The levels that an account can hold on a tool, lowest first.
const (
	levelNone     = "none"
	levelReadOnly = "readonly"
	levelStandard = "standard"
	levelAdmin    = "admin"
)

var everyLevel = []string{levelNone, levelReadOnly, levelStandard, levelAdmin}

// toolSet is the tools of a company or of a project, and the levels that each takes. The provider knows them by itself,
// so that a slip of the pen fails the plan, also where no server can be asked.
type toolSet struct {
	kind   string // "company" or "project"
	levels map[string][]string
}

var companyTools = newToolSet("company", map[string][]string{
	"admin":     {levelNone, levelAdmin},
	"concierge": {levelNone, levelStandard, levelAdmin},
}, "account_onboarding", "admin", "app_management", "bid_board", "calendar", "checklists", "concierge", "connection_manager",
	"cost_catalog", "directory", "documents", "equipment", "erp_integrations", "permissions", "planroom", "portfolio", "reports",
	"resource_planning", "schedule", "timecard", "timesheets", "workflows")

var projectTools = newToolSet("project", nil,
	"action_plans", "admin", "bidding", "budgeting", "change_events", "change_orders", "checklists", "commitments",
	"connection_manager", "coordination_issues", "correspondence", "crews", "daily_log", "direct_costs", "directory", "documents",
	"drawings", "emails", "estimating", "forms", "home", "images", "incidents", "instructions", "invoicing", "meetings", "models",
	"observations", "prime_contracts", "punch_list", "reports", "rfis", "schedule", "specifications", "submittals", "tasks", "timecard",
	"timesheets", "tm_tickets", "transmittals")

// newToolSet makes a set of tools that take every level, but for the exceptions.
func newToolSet(kind string, exceptions map[string][]string, names ...string) toolSet {
	set := toolSet{kind: kind, levels: make(map[string][]string, len(names))}
	for _, name := range names {
		set.levels[name] = everyLevel
	}
	maps.Copy(set.levels, exceptions)
	return set
}

// names is the tools in the order of their names.
func (s toolSet) names() []string { return slices.Sorted(maps.Keys(s.levels)) }

// documentation lists the tools for a schema's description.
func (s toolSet) documentation() string { return "`" + strings.Join(s.names(), "`, `") + "`" }

// checkTool returns what is wrong with the name of a tool, or "".
func (s toolSet) checkTool(name string) string {
	if _, known := s.levels[name]; known {
		return ""
	}
	wrong := fmt.Sprintf("There is no %s tool %s.", s.kind, quoted(name))
	if suggestion := nearest(name, s.names()); suggestion != "" {
		return wrong + " Did you mean " + suggestion + "?"
	}
	return wrong + " The data source procore_tools lists those that there are."
}

// checkLevel returns what is wrong with the level of a tool that the set has, or "".
func (s toolSet) checkLevel(name, level string) string {
	allowed := s.levels[name]
	if slices.Contains(allowed, level) {
		return ""
	}
	wrong := fmt.Sprintf("The %s tool %s takes the levels %s, and not %s.", s.kind, name, strings.Join(allowed, ", "), quoted(level))
	if suggestion := nearest(level, allowed); suggestion != "" {
		wrong += " Did you mean " + suggestion + "?"
	}
	return wrong
}

// hasLevels accepts a map from tools of the set to levels that they take.
func (s toolSet) hasLevels() validator.Map { return levelsRule{s} }

type levelsRule struct{ tools toolSet }

func (r levelsRule) Description(context.Context) string {
	return "maps " + r.tools.kind + " tools to levels that they take"
}

func (r levelsRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

// ValidateMap checks every tool, and every level that is known; null says the same as "none".
func (r levelsRule) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	elements := req.ConfigValue.Elements()
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		wrong := r.tools.checkTool(name)
		if level, ok := elements[name].(types.String); wrong == "" && ok && !level.IsNull() && !level.IsUnknown() {
			wrong = r.tools.checkLevel(name, level.ValueString())
		}
		if wrong != "" {
			at := req.Path.AtMapKey(name)
			resp.Diagnostics.AddAttributeError(at, "Invalid "+at.String(), wrong)
		}
	}
}

// nearest is the candidate that text is most likely a misspelling of; "" when none is near.
func nearest(text string, candidates []string) string {
	text = strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(text))
	best, least := "", math.MaxInt
	for _, candidate := range candidates {
		distance := editDistance(text, candidate)
		if distance < least && distance*3 <= max(len(text), len(candidate)) {
			best, least = candidate, distance
		}
	}
	return best
}

// editDistance is Levenshtein's: how many letters have to be put in, taken out or replaced.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
