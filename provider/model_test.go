package provider

import (
	"encoding/json"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func exampleAccount() client.ServiceAccount {
	app := "Exporter"
	return client.ServiceAccount{
		ID: "17", CompanyID: "1", Name: "ci", AppType: appTypeMarketplace, MarketplaceApp: &app, Description: "d",
		ClientID: "c1", Status: "active", StatusReasons: nil, SecretVersion: 2, SecretCreatedAt: "2026-01-02T03:04:05Z",
		SecretFingerprint: "f2", DeletionProtection: true, AddToNewProjects: true,
		Contact: &client.Contact{EmailAddress: "ci@service-accounts.invalid"}, CreatedAt: "2026-01-01T00:00:00Z", UpdatedAt: "2026-01-03T00:00:00Z",
	}
}

func TestAnAccountFillsEveryAttributeButTheSecret(t *testing.T) {
	model := serviceAccountModel{ClientSecret: types.StringValue("s"), ClientSecretWOVersion: types.Int64Value(3)}
	model.fill(exampleAccount())
	want := serviceAccountModel{
		ID: types.StringValue("17"), CompanyID: types.StringValue("1"), Name: types.StringValue("ci"), AppType: types.StringValue("marketplace"),
		MarketplaceApp: types.StringValue("Exporter"), Description: types.StringValue("d"), DeletionProtection: types.BoolValue(true),
		AddToNewProjects: types.BoolValue(true), ClientID: types.StringValue("c1"), SecretVersion: types.Int64Value(2),
		SecretFingerprint: types.StringValue("f2"), Status: types.StringValue("active"),
		StatusReasons: types.ListValueMust(types.StringType, []attr.Value{}), ContactEmail: types.StringValue("ci@service-accounts.invalid"),
		CreatedAt: types.StringValue("2026-01-01T00:00:00Z"), UpdatedAt: types.StringValue("2026-01-03T00:00:00Z"),
		ClientSecret: types.StringValue("s"), ClientSecretWOVersion: types.Int64Value(3),
	}
	if !model.StatusReasons.Equal(want.StatusReasons) {
		t.Errorf("status_reasons = %s", model.StatusReasons)
	}
	model.StatusReasons, want.StatusReasons = types.List{}, types.List{}
	if toJSON(t, model) != toJSON(t, want) {
		t.Errorf("got  %+v\nwant %+v", model, want)
	}

	bare := exampleAccount()
	bare.MarketplaceApp, bare.Contact = nil, nil
	model.fill(bare)
	if !model.MarketplaceApp.IsNull() || !model.ContactEmail.IsNull() {
		t.Errorf("absent values are %s and %s, want null", model.MarketplaceApp, model.ContactEmail)
	}
}

// toJSON compares models: the framework's values print themselves, null and unknown included.
func toJSON(t *testing.T, model serviceAccountModel) string {
	t.Helper()
	var texts []string
	for _, value := range []attr.Value{
		model.ID, model.CompanyID, model.Name, model.AppType, model.MarketplaceApp, model.Description,
		model.DeletionProtection, model.AddToNewProjects, model.ClientSecretWO, model.ClientSecretWOVersion, model.ClientID, model.ClientSecret,
		model.SecretVersion, model.SecretFingerprint, model.Status, model.ContactEmail, model.CreatedAt, model.UpdatedAt,
	} {
		texts = append(texts, value.String())
	}
	text, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestASecretIsDroppedWhenTheServerHasAnother(t *testing.T) {
	secret, null := types.StringValue("s"), types.StringNull()
	tests := []struct {
		name        string
		version     types.Int64
		fingerprint types.String
		secret      types.String
		woVersion   types.Int64
		stale       bool
		kept        bool
	}{
		{"the same", types.Int64Value(2), types.StringValue("f2"), secret, types.Int64Null(), false, true},
		{"reset elsewhere", types.Int64Value(1), types.StringValue("f1"), secret, types.Int64Null(), true, false},
		{"restored from a backup", types.Int64Value(2), types.StringValue("f9"), secret, types.Int64Null(), true, false},
		{"imported", types.Int64Null(), types.StringNull(), null, types.Int64Null(), false, false},
		{"reset elsewhere, never known", types.Int64Value(1), types.StringValue("f1"), null, types.Int64Null(), false, false},
		{"reset elsewhere, known to the configuration", types.Int64Value(1), types.StringValue("f1"), null, types.Int64Value(1), true, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			model := serviceAccountModel{
				SecretVersion: test.version, SecretFingerprint: test.fingerprint, ClientSecret: test.secret,
				ClientSecretWOVersion: test.woVersion,
			}
			if got := model.refresh(exampleAccount()); got != test.stale {
				t.Errorf("stale = %t, want %t", got, test.stale)
			}
			if got := !model.ClientSecret.IsNull(); got != test.kept {
				t.Errorf("secret kept = %t, want %t", got, test.kept)
			}
			if model.SecretVersion.ValueInt64() != 2 {
				t.Errorf("secret_version = %s", model.SecretVersion)
			}
		})
	}
}

func TestAnUpdateKeepsWhatThePlanPromised(t *testing.T) {
	plan := serviceAccountModel{
		SecretVersion: types.Int64Value(1), SecretFingerprint: types.StringValue("f1"), Status: types.StringUnknown(),
		StatusReasons: stringList([]string{"sunset"}), ContactEmail: types.StringValue("old"),
	}
	next := plan
	next.fill(exampleAccount())
	next.keepPromises(plan)
	if next.SecretVersion.ValueInt64() != 1 || next.SecretFingerprint.ValueString() != "f1" || next.ContactEmail.ValueString() != "old" ||
		len(next.StatusReasons.Elements()) != 1 {
		t.Errorf("a planned value changed: %+v", next)
	}
	if next.Status.ValueString() != "active" {
		t.Errorf("a value that the plan left open is %s, want the answer's", next.Status)
	}
}

func TestAnUpdateSendsOnlyWhatDiffers(t *testing.T) {
	var state serviceAccountModel
	state.fill(exampleAccount())
	for want, change := range map[string]func(*serviceAccountModel){
		`{}`:                            func(*serviceAccountModel) {},
		`{"name":"n"}`:                  func(m *serviceAccountModel) { m.Name = types.StringValue("n") },
		`{"description":""}`:            func(m *serviceAccountModel) { m.Description = types.StringValue("") },
		`{"add_to_new_projects":false}`: func(m *serviceAccountModel) { m.AddToNewProjects = types.BoolValue(false) },
		`{"app_type":"custom","marketplace_app":null}`: func(m *serviceAccountModel) {
			m.AppType, m.MarketplaceApp = types.StringValue("custom"), types.StringNull()
		},
		`{"marketplace_app":"Other"}`: func(m *serviceAccountModel) { m.MarketplaceApp = types.StringValue("Other") },
	} {
		plan := state
		change(&plan)
		changes, changed := plan.changes(state)
		got, err := json.Marshal(changes)
		if err != nil || string(got) != want || changed != (want != "{}") {
			t.Errorf("got %s (%t), %v; want %s", got, changed, err, want)
		}
	}
}

func TestAResetFillsItsOutputs(t *testing.T) {
	done := client.Reset{
		ServiceAccountSecret: client.ServiceAccountSecret{ServiceAccount: exampleAccount(), ClientSecret: "s2"},
		Cleared:              client.Cleared{Permissions: map[string]string{"documents": "readonly"}, ProjectIDs: []string{"3"}},
	}
	var model secretResetModel
	model.fillReset(done, false)
	if model.ID.ValueString() != "17" || model.ServiceAccountID.ValueString() != "17" || model.CompanyID.ValueString() != "1" ||
		model.ClientID.ValueString() != "c1" || model.ClientSecret.ValueString() != "s2" || model.SecretVersion.ValueInt64() != 2 ||
		model.SecretFingerprint.ValueString() != "f2" || model.ResetAt.ValueString() != "2026-01-02T03:04:05Z" ||
		!model.ClearedPermissions.Equal(stringMap(map[string]string{"documents": "readonly"})) || !model.ClearedProjectIDs.Equal(stringList([]string{"3"})) {
		t.Errorf("got %+v", model)
	}
	done.Cleared = client.Cleared{}
	model.fillReset(done, true)
	if !model.ClientSecret.IsNull() {
		t.Error("a secret of the configuration's own is in the state")
	}
	if model.ClearedPermissions.IsNull() || model.ClearedProjectIDs.IsNull() {
		t.Error("nothing cleared is null, want empty")
	}
}

func TestAnImportedResetIsAdopted(t *testing.T) {
	model := secretResetModel{ID: types.StringValue("17"), CompanyID: types.StringValue("1"), Triggers: types.MapNull(types.StringType)}
	if model.refresh(exampleAccount()) {
		t.Error("an import is told to be stale")
	}
	if !model.ClientSecret.IsNull() || !model.Triggers.IsNull() || model.KeepAccess.IsNull() || model.KeepAccess.ValueBool() ||
		model.PreviousSecretTTL.ValueString() != "0s" || model.ResetAt.ValueString() != "2026-01-02T03:04:05Z" {
		t.Errorf("got %+v", model)
	}
}
