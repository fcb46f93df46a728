package provider_test

import (
	"fmt"
	"strings"

	"github.com/procore/terraform-provider-procore/provider/client"
)

// awkwardNames are easily mangled on their way through HCL, JSON, a URL, a terminal, or into a label.
var awkwardNames = []string{
	`"quoted"`, "${path.module}", "$${escaped}", "$$${more", "a$", "%{ if true }", "%{ for x in [] }", "%%{", "${", "%{", "#{x}", "%s %d", "`",
	`back\slash \n \u0041`, `C:\new\table`, `{"json":true}`, `[1,2]`, "a/b?c=d&e#f", "'", "<<EOT", "EOT", "# not a comment", "//", "/* */", "&amp; <b>",
	"naïve café", "nai\u0308ve cafe\u0301", "e\u0301tage", "étage 2", "Überwachung", "überwachung?", "ﬁnal №7", "日本語", "监控", "мониторинг", "🏗️ crane", "🚧",
	"zero\u200bwidth", "a\u2028b", "\u202eright to left", "a", "a b", "true", "null", "for", "each", "count", "self", "account", "17", "4th floor", "!!!", "***",
	"CI exporter", "ci-exporter", "ci exporter 9", "ci  exporter", "CI_EXPORTER!", strings.Repeat("long ", 50) + "end",
}

// awkwardDescriptions are the same with what a name can't have: lines, spaces at the ends, and nothing at all.
var awkwardDescriptions = []string{
	"", "one line", "one\ntwo\n", "\n", "\ttab", "windows\r\nline", `"${var.x}"`, "%{ for x in y }\n%{ endfor }", "<<EOT\nEOT\n", `{"a":[1,"b"]}`, " spaces ", `\n`,
	"$$", "$${", "\\${", "日本語\n🏗️", "e\u0301 \u00a0 \ufeff", "\u2028", "null", "1e3", strings.Repeat("long ", 2000),
}

// makeOf creates an account behind Terraform's back, as it is described.
func (w *world) makeOf(account client.NewServiceAccount) *client.ServiceAccountSecret {
	w.t.Helper()
	made, err := w.api.CreateServiceAccount(w.t.Context(), w.CompanyID, account)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// fillCompany gives the company so many accounts behind Terraform's back, marketplace ones and protected ones among them, and three
// projects. Every second account has permissions, and every third is in one or two projects. It returns how many resources the
// company is then, with the administrator and its permissions.
func (w *world) fillCompany(count int) (objects int) {
	w.t.Helper()
	projects := []string{w.makeProject("Harbor bridge").ID, w.makeProject(`Dam "north" ${x} %{y}`).ID, w.makeProject("harbor-bridge").ID}
	number, active := "2026-014", false
	if _, err := w.api.UpdateProject(w.t.Context(), w.CompanyID, projects[1], client.ProjectChanges{
		ProjectNumber: &client.Nullable{Value: &number}, Active: &active,
	}); err != nil {
		w.t.Fatal(err)
	}
	for i := range count {
		account := client.NewServiceAccount{
			Name: fmt.Sprintf("exporter %d", i), AppType: "custom", Description: awkwardDescriptions[i%len(awkwardDescriptions)],
			DeletionProtection: i%5 == 0, AddToNewProjects: i%7 == 0,
		}
		if i < len(awkwardNames) {
			account.Name = awkwardNames[i]
		}
		if i%4 == 1 {
			app := `App "one" ${x} of ` + account.Name
			account.AppType, account.MarketplaceApp = "marketplace", &app
		}
		made := w.makeOf(account)
		if i%2 == 0 {
			w.grant(made.ID, map[string]string{"documents": "readonly", "schedule": "standard"})
		}
		if i%3 == 0 {
			w.assign(made.ID, projects[0], map[string]string{"daily_log": "standard", "admin": "admin"})
		}
		if i%6 == 0 {
			w.assign(made.ID, projects[1], map[string]string{})
		}
	}
	return 2 + len(projects) + count + (count+1)/2 + projectsHeld(count)
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
