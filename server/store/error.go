package store

import (
	"fmt"
	"strings"
)

// Code says which rule an Error broke. The HTTP layers map it to a status; the code itself goes out as reason_code.
type Code string

// The codes. Those of a broken rule about a field (CodeInvalid) carry one Fault for each field.
const (
	CodeInvalid            Code = "invalid"
	CodeNotFound           Code = "not_found"
	CodeNameTaken          Code = "name_taken"
	CodeDeletionProtected  Code = "deletion_protected"
	CodeLastAdmin          Code = "last_admin"
	CodeAlreadyInDirectory Code = "already_in_directory"
	CodeHomeDirectory      Code = "home_directory"
	CodeNotHomeDirectory   Code = "not_home_directory"
	CodePreconditionFailed Code = "precondition_failed"
	CodeCreationClosed     Code = "creation_closed"
	CodeAlreadyInitialized Code = "already_initialized"
	CodeNotInitialized     Code = "not_initialized"
	CodeNewerSchema        Code = "newer_schema"
	CodeNotADatabase       Code = "not_a_database"
	CodeUnavailable        Code = "unavailable"
	CodeRequestMismatch    Code = "idempotency_mismatch"
	CodeNoMasterKey        Code = "no_master_key"
	CodeWrongMasterKey     Code = "wrong_master_key"
	// CodeOutcomeUnknown is for a change of which nobody can tell whether it is kept. It is not CodeUnavailable, whose 503
	// clients take for a change that was not made.
	CodeOutcomeUnknown Code = "outcome_unknown"
)

// Error is a broken rule, in words for a person. It never holds a secret.
type Error struct {
	Code    Code
	Message string
	Faults  []Fault
}

// Fault is one thing that is wrong with the input.
type Fault struct {
	// Reason is a stable word for programs, such as "blank" or "too_long".
	Reason string
	// Message is for a person and says what is allowed.
	Message string
	// Source is the field's name as the API spells it.
	Source string
	// ExistingID names the object that is in the way, with CodeNameTaken.
	ExistingID string
}

// Error returns the message and, where there is more than the message says, the faults.
func (e *Error) Error() string {
	if e.Code != CodeInvalid || len(e.Faults) == 0 {
		return e.Message
	}
	parts := make([]string, len(e.Faults))
	for i, fault := range e.Faults {
		parts[i] = fault.Source + " " + fault.Message
	}
	return e.Message + ": " + strings.Join(parts, "; ")
}

// Is lets errors.Is(err, &Error{Code: …}) match by code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// NotFound is the error for an object that the caller can't see or that isn't there: the two can't be told apart.
func NotFound(noun string, id ID) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf("There is no %s with the id %s in this company.", noun, id)}
}

// invalid wraps faults, and is nil where there are none.
func invalid(noun string, faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Message: "The " + noun + " is not valid", Faults: faults}
}
