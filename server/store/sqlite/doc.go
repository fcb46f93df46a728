// Package sqlite is the engine that keeps the store in one SQLite file; the statements are sqlstore's.
//
// One connection writes, so that writers wait in Go rather than for SQLite's lock; several others read, each in a
// read-only transaction on its own snapshot (WAL). Every commit is on disk before it is acknowledged
// (synchronous=FULL).
package sqlite
