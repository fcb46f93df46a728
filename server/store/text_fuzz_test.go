package store

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzParseID wants one spelling for each id: what is accepted is what String writes.
func FuzzParseID(f *testing.F) {
	for _, seed := range []string{
		"1", "17", "0", "-1", "+1", "01", "1.0", "1e3", " 1", "1\n", "٣", "1_000", "0x1", "",
		"9223372036854775807", "9223372036854775808", "18446744073709551617",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := ParseID(text)
		if ok != (id != 0) || ok && (id < 1 || id.String() != text) {
			t.Errorf("%q is %d, %t", text, id, ok)
		}
		if again, ok := ParseID(id.String()); id > 0 && (!ok || again != id) {
			t.Errorf("%d doesn't survive its own spelling", id)
		}
	})
}

// FuzzFoldCase wants a key that two texts share just when Unicode calls them equal but for their case.
func FuzzFoldCase(f *testing.F) {
	for _, seed := range [][2]string{
		{"CI", "ci"}, {"Straße", "STRASSE"}, {"ſ", "S"}, {"K", "k"}, {"İ", "i"}, {"ΑΣ", "ας"}, {"é", "e\u0301"}, {"a", "b"}, {"\xff", "\ufffd"}, {"", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		key := FoldCase(a)
		if FoldCase(key) != key {
			t.Errorf("the key of %q has another key", a)
		}
		if !utf8.ValidString(a) || !utf8.ValidString(b) { // is never stored
			return
		}
		if (key == FoldCase(b)) != strings.EqualFold(a, b) {
			t.Errorf("%q and %q have equal keys: %t", a, b, key == FoldCase(b))
		}
		for _, variant := range []string{strings.ToUpper(a), strings.ToLower(a)} {
			if strings.EqualFold(a, variant) && FoldCase(variant) != key {
				t.Errorf("%q and %q have different keys", a, variant)
			}
		}
	})
}

// FuzzNames wants that a text which is accepted is kept, and shown, in one spelling, and that whatever is refused is told why.
func FuzzNames(f *testing.F) {
	for _, seed := range [][4]string{
		{"ci exporter", "", "", "custom"},
		{" ci ", "App", "two\nlines", "marketplace"},
		{"\u00a0ci\u2003", " ", "\x00", ""},
		{"a\u0085b", "x", "\ufeff", "CUSTOM"},
		{"\xff", "\xc3", "\xed\xa0\x80", "custom"},
		{strings.Repeat("ü", 255), "", strings.Repeat("ü", 10_000), ""},
		{strings.Repeat("ü", 256), "", strings.Repeat("ü", 10_001), ""},
		{"\u200b", "", "", ""},
		{"a\u2028b", "", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, name, app, description, appType string) {
		account := NewServiceAccount{Name: name, MarketplaceApp: app, Description: description, AppType: AppType(appType)}
		if err := account.Normalize(); err != nil {
			checkFaults(t, err)
		} else {
			checkText(t, account.Name, 1)
			checkText(t, account.MarketplaceApp, map[AppType]int{AppTypeCustom: 0, AppTypeMarketplace: 1}[account.AppType])
			if account.Description != description || !utf8.ValidString(description) || utf8.RuneCountInString(description) > MaxDescriptionLength {
				t.Errorf("the description %q is kept as %q", description, account.Description)
			}
			again := account
			if err := again.Normalize(); err != nil || again.Name != account.Name || again.MarketplaceApp != account.MarketplaceApp {
				t.Errorf("%+v becomes %+v when it is written again: %v", account, again, err)
			}
		}
		project := NewProject{Name: name, ProjectNumber: app}
		if err := project.Normalize(); err != nil {
			checkFaults(t, err)
			return
		}
		checkText(t, project.Name, 1)
		checkText(t, project.ProjectNumber, 0)
	})
}

// checkText wants a text that is shown on one line, trimmed, with no more than 255 characters.
func checkText(t *testing.T, text string, least int) {
	t.Helper()
	length := utf8.RuneCountInString(text)
	if length < least || length > MaxNameLength || strings.TrimSpace(text) != text || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, unicode.IsControl) {
		t.Errorf("%q is accepted", text)
	}
}

// checkFaults wants an error that names each field once.
func checkFaults(t *testing.T, err error) {
	t.Helper()
	var broken *Error
	if !errors.As(err, &broken) || broken.Code != CodeInvalid || len(broken.Faults) == 0 {
		t.Fatalf("refused with %v", err)
	}
	for _, fault := range broken.Faults {
		if fault.Reason == "" || fault.Source == "" || fault.Message == "" {
			t.Errorf("refused with %+v", fault)
		}
	}
}

// FuzzLevels wants of a set of permissions that is accepted: known tools only, at levels that they take, none of them "none",
// and no difference when it is sent again.
func FuzzLevels(f *testing.F) {
	for _, seed := range [][4]string{
		{"documents", "readonly", "admin", "admin"},
		{"documents", "none", "admin", "standard"},
		{"Documents", "Readonly", "concierge", "readonly"},
		{"dokuments", "readonly", "", ""},
		{"rfis", "standard", "daily_log", "none"},
		{strings.Repeat("d", 10_000), "admin", "\xff", "\x00"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, tool, level, otherTool, otherLevel string) {
		sent := Levels{tool: Level(level), otherTool: Level(otherLevel)}
		for _, check := range []struct {
			normalize func(Levels) (Levels, error)
			tools     []Tool
		}{{Levels.NormalizeCompany, CompanyTools()}, {Levels.NormalizeProject, ProjectTools()}} {
			granted, err := check.normalize(sent)
			if err != nil {
				checkFaults(t, err)
				continue
			}
			for name, granted := range granted {
				known := slices.ContainsFunc(check.tools, func(tool Tool) bool { return tool.Name == name && slices.Contains(tool.Levels, granted) })
				if !known || granted == LevelNone || sent[name] != granted {
					t.Errorf("%q at %q is granted", name, granted)
				}
			}
			if again, err := check.normalize(granted); err != nil || !maps.Equal(again, granted) {
				t.Errorf("%v becomes %v when it is sent again: %v", granted, again, err)
			}
		}
	})
}

// FuzzEmailAddress wants of an address that is accepted: short enough, on one line, and nothing but an address.
func FuzzEmailAddress(f *testing.F) {
	for _, seed := range []string{
		"ci-17@service-accounts.invalid", "Name <a@b.c>", "a@b", "@", "\"a b\"@c.d", "a@[127.0.0.1]", "a@b.c\n", "ü@ü.de", "a@b (comment)", "a,b@c", strings.Repeat("a", 250) + "@b.c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if err := CheckEmailAddress(address); err != nil {
			checkFaults(t, err)
			return
		}
		if len(address) > maxEmailLength || !strings.Contains(address, "@") || strings.ContainsFunc(address, unicode.IsControl) ||
			!utf8.ValidString(address) || strings.TrimSpace(address) != address {
			t.Errorf("%q is accepted", address)
		}
	})
}
