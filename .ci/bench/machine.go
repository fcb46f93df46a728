package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// machine is where it was measured, and what.
type machine struct {
	Processor  string
	Processors int
	MemoryGiB  float64
	System, Go string
	// Version is what the program says of itself, Changed that the working copy had changes that no commit has.
	Version string
	Date    string
}

// describeMachine finds out. What can't be known is left out.
func describeMachine(ctx context.Context, binary string) (machine, error) {
	printed, err := exec.CommandContext(ctx, binary, "version").Output()
	if err != nil {
		return machine{}, fmt.Errorf("%s: %w; build it with make build", binary, err)
	}
	m := machine{
		Processors: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
		Version: strings.TrimSpace(string(printed)), Date: time.Now().UTC().Format(time.DateOnly),
	}
	m.Processor = fieldOf("/proc/cpuinfo", "model name")
	if kilobytes, err := strconv.ParseFloat(strings.TrimSuffix(fieldOf("/proc/meminfo", "MemTotal"), " kB"), 64); err == nil {
		m.MemoryGiB = kilobytes / (1 << 20)
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += ", kernel " + strings.TrimSpace(string(release))
	}
	return m, nil
}

// fieldOf reads a line such as "model name : …".
func fieldOf(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// runFacts are how it was measured.
type runFacts struct {
	Rounds, Connections, Accounts int
	Round                         time.Duration
	Quick                         bool
}

func newRunFacts(b *bench) runFacts {
	return runFacts{b.rounds, connections, b.accounts, b.round, b.quick}
}
