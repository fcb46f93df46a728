package rest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// ownActions are the POST routes that can take from the caller what it needs to ask again: the token that it carries, or
// its rights.
var ownActions = map[string]bool{resetSecretPath: true, revokeTokensPath: true}

// ownAnswer is what is kept of the answer to an own action, whichever it is.
type ownAnswer struct {
	ETag, CacheControl string
	Body               json.RawMessage
}

// replayOwn answers a refused request that was itself carried out before: the one that reset the caller's own secret, or
// revoked its own tokens, and so has ended the access token that its repetition carries. Otherwise a connection that is
// cut after such a reset would lose the new secret for good.
//
// Nothing else gets in. The token's signature and lifetime hold, its account works (InvalidTokenError.Ended says so), and
// it is the very token with which the kept request was made; company, path, body and Idempotency-Token are those of that
// request. The kept answer is written here: no handler runs.
//
// Otherwise it returns the refusal, or that of an ended token which has asked too often: looking for what was kept costs a
// read of the database. What Admit has let through is counted already.
func (a access) replayOwn(ctx huma.Context, principal store.Principal, refusal error) error {
	var refused *Error
	if !errors.As(refusal, &refused) || refused.status != http.StatusUnauthorized && refused.status != http.StatusForbidden {
		return refusal
	}
	token := headerValues(ctx, tokenHeader)
	if principal.TokenID == "" || len(token) != 1 || token[0] == "" || !ownActions[ctx.Operation().Path] ||
		ctx.Param("id") != principal.Account.ID.String() || sameCompany(ctx, principal) != nil {
		return refusal
	}
	key, err := store.NewOnceKey(principal.Account.ID, token[0])
	if err != nil {
		return refusal
	}
	if refused.status == http.StatusUnauthorized {
		if err := admit(ctx, principal, a.AdmitEnded); err != nil {
			return err
		}
	}
	kept, found, err := a.KeptAnswers.KeptAnswer(ctx.Context(), key.ID())
	if err != nil || !found {
		return refusal
	}
	answer, err := open[ownAnswer](key, kept)
	if err != nil || answer.TokenID != principal.TokenID || !kept.Matches(fingerprint(ctx, key)) {
		return refusal
	}
	a.writeReplay(ctx, answer.Answer)
	return nil
}

// fingerprint reads the body and returns the request's fingerprint, or nil when the body can't be read.
func fingerprint(ctx huma.Context, key store.OnceKey) []byte {
	body, err := io.ReadAll(io.LimitReader(ctx.BodyReader(), MaxBodyBytes+1))
	if err != nil || len(body) > MaxBodyBytes {
		return nil
	}
	at := ctx.URL()
	return key.Fingerprint(ctx.Method(), at.Path, canonical(body))
}

func (a access) writeReplay(ctx huma.Context, answer ownAnswer) {
	for name, value := range map[string]string{
		"Idempotency-Replayed": "true", "ETag": answer.ETag, "Cache-Control": answer.CacheControl,
	} {
		if value != "" {
			ctx.SetHeader(name, value)
		}
	}
	if answer.Body == nil {
		ctx.SetStatus(http.StatusNoContent)
		return
	}
	ctx.SetHeader("Content-Type", "application/json")
	ctx.SetStatus(http.StatusOK)
	_ = a.api.Marshal(ctx.BodyWriter(), "application/json", answer.Body) // the client is gone if this fails
}
