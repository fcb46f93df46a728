package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/procore/terraform-provider-procore/provider/client"
)

func TestLabelReadsLikeTheName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"CI exporter":              "ci_exporter",
		"ci-exporter":              "ci_exporter",
		"  CI -- exporter (new)  ": "ci_exporter_new",
		"snake_case__twice":        "snake_case_twice",
		"Überwachung Straße":       "uberwachung_stra_e",
		"E\u0301tage \u00e9":       "etage_e",
		"ﬁnal №7 ①":                "final_no7_1",
		"ＦＵＬＬ　ｗｉｄｔｈ":               "full_width",
		"𝐁old K":                   "bold_k",
		"4th floor":                "account_4th_floor",
		"42":                       "account_42",
		"_private_":                "private",
		"":                         "account",
		"!!!":                      "account",
		"監視":                       "account",
		"監視 b":                     "b",
		"a\nresource \"x\"":        "a_resource_x",
		strings.Repeat("ab ", 40):  strings.TrimSuffix(strings.Repeat("ab_", 21), "_") + "_a",
	} {
		if got := label("account", name); got != want {
			t.Errorf("label of %q is %s, want %s", name, got, want)
		}
	}
}

func TestLabelsOfOneTypeDiffer(t *testing.T) {
	t.Parallel()
	made := newLabels("account")
	for i, test := range []struct{ name, id, want string }{
		{"CI", "1", "ci"},
		{"ci", "17", "ci_17"},
		{"ci 17", "20", "ci_17_20"},
		{"***", "21", "account_21"},
		{"account 21", "22", "account_21_22"},
		{"Account", "23", "account_23"},
		{"c.i.", "24", "c_i"},
		{"ci", "3/4", "ci_3_4"},
	} {
		if got := made.next(test.name, test.id); got != test.want {
			t.Errorf("%d: %q has %s, want %s", i, test.name, got, test.want)
		}
	}
}

func TestOnlyCompanyIsTheOneToExport(t *testing.T) {
	t.Parallel()
	if id, err := onlyCompany([]client.Company{{ID: "7", Name: "Acme"}}); id != "7" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	for _, test := range []struct {
		companies []client.Company
		words     []string
	}{
		{nil, []string{"belongs to no company"}},
		{[]client.Company{{ID: "7", Name: "Acme"}, {ID: "9", Name: "Be\"ta\x1b"}}, []string{"--company-id", `7 ("Acme")`, `9 ("Be\"ta\x1b")`}},
		{[]client.Company{{ID: "1\"\n}", Name: "Acme"}}, []string{`"1\"\n}"`}},
	} {
		id, err := onlyCompany(test.companies)
		if id != "" || err == nil {
			t.Fatalf("%v: %q, %v", test.companies, id, err)
		}
		for _, word := range test.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("no %q in %v", word, err)
			}
		}
	}
}

var labelPattern = regexp.MustCompile(`\A[a-z][a-z0-9]*(_[a-z0-9]+)*\z`)

// FuzzLabel wants a name for a resource from whatever two objects are called, and two that differ.
func FuzzLabel(f *testing.F) {
	for _, seed := range []string{"", "CI exporter", "_", "9", "a_2", "\xff", "Ⅷ", "İ", "ǅ", "ß", "\u0301", "a\u0301\u0301", "\u200b", "￼", "ﷺ", strings.Repeat("_a", 40)} {
		f.Add(seed, "a")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		made := newLabels("account")
		one, two := made.next(first, "1"), made.next(second, "2")
		for _, got := range []string{one, two} {
			if !labelPattern.MatchString(got) || len(got) > maxLabel+len("account_")+len("_2_2") {
				t.Errorf("%q and %q: %q", first, second, got)
			}
		}
		if one == two {
			t.Errorf("%q and %q are both %s", first, second, one)
		}
	})
}
