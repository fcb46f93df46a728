package rest_test

import (
	"strings"
	"testing"
)

func TestNameRules(t *testing.T) {
	t.Parallel()
	admin := start(t)
	existing := admin.create("to be renamed")

	for name, test := range map[string]struct{ sent, stored, fault string }{
		"one character":            {"x", "x", ""},
		"trimmed":                  {" \t\u00a0 padded \n", "padded", ""},
		"255 characters":           {strings.Repeat("é", 255), strings.Repeat("é", 255), ""},
		"255 and blanks around":    {"  " + strings.Repeat("ü", 255) + "  ", strings.Repeat("ü", 255), ""},
		"beyond the basic plane":   {strings.Repeat("🏗", 255), strings.Repeat("🏗", 255), ""},
		"256 characters":           {strings.Repeat("x", 256), "", "name too_long"},
		"empty":                    {"", "", "name blank"},
		"blanks only":              {" \t\n ", "", "name blank"},
		"line break inside":        {"a\nb", "", "name invalid_characters"},
		"NUL":                      {"a\x00b", "", "name invalid_characters"},
		"escape":                   {"a\x1b[31mb", "", "name invalid_characters"},
		"delete":                   {"a\x7fb", "", "name invalid_characters"},
		"C1 control":               {"a\u0085b", "", "name invalid_characters"},
		"quotes and percent signs": {`a"b'c%d_e\f`, `a"b'c%d_e\f`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := admin.named(t)
			if test.fault != "" {
				c.post("service_accounts", object{"name": test.sent}).faults(422, "UNPROCESSABLE_ENTITY", test.fault)
				c.patch("service_accounts/"+existing.ID, object{"name": test.sent}).faults(422, "UNPROCESSABLE_ENTITY", test.fault)
				return
			}
			created := c.create(test.sent)
			equal(t, "name at create", created.Name, test.stored)
			equal(t, "name when read", c.account(created.ID).Name, test.stored)
		})
	}
}

func TestNameIsTakenWhateverTheCase(t *testing.T) {
	t.Parallel()
	admin := start(t)
	existing := admin.create("Straße Ärger")
	other := admin.create("other")

	for _, name := range []string{"Straße Ärger", "STRAßE ÄRGER", "straße ärger", "  straße Ärger "} {
		for _, a := range []answer{
			admin.post("service_accounts", object{"name": name}),
			admin.patch("service_accounts/"+other.ID, object{"name": name}),
		} {
			body := a.faults(409, "CONFLICT", "name name_taken")
			equal(t, "existing_id", body.Error.Details[0].ExistingID, existing.ID)
		}
	}
	equal(t, "name after the refusals", admin.account(other.ID).Name, "other")

	// Its own name in another case is no conflict.
	renamed := data[account](admin.patch("service_accounts/"+existing.ID, object{"name": "STRAßE ärger"}).want(200))
	equal(t, "name", renamed.Name, "STRAßE ärger")
}

func TestNameIsFreeAgainAfterDeleteAndTheIDIsNot(t *testing.T) {
	t.Parallel()
	admin := start(t)
	first := admin.create("phoenix")
	admin.delete("service_accounts/" + first.ID).want(204)

	second := admin.create("phoenix")
	if second.ID == first.ID || second.ClientID == first.ClientID || second.Contact.ID == first.Contact.ID {
		t.Errorf("the new account shares something with the deleted one: %+v and %+v", first, second)
	}
	admin.get("service_accounts/"+first.ID).refused(404, "NOT_FOUND")
}

func TestNamesAreFreeInAnotherCompany(t *testing.T) {
	t.Parallel()
	admin := start(t)
	other := admin.otherCompany("Beta")

	admin.create("shared name")
	got := other.create("shared name")
	equal(t, "contact name", got.Contact.Name, "shared-name-beta")
}

func TestContactOfANameWithoutLettersIsStillOne(t *testing.T) {
	t.Parallel()
	admin := start(t)
	for _, name := range []string{"工事", "---", strings.Repeat("very-long-", 25)} {
		got := admin.create(name)
		local, _, _ := strings.Cut(got.Contact.EmailAddress, "@")
		if len(local) > 64 || !strings.HasSuffix(local, "-"+got.ID) || strings.HasPrefix(local, "-") {
			t.Errorf("the address of %q is %q", name, got.Contact.EmailAddress)
		}
	}
}
