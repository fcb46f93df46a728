package sqlstore

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Status says how bad a finding is.
type Status string

// The statuses. A problem is something that doesn't work, or is about to lose or to tell something; a warning is for
// somebody to look at.
const (
	StatusOK      Status = "ok"
	StatusWarning Status = "warning"
	StatusProblem Status = "problem"
)

// Finding is the outcome of one check of a database.
type Finding struct {
	Check    string `json:"check"`
	Status   Status `json:"status"`
	Message  string `json:"message"`
	NextStep string `json:"next_step"`
}

// Inspection is what was found.
type Inspection struct {
	Findings []Finding
	// Read says that this is a database of this program, so that it was looked into.
	Read bool
	// SigningKeys are the keys as they are stored; KeysErr says why they could not be read.
	SigningKeys []store.SigningKey
	KeysErr     error
}

// Well is the finding that all is well.
func Well(format string, arguments ...any) Finding {
	return Finding{Status: StatusOK, Message: visible(fmt.Sprintf(format, arguments...))}
}

// Warning is a finding for somebody to look at, with what to do about it.
func Warning(next, format string, arguments ...any) Finding {
	return Finding{Status: StatusWarning, Message: visible(fmt.Sprintf(format, arguments...)), NextStep: next}
}

// Problem is a finding that can't be left so, with what to do about it.
func Problem(next, format string, arguments ...any) Finding {
	return Finding{Status: StatusProblem, Message: visible(fmt.Sprintf(format, arguments...)), NextStep: next}
}

// visible shows what a terminal would obey, or could not show: names come from a database that anybody may have written.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
