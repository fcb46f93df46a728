// Package sqlite keeps the store in one SQLite file.
//
// One connection writes, so that writers wait in Go rather than for SQLite's lock; several others read, each in a
// read-only transaction on its own snapshot (WAL). Every commit is on disk before it is acknowledged
// (synchronous=FULL). An exported method of Store is one transaction; an unexported function is SQL inside one.
package sqlite
