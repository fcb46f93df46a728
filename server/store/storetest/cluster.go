package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver, for what tests look up
	_ "modernc.org/sqlite"             // the same
)

// binVariable names the folder with initdb, pg_ctl and postgres (.ci/find-postgres).
const binVariable = "TEST_POSTGRES_BIN"

// Cluster is a PostgreSQL of a test's own, which it may stop and start. It listens on loopback, with a password.
type Cluster struct {
	bin, folder, password, options string
	port                           int
	guard                          io.Closer
}

// StartCluster starts a PostgreSQL of the test's own, which syncs its files as one in use does. It ends with the test.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	cluster, err := start("-c max_connections=200")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.guard.Close() }) // the guard stops it
	return cluster
}

// URL names the database "postgres" of the cluster as its administrator.
func (c *Cluster) URL() string {
	return fmt.Sprintf("postgres://postgres:%s@127.0.0.1:%d/postgres?sslmode=disable", c.password, c.port)
}

// Start starts the cluster again, and waits until it answers.
func (c *Cluster) Start() error {
	options := fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 %s", c.port, c.folder, c.options)
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.folder, "log"), "-o", options, "-w", "-t", "60", "start")
}

// Stop ends every connection and stops the cluster in good order.
func (c *Cluster) Stop() error { return c.run("pg_ctl", "-D", c.data(), "-m", "fast", "-w", "stop") }

// Kill ends it without any order, so that the next start has to recover what was committed from its log.
func (c *Cluster) Kill() error {
	return c.run("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop")
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// start makes a cluster and starts it. It ends, and its folder goes, when its guard is closed or this process has ended,
// however that came about.
func start(options string) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "procore-postgres-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, folder: folder, password: strings.ToLower(rand.Text()), options: options}
	if err := c.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := c.initialize(); err != nil {
		return nil, errors.Join(err, c.guard.Close())
	}
	for range 5 {
		if c.port, err = freePort(); err != nil {
			break
		}
		if err = c.Start(); err == nil { // somebody else may have taken the port meanwhile
			return c, nil
		}
	}
	return nil, errors.Join(err, c.guard.Close())
}

func (c *Cluster) initialize() error {
	passwords := filepath.Join(c.folder, "password")
	if err := os.WriteFile(passwords, []byte(c.password+"\n"), 0o644); err != nil { //#nosec G306 -- its reader may be another user, and the test's PostgreSQL is for this machine
		return err
	}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		chown := exec.CommandContext(context.Background(), "chown", "-R", unprivileged(), c.folder) //nolint:gosec // a test's own
		if output, err := chown.CombinedOutput(); err != nil {
			return fmt.Errorf("chown: %w\n%s", err, output)
		}
	}
	return c.run("initdb", "-D", c.data(), "-U", "postgres", "-A", "password", "--pwfile", passwords, "-E", "UTF8", "--locale=C", "--no-sync")
}

// watch starts a process that waits for its standard input to end, which it does with this process at the latest.
func (c *Cluster) watch() error {
	const script = `trap '' INT TERM HUP; read -r _; "$@" >/dev/null 2>&1; rm -rf "$0"`
	stop := c.command("pg_ctl", "-D", c.data(), "-m", "immediate", "-w", "stop")
	guard := exec.CommandContext(context.Background(), "sh", slices.Concat([]string{"-c", script, c.folder}, stop)...) //nolint:gosec // a test's own
	guard.Dir = os.TempDir()
	input, err := guard.StdinPipe()
	if err != nil {
		return err
	}
	c.guard = input
	return guard.Start()
}

func (c *Cluster) run(name string, arguments ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	words := c.command(name, arguments...)
	command := exec.CommandContext(ctx, words[0], words[1:]...) //nolint:gosec // a test's own
	command.Dir = c.folder
	log, err := os.CreateTemp("", "procore-postgres-output-") // a pipe would stay open in the server that pg_ctl leaves behind
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(log.Close(), os.Remove(log.Name())) }()
	command.Stdout, command.Stderr = log, log
	if err := command.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		served, _ := os.ReadFile(filepath.Join(c.folder, "log"))
		return fmt.Errorf("%s: %w\n%s\n%s", name, err, said, served)
	}
	return nil
}

// command is a program of PostgreSQL's, run as somebody else where this is root.
func (c *Cluster) command(name string, arguments ...string) []string {
	words := append([]string{filepath.Join(c.bin, name)}, arguments...)
	if os.Geteuid() == 0 {
		user := unprivileged()
		words = append([]string{"setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups", "--"}, words...)
	}
	return words
}

// unprivileged is who runs PostgreSQL where this is root.
func unprivileged() string {
	const nobody = "65534"
	return nobody
}

func findBinaries() (string, error) {
	if folder := os.Getenv(binVariable); folder != "" {
		return folder, nil
	}
	if path, err := exec.LookPath("pg_ctl"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil && hasInitdb(target) {
			return filepath.Dir(target), nil
		}
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian keeps them off PATH
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) > 0 {
		return found[0], nil
	}
	return "", errors.New("there is no PostgreSQL to test with: install one (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), " +
		"run the tests by 'make test', which gets one, or name a server in " + urlVariable)
}

func hasInitdb(path string) bool {
	_, err := os.Stat(filepath.Join(filepath.Dir(path), "initdb"))
	return err == nil
}

func version(folder string) int {
	number, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return number
}

func freePort() (int, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(port)
	return number, errors.Join(err, listener.Close())
}
