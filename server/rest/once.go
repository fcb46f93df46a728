package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// tokenHeader is Procore's name for what others call an idempotency key.
const tokenHeader = "Idempotency-Token"

// OnceParams are the parameters of every POST.
type OnceParams struct {
	IdempotencyToken string `header:"Idempotency-Token" minLength:"1" maxLength:"255" pattern:"^[ -~]*$" patternDescription:"printable ASCII characters" doc:"Makes the request safe to repeat. For 24 hours the same caller's same request (path and body, compared as JSON values) with the same token gets the same answer, the secret in it included, without being carried out again; with another path or body it is refused (422 idempotency_mismatch). If-Match is not looked at again. A refused request is not kept. The answer is encrypted with a key that only this token yields, so that whoever guesses the token and has the database reads the secret: use at least 128 random bits, such as a random UUID, and a new one for each change." example:"8e03978e-40d5-43e8-bc93-6894a57f9324"`
}

// Resolve refuses what the schema takes for absent or for one (huma.Resolver).
func (OnceParams) Resolve(ctx huma.Context) []error {
	switch values := headerValues(ctx, tokenHeader); {
	case len(values) == 1 && values[0] == "":
		return []error{faultError{store.Fault{Reason: reasonBlank, Source: tokenHeader, Message: "must not be empty; leave it out instead"}, false}}
	case len(values) > 1:
		return []error{faultError{store.Fault{Reason: "repeated", Source: tokenHeader, Message: "must be given once"}, false}}
	}
	return nil
}

func headerValues(ctx huma.Context, name string) (values []string) {
	ctx.EachHeader(func(key, value string) {
		if http.CanonicalHeaderKey(key) == name {
			values = append(values, value)
		}
	})
	return values
}

// onceRequest returns what is remembered of the request with that body. It is nil for one without a token.
func (p OnceParams) onceRequest(ctx context.Context, body []byte) *onceRequest {
	if p.IdempotencyToken == "" {
		return nil
	}
	at := address(ctx)
	return &onceRequest{caller: caller(ctx), token: p.IdempotencyToken, path: at.Path, body: body}
}

// onceRequest is a POST that carries an Idempotency-Token.
type onceRequest struct {
	caller      store.Principal
	token, path string
	body        []byte
}

// keys returns the key that the token yields and the fingerprint of the request.
func (r *onceRequest) keys() (store.OnceKey, []byte, error) {
	key, err := store.NewOnceKey(r.caller.Account.ID, r.token)
	if err != nil {
		return key, nil, err
	}
	return key, key.Fingerprint(http.MethodPost, r.path, canonical(r.body)), nil
}

// canonical returns one text for all spellings of a JSON value: a client that writes its body again may order the members
// in another way. What is no JSON stays as it is.
func canonical(body []byte) []byte {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return body
	}
	text, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return text
}

// OnceHeaders are the headers of every answer to a POST.
type OnceHeaders struct {
	Replayed string `json:"-" header:"Idempotency-Replayed" doc:"true where the Idempotency-Token was sent with the same request before, and this is the answer of that time"`
}

func (h *OnceHeaders) markReplayed() { h.Replayed = "true" }

// replayable is the answer to a POST.
type replayable[O any] interface {
	*O
	markReplayed()
}

// keptAnswer is what is kept of an answer, encrypted. The answer A is the output of its route.
type keptAnswer[A any] struct {
	// TokenID names the access token that the request was made with.
	TokenID string `json:"token_id"`
	Answer  A      `json:"answer"`
}

// doOnce makes a change and returns its answer; or, for a request with an Idempotency-Token that made the change before,
// the answer of that time.
func doOnce[T, O any, P replayable[O]](
	request *onceRequest, answer func(T) P, change func(*store.Once[T]) (T, error),
) (P, error) {
	var once *store.Once[T]
	var key store.OnceKey
	if request != nil {
		var fingerprint []byte
		var err error
		if key, fingerprint, err = request.keys(); err != nil {
			return nil, err
		}
		once = &store.Once[T]{ID: key.ID(), Fingerprint: fingerprint, Seal: func(result T) ([]byte, error) {
			text, err := encode(keptAnswer[P]{request.caller.TokenID, answer(result)})
			return key.Seal(fingerprint, text), err
		}}
	}
	result, err := change(once)
	var before *store.DoneBeforeError
	if errors.As(err, &before) {
		kept, err := open[P](key, before.Kept)
		if err != nil {
			return nil, err
		}
		kept.Answer.markReplayed()
		return kept.Answer, nil
	}
	if err != nil {
		return nil, err
	}
	return answer(result), nil
}

// encode writes JSON as huma does, so that a replay has the same bytes.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("keep an answer: %w", err)
	}
	return text.Bytes(), nil
}

func open[A any](key store.OnceKey, kept store.KeptAnswer) (keptAnswer[A], error) {
	var answer keptAnswer[A]
	text, err := key.Open(kept)
	if err != nil {
		return answer, err
	}
	if json.Unmarshal(text, &answer) != nil { // its words may quote what they failed to read
		return answer, errors.New("the answer that was kept for an Idempotency-Token can't be read")
	}
	return answer, nil
}
