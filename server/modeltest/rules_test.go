package modeltest

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func number(id int) string { return strconv.Itoa(id) }

// stamp is a time as the API writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// fold makes texts equal that differ in case only, and orders them.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		first := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			first = min(first, other)
		}
		return first
	}, text)
}

// slug is lower-case ASCII letters and digits, and one hyphen for whatever is between them.
func slug(text string) string {
	var out strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && out.Len() > 0 {
				out.WriteByte('-')
			}
			out.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	return out.String()
}

// fingerprint is the first 12 hex digits of the SHA-256 of the secret's SHA-256.
func fingerprint(secret string) string {
	once := sha256.Sum256([]byte(secret))
	twice := sha256.Sum256(once[:])
	return hex.EncodeToString(twice[:])[:12]
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// secretOf is a well-formed secret: pcs_, 43 base62 characters, and 6 of their CRC-32.
func secretOf(body string) string { return "pcs_" + body + checksum(body) }

func checksum(body string) string {
	sum := big.NewInt(int64(crc32.ChecksumIEEE([]byte(body))))
	digits := make([]byte, 6)
	for i := 5; i >= 0; i-- {
		var digit big.Int
		sum.DivMod(sum, big.NewInt(62), &digit)
		digits[i] = base62[digit.Int64()]
	}
	return string(digits)
}

func wellFormed(secret string) bool {
	body, found := strings.CutPrefix(secret, "pcs_")
	return found && len(body) == 49 && strings.Trim(body, base62) == "" && checksum(body[:43]) == body[43:]
}

var allLevels = []string{"none", "readonly", "standard", "admin"}

// companyTools and projectTools have the levels that each tool takes.
var companyTools = func() map[string][]string {
	tools := toolsOf(`account_onboarding admin app_management bid_board calendar checklists concierge connection_manager
		cost_catalog directory documents equipment erp_integrations permissions planroom portfolio reports resource_planning
		schedule timecard timesheets workflows`)
	tools["admin"] = []string{"none", "admin"}
	tools["concierge"] = []string{"none", "standard", "admin"}
	return tools
}()

var projectTools = toolsOf(`action_plans admin bidding budgeting change_events change_orders checklists commitments
	connection_manager coordination_issues correspondence crews daily_log direct_costs directory documents drawings emails
	estimating forms home images incidents instructions invoicing meetings models observations prime_contracts punch_list
	reports rfis schedule specifications submittals tasks timecard timesheets tm_tickets transmittals`)

func toolsOf(names string) map[string][]string {
	tools := map[string][]string{}
	for name := range strings.FieldsSeq(names) {
		tools[name] = allLevels
	}
	return tools
}

// A fault is "source reason_code" of one entry of an error's details.

// nameFaults are what is wrong with a text that must have 1 to 255 characters.
func nameFaults(source, text string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return []string{source + " blank"}
	}
	return lineFaults(source, text)
}

// lineFaults are what is wrong with one line of text.
func lineFaults(source, text string) (faults []string) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > 255 {
		faults = append(faults, source+" too_long")
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		faults = append(faults, source+" invalid_characters")
	}
	return faults
}

func descriptionFaults(text string) (faults []string) {
	if utf8.RuneCountInString(text) > 10_000 {
		faults = append(faults, "description too_long")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }) {
		faults = append(faults, "description invalid_characters")
	}
	return faults
}

// appFaults are what is wrong with a Marketplace app beside an app type.
func appFaults(appType, app string) []string {
	switch {
	case appType == "marketplace":
		return nameFaults("marketplace_app", app)
	case strings.TrimSpace(app) != "":
		return []string{"marketplace_app not_allowed"}
	}
	return nil
}

// levelFaults are what is wrong with levels as they were sent.
func levelFaults(source string, sent object, tools map[string][]string) (faults []string) {
	for tool, level := range sent {
		text, isText := level.(string)
		accepted, known := tools[tool]
		switch {
		case !isText:
			faults = append(faults, source+"."+tool+" wrong_type")
		case !known:
			faults = append(faults, source+"."+tool+" unknown_tool")
		case !slices.Contains(accepted, text):
			faults = append(faults, source+"."+tool+" not_allowed")
		}
	}
	return faults
}

// granted are levels as they are kept: none is the same as absent.
func granted(sent object) levels {
	kept := levels{}
	for tool, level := range sent {
		if text, _ := level.(string); text != "none" {
			kept[tool] = text
		}
	}
	return kept
}

// kinds of the fields of a body.
const (
	isString  = "string"
	isBool    = "bool"
	isNull    = "null"
	isInteger = "integer"
	isObject  = "object"
)

// typeFaults finds fields that nobody knows, and values of a wrong type.
func typeFaults(body object, fields map[string]string, required ...string) (faults []string) {
	for name, value := range body {
		kinds, known := fields[name]
		switch {
		case !known:
			faults = append(faults, name+" unknown_field")
		case !strings.Contains(kinds, kindOf(value)):
			faults = append(faults, name+" wrong_type")
		}
	}
	for _, name := range required {
		if _, sent := body[name]; !sent {
			faults = append(faults, name+" blank")
		}
	}
	return faults
}

func kindOf(value any) string {
	switch value := value.(type) {
	case nil:
		return isNull
	case string:
		return isString
	case bool:
		return isBool
	case int:
		return isInteger
	case float64:
		if value == math.Trunc(value) {
			return isInteger
		}
		return "number"
	case object:
		return isObject
	}
	return "list"
}
