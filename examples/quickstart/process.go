package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience is how long a child process may take to start or to clean up before it is killed.
const patience = 15 * time.Second

// newCommand prepares a command that the end of ctx stops gently: first by a signal, so that Terraform can give its lock back and the
// API can finish the requests in flight, and only later by force.
func newCommand(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = patience

	return command
}

// output runs a command to its end and gives back what it wrote to stdout. The error has what it wrote to stderr; stdout is left out
// of it, because that is where secrets go.
func output(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr

	stdout, err := command.Output()
	if err != nil {
		return stdout, commandError(command, err, stderr.String())
	}

	return stdout, nil
}

func commandError(command *exec.Cmd, cause error, said string) error {
	return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), cause, strings.TrimSpace(said))
}
