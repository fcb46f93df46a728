package postgres

import (
	"slices"
	"strings"
	"testing"
)

func TestQuestionMarksAreNumberedButForThoseInQuotesAndComments(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"SELECT 1":                              "SELECT 1",
		"a = ? AND b = ?":                       "a = $1 AND b = $2",
		"?,?":                                   "$1,$2",
		"'?' || ? || '''?' || ?":                "'?' || $1 || '''?' || $2",
		`"wh?y" = ?`:                            `"wh?y" = $1`,
		"a - ? -- why?\n + ?":                   "a - $1 -- why?\n + $2",
		"a = 'unclosed ?":                       "a = 'unclosed ?",
		"-- only ?":                             "-- only ?",
		"é = ? AND x->>'$.a?' = ?":              "é = $1 AND x->>'$.a?' = $2",
		strings.Repeat("?", 11):                 "$1$2$3$4$5$6$7$8$9$10$11",
		"coalesce(a, '') = ? OR b IN (?, ?, ?)": "coalesce(a, '') = $1 OR b IN ($2, $3, $4)",
	} {
		for range 2 { // also when it was numbered before
			if got := numbered(statement); got != want {
				t.Errorf("%q becomes %q, want %q", statement, got, want)
			}
		}
	}
}

func TestTextThatPostgresCantHoldIsLookedForAsOneThatNothingHas(t *testing.T) {
	t.Parallel()
	given := []any{"a\x00b", 1, "fine", "\xff", []byte{0, 255}}
	want := []any{"a\x01b", 1, "fine", "\x01", []byte{0, 255}}
	got := storable(given)
	for i := range want {
		if text, ok := want[i].(string); ok && got[i] != text {
			t.Errorf("%q becomes %q, want %q", given[i], got[i], text)
		}
	}
	if given[0] != "a\x00b" || given[3] != "\xff" {
		t.Error("the caller's arguments were changed")
	}
	if plain := []any{"a", 2}; !slices.Equal(storable(plain), plain) {
		t.Error("plain arguments were changed")
	}
}
