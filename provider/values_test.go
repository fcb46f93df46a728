package provider

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestImportIDs(t *testing.T) {
	for _, test := range []struct {
		text  string
		count int
		want  importID
	}{
		{"17", 1, importID{ids: []string{"17"}}},
		{"1/17", 1, importID{companyID: "1", ids: []string{"17"}}},
		{"1234567890123456789", 1, importID{ids: []string{"1234567890123456789"}}},
		{"17/3", 2, importID{ids: []string{"17", "3"}}},
		{"1/17/3", 2, importID{companyID: "1", ids: []string{"17", "3"}}},
	} {
		got, err := parseImportID(test.text, test.count)
		if err != nil || got.companyID != test.want.companyID || !slices.Equal(got.ids, test.want.ids) {
			t.Errorf("parseImportID(%q, %d) = %+v, %v; want %+v", test.text, test.count, got, err, test.want)
		}
	}
	wrong := []string{
		"", "0", "-1", "+1", "01", " 17", "17 ", "1/", "/17", "/", "a", "1/a", "a/1", "1.0", "0/1", "1/01", "１", "12345678901234567890",
		"17\n", "1/2/3/4", "//", "1//2", "/1/2", "1/2/",
	}
	for count, forms := range map[int]string{1: "ID (as in \"17\") nor COMPANY_ID/ID", 2: "ID/PROJECT_ID (as in \"17/3\") nor COMPANY_ID/ID/PROJECT_ID"} {
		for _, text := range append(wrong, map[int]string{1: "1/2/3", 2: "17"}[count]) {
			if got, err := parseImportID(text, count); err == nil {
				t.Errorf("parseImportID(%q, %d) = %+v, want an error", text, count, got)
			} else if !strings.Contains(err.Error(), forms) {
				t.Errorf("parseImportID(%q, %d): %v doesn't name both forms", text, count, err)
			}
		}
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s": 0, "0": 0, "0d": 0, "90m": 90 * time.Minute, "36h": 36 * time.Hour, "30d": 720 * time.Hour,
		"1d12h": 36 * time.Hour, "1d0s": 24 * time.Hour, "1h30m": 90 * time.Minute, "1500ms": 1500 * time.Millisecond,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("parseDuration(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "d", "-1s", "-1d", "1d-1h", "1.5d", "30", "one day", "1w", "1h1d", "1d1d", "+1d", " 1d", "99999d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("parseDuration(%q) = %s, want an error", text, got)
		}
	}
	for text, want := range map[string]int64{"0s": 0, "30d": 2592000, "1d12h": 129600, "720h": 2592000} {
		if got, err := parsePreviousSecretTTL(text); err != nil || got != want {
			t.Errorf("parsePreviousSecretTTL(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"30d1s", "721h", "1500ms", "-1s", "soon"} {
		if got, err := parsePreviousSecretTTL(text); err == nil {
			t.Errorf("parsePreviousSecretTTL(%q) = %d, want an error", text, got)
		}
	}
}

// testSecret makes a well-formed secret out of 43 characters.
func testSecret(body string) string { return secretPrefix + body + encodeChecksum(body) }

func TestClientSecretsAreCheckedForShapeAndChecksum(t *testing.T) {
	good := testSecret("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg")
	if err := checkClientSecret(good); err != nil {
		t.Errorf("%v", err)
	}
	for name, secret := range map[string]string{
		"empty": "", "no prefix": good[4:], "another prefix": "pcx_" + good[4:], "too short": good[:len(good)-1], "too long": good + "0",
		"a character mistyped": strings.Replace(good, "ABC", "ABD", 1), "a strange character": strings.Replace(good, "A", "-", 1),
		"two characters swapped": strings.Replace(good, "AB", "BA", 1), "a line break": good[:len(good)-1] + "\n",
	} {
		err := checkClientSecret(secret)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error repeats the secret: %v", name, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "ci exporter", strings.Repeat("é", 255), "名前", "a\u00a0b"} {
		if err := checkName(name); err != nil {
			t.Errorf("checkName(%q) = %v", name, err)
		}
	}
	for _, name := range []string{"", " ", "\t", " a", "a ", "a\u00a0", "a\nb", "a\x00b", "a\u007fb", strings.Repeat("a", 256)} {
		if checkName(name) == nil {
			t.Errorf("checkName(%q) accepted it", name)
		}
	}
}

func TestAMarketplaceAppGoesWithMarketplaceAndNothingElse(t *testing.T) {
	null, unknown, app := types.StringNull(), types.StringUnknown(), types.StringValue("Exporter")
	custom, marketplace := types.StringValue(appTypeCustom), types.StringValue(appTypeMarketplace)
	for _, test := range []struct {
		appType, app types.String
		wrong        bool
	}{
		{null, null, false},
		{custom, null, false},
		{marketplace, app, false},
		{null, app, true},
		{custom, app, true},
		{marketplace, null, true},
		{unknown, null, false},
		{unknown, app, false},
		{custom, unknown, false},
		{marketplace, unknown, false},
	} {
		if got := checkMarketplaceApp(test.appType, test.app); (got != "") != test.wrong {
			t.Errorf("checkMarketplaceApp(%s, %s) = %q", test.appType, test.app, got)
		}
	}
}
