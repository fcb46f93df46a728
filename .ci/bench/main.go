// Command bench measures what the program costs beside what nobody can do without, on this machine and in one run, and writes the
// page docs/benchmarks.md:
//
//	go run ./.ci/bench -binary bin/terraform-provider-procore
//
// It sees the program from outside only: a process, HTTP, files. Each figure stands beside a floor, a bare program that does the
// least that the work takes, and both take turns, so that what else happens on the machine meets both. Figures are never right or
// wrong here: nothing fails for being slow.
//
// What it prints while it runs is in the format of Go's benchmarks, for benchstat to compare two runs with.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line says.
type settings struct {
	binary, before, out, guide, only, directory, postgres, random string
	quick, floor                                                  bool
	terraform                                                     string
	turn                                                          time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/terraform-provider-procore", "the program to measure, built as it is released (make build)")
	flag.StringVar(&s.before, "before", "", "another program, such as one from before a change, to take turns with in the sections requests, lists and writes")
	flag.StringVar(&s.out, "out", "", "the page to write; - is stdout (docs/benchmarks.md, and nowhere with -only)")
	flag.StringVar(&s.guide, "guide", "", "the guide to write; - is stdout (templates/guides/scale.md, and nowhere with -only or -quick)")
	flag.StringVar(&s.only, "only", "", "measure one section only: "+strings.Join(sectionNames(), ", "))
	flag.StringVar(&s.directory, "dir", "bin", "where databases are put while it runs; must be on the disk that is to be measured")
	flag.StringVar(&s.postgres, "database", "", "an empty PostgreSQL database (postgres://…), to measure that store, too")
	flag.StringVar(&s.terraform, "terraform", "1000", "how many resources Terraform manages, such as 1000,5000")
	flag.DurationVar(&s.turn, "round", 2*time.Second, "how long each turn of five is; shorter ones spread more, and the page says how long they were")
	flag.StringVar(&s.random, "random", "", "the random provider's program, to measure Terraform with; by default Terraform downloads it")
	flag.BoolVar(&s.quick, "quick", false, "short rounds: to see that all works, not to believe the figures")
	flag.BoolVar(&s.floor, "floor", false, "be the floor's server: for the program's own use")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := errors.New("nothing else is understood than flags; -help lists them")
	switch {
	case flag.NArg() > 0:
	case s.floor:
		err = serveFloor(ctx)
	default:
		err = run(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be stopped
	}
}

// section is one part of what is measured. It writes down what it found in the report.
type section struct {
	name    string
	measure func(ctx context.Context, b *bench) error
}

// sections are in the order of the page. The one with Terraform comes last because it takes longest.
var sections = []section{
	{"requests", measureRequests},
	{"lists", measureLists},
	{"writes", measureWrites},
	{"start", measureStart},
	{"memory", measureMemory},
	{"slope", measureSlope},
	{"terraform", measureProvider},
}

func sectionNames() []string {
	names := make([]string, 0, 7)
	for _, one := range sections {
		names = append(names, one.name)
	}
	return names
}

// bench is one run.
type bench struct {
	settings
	// binary is the program under test, self this one, and folder where databases go.
	self, folder string
	// rounds is how many times the contenders take turns, round how long each turn is, rest how long a server is left alone before its
	// memory at rest is read.
	rounds      int
	round, rest time.Duration
	// accounts is how many the large company has, and sizes at which sizes the slope is measured.
	accounts int
	sizes    []int
	progress io.Writer
	// worlds are the stores that more than one section measures on.
	worlds []*world
	report report
}

func run(ctx context.Context, s settings) (err error) {
	if s.only != "" && !slices.Contains(sectionNames(), s.only) {
		return fmt.Errorf("-only %s: there are %s", s.only, strings.Join(sectionNames(), ", "))
	}
	b := &bench{settings: s, rounds: 5, round: s.turn, rest: 10 * time.Second, accounts: 100_000, sizes: []int{10_000, 100_000, 400_000}, progress: os.Stdout}
	if s.quick {
		b.terraform = "50"
		b.round, b.rest, b.sizes = 300*time.Millisecond, 2*time.Second, []int{1_000, 10_000, 100_000}
	}
	if b.binary, err = filepath.Abs(s.binary); err != nil {
		return err
	}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp(s.directory, "bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.closeWorlds(), os.RemoveAll(b.folder)) }()
	if b.folder, err = filepath.Abs(b.folder); err != nil {
		return err
	}
	if b.report.Machine, err = describeMachine(ctx, b.binary); err != nil {
		return err
	}
	b.report.Run = newRunFacts(b)
	for _, part := range sections {
		if s.only != "" && s.only != part.name {
			continue
		}
		if err := part.measure(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return b.publish()
}

// publish writes the page, and the guide that works with its figures. Where only a part was measured, or nothing that can be believed, it
// overwrites neither unless somebody said where to.
func (b *bench) publish() error {
	page, err := b.report.page()
	if err != nil {
		return err
	}
	if err := write(cmp.Or(b.out, b.unlessPart(filepath.Join("docs", "benchmarks.md"))), page); err != nil {
		return err
	}
	if b.report.Slope == nil {
		return nil
	}
	guide, err := b.report.guide()
	if err != nil {
		return err
	}
	return write(cmp.Or(b.guide, b.unlessPart(filepath.Join("templates", "guides", "scale.md"))), guide)
}

func (b *bench) unlessPart(file string) string {
	if b.only != "" || b.quick {
		return stdout
	}
	return file
}

// stdout is the name of no file.
const stdout = "-"

func write(file, text string) error {
	if file == stdout {
		_, err := os.Stdout.WriteString("\n" + text)
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // pages for everybody
}
