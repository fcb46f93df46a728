// Package rest is the management API: JSON over HTTP, after the conventions of Procore's v2.0 REST API.
//
// routes.go lists every route with the permission that it asks for. A request goes through access.go (who is it, which
// company, may it), is checked against the schema of its input by huma, and ends in the handler of its noun
// (service_account.go, secret.go …), which asks the store. Whatever fails on the way leaves through error.go, the one
// map from what went wrong to a status. The OpenAPI document is made from the same types and routes.
package rest
