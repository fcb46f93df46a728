package store

import (
	"maps"
	"slices"
	"strings"
)

// Level is how much of a tool an account may use.
type Level string

// The levels, lowest first, as the tokens of Procore's app manifest spell them.
const (
	LevelNone     Level = "none"
	LevelReadOnly Level = "readonly"
	LevelStandard Level = "standard"
	LevelAdmin    Level = "admin"
)

// Company tools whose admin level this API itself asks for.
const (
	ToolAdmin     = "admin"
	ToolDirectory = "directory"
)

// Tool is a part of Procore that permissions are granted on.
type Tool struct {
	Name   string
	Levels []Level
}

// AccountLevels are the levels of one account, with the client ID that tells the account from any other, also from one that
// has its id in another database.
type AccountLevels struct {
	ServiceAccountID ID
	ClientID         string
	Levels           Levels
}

// AccessQuery selects and pages what the accounts of a company may do.
type AccessQuery struct {
	// ServiceAccountIDs selects what these accounts may do; nil selects all accounts, an empty slice none.
	ServiceAccountIDs []ID
	Page              PageRequest
}

// Levels maps a tool's name to the level that an account holds on it. A tool that is absent is at LevelNone.
type Levels map[string]Level

// Effective returns the levels that count in the company: Admin on the Directory tool means Admin on every tool.
func (l Levels) Effective() Levels {
	effective := make(Levels, len(l))
	if l[ToolDirectory] == LevelAdmin {
		for _, tool := range CompanyTools() {
			effective[tool.Name] = LevelAdmin
		}
		return effective
	}
	for tool, level := range l {
		if level != LevelNone {
			effective[tool] = level
		}
	}
	return effective
}

// Administers reports whether the levels hold Admin on the company tool, directly or through the Directory tool.
func (l Levels) Administers(tool string) bool {
	return l[tool] == LevelAdmin || l[ToolDirectory] == LevelAdmin
}

// NormalizeCompany returns the levels without those at LevelNone, which is the same as absent, or *Error with a fault for
// each tool that isn't a company tool and each level that its tool doesn't take.
func (l Levels) NormalizeCompany() (Levels, error) {
	return l.normalize("company", "company", companyTools)
}

// NormalizeProject is NormalizeCompany for project tools.
func (l Levels) NormalizeProject() (Levels, error) {
	return l.normalize("permissions", "project", projectTools)
}

func (l Levels) normalize(source, kind string, tools []Tool) (Levels, error) {
	granted := make(Levels, len(l))
	var faults []Fault
	for _, name := range slices.Sorted(maps.Keys(l)) {
		level := l[name]
		index := slices.IndexFunc(tools, func(tool Tool) bool { return tool.Name == name })
		switch {
		case index < 0:
			faults = append(faults, unknownTool(source, kind, name, tools))
		case !slices.Contains(tools[index].Levels, level):
			faults = append(faults, Fault{
				Reason: "not_allowed", Source: source + "." + name,
				Message: "must be one of " + joinLevels(tools[index].Levels),
			})
		case level != LevelNone:
			granted[name] = level
		}
	}
	return granted, invalid("permissions", faults)
}

func unknownTool(source, kind, name string, tools []Tool) Fault {
	fault := Fault{Reason: "unknown_tool", Source: source + "." + name, Message: "is not a " + kind + " tool"}
	names := make([]string, len(tools))
	for i, tool := range tools {
		names[i] = tool.Name
	}
	if suggestion := nearest(name, names); suggestion != "" {
		fault.Message += "; did you mean " + suggestion + "?"
	}
	return fault
}

func joinLevels(levels []Level) string {
	texts := make([]string, len(levels))
	for i, level := range levels {
		texts[i] = string(level)
	}
	return strings.Join(texts, ", ")
}

// CompanyTools returns the company tools in the order of their names, with the levels that each takes.
func CompanyTools() []Tool { return slices.Clone(companyTools) }

// ProjectTools returns the project tools in the order of their names, with the levels that each takes.
func ProjectTools() []Tool { return slices.Clone(projectTools) }

var (
	everyLevel = []Level{LevelNone, LevelReadOnly, LevelStandard, LevelAdmin}

	companyTools = tools(map[string][]Level{
		"admin":     {LevelNone, LevelAdmin},
		"concierge": {LevelNone, LevelStandard, LevelAdmin},
	}, "account_onboarding", "admin", "app_management", "bid_board", "calendar", "checklists", "concierge",
		"connection_manager", "cost_catalog", "directory", "documents", "equipment", "erp_integrations", "permissions",
		"planroom", "portfolio", "reports", "resource_planning", "schedule", "timecard", "timesheets", "workflows")

	projectTools = tools(nil,
		"action_plans", "admin", "bidding", "budgeting", "change_events", "change_orders", "checklists", "commitments",
		"connection_manager", "coordination_issues", "correspondence", "crews", "daily_log", "direct_costs",
		"directory", "documents", "drawings", "emails", "estimating", "forms", "home", "images", "incidents",
		"instructions", "invoicing", "meetings", "models", "observations", "prime_contracts", "punch_list", "reports",
		"rfis", "schedule", "specifications", "submittals", "tasks", "timecard", "timesheets", "tm_tickets",
		"transmittals")
)

func tools(exceptions map[string][]Level, names ...string) []Tool {
	list := make([]Tool, len(names))
	for i, name := range names {
		levels, found := exceptions[name]
		if !found {
			levels = everyLevel
		}
		list[i] = Tool{Name: name, Levels: levels}
	}
	return list
}
