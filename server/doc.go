// Package server is the management API for Procore service accounts.
//
// The layers, from the socket to the row:
//
//	command.go     subcommands, flags and environment → Config          server.Main
//	server.go      wiring: opens the store, builds the handler           server.New
//	connections.go how many connections there may be, and which goes when there are too many
//	middleware.go  request id, log, metrics, panics, secrets in URLs, unknown routes
//	bounded.go     the body is read, the request waits for its turn, the answer is sent: receive.go, lane.go, answer.go
//	oauth/         the token endpoint and its neighbours (RFC 6749 …)    /oauth/…
//	rest/          service accounts and what belongs to them             /rest/v2.0/…
//	store/         what is kept and by which rules; no SQL, no HTTP
//	store/sqlstore how it is kept, in statements that any engine reads
//	store/sqlite/  the engine: connections, transactions, files
//	store/postgres the engine for several servers on one database
//
// Inside the server every arrow points at store: rest and oauth ask it, sqlstore implements it, and only this package knows
// them all. The provider never imports any of it; they meet over HTTP (see Embed).
package server
