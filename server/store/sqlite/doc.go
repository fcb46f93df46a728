// Package sqlite is the engine that keeps the store in one SQLite file; the statements are sqlstore's.
//
// One connection writes, so that writers wait in Go rather than for SQLite's lock, and those that wait together share a
// commit (writer). Several others read, each in a read-only transaction on its own snapshot (WAL); readers and writers
// don't wait for each other. All connections are opened at the start, and keep their statements prepared. Every commit is
// on disk before a change that is in it is acknowledged (synchronous=FULL).
package sqlite
