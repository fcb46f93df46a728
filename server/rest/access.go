package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/procore/terraform-provider-procore/server/store"
)

// InvalidTokenError is what Config.Authenticate returns for a token that doesn't count.
type InvalidTokenError struct {
	// Reason says why, in a sentence for a person.
	Reason string
	// Ended is whom the token spoke for until its account's secret was reset, or all of its tokens were revoked; nil where
	// anything else is wrong. It opens nothing but access.replayOwn.
	Ended *store.Principal
}

// Error returns the reason.
func (e *InvalidTokenError) Error() string { return e.Reason }

// companyHeader may name the company that a request is meant for, as Procore's API asks.
const companyHeader = "Procore-Company-Id"

// access decides who may call a route.
type access struct {
	Config
	api huma.API
}

type (
	principalKey struct{}
	addressKey   struct{}
)

// caller returns who the request's token speaks for. Every route is behind access.allow, which puts it there.
func caller(ctx context.Context) store.Principal {
	principal, _ := ctx.Value(principalKey{}).(store.Principal)
	return principal
}

// address returns the URL that was asked for.
func address(ctx context.Context) url.URL {
	address, _ := ctx.Value(addressKey{}).(url.URL)
	return address
}

// allow lets a request through when its token counts, it is about the caller's own company, and the caller holds Admin
// on the tool.
func (a access) allow(tool string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		principal, err := a.identify(ctx)
		if err == nil {
			err = admit(ctx, principal, a.Admit)
		}
		if err == nil {
			err = a.authorize(ctx, principal, tool)
		}
		if err != nil {
			if err = a.replayOwn(ctx, principal, err); err != nil {
				a.refuse(ctx, err)
			}
			return
		}
		inner := store.WithActor(ctx.Context(), store.Actor{
			ServiceAccountID: principal.Account.ID, ClientID: principal.Account.ClientID,
			RequestID: store.ActorFrom(ctx.Context()).RequestID,
		})
		inner = context.WithValue(inner, principalKey{}, principal)
		next(huma.WithContext(ctx, context.WithValue(inner, addressKey{}, ctx.URL())))
	}
}

// identify returns who the request's token speaks for, or the refusal of one that doesn't count. Of a token that has ended
// it returns both.
func (a access) identify(ctx huma.Context) (store.Principal, error) {
	scheme, token, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return store.Principal{}, NewError(http.StatusUnauthorized,
			"This request needs an access token. Get one at POST /oauth/token and send it as 'Authorization: Bearer …'.",
			ErrorDetail{ReasonCode: "missing_token", Message: "must carry a bearer token", Source: "Authorization"})
	}
	principal, err := a.Authenticate(ctx.Context(), strings.TrimSpace(token))
	var invalid *InvalidTokenError
	if !errors.As(err, &invalid) {
		return principal, err
	}
	if invalid.Ended != nil {
		principal = *invalid.Ended
	}
	return principal, NewError(http.StatusUnauthorized, "The access token doesn't count. "+invalid.Reason+" Get a new one at POST /oauth/token.",
		ErrorDetail{ReasonCode: reasonInvalidToken, Message: invalid.Reason, Source: "Authorization"})
}

// admit counts the request, and tells the caller how many are left (Procore's X-Rate-Limit headers).
func admit(ctx huma.Context, principal store.Principal, count func(store.ID) Admission) error {
	admission := count(principal.Account.ID)
	if admission.Limit == 0 {
		return nil
	}
	ctx.SetHeader("X-Rate-Limit-Limit", strconv.Itoa(admission.Limit))
	ctx.SetHeader("X-Rate-Limit-Remaining", strconv.Itoa(admission.Remaining))
	ctx.SetHeader("X-Rate-Limit-Reset", strconv.FormatInt(admission.Reset.Unix(), 10))
	if admission.Allowed {
		return nil
	}
	wait := strconv.Itoa(int(admission.RetryAfter.Seconds()) + 1)
	ctx.SetHeader("Retry-After", wait)
	return NewError(http.StatusTooManyRequests, "Service account "+principal.Account.ID.String()+" has made its "+
		strconv.Itoa(admission.Limit)+" requests of this minute. Try again in "+wait+" seconds.",
		ErrorDetail{ReasonCode: "rate_limited", Message: "too many requests"})
}

func (a access) authorize(ctx huma.Context, principal store.Principal, tool string) error {
	if err := sameCompany(ctx, principal); err != nil {
		return err
	}
	if tool != "" && !principal.Levels.Administers(tool) {
		return NewError(http.StatusForbidden, "Service account "+principal.Account.ID.String()+
			" needs admin on the company's "+toolTitle(tool)+" tool for this.",
			ErrorDetail{ReasonCode: "missing_permission", Message: "needs admin on the company tool " + tool})
	}
	return nil
}

// sameCompany returns an error unless the request is about the caller's own company.
func sameCompany(ctx huma.Context, principal store.Principal) error {
	own, wanted := principal.Account.CompanyID.String(), ctx.Param("company_id")
	if header := ctx.Header(companyHeader); header != "" && header != wanted && (wanted != "" || header != own) {
		return NewError(http.StatusBadRequest, "The header "+companyHeader+" and the path name different companies.",
			ErrorDetail{ReasonCode: "company_mismatch", Message: "must name the same company as the path", Source: companyHeader})
	}
	if wanted != "" && wanted != own {
		return NewError(http.StatusNotFound, "There is no such company among those that the caller belongs to.",
			ErrorDetail{ReasonCode: string(store.CodeNotFound), Message: "names no company of the caller's", Source: "company_id"})
	}
	return nil
}

func toolTitle(tool string) string {
	return strings.ToUpper(tool[:1]) + tool[1:]
}

// challenge is the WWW-Authenticate header of a 401 (RFC 6750 3).
const challenge = `Bearer realm="procore"`

// reasonInvalidToken is RFC 6750's word (3.1) for a token that doesn't count.
const reasonInvalidToken = "invalid_token"

// refuse answers with the error, in the format of every other answer.
func (a access) refuse(ctx huma.Context, err error) {
	answer := statusError(ctx.Context(), a.Logger, err)
	if answer.status == http.StatusUnauthorized {
		value := challenge
		for _, detail := range answer.Body.Details {
			if detail.ReasonCode == reasonInvalidToken {
				value += `, error="` + reasonInvalidToken + `"`
			}
		}
		ctx.SetHeader("WWW-Authenticate", value)
	}
	for name, values := range answer.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", "application/json")
	ctx.SetStatus(answer.status)
	_ = a.api.Marshal(ctx.BodyWriter(), "application/json", answer) // the client is gone if this fails
}
