package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestAPlannedResetSaysWhatItTakesAway(t *testing.T) {
	bridge := heldMembership{projectID: "3", projectName: "Bridge", levels: map[string]string{"daily_log": "standard", "admin": "admin"}}
	for _, test := range []struct {
		name          string
		reset         plannedReset
		want, without []string
	}{
		{
			"all known",
			plannedReset{
				certain: true, account: `service account 17 ("ci")`, id: "17", ttl: "0s",
				permissions: map[string]string{"schedule": "standard", "documents": "readonly"},
				memberships: []heldMembership{bridge, {projectID: "4"}},
			},
			[]string{
				`The plan resets the client secret of service account 17 ("ci")`, "all permissions and all project memberships",
				"At the moment it holds these company permissions: documents=readonly, schedule=standard.",
				"\n  - 3 \"Bridge\" (admin=admin, daily_log=standard)\n  - 4 (no tool)\n\n",
				"at once", "keep_access = true", "procore_service_account_permissions", "procore_project_membership", "whose secret_version refers to", "is not granted again",
			},
			[]string{"may reset", "This configuration also has"},
		},
		{
			"nothing to lose",
			plannedReset{certain: true, account: "a", id: "17", ttl: "0s", permissions: map[string]string{}, memberships: []heldMembership{}},
			[]string{"no company permissions", "member of no project"},
			nil,
		},
		{
			"access not readable",
			plannedReset{certain: true, account: "a", id: "17", ttl: "0s"},
			[]string{"clears all permissions", "Which company permissions it holds at the moment could not be found out", "Which projects it is a member of could not"},
			nil,
		},
		{"account not made yet", plannedReset{certain: true, account: "a", ttl: "0s"}, []string{"clears all permissions"}, []string{"At the moment", "could not"}},
		{
			"not certain",
			plannedReset{account: "a", ttl: "36h", keepUnknown: true},
			[]string{"may reset", "only known after apply", "goes on working for 36h", "unless keep_access turns out to be true"},
			[]string{"at once"},
		},
		{"grace not known", plannedReset{certain: true, account: "a"}, []string{"once previous_secret_ttl has passed"}, nil},
		{
			"grants that don't wait",
			plannedReset{certain: true, account: "a", strays: []string{"the company permissions", "the membership of project 3", "the membership of project 4"}},
			[]string{"also has the company permissions, the membership of project 3 and the membership of project 4, with a secret_version that does not " +
				"refer to this reset", "will not grant that again"},
			nil,
		},
		{
			"many projects",
			plannedReset{certain: true, account: "a", id: "17", memberships: make([]heldMembership, namedMemberships+7)},
			[]string{"\n  - and 7 more\n"},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var diags diag.Diagnostics
			warnPlannedReset(&diags, test.reset)
			text := warning(diags)
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for _, unwanted := range test.without {
				if strings.Contains(text, unwanted) {
					t.Errorf("%q in\n%s", unwanted, text)
				}
			}
		})
	}
}

func TestMembershipsAreNamedByTheirProject(t *testing.T) {
	assignments := []client.ProjectAssignment{{ProjectID: "3", Permissions: map[string]string{"rfis": "readonly"}}, {ProjectID: "4"}}
	got := fmt.Sprint(newMemberships(assignments, map[string]string{"3": "Bridge"}))
	if want := `[3 "Bridge" (rfis=readonly) 4 (no tool)]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if none := newMemberships(nil, nil); none == nil {
		t.Error("no memberships count as not known")
	}
}

func TestItemsAreEnumeratedAsASentenceDoes(t *testing.T) {
	for want, items := range map[string][]string{"": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := enumeration(items); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
