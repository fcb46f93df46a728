package main

import (
	"context"
	"os"
)

// startReport is how long starting takes, and how large the program is.
type startReport struct {
	Floor, Subject measured
	Accounts       int
	// Size is the program's, in bytes.
	Size int64
}

// Ratio is what the program takes by what the floor does.
func (s startReport) Ratio() series { return s.Subject.Took.over(s.Floor.Took) }

// measureStart measures from the start of a process to the line that says where it listens.
func measureStart(ctx context.Context, b *bench) error {
	w := &world{b: b, accounts: b.accounts}
	if err := w.populate(ctx); err != nil {
		return err
	}
	results, err := b.alternate(ctx, "start", b.starter("floor", b.self, "-floor"), b.starter("serve", b.binary, "serve", "--database", w.file, "--listen", "127.0.0.1:0"))
	if err != nil {
		return err
	}
	program, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	b.report.Start = &startReport{results[0], results[1], b.accounts, program.Size()}
	return nil
}

// startsPerTurn is how many starts a turn takes the middle of: one is short beside what else a machine does.
const startsPerTurn = 5

// starter is a contender that starts a server and stops it again.
func (b *bench) starter(name, binary string, arguments ...string) contender {
	return contender{name, func(ctx context.Context) (sample, error) {
		var times series
		for range startsPerTurn {
			p, err := start(ctx, binary, arguments...)
			if err != nil {
				return sample{}, err
			}
			times = append(times, p.startup.Seconds())
			if err := p.stop(); err != nil {
				return sample{}, err
			}
		}
		return sample{count: startsPerTurn, took: times.median()}, nil
	}}
}
