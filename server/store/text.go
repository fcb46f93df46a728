package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on text, in characters.
const (
	MaxNameLength        = 255
	MaxDescriptionLength = 10_000
)

// FoldCase returns a key under which two texts are equal when they differ in case only (Unicode simple folding).
func FoldCase(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, text)
}

// normalizeName trims a name and appends its faults.
func normalizeName(source, name string, faults []Fault) (string, []Fault) {
	name = strings.TrimSpace(name)
	switch length := utf8.RuneCountInString(name); {
	case length == 0:
		faults = append(faults, Fault{Reason: "blank", Source: source, Message: "must not be blank"})
	case length > MaxNameLength:
		faults = append(faults, tooLong(source, MaxNameLength, length))
	}
	if strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		faults = append(faults, Fault{
			Reason: "invalid_characters", Source: source, Message: "must be valid UTF-8 without control characters",
		})
	}
	return name, faults
}

// checkDescription appends the faults of a free text. Line breaks and tabs are fine in it.
func checkDescription(text string, faults []Fault) []Fault {
	if length := utf8.RuneCountInString(text); length > MaxDescriptionLength {
		faults = append(faults, tooLong("description", MaxDescriptionLength, length))
	}
	control := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }
	if strings.ContainsFunc(text, control) || !utf8.ValidString(text) {
		faults = append(faults, Fault{
			Reason: "invalid_characters", Source: "description",
			Message: "must be valid UTF-8 without control characters other than line breaks and tabs",
		})
	}
	return faults
}

// normalizeApp appends the faults of an app type and of the Marketplace app that goes with it.
func normalizeApp(appType AppType, app string, faults []Fault) (string, []Fault) {
	app = strings.TrimSpace(app)
	switch {
	case appType != AppTypeCustom && appType != AppTypeMarketplace:
		return app, append(faults, Fault{
			Reason: "not_allowed", Source: "app_type", Message: "must be custom or marketplace",
		})
	case appType == AppTypeCustom && app != "":
		return app, append(faults, Fault{
			Reason: "not_allowed", Source: "marketplace_app",
			Message: "must be null when app_type is custom; set app_type to marketplace to name an app",
		})
	case appType == AppTypeMarketplace:
		return normalizeName("marketplace_app", app, faults)
	}
	return app, faults
}

func tooLong(source string, limit, length int) Fault {
	return Fault{
		Reason: "too_long", Source: source,
		Message: fmt.Sprintf("must have at most %d characters, but has %d", limit, length),
	}
}

func quote(text string) string { return strconv.Quote(text) }

// nearest returns the candidate that a person most likely meant by a misspelt text, or "" when none is near: at most a
// third of the longer one's letters may differ.
func nearest(text string, candidates []string) string {
	best, least := "", math.MaxInt
	for _, candidate := range candidates {
		if longer, shorter := max(len(text), len(candidate)), min(len(text), len(candidate)); (longer-shorter)*3 > longer {
			continue // too far already; and the work on a text as long as a whole body would be felt
		}
		distance := editDistance(FoldCase(text), FoldCase(candidate))
		if distance < least && distance*3 <= max(len(text), len(candidate)) {
			best, least = candidate, distance
		}
	}
	return best
}

// editDistance is Levenshtein's: how many letters have to be put in, taken out or replaced.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
