package provider_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/procore/terraform-provider-procore/provider/client"
)

const (
	permissionsAddress = "procore_service_account_permissions.test"
	projectAddress     = "procore_project.test"
	membershipAddress  = "procore_project_membership.test"
	afterTheReset      = "secret_version = procore_service_account_secret_reset.test.secret_version"
)

// permissions is the resource permissionsAddress, of the account accountAddress.
func permissions(company string, arguments ...string) string {
	return "resource \"procore_service_account_permissions\" \"test\" {\n  service_account_id = procore_service_account.test.id\n  company = " +
		company + "\n  " + strings.Join(arguments, "\n  ") + "\n}\n"
}

// project is the resource projectAddress.
func project(arguments ...string) string {
	return "resource \"procore_project\" \"test\" {\n  " + strings.Join(arguments, "\n  ") + "\n}\n"
}

// membership is the resource membershipAddress, of the account accountAddress in the project projectAddress.
func membership(arguments ...string) string {
	return "resource \"procore_project_membership\" \"test\" {\n  service_account_id = procore_service_account.test.id\n" +
		"  project_id = procore_project.test.id\n  " + strings.Join(arguments, "\n  ") + "\n}\n"
}

// makeProject creates a project behind Terraform's back.
func (w *world) makeProject(name string) *client.Project {
	w.t.Helper()
	made, err := w.api.CreateProject(w.t.Context(), w.CompanyID, client.NewProject{Name: name, Active: true})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// grant gives an account company permissions behind Terraform's back: all that it then has.
func (w *world) grant(accountID string, levels map[string]string) {
	w.t.Helper()
	if _, err := w.api.ReplacePermissions(w.t.Context(), w.CompanyID, accountID, client.Permissions{Company: levels}); err != nil {
		w.t.Fatal(err)
	}
}

// assign makes an account a member of a project behind Terraform's back.
func (w *world) assign(accountID, projectID string, levels map[string]string) {
	w.t.Helper()
	if _, err := w.api.PutProjectAssignment(w.t.Context(), w.CompanyID, accountID, projectID, levels); err != nil {
		w.t.Fatal(err)
	}
}

// granted returns the company permissions of an account, as "map[documents:readonly]".
func (w *world) granted(accountID string) (string, error) {
	found, err := w.api.GetPermissions(context.WithoutCancel(w.t.Context()), w.CompanyID, accountID)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(found.Company), nil
}

// memberships returns the project memberships of an account, as "map[3:map[daily_log:standard]]".
func (w *world) memberships(accountID string) (string, error) {
	found, err := w.api.ListProjectAssignments(context.WithoutCancel(w.t.Context()), w.CompanyID, accountID)
	if err != nil {
		return "", err
	}
	byProject := make(map[string]map[string]string, len(found))
	for _, assignment := range found {
		byProject[assignment.ProjectID] = assignment.Permissions
	}
	return fmt.Sprint(byProject), nil
}

// holds is a check of what the account at accountAddress may do, on the server.
func (w *world) holds(permissions, memberships string) resource.TestCheckFunc {
	return func(state *terraform.State) error {
		attributes, err := attributesOf(state, accountAddress)
		if err != nil {
			return err
		}
		gotPermissions, err := w.granted(attributes["id"])
		if err != nil {
			return err
		}
		gotMemberships, err := w.memberships(attributes["id"])
		if err != nil {
			return err
		}
		if gotPermissions != permissions || gotMemberships != memberships {
			return fmt.Errorf("the account holds %s and %s, want %s and %s", gotPermissions, gotMemberships, permissions, memberships)
		}
		return nil
	}
}

// levelsIn is a check of a map of levels in the state.
func levelsIn(address, attribute string, pairs ...string) statecheck.StateCheck {
	want := map[string]knownvalue.Check{}
	for i := 0; i < len(pairs); i += 2 {
		want[pairs[i]] = knownvalue.StringExact(pairs[i+1])
	}
	return statecheck.ExpectKnownValue(address, tfjsonpath.New(attribute), knownvalue.MapExact(want))
}
