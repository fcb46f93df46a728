package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"github.com/go-resty/resty/v2"
	"golang.org/x/oauth2"
)

// requestIDHeader names a request in the server's log.
const requestIDHeader = "X-Request-Id"

// Origin says who answered with an error.
type Origin int

const (
	// OriginNetwork is nobody: there was no answer, and Status is 0.
	OriginNetwork Origin = iota
	// OriginAPI is the management API: the body was its JSON error object.
	OriginAPI
	// OriginToken is the OAuth token endpoint. Code is RFC 6749's (section 5.2) when it gave one.
	OriginToken
	// OriginOther is something else: a proxy's page, or a server that is not the management API.
	OriginOther
	// OriginCaller is the caller: its context ended before an answer came. The error unwraps to the context's.
	OriginCaller
)

// Error is every failure of a call. Its text is fit for a person and holds no secret.
type Error struct {
	Origin    Origin
	Status    int    // of the HTTP answer
	Code      string // "NOT_FOUND", "UNPROCESSABLE_ENTITY", …; from the token endpoint "invalid_client", …
	Message   string
	Details   []Detail
	RequestID string // the answer's x-request-id, for the server's log
	// MaybeDone is set when a POST may have been carried out although this error is all that came of it: an answer was
	// lost on the way, and every retry failed as well.
	MaybeDone bool
	cause     error
}

// Detail is one fault that the API found.
type Detail struct {
	ReasonCode string `json:"reason_code"` // "blank", "name_taken", …
	Message    string `json:"message"`
	Source     string `json:"source"`      // the field of the request, "name"; may be empty
	ExistingID string `json:"existing_id"` // with name_taken, the account that has the name
}

// Error says what the server said, details included.
func (e *Error) Error() string {
	var text strings.Builder
	if e.Status != 0 {
		fmt.Fprintf(&text, "%d ", e.Status)
	}
	if e.Code != "" {
		fmt.Fprintf(&text, "%s: ", e.Code)
	}
	text.WriteString(e.Message)
	for _, detail := range e.Details {
		text.WriteString("; ")
		if detail.Source != "" {
			text.WriteString(detail.Source + ": ")
		}
		text.WriteString(detail.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&text, " (request %s)", e.RequestID)
	}
	return text.String()
}

// Unwrap gives the network's error, if that is what happened.
func (e *Error) Unwrap() error { return e.cause }

// Detail returns the first detail with reasonCode, or nil.
func (e *Error) Detail(reasonCode string) *Detail {
	for i := range e.Details {
		if e.Details[i].ReasonCode == reasonCode {
			return &e.Details[i]
		}
	}
	return nil
}

// The reason code and the source by which the API tells a 404 for an object from one for its company.
const (
	reasonNotFound  = "not_found"
	sourceCompanyID = "company_id"
)

// IsNotFound reports whether the management API itself says that the object is gone. A 404 from
// anything else is no reason to forget an object: neither a proxy's that lost its route, nor the API's
// own for a path that it doesn't know, nor the one for a company that isn't the caller's (IsOtherCompany).
func IsNotFound(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || !isAPIStatus(err, http.StatusNotFound) {
		return false
	}
	detail := failure.Detail(reasonNotFound)
	return detail != nil && detail.Source != sourceCompanyID
}

// IsOtherCompany reports whether the caller's credentials belong to another company than the one that
// was asked about: then nothing is known of the object.
func IsOtherCompany(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || !isAPIStatus(err, http.StatusNotFound) {
		return false
	}
	detail := failure.Detail(reasonNotFound)
	return detail != nil && detail.Source == sourceCompanyID
}

// isNoRoute reports whether a 404 is about the path rather than about an object: the server has no such route, or something stands before
// it that doesn't let it through.
func isNoRoute(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound && failure.Origin != OriginToken && failure.Detail(reasonNotFound) == nil
}

// IsStale reports whether the API refused a change because the object isn't any more as IfMatch had it.
func IsStale(err error) bool { return isAPIStatus(err, http.StatusPreconditionFailed) }

func isAPIStatus(err error, status int) bool {
	var failure *Error
	return errors.As(err, &failure) && failure.Origin == OriginAPI && failure.Status == status
}

// IsWrongCredentials reports whether the token endpoint refused the client itself (RFC 6749 section
// 5.2, invalid_client and unauthorized_client), rather than being out of reach or out of order.
func IsWrongCredentials(err error) bool {
	var failure *Error
	if !errors.As(err, &failure) || failure.Origin != OriginToken {
		return false
	}
	return failure.Code == "invalid_client" || failure.Code == "unauthorized_client" || failure.Status == http.StatusUnauthorized
}

// errorFromResponse makes the error of an answer whose status is not a success.
func errorFromResponse(status int, header http.Header, body []byte) *Error {
	if failure := decodeError(status, body); failure != nil {
		failure.RequestID = header.Get(requestIDHeader)
		return failure.presentable()
	}
	return notTheAPI(status, header)
}

// The most of an answer that an error repeats: whatever stands at the base URL may have written it.
const (
	maxErrorText = 4096 // bytes of each text
	maxDetails   = 100
)

// presentable takes out of an error's texts what must not be shown. They come from outside, every one of them.
func (e *Error) presentable() *Error {
	e.Code, e.Message, e.RequestID = Presentable(e.Code), Presentable(e.Message), Presentable(e.RequestID)
	e.Details = e.Details[:min(len(e.Details), maxDetails)]
	for i, detail := range e.Details {
		e.Details[i] = Detail{
			ReasonCode: Presentable(detail.ReasonCode), Message: Presentable(detail.Message),
			Source: Presentable(detail.Source), ExistingID: Presentable(detail.ExistingID),
		}
	}
	return e
}

// Presentable makes a text of unknown origin fit for a terminal: without secrets, without the codes that a terminal obeys or that turn text
// around, and not endless.
func Presentable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	text = withoutSecrets(text)
	if len(text) > maxErrorText {
		text = strings.ToValidUTF8(text[:maxErrorText], "") + " …"
	}
	return text
}

// decodeError reads the API's error object; nil when body is anything else.
func decodeError(status int, body []byte) *Error {
	var envelope struct {
		Error *struct {
			Code    string   `json:"code"`
			Message string   `json:"message"`
			Details []Detail `json:"details"`
		} `json:"error"`
	}
	isJSON := json.Unmarshal(body, &envelope) == nil
	if !isJSON || envelope.Error == nil || envelope.Error.Code == "" {
		return nil
	}
	failure := &Error{
		Origin: OriginAPI, Status: status, Code: envelope.Error.Code,
		Message: envelope.Error.Message, Details: envelope.Error.Details,
	}
	return failure
}

// notTheAPI is the error of an answer that the management API can't have given. Its body is not
// repeated: it may be a page of any size with anything in it.
func notTheAPI(status int, header http.Header) *Error {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	if kind == "" {
		kind = "no content type"
	}
	message := fmt.Sprintf("%s, but not as the management API answers (%s): a proxy or another server may stand at the base URL",
		statusText(status), kind)
	if location := header.Get("Location"); location != "" && status < http.StatusBadRequest {
		message += ", and it redirects elsewhere; redirects are not followed, because the access token would go along"
	}
	return (&Error{Origin: OriginOther, Status: status, Message: message, RequestID: header.Get(requestIDHeader)}).presentable()
}

func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "unknown status"
}

// errorFromToken makes the error of a token request that was answered. The description is the
// server's; without one the status has to do.
func errorFromToken(refused *oauth2.RetrieveError) *Error {
	status, header := refused.Response.StatusCode, refused.Response.Header
	failure := &Error{
		Origin: OriginToken, Status: status, Code: refused.ErrorCode,
		Message: refused.ErrorDescription, RequestID: header.Get(requestIDHeader),
	}
	if failure.Code != "" {
		if failure.Message == "" {
			failure.Message = "the token endpoint gave no reason"
		}
		return failure.presentable()
	}
	if decoded := decodeError(status, refused.Body); decoded != nil {
		failure.Code, failure.Message, failure.Details = decoded.Code, decoded.Message, decoded.Details
		return failure.presentable()
	}
	failure.Message = notTheAPI(status, header).Message
	return failure.presentable()
}

// errorFromTransport makes the error of a call without an answer.
func errorFromTransport(ctx context.Context, err error) *Error {
	if ended := ctx.Err(); ended != nil {
		return &Error{Origin: OriginCaller, Message: ended.Error(), cause: ended}
	}
	var failure *Error
	if errors.As(err, &failure) {
		known := *failure // a refusal of the credentials is shared by all calls
		return &known
	}
	if errors.Is(err, resty.ErrResponseBodyTooLarge) {
		return &Error{
			Origin: OriginOther, Status: http.StatusOK, cause: err,
			Message: fmt.Sprintf("an answer of more than %d MiB, which the management API never gives: a proxy or another server may stand at the base URL", responseLimit>>20),
		}
	}
	return &Error{Origin: OriginNetwork, Message: networkReason(err), cause: networkCause(err)}
}

// isCertificateError reports whether TLS failed for want of trust, which no retry mends.
func isCertificateError(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		plain        tls.RecordHeaderError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &plain)
}

// SecretPattern finds what must not be shown: a client secret, "pcs_", 43 characters and 6 of checksum. A JWT is found by its
// three parts. Of two client secrets without anything between them, the first takes the letters of the second's prefix for its own.
var SecretPattern = regexp.MustCompile(`pcs_[0-9A-Za-z]{20,}(_[0-9A-Za-z]{20,})*|eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+`)

// ErrMisplacedSecret says that somebody gave a secret for an ID, or for a text to look for. An address with it would be written into the
// logs of all that it passes.
var ErrMisplacedSecret = errors.New("a client secret or an access token stands where an ID, or a text to look for, belongs; nothing was sent. Write " +
	"the ID there, such as \"17\", and not the secret")

// withoutSecrets is the wall behind the rule that no one writes a secret into a message.
func withoutSecrets(text string) string {
	return SecretPattern.ReplaceAllString(text, "(secret removed)")
}
