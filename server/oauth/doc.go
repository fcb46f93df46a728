// Package oauth is the authorization server of the management API: it gives service accounts access tokens, and says
// of a token whether it still counts.
//
// The one grant is client credentials (RFC 6749 4.4). A token is a JWT (RFC 9068) signed with a key of this database,
// so that a resource server elsewhere can check it offline against /oauth/jwks.json. Here a good signature is not
// enough: the token carries the version of the secret that it was got with and the token epoch of its account
// (store.TokenMark), and every check compares them with the account as it is now. That is how a reset, a revocation,
// a deletion or a loss of function ends live tokens at once without a list of them, and why issuing a token writes
// nothing: the time of the last token is written behind, in batches (recorder.go).
//
// The keys are rotated while servers run (keyset.go): a new one is published before it signs, an old one until its last
// token has ended (store.KeyStateAt), and every server on the database reads them again every few seconds. They may be
// sealed with a master key (store.MasterKey), without which the database alone signs nothing.
//
// The way of a token request: route table (server.go) → parameters (request.go) → client authentication (client.go)
// → grant, status and scope (token_endpoint.go) → signature (token.go, signature.go). A signature that was found to be good
// is remembered (verified.go); all else that a token depends on is asked each time. A refusal is a value, *failure
// (failure.go), which one function turns into an answer.
package oauth
