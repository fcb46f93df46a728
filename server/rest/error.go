package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/procore/terraform-provider-procore/server/store"
)

// Error is the body of every failure, in Procore's envelope.
type Error struct {
	status int
	Body   ErrorBody `json:"error"`
}

// ErrorBody says what went wrong.
type ErrorBody struct {
	Code    string        `json:"code" doc:"The HTTP status in screaming snake case" example:"UNPROCESSABLE_ENTITY"`
	Message string        `json:"message" doc:"What failed and what to do, for a person"`
	Details []ErrorDetail `json:"details" nullable:"false" doc:"One entry for each thing that is wrong"`
}

// ErrorDetail is one thing that is wrong.
type ErrorDetail struct {
	ReasonCode string `json:"reason_code" doc:"A stable word for programs" example:"blank"`
	Message    string `json:"message" doc:"What is wrong, for a person" example:"must not be blank"`
	Source     string `json:"source,omitempty" doc:"The field, parameter or header that is wrong" example:"name"`
	ExistingID string `json:"existing_id,omitempty" doc:"With name_taken: the id of the object that has the name" example:"17"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Body.Message }

// GetStatus returns the HTTP status.
func (e *Error) GetStatus() int { return e.status }

// GetHeaders returns the headers of the answer: a 503 says when to try again (RFC 9110 10.2.3).
func (e *Error) GetHeaders() http.Header {
	if e.status == http.StatusServiceUnavailable {
		return http.Header{"Retry-After": {"1"}}
	}
	return nil
}

// NewError returns an error answer. The code of its body is the status.
func NewError(status int, message string, details ...ErrorDetail) *Error {
	code := strings.NewReplacer(" ", "_", "-", "_", "'", "").Replace(strings.ToUpper(http.StatusText(status)))
	list := make([]ErrorDetail, len(details))
	for i, detail := range details {
		detail.Message, detail.Source = store.MaskSecrets(detail.Message), store.MaskSecrets(detail.Source)
		list[i] = detail
	}
	return &Error{status: status, Body: ErrorBody{Code: code, Message: store.MaskSecrets(message), Details: list}}
}

// statuses is the one map from a broken rule to an HTTP status.
var statuses = map[store.Code]int{
	store.CodeInvalid:            http.StatusUnprocessableEntity,
	store.CodeNotFound:           http.StatusNotFound,
	store.CodeNameTaken:          http.StatusConflict,
	store.CodeDeletionProtected:  http.StatusConflict,
	store.CodeLastAdmin:          http.StatusConflict,
	store.CodeCreationClosed:     http.StatusConflict,
	store.CodeAlreadyInDirectory: http.StatusConflict,
	store.CodeHomeDirectory:      http.StatusConflict,
	store.CodeNotHomeDirectory:   http.StatusConflict,
	store.CodePreconditionFailed: http.StatusPreconditionFailed,
	store.CodeUnavailable:        http.StatusServiceUnavailable,
	store.CodeRequestMismatch:    http.StatusUnprocessableEntity,
	store.CodeNotADatabase:       http.StatusServiceUnavailable, // damage that was met while serving
	store.CodeOutcomeUnknown:     http.StatusGatewayTimeout,     // a 503 would say that nothing was changed
}

// statusError turns what a handler returned into an answer. What nobody expected is logged and answered with a fixed
// sentence, so that nothing of the inside gets out.
func statusError(ctx context.Context, logger *slog.Logger, err error) *Error {
	var answer *Error
	if errors.As(err, &answer) {
		return answer
	}
	var broken *store.Error
	if !errors.As(err, &broken) || statuses[broken.Code] == 0 {
		logger.ErrorContext(ctx, "request failed", "error", err)
		return NewError(http.StatusInternalServerError, "The server failed to answer. Its log says why, under this answer's x-request-id.")
	}
	status, message := statuses[broken.Code], broken.Message
	switch broken.Code {
	case store.CodeUnavailable:
		logger.ErrorContext(ctx, "database unavailable", "error", err)
	case store.CodeOutcomeUnknown:
		logger.ErrorContext(ctx, "a change's outcome is unknown", "error", err)
		message += " A request with an Idempotency-Token may be sent again as it is."
	case store.CodeNotADatabase:
		logger.ErrorContext(ctx, "database damaged", "error", err)
		message = "The database is damaged, so nothing was changed and nothing can be told for sure. The server's log says what was found; its operator has to restore a backup."
		return NewError(status, message, ErrorDetail{ReasonCode: "damaged", Message: message})
	case store.CodeInvalid:
		message = broken.Error() + "."
	}
	return NewError(status, message, details(broken)...)
}

// details returns an entry for each fault, or one for the broken rule itself.
func details(broken *store.Error) []ErrorDetail {
	if len(broken.Faults) == 0 {
		return []ErrorDetail{{ReasonCode: string(broken.Code), Message: broken.Message}}
	}
	list := make([]ErrorDetail, len(broken.Faults))
	for i, fault := range broken.Faults {
		list[i] = detail(fault)
	}
	return list
}

func detail(fault store.Fault) ErrorDetail {
	return ErrorDetail{ReasonCode: fault.Reason, Message: fault.Message, Source: fault.Source, ExistingID: fault.ExistingID}
}

// faultError carries a store.Fault through huma's list of validation errors.
type faultError struct {
	store.Fault
	// inBody tells a fault of the body from one of the query.
	inBody bool
}

func (f faultError) Error() string { return f.Message }

// faultErrors returns what a rule of the store found, for huma's list.
func faultErrors(err error) []error {
	var broken *store.Error
	if !errors.As(err, &broken) {
		return nil
	}
	list := make([]error, len(broken.Faults))
	for i, fault := range broken.Faults {
		list[i] = faultError{fault, true}
	}
	return list
}

// newErrorAnswer is how huma reports what is wrong with a request. The values that were sent are left out: one may be
// a secret.
func newErrorAnswer(status int, message string, errs []error) *Error {
	if status == http.StatusUnsupportedMediaType {
		return NewError(status, "The body must be JSON, sent with the header 'Content-Type: application/json'.", ErrorDetail{
			ReasonCode: "unsupported_media_type", Message: "must be application/json", Source: "Content-Type",
		})
	}
	if status == http.StatusRequestEntityTooLarge {
		message = fmt.Sprintf("The request's body is too large: at most %d bytes are taken.", MaxBodyBytes)
	}
	var list []ErrorDetail
	seen := map[string]bool{}
	for _, err := range errs {
		entry := requestDetail(err)
		var fault faultError
		if errors.As(err, &fault) && fault.inBody && (seen[entry.Source] || seen["body"]) {
			continue // the schema has found it already, or the rules have nothing to go by
		}
		seen[entry.Source] = true
		list = append(list, entry)
	}
	if len(list) == 0 && status < http.StatusInternalServerError {
		list = []ErrorDetail{{ReasonCode: "invalid_body", Message: message, Source: "body"}}
	}
	if len(errs) > 0 {
		message = fmt.Sprintf("The request is not valid: %s.", summary(list))
	}
	return NewError(status, message, list...)
}

func summary(list []ErrorDetail) string {
	parts := make([]string, len(list))
	for i, entry := range list {
		parts[i] = strings.TrimSpace(entry.Source + " " + entry.Message)
	}
	return strings.Join(parts, "; ")
}

// Reason codes of faults that the schema finds.
const (
	reasonBlank     = "blank"
	reasonInvalid   = "invalid"
	reasonWrongType = "wrong_type"
)

// schemaReasons maps huma's messages, up to their first verb, to reason codes.
var schemaReasons = []struct{ message, reason string }{
	{validation.MsgUnexpectedProperty, "unknown_field"},
	{validation.MsgExpectedMinimumNumber, "out_of_range"}, // begins as MsgExpectedNumber does
	{validation.MsgExpectedMaximumNumber, "out_of_range"},
	{validation.MsgExpectedBePattern, "invalid_characters"}, // begins as MsgExpectedString does
	{validation.MsgExpectedString, reasonWrongType},
	{validation.MsgExpectedBoolean, reasonWrongType},
	{validation.MsgExpectedInteger, reasonWrongType},
	{validation.MsgExpectedNumber, reasonWrongType},
	{validation.MsgExpectedArray, reasonWrongType},
	{validation.MsgExpectedObject, reasonWrongType},
	{validation.MsgExpectedOneOf, "not_allowed"},
	{validation.MsgExpectedMinLength, reasonBlank},
	{validation.MsgExpectedMaxLength, "too_long"},
}

// requestDetail describes one fault of a request.
func requestDetail(err error) ErrorDetail {
	var fault faultError
	if errors.As(err, &fault) {
		return detail(fault.Fault)
	}
	var found *huma.ErrorDetail
	if !errors.As(err, &found) {
		return ErrorDetail{ReasonCode: reasonInvalid, Message: "is not valid"}
	}
	_, source, _ := strings.Cut(found.Location, ".")
	if source == "" {
		source = found.Location
	}
	var missing string
	if count, _ := fmt.Sscanf(found.Message, validation.MsgExpectedRequiredProperty, &missing); count == 1 {
		return ErrorDetail{ReasonCode: reasonBlank, Message: "is required", Source: missing}
	}
	if strings.HasPrefix(found.Message, "json: ") { // encoding/json's own words for what no type here can hold
		return ErrorDetail{ReasonCode: reasonInvalid, Message: "holds a value that is out of every range", Source: source}
	}
	if found.Message == "invalid integer" { // huma's parser of parameters
		return ErrorDetail{ReasonCode: reasonWrongType, Message: "must be a whole number", Source: source}
	}
	for _, known := range schemaReasons {
		prefix, _, _ := strings.Cut(known.message, "%")
		if strings.HasPrefix(found.Message, prefix) {
			return ErrorDetail{ReasonCode: known.reason, Message: found.Message, Source: source}
		}
	}
	return ErrorDetail{ReasonCode: reasonInvalid, Message: found.Message, Source: source}
}
