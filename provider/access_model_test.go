package provider

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestPermissionsFillFromTheAnswerAndAskForWhatIsGranted(t *testing.T) {
	model := permissionsModel{Company: spelled("documents", "admin", "schedule", "none"), SecretVersion: types.Int64Value(3)}
	if got := model.permissions().Company; len(got) != 1 || got["documents"] != "admin" {
		t.Errorf("asks for %v", got)
	}
	model.fill("1", "17", client.Permissions{Company: map[string]string{"documents": "readonly"}})
	want := permissionsModel{
		ID: types.StringValue("17"), CompanyID: types.StringValue("1"), ServiceAccountID: types.StringValue("17"),
		Company: spelled("documents", "readonly", "schedule", "none"), SecretVersion: types.Int64Value(3),
	}
	if !model.Company.Equal(want.Company) || model.ID != want.ID || model.CompanyID != want.CompanyID ||
		model.ServiceAccountID != want.ServiceAccountID || model.SecretVersion != want.SecretVersion {
		t.Errorf("got %+v, want %+v", model, want)
	}
	if model.replaces(want) {
		t.Error("the same account replaces itself")
	}
	for _, other := range []permissionsModel{{ServiceAccountID: want.ServiceAccountID}, {CompanyID: want.CompanyID}} {
		if !model.replaces(other) {
			t.Errorf("%+v is no other account", other)
		}
	}
	if text, err := json.Marshal((&permissionsModel{}).permissions()); err != nil || string(text) != `{"company":{}}` {
		t.Errorf("nothing is asked for as %s, %v", text, err)
	}
}

func TestAMembershipFillsFromTheAnswer(t *testing.T) {
	var model membershipModel
	model.fill("1", client.ProjectAssignment{ServiceAccountID: "17", ProjectID: "3", Permissions: map[string]string{"rfis": "admin"}})
	if model.ID.ValueString() != "17/3" || model.CompanyID.ValueString() != "1" || model.ServiceAccountID.ValueString() != "17" ||
		model.ProjectID.ValueString() != "3" || !model.Permissions.Equal(spelled("rfis", "admin")) {
		t.Errorf("got %+v", model)
	}
	if model.replaces(model) || !model.replaces(membershipModel{}) {
		t.Error("another membership is told by its account, its project and its company")
	}
	if what := model.planned().what; what != "the membership of project 3" {
		t.Errorf("it is called %q", what)
	}
}

func TestAProjectsChangesAreWhatDiffers(t *testing.T) {
	number := "2026-014"
	var state projectModel
	state.fill(client.Project{ID: "3", CompanyID: "1", Name: "Bridge", ProjectNumber: &number, Active: true})
	for want, change := range map[string]func(*projectModel){
		`{}`:                      func(*projectModel) {},
		`{"name":"Old Bridge"}`:   func(m *projectModel) { m.Name = types.StringValue("Old Bridge") },
		`{"active":false}`:        func(m *projectModel) { m.Active = types.BoolValue(false) },
		`{"project_number":null}`: func(m *projectModel) { m.ProjectNumber = types.StringNull() },
		`{"project_number":"1"}`:  func(m *projectModel) { m.ProjectNumber = types.StringValue("1") },
	} {
		plan := state
		change(&plan)
		changes, changed := plan.changes(state)
		if got, err := json.Marshal(changes); err != nil || string(got) != want || changed != (want != "{}") {
			t.Errorf("sends %s, %v; want %s", got, err, want)
		}
	}
	if got, err := json.Marshal(state.newProject()); err != nil || string(got) != `{"name":"Bridge","project_number":"2026-014","active":true}` {
		t.Errorf("is made from %s, %v", got, err)
	}
	state.fill(client.Project{ID: "3"})
	if !state.ProjectNumber.IsNull() {
		t.Errorf("no number is %s", state.ProjectNumber)
	}
}
