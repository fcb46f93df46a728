// Package postgres is the engine that keeps the store in a PostgreSQL database; the statements are sqlstore's.
//
// Several servers share one database. Every change is a SERIALIZABLE transaction, which ends as if no other had run beside it,
// and is run again where the database can't have it so. That asks for nothing but what PostgreSQL's own documentation asks of
// a client (chapter 13, "Concurrency Control"), so that databases which speak its protocol can serve, too: no advisory locks,
// no LISTEN, no unlogged tables, nothing that lives in a connection from one transaction to the next.
package postgres
