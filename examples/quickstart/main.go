// Command quickstart shows the provider doing its main job, for real, on this machine: it builds the program, starts the management
// API on a fresh database, lets Terraform make a service account, uses the account, resets its secret and checks what became of the
// old one. `make quickstart` runs it. Everything it makes stays in one folder, to go on with by hand.
//
// It knows the program only from outside, as a user does: its command line, its HTTP API and Terraform.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout)
	stop()

	if err != nil {
		fmt.Fprintf(os.Stderr, "\nquickstart: %v\n", err)
		os.Exit(1)
	}
}

// run tells the story, one step after the other, and stops at the first that fails. The API is stopped whatever happens.
func run(ctx context.Context, out io.Writer) error {
	s, err := newStory(out)
	if err != nil {
		return err
	}
	defer s.killServer()

	steps := []struct {
		heading string
		do      func(context.Context) error
	}{
		{"Build the program and install it as a provider", s.install},
		{"Make a database with a company in it", s.makeDatabase},
		{"Start the management API", s.startServer},
		{"Let Terraform make a service account", s.firstApply},
		{"Use the account: get an access token and call the API", s.useAccount},
		{"Reset the secret: change the trigger and apply again", s.secondApply},
		{"See that the old secret is refused and the new one works", s.compareSecrets},
		{"See that nothing is left to do", s.emptyPlan},
		{"Stop the management API", s.stopServer},
	}
	for i, step := range steps {
		s.heading(i+1, len(steps), step.heading)

		err := step.do(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted in step %d (%s)", i+1, step.heading)
		}
		if err != nil {
			return fmt.Errorf("step %d (%s) failed: %w", i+1, step.heading, err)
		}
	}

	s.goOnByHand()

	return nil
}
