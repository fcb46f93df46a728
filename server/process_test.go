package server_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is 'serve' in a process of its own.
type process struct {
	t       testing.TB
	command *exec.Cmd
	url     string
	address string
	ended   chan struct{}

	mu     sync.Mutex
	stderr bytes.Buffer
	stdout bytes.Buffer
}

var (
	textLine = regexp.MustCompile(`msg=listening address=(\S+) url=(\S+)`)
	client30 = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
)

// serve starts 'serve' on a free port and waits until it listens. The variables are added to its environment.
func serve(t testing.TB, database string, variables []string, flags ...string) *process {
	t.Helper()
	args := append([]string{"serve", "--database", database}, flags...)
	if !strings.Contains(strings.Join(flags, " "), "--listen") && len(variables) == 0 {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	p := &process{t: t, ended: make(chan struct{})}
	p.command = exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), args...)
	p.command.Env = append(os.Environ(), variables...)
	p.command.Stdout = &p.stdout
	log, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	listening := make(chan struct{})
	go p.read(bufio.NewScanner(log), listening)
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // ended already when the test has stopped it
		<-p.ended
	})
	select {
	case <-listening:
	case <-p.ended:
		t.Fatalf("serve ended with %d: %s", p.command.ProcessState.ExitCode(), p.log())
	case <-time.After(time.Minute):
		t.Fatalf("serve doesn't say that it listens: %s", p.log())
	}
	return p
}

// read keeps the log until the process ends.
func (p *process) read(lines *bufio.Scanner, listening chan<- struct{}) {
	for lines.Scan() {
		p.mu.Lock()
		p.stderr.WriteString(lines.Text() + "\n")
		if p.url == "" && p.listens(lines.Text()) {
			close(listening)
		}
		p.mu.Unlock()
	}
	_ = p.command.Wait() // the exit status says it
	close(p.ended)
}

// listens takes the address from the line that has it.
func (p *process) listens(line string) bool {
	if match := textLine.FindStringSubmatch(line); match != nil {
		p.address, p.url = match[1], match[2]
	}
	var record struct{ Msg, Address, URL string }
	if json.Unmarshal([]byte(line), &record) == nil && record.Msg == "listening" {
		p.address, p.url = record.Address, record.URL
	}
	return p.url != ""
}

// log is what the process has written to stderr so far.
func (p *process) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// signal sends a signal and doesn't wait.
func (p *process) signal(signal syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// wait returns the exit status once the process has ended.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(time.Minute):
		p.t.Fatalf("serve doesn't end: %s", p.log())
		return -1
	}
}

// stop ends the process as an operator does, and fails the test unless it ends well.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	equal(p.t, "exit status", p.wait(), 0)
}

// refusesConnections waits until nobody listens any more.
func (p *process) refusesConnections() {
	p.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		connection, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", p.address)
		if err != nil {
			return
		}
		_ = connection.Close()
	}
	p.t.Fatal("the server goes on taking connections")
}
