package store

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func reasons(err error) []string {
	var broken *Error
	if !errors.As(err, &broken) {
		return nil
	}
	var list []string
	for _, fault := range broken.Faults {
		list = append(list, fault.Source+" "+fault.Reason)
	}
	return list
}

func TestNormalizeNamesEveryFault(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		account NewServiceAccount
		want    []string
	}{
		"fine":                     {NewServiceAccount{Name: "ci"}, nil},
		"longest":                  {NewServiceAccount{Name: strings.Repeat("é", 255)}, nil},
		"blank":                    {NewServiceAccount{Name: " \t "}, []string{"name blank"}},
		"too long":                 {NewServiceAccount{Name: strings.Repeat("é", 256)}, []string{"name too_long"}},
		"control character":        {NewServiceAccount{Name: "a\x00b"}, []string{"name invalid_characters"}},
		"line break in a name":     {NewServiceAccount{Name: "a\nb"}, []string{"name invalid_characters"}},
		"not UTF-8":                {NewServiceAccount{Name: "a\xff"}, []string{"name invalid_characters"}},
		"app with custom":          {NewServiceAccount{Name: "ci", MarketplaceApp: "x"}, []string{"marketplace_app not_allowed"}},
		"marketplace without app":  {NewServiceAccount{Name: "ci", AppType: AppTypeMarketplace}, []string{"marketplace_app blank"}},
		"marketplace with app":     {NewServiceAccount{Name: "ci", AppType: AppTypeMarketplace, MarketplaceApp: "x"}, nil},
		"unknown type":             {NewServiceAccount{Name: "ci", AppType: "own"}, []string{"app_type not_allowed"}},
		"lines in the description": {NewServiceAccount{Name: "ci", Description: "a\r\n\tb"}, nil},
		"everything at once": {
			NewServiceAccount{AppType: AppTypeMarketplace, Description: strings.Repeat("a", 10_001) + "\x1b"},
			[]string{"name blank", "description too_long", "description invalid_characters", "marketplace_app blank"},
		},
	} {
		if got := reasons(test.account.Normalize()); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestNormalizeTrimsAndFillsIn(t *testing.T) {
	t.Parallel()
	account := NewServiceAccount{Name: "  ci exporter\u00a0"}
	if err := account.Normalize(); err != nil {
		t.Fatal(err)
	}
	if account.Name != "ci exporter" || account.AppType != AppTypeCustom {
		t.Errorf("%q of type %q", account.Name, account.AppType)
	}
}

func TestChangeKeepsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	before := ServiceAccount{Name: "ci", AppType: AppTypeMarketplace, MarketplaceApp: "x", Description: "d", DeletionProtection: true}
	name, custom, none := "new", AppTypeCustom, ""
	after, err := ServiceAccountChange{Name: &name}.Apply(before)
	want := before
	want.Name = "new"
	if err != nil || after.Name != want.Name || after.MarketplaceApp != "x" || !after.DeletionProtection {
		t.Errorf("%+v, %v", after, err)
	}
	if _, err := (ServiceAccountChange{AppType: &custom}).Apply(before); !slices.Equal(reasons(err), []string{"marketplace_app not_allowed"}) {
		t.Errorf("custom with the app left as it is: %v", err)
	}
	if _, err := (ServiceAccountChange{AppType: &custom, MarketplaceApp: &none}).Apply(before); err != nil {
		t.Errorf("custom without the app: %v", err)
	}
}

func TestFoldCaseJoinsWhatDiffersInCaseOnly(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"CI Exporter", "ci exporter"}, {"ÉCOLE", "école"}, {"ΣΑΣ", "σας"}, {"K", "k"}} {
		if FoldCase(pair[0]) != FoldCase(pair[1]) {
			t.Errorf("%q and %q are told apart", pair[0], pair[1])
		}
	}
	if FoldCase("a") == FoldCase("b") {
		t.Error("a and b are the same")
	}
}

func TestParseIDTakesOneSpellingOnly(t *testing.T) {
	t.Parallel()
	if id, ok := ParseID("17"); !ok || id != 17 || id.String() != "17" {
		t.Errorf("17 is %d, %t", id, ok)
	}
	for _, text := range []string{"", "0", "-1", "+1", "007", " 1", "1 ", "1.0", "abc", "１", "9223372036854775808", "99999999999999999999"} {
		if _, ok := ParseID(text); ok {
			t.Errorf("%q is an id", text)
		}
	}
}

func TestContactAddressIsUniqueAndFitsAMailbox(t *testing.T) {
	t.Parallel()
	contact := NewContact("CI Exporter", "Acme, Inc.", 17)
	if contact.Name != "ci-exporter-acme-inc" || contact.EmailAddress != "ci-exporter-acme-inc-17@service-accounts.invalid" {
		t.Errorf("%+v", contact)
	}
	for _, name := range []string{"数据", strings.Repeat("long name ", 40)} {
		local, _, _ := strings.Cut(NewContact(name, "建設", 9_000_000).EmailAddress, "@")
		if len(local) > 64 || !strings.HasSuffix(local, "-9000000") || strings.Contains(local, "--") {
			t.Errorf("%q", local)
		}
	}
}

func TestStatusFollowsContactAndSunset(t *testing.T) {
	t.Parallel()
	account := ServiceAccount{Contact: Contact{EmailAddress: "a", AssignedEmailAddress: "a"}}
	policy := Policy{Sunset: noon, CreationCutoff: noon.Add(-time.Hour)}
	check := func(now time.Time, want Status, reasons ...string) {
		t.Helper()
		account.SetStatus(policy, now)
		if account.Status != want || !slices.Equal(account.StatusReasons, reasons) {
			t.Errorf("%s %q, want %s %q", account.Status, account.StatusReasons, want, reasons)
		}
	}
	check(noon.Add(-time.Second), StatusActive)
	check(noon, StatusExpired, ReasonSunset)
	account.Contact.EmailAddress = "b"
	check(noon.Add(-time.Second), StatusNonfunctional, ReasonContactEmailChanged)
	check(noon, StatusExpired, ReasonContactEmailChanged, ReasonSunset)
	if policy.CheckCreation(noon.Add(-2*time.Hour)) != nil || policy.CheckCreation(noon) == nil {
		t.Error("the creation cutoff isn't kept")
	}
	if (Policy{}).CheckCreation(noon) != nil || (Policy{}).SunsetReached(noon) {
		t.Error("dates that aren't set count")
	}
}

func TestDirectoryAdminImpliesEveryTool(t *testing.T) {
	t.Parallel()
	directory := Levels{ToolDirectory: LevelAdmin}
	if !directory.Administers(ToolAdmin) || len(directory.Effective()) != len(CompanyTools()) {
		t.Error("Admin on the Directory tool isn't enough")
	}
	admin := Levels{ToolAdmin: LevelAdmin, "documents": LevelNone}
	if admin.Administers(ToolDirectory) || len(admin.Effective()) != 1 {
		t.Error("Admin on the Admin tool is too much")
	}
	if (Levels{ToolDirectory: LevelStandard}).Administers(ToolDirectory) || Levels(nil).Administers(ToolAdmin) {
		t.Error("less than Admin is enough")
	}
}

func TestPageOffsetNeverOverflows(t *testing.T) {
	t.Parallel()
	if got := (PageRequest{Number: 3, Size: 100}).Offset(); got != 200 {
		t.Errorf("page 3 begins at %d", got)
	}
	if got := (PageRequest{Number: 1 << 62, Size: 1000}).Offset(); got < 0 {
		t.Errorf("an absurd page begins at %d", got)
	}
}
