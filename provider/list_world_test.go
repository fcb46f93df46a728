package provider_test

import (
	"fmt"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// oddNames are easily mangled on their way through HCL, JSON, a URL or a terminal.
var oddNames = []string{
	`"quoted"`, `${path.module}`, `$${escaped}`, `%{ if true }`, `%%{`, `back\slash`, `C:\new\table`, "naïve café", "nai\u0308ve cafe\u0301", "日本語", "🏗️ crane",
	"true", "17", "null", `{"json":true}`, `[1,2]`, "a", "a b", "a/b?c=d&e#f", "'", "<<EOT", "# not a comment", "//", "${", "%{", "zero\u200bwidth",
	"ci exporter", "ci exporter 2", "CI Exporter 3", "&amp; <b>", "/* */", "%s %d", "`",
}

// oddDescriptions are the same with what a name can't have: lines, and nothing at all.
var oddDescriptions = []string{
	"", "one\ntwo\n", "\n", "\ttab", "windows\r\nline", `"${var.x}"`, "%{ for x in y }\n%{ endfor }", "<<EOT\nEOT\n", `{"a":[1,"b"]}`, " spaces ", `\n`,
	"$$", "$${", "\\${", "日本語\n🏗️", "\u2028", "null", "1e3",
}

// fillCompany gives the company so many accounts behind Terraform's back, marketplace ones and protected ones among them, and three
// projects. Every second account has permissions, and every third is in one or two projects. It returns the accounts' IDs.
func (w *world) fillCompany(count int) []string {
	w.t.Helper()
	projects := []string{w.makeProject("Harbor bridge").ID, w.makeProject(`North "tower" ${x}`).ID, w.makeProject("Harbor bridge").ID}
	number, active := "2026-014", false
	if _, err := w.api.UpdateProject(w.t.Context(), w.CompanyID, projects[1], client.ProjectChanges{
		ProjectNumber: &client.Nullable{Value: &number}, Active: &active,
	}); err != nil {
		w.t.Fatal(err)
	}
	ids := make([]string, count)
	for i := range count {
		account := client.NewServiceAccount{
			Name: fmt.Sprintf("exporter %d", i), AppType: "custom", Description: oddDescriptions[i%len(oddDescriptions)],
			DeletionProtection: i%5 == 0, AddToNewProjects: i%7 == 0,
		}
		if i < len(oddNames) {
			account.Name = oddNames[i]
		}
		if i%4 == 1 {
			app := "App of " + account.Name
			account.AppType, account.MarketplaceApp = "marketplace", &app
		}
		made, err := w.api.CreateServiceAccount(w.t.Context(), w.CompanyID, account)
		if err != nil {
			w.t.Fatalf("%q: %v", account.Name, err)
		}
		ids[i] = made.ID
		if i%2 == 0 {
			w.grant(made.ID, map[string]string{"documents": "readonly", "schedule": "standard"})
		}
		if i%3 == 0 {
			w.assign(made.ID, projects[0], map[string]string{"daily_log": "standard"})
		}
		if i%6 == 0 {
			w.assign(made.ID, projects[1], map[string]string{})
		}
	}
	return ids
}

// projectsHeld counts the memberships that fillCompany has made.
func projectsHeld(count int) int { return (count+2)/3 + (count+5)/6 }

// eventCount is how many things have happened to the company, up to a thousand.
func (w *world) eventCount() int {
	w.t.Helper()
	events, err := w.api.LatestAuditEvents(w.t.Context(), w.CompanyID, client.AuditFilter{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(events)
}
