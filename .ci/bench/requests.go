package main

import (
	"context"
	"net/url"

	"github.com/procore/terraform-provider-procore/server/servertest/bulk"
	"github.com/procore/terraform-provider-procore/server/servertest/load"
)

// row is one line of a table: what was measured, and its floor.
type row struct {
	What           string
	Floor, Subject measured
}

// Share is the subject's rate by the floor's.
func (r row) Share() series { return r.Subject.Rate.over(r.Floor.Rate) }

// Cost is the subject's processor time for a request by the floor's.
func (r row) Cost() series { return r.Subject.Processor.over(r.Floor.Processor) }

// measureRequests measures tokens and single reads on each store.
func measureRequests(ctx context.Context, b *bench) error {
	return b.onEachStore(ctx, func(ctx context.Context, w *world, into *storeReport) error {
		for _, one := range w.requests() {
			contenders := append(w.both("serve", connections, one.subject), w.ask("floor", w.floor, connections, one.floor))
			results, err := b.alternate(ctx, one.name, contenders...)
			if err != nil {
				return err
			}
			into.Requests = append(into.Requests, row{one.what, results[len(results)-1], results[0]})
		}
		return nil
	})
}

// request is a kind of request, and what its floor is asked.
type request struct {
	name, what     string
	floor, subject func(number int64) []byte
}

func (w *world) requests() []request {
	return []request{
		{
			"token", "`POST /oauth/token`",
			func(n int64) []byte {
				return load.Raw("POST", "/token", formType, tokenForm(bulk.ClientID(w.number(n)), w.secret))
			},
			w.tokenRequest,
		},
		{
			"introspect", "`POST /oauth/introspect`",
			func(n int64) []byte {
				return load.Raw("POST", "/introspect", formType, w.introspection(n, w.floorTokens))
			},
			func(n int64) []byte {
				return load.Raw("POST", "/oauth/introspect", formType, w.introspection(n, w.tokens))
			},
		},
		{
			"token info", "`GET /oauth/token/info`",
			func(n int64) []byte { return load.Raw("GET", "/info", authorization(w.floorTokens[n%tokenPool]), "") },
			func(n int64) []byte {
				return load.Raw("GET", "/oauth/token/info", authorization(w.tokens[n%tokenPool]), "")
			},
		},
		{
			"account", "`GET …/service_accounts/{id}`",
			func(int64) []byte { return load.Raw("POST", "/echo", jsonType, exampleAccount) },
			w.accountRequest,
		},
	}
}

func (w *world) tokenRequest(n int64) []byte {
	return load.Raw("POST", "/oauth/token", formType, tokenForm(bulk.ClientID(w.number(n)), w.secret))
}

func (w *world) accountRequest(n int64) []byte {
	return load.Raw("GET", accounts+"/"+w.id(w.number(n)), authorization(w.bearer), "")
}

// introspection is the form that asks about one of the tokens. The caller is an account like any other, and authenticates.
func (w *world) introspection(n int64, tokens []string) string {
	return url.Values{"token": {tokens[n%tokenPool]}}.Encode() + "&" + tokenForm(bulk.ClientID(w.number(n)), w.secret)
}

// exampleAccount is as large as what the API answers.
const exampleAccount = `{"id":"100017","company_id":"1","name":"exporter 100016","app_type":"custom","marketplace_app":null,"description":"made in bulk",` +
	`"kind":"traditional","client_id":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","status":"active","status_reasons":[],` +
	`"secret_version":1,"secret_created_at":"2026-01-02T03:04:05Z","secret_fingerprint":"0123456789ab","deletion_protection":false,"add_to_new_projects":false,` +
	`"contact":{"id":"100017","name":"exporter-100017-acme","email_address":"exporter-acme-100017@service-accounts.invalid"},"last_token_at":null,` +
	`"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`
