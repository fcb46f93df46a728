package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// process is a server that was started to be measured.
type process struct {
	command *exec.Cmd
	// address is where it listens, and startup how long it took until it said so.
	address string
	startup time.Duration
	drained chan struct{}
	// complaint is the last line of the log that was a warning or an error.
	complaint atomic.Pointer[string]
}

func (p *process) pid() int { return p.command.Process.Pid }

// listening is the line of the log that says where a server listens.
var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// listen reads the log to its end, and keeps the last complaint.
func (p *process) listen(lines *bufio.Reader) {
	for {
		line, err := lines.ReadSlice('\n')
		if bytes.Contains(line, []byte("level=WARN")) || bytes.Contains(line, []byte("level=ERROR")) {
			text := string(line)
			p.complaint.Store(&text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// start starts a server and waits until it listens. What it logs is read and thrown away, as a service manager would read it.
func start(ctx context.Context, binary string, arguments ...string) (*process, error) {
	command := exec.CommandContext(ctx, binary, arguments...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = time.Minute
	log, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	p := &process{command: command, drained: make(chan struct{})}
	started := time.Now()
	if err := command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReaderSize(log, 64<<10)
	var said strings.Builder
	for p.address == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = command.Wait() // what it said tells more
			return nil, fmt.Errorf("%s %s doesn't listen: %s", binary, arguments[0], said.String()+line)
		}
		said.WriteString(line)
		if match := listening.FindStringSubmatch(line); match != nil {
			p.startup, p.address = time.Since(started), match[1]
		}
	}
	go func() {
		defer close(p.drained)
		p.listen(lines)
	}()
	return p, nil
}

// serve starts the program under test on a database, with its defaults.
func (b *bench) serve(ctx context.Context, database string) (*process, error) {
	return start(ctx, b.binary, "serve", "--database", database, "--listen", "127.0.0.1:0")
}

// stop asks the server to end, and waits until it has.
func (p *process) stop() error {
	if p == nil {
		return nil
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.drained
	return p.command.Wait()
}

// command runs a subcommand of the program under test and returns what it printed.
func (b *bench) command(ctx context.Context, arguments ...string) ([]byte, error) {
	printed, err := exec.CommandContext(ctx, b.binary, arguments...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return nil, fmt.Errorf("%s: %s", arguments[0], failed.Stderr)
	}
	return printed, err
}

// credentials are what init prints.
type credentials struct {
	CompanyID    string `json:"company_id"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// initialize makes a database with a company.
func (b *bench) initialize(ctx context.Context, database string) (made credentials, err error) {
	printed, err := b.command(ctx, "init", "--database", database, "--company", "Acme", "--output", "json")
	if err != nil {
		return made, err
	}
	err = json.Unmarshal(printed, &made)
	return made, err
}

// newSecret has the program make a client secret.
func (b *bench) newSecret(ctx context.Context) (string, error) {
	printed, err := b.command(ctx, "generate-secret")
	return strings.TrimSpace(string(printed)), err
}
