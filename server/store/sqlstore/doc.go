// Package sqlstore keeps the nouns of store in a SQL database, whichever one it is.
//
// It holds the statements and what is decided around them, one file a noun; an Engine brings the connections, the
// transactions and what only one database has. store/sqlite and store/postgres are the engines, and what they open embeds
// this package's Store. An exported method of Store is one transaction; an unexported function is SQL inside one.
//
// The statements are such that SQLite and PostgreSQL read them alike: arguments are question marks, what was inserted is
// RETURNED, TRUE and FALSE are written out, and where the two differ a Dialect has the words of each.
package sqlstore
