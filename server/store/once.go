package store

import (
	"context"
	"crypto/hmac"
	"time"
)

// KeepAnswersFor is how long the answer to a request with an Idempotency-Token is kept.
const KeepAnswersFor = 24 * time.Hour

// Once makes a change happen once only, however often the same request for it arrives. A nil Once makes the change each
// time.
//
// Whoever makes the change looks the id up in the change's own transaction, before anything else is checked: a repeated
// request gets its answer although the change itself has made its If-Match stale, its name taken or its creator's rights
// void. The answer is kept in that transaction too, so that no crash leaves the change without it. Only a change that
// was made is kept; one that was refused may be asked for again.
type Once[T any] struct {
	// ID names the kept answer, and Fingerprint the request (see OnceKey).
	ID, Fingerprint []byte
	// Seal returns what is kept of the change's result. It holds the answer, encrypted.
	Seal func(T) ([]byte, error)
}

// KeptAnswer is an answer as it is kept.
type KeptAnswer struct {
	Fingerprint []byte
	Sealed      []byte
}

// Matches reports whether the answer was given to the request with this fingerprint.
func (k KeptAnswer) Matches(fingerprint []byte) bool { return hmac.Equal(k.Fingerprint, fingerprint) }

// DoneBefore is the error that ends the transaction of a change whose id is kept: *DoneBeforeError for the same request,
// and *Error with CodeRequestMismatch for another one.
func (o *Once[T]) DoneBefore(kept KeptAnswer) error {
	if kept.Matches(o.Fingerprint) {
		return &DoneBeforeError{kept}
	}
	const message = "was sent with another request before, with another path or body. Send a new token with each new request"
	return &Error{
		Code: CodeRequestMismatch, Message: "The Idempotency-Token " + message + "; repeat one only to repeat its request.",
		Faults: []Fault{{Reason: string(CodeRequestMismatch), Source: "Idempotency-Token", Message: message}},
	}
}

// DoneBeforeError says that the change was made before, by the same request, and how it was answered.
type DoneBeforeError struct{ Kept KeptAnswer }

// Error says that there is nothing to do.
func (e *DoneBeforeError) Error() string { return "The request was carried out before." }

// KeptAnswers is what the endpoints ask for the answer to a request whose own effect keeps it from being made again.
type KeptAnswers interface {
	// KeptAnswer finds an answer that is still kept.
	KeptAnswer(ctx context.Context, id []byte) (kept KeptAnswer, found bool, err error)
}
