package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMisspeltToolGetsASuggestionWhereOneIsNear(t *testing.T) {
	t.Parallel()
	var names []string
	for _, tool := range ProjectTools() {
		names = append(names, tool.Name)
	}
	for text, want := range map[string]string{
		"dailylog": "daily_log", "daily log": "daily_log", "DAILY_LOG": "daily_log", "daily_logs": "daily_log", "dialy_log": "daily_log",
		"rfi": "rfis", "RFI": "rfis", "submital": "submittals", "time_card": "timecard", "timesheet": "timesheets", "punchlist": "punch_list",
		"t_and_m_tickets": "tm_tickets", "change_event": "change_events", "change_order": "change_orders",
		"": "", "x": "", "planroom": "", "bid_board": "", "everything": "", "日報": "", "daily": "",
		strings.Repeat("daily_log", 100): "",
	} {
		if got := nearest(text, names); got != want {
			t.Errorf("for %q it suggests %q, want %q", text, got, want)
		}
	}
}

// A name can be as long as a body: the search for a suggestion must not take long over it.
func TestVeryLongToolIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	started := time.Now()
	for range 20 {
		_, err := Levels{strings.Repeat("x", 1<<20): LevelAdmin}.NormalizeProject()
		var invalid *Error
		if !errors.As(err, &invalid) || len(invalid.Faults) != 1 || invalid.Faults[0].Reason != "unknown_tool" {
			t.Fatalf("the error is %.200v", err)
		}
	}
	if took := time.Since(started); took > 2*time.Second {
		t.Errorf("twenty long names took %s", took)
	}
}

func TestNormalizedLevelsAreTheGrantedOnesAndLeaveTheGivenAlone(t *testing.T) {
	t.Parallel()
	given := Levels{"documents": LevelNone, "reports": LevelAdmin}
	granted, err := given.NormalizeCompany()
	if err != nil || len(granted) != 1 || granted["reports"] != LevelAdmin {
		t.Errorf("granted %v, %v", granted, err)
	}
	if len(given) != 2 {
		t.Errorf("the given levels are %v now", given)
	}
	for _, nothing := range []Levels{nil, {}} {
		if granted, err := nothing.NormalizeCompany(); err != nil || granted == nil || len(granted) > 0 {
			t.Errorf("of %v %v is granted, %v", nothing, granted, err)
		}
	}
}

func TestFaultsOfLevelsComeInTheOrderOfTheTools(t *testing.T) {
	t.Parallel()
	_, err := Levels{"zzz": "x", "admin": "standard", "documents": "admin", "concierge": "readonly", "aaa": "none"}.NormalizeCompany()
	var invalid *Error
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var sources []string
	for _, fault := range invalid.Faults {
		sources = append(sources, fault.Source)
	}
	if want := []string{"company.aaa", "company.admin", "company.concierge", "company.zzz"}; !slices.Equal(sources, want) {
		t.Errorf("the sources are %v, want %v", sources, want)
	}
}

func TestAdminOnTheDirectoryToolIsAdminOnEveryCompanyTool(t *testing.T) {
	t.Parallel()
	for _, levels := range []Levels{{"directory": "admin"}, {"directory": "admin", "documents": "readonly", "reports": "none"}} {
		effective := levels.Effective()
		for _, tool := range CompanyTools() {
			if effective[tool.Name] != LevelAdmin || !levels.Administers(tool.Name) {
				t.Errorf("%v: %s is at %q", levels, tool.Name, effective[tool.Name])
			}
		}
	}
	levels := Levels{"admin": "admin", "directory": "standard", "documents": "none"}
	if levels.Administers("directory") || levels.Administers("documents") || !levels.Administers("admin") {
		t.Error("the Admin tool gives more than itself, or less")
	}
	if effective := levels.Effective(); len(effective) != 2 {
		t.Errorf("the effective levels are %v", effective)
	}
}

func TestWholeDaysAreLeftUntilTheSunset(t *testing.T) {
	t.Parallel()
	sunset := time.Date(2025, 3, 18, 0, 0, 0, 0, time.UTC)
	for now, want := range map[string]int{
		"2025-03-08T00:00:00Z": 10, "2025-03-08T00:00:01Z": 9, "2025-03-16T23:59:59Z": 1, "2025-03-17T00:00:00Z": 1,
		"2025-03-17T00:00:01Z": 0, "2025-03-18T00:00:00Z": 0, "2025-03-19T00:00:00Z": 0, "2031-01-01T00:00:00Z": 0,
		"2025-03-16T22:00:00-02:00": 1,
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := DaysLeft(sunset, at); got != want {
			t.Errorf("at %s %d days are left, want %d", now, got, want)
		}
	}
}
