package rest_test

import (
	"slices"
	"strings"
	"testing"
)

type tool struct {
	Name   string   `json:"name"`
	Levels []string `json:"levels"`
}

type tools struct {
	Company []tool `json:"company"`
	Project []tool `json:"project"`
}

func TestToolsAreThoseOfTheDomainWithTheirLevels(t *testing.T) {
	t.Parallel()
	got := data[tools](start(t).get("tools").want(200))

	const company = "account_onboarding admin app_management bid_board calendar checklists concierge connection_manager " +
		"cost_catalog directory documents equipment erp_integrations permissions planroom portfolio reports " +
		"resource_planning schedule timecard timesheets workflows"
	const project = "action_plans admin bidding budgeting change_events change_orders checklists commitments " +
		"connection_manager coordination_issues correspondence crews daily_log direct_costs directory documents drawings " +
		"emails estimating forms home images incidents instructions invoicing meetings models observations " +
		"prime_contracts punch_list reports rfis schedule specifications submittals tasks timecard timesheets tm_tickets " +
		"transmittals"
	equal(t, "company tools", names(got.Company), company)
	equal(t, "project tools", names(got.Project), project)

	exceptions := map[string][]string{"admin": {"none", "admin"}, "concierge": {"none", "standard", "admin"}}
	every := []string{"none", "readonly", "standard", "admin"}
	for _, tool := range got.Company {
		want := every
		if levels, found := exceptions[tool.Name]; found {
			want = levels
		}
		if !slices.Equal(tool.Levels, want) {
			t.Errorf("company tool %s takes %v, want %v", tool.Name, tool.Levels, want)
		}
	}
	for _, tool := range got.Project {
		if !slices.Equal(tool.Levels, every) {
			t.Errorf("project tool %s takes %v", tool.Name, tool.Levels)
		}
	}
}

func names(list []tool) string {
	var names []string
	for _, tool := range list {
		names = append(names, tool.Name)
	}
	return strings.Join(names, " ")
}
