package server_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// cluster is a PostgreSQL of the test's own, which it may crash and start again.
type cluster struct {
	t       *testing.T
	folder  string
	port    int
	command *exec.Cmd
	ended   chan struct{}
}

// newCluster makes a PostgreSQL with all that keeps its promises after a crash, and starts it.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	folder, err := os.MkdirTemp("", "procore-postgres-") // t.TempDir can't be entered by PostgreSQL's user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, _ := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, folder: folder, port: address.Port}
	if attributes := asPostgres(t); attributes != nil {
		if err := os.Chown(folder, int(attributes.Credential.Uid), int(attributes.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	output, err := c.program("initdb", "-D", c.data(), "-U", "procore", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v: %s", err, output)
	}
	c.start()
	t.Cleanup(c.crash)
	c.execute("postgres", "CREATE DATABASE procore")
	return c
}

func (c *cluster) data() string { return filepath.Join(c.folder, "data") }

// asPostgres is how to run PostgreSQL's programs: they refuse to be run by root.
func asPostgres(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		found, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, errUID := strconv.ParseUint(found.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(found.Gid, 10, 32)
	if errUID != nil || errGID != nil {
		t.Fatalf("the user %s has the ids %s and %s", found.Username, found.Uid, found.Gid)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// program finds a program of PostgreSQL's.
func (c *cluster) program(name string, args ...string) *exec.Cmd {
	c.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well-formed
		if len(found) == 0 {
			c.t.Fatalf("%s isn't there: install PostgreSQL, or put its programs on PATH", name)
		}
		path = found[len(found)-1]
	}
	command := exec.CommandContext(context.WithoutCancel(c.t.Context()), path, args...)
	command.Dir, command.SysProcAttr = c.folder, asPostgres(c.t)
	return command
}

// start starts it and waits until it takes connections.
func (c *cluster) start() {
	c.t.Helper()
	c.command = c.program("postgres", "-D", c.data(), "-p", strconv.Itoa(c.port), "-k", c.folder,
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "shared_buffers=32MB")
	log, err := os.OpenFile(filepath.Join(c.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	c.command.Stdout, c.command.Stderr = log, log
	if err := c.command.Start(); err != nil {
		c.t.Fatal(err)
	}
	_ = log.Close() // it is PostgreSQL's now
	ended := make(chan struct{})
	c.ended = ended
	go func() {
		_ = c.command.Wait() // stopped by a signal
		close(ended)
	}()
	db := c.open("postgres")
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(time.Minute); db.PingContext(c.t.Context()) != nil; time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			c.t.Fatalf("PostgreSQL has ended: %s", c.log())
		default:
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("PostgreSQL doesn't start: %s", c.log())
		}
	}
}

// crash ends it as a crash does: nothing is written any more, and the next start recovers from the log ("immediate
// shutdown", https://www.postgresql.org/docs/current/server-shutdown.html).
func (c *cluster) crash() {
	c.t.Helper()
	_ = c.command.Process.Signal(syscall.SIGQUIT) // has ended already where the test ended it
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		c.t.Errorf("PostgreSQL doesn't end: %s", c.log())
	}
}

func (c *cluster) log() string {
	text, _ := os.ReadFile(filepath.Join(c.folder, "log"))
	return string(text)
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://procore@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// open opens a database beside the servers.
func (c *cluster) open(database string) *sql.DB {
	c.t.Helper()
	db, err := sql.Open("pgx", c.url(database))
	if err != nil {
		c.t.Fatal(err)
	}
	return db
}

func (c *cluster) execute(database, statement string) {
	c.t.Helper()
	db := c.open(database)
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(c.t.Context(), statement); err != nil {
		c.t.Fatalf("%v: %s", err, strings.TrimSpace(statement))
	}
}
