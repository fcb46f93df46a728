package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// series is what the rounds gave for one figure.
type series []float64

func (s series) sorted() series { return slices.Sorted(slices.Values(s)) }

// median is 0 where nothing was measured.
func (s series) median() float64 {
	switch sorted := s.sorted(); {
	case len(s) == 0:
		return 0
	case len(s)%2 == 1:
		return sorted[len(s)/2]
	default:
		return (sorted[len(s)/2-1] + sorted[len(s)/2]) / 2
	}
}

func (s series) least() float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Min(s)
}

func (s series) most() float64 {
	if len(s) == 0 {
		return 0
	}
	return slices.Max(s)
}

// over divides round by round, so that a round in which the machine was slow counts for both.
func (s series) over(floor series) series {
	quotients := make(series, 0, len(s))
	for i := range min(len(s), len(floor)) {
		if floor[i] != 0 {
			quotients = append(quotients, s[i]/floor[i])
		}
	}
	return quotients
}

// sample is what one turn of a contender gave.
type sample struct {
	count, refused int
	// rate is how many a second, and took the seconds of one where a turn is a single thing.
	rate, took float64
	// processor, median and p99 are seconds for one request, database those of the database's processes; sent and received are bytes.
	processor, database, median, p99, sent, received float64
}

// contender is what takes turns with others.
type contender struct {
	name string
	turn func(ctx context.Context) (sample, error)
}

// measured is what a contender's turns gave, round by round.
type measured struct {
	Name                                         string
	Rate, Took, Processor, Database, Median, P99 series
	Sent, Received                               float64
	answered, refused                            int
}

func (m *measured) add(s sample) {
	m.Rate, m.Took, m.Processor = append(m.Rate, s.rate), append(m.Took, s.took), append(m.Processor, s.processor)
	m.Database = append(m.Database, s.database)
	m.Median, m.P99 = append(m.Median, s.median), append(m.P99, s.p99)
	m.Sent, m.Received = s.sent, s.received
	m.answered += s.count
	m.refused += s.refused
}

// Refused says which part of the requests was refused with 503, if any was.
func (m measured) Refused() string {
	if m.refused == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.1f%% refused with 503)", 100*float64(m.refused)/float64(m.refused+m.answered))
}

// alternate lets contenders take turns: one that goes first in a round goes last in the next. What they gave comes back in the order in
// which they were given.
func (b *bench) alternate(ctx context.Context, name string, contenders ...contender) ([]measured, error) {
	results := make([]measured, len(contenders))
	for i, one := range contenders {
		results[i].Name = one.name
	}
	for round := range b.rounds {
		for i := range contenders {
			i := (i + round) % len(contenders)
			got, err := contenders[i].turn(ctx)
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", name, contenders[i].name, err)
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			results[i].add(got)
			b.tell(name, contenders[i].name, got)
		}
	}
	return results, nil
}

// tell writes a line in Go's benchmark format.
// https://go.googlesource.com/proposal/+/master/design/14313-benchmark-format.md
func (b *bench) tell(name, contender string, s sample) {
	nanoseconds := s.took * 1e9
	if s.rate > 0 {
		nanoseconds = 1e9 / s.rate
	}
	fmt.Fprintf(b.progress, "Benchmark%s/%s \t%d\t%.0f ns/op", camel(name), strings.ReplaceAll(contender, " ", "_"), max(1, s.count), nanoseconds)
	if s.processor > 0 {
		fmt.Fprintf(b.progress, "\t%.0f cpu-ns/op", s.processor*1e9)
	}
	if s.p99 > 0 {
		fmt.Fprintf(b.progress, "\t%.0f p99-ns", s.p99*1e9)
	}
	if s.refused > 0 {
		fmt.Fprintf(b.progress, "\t%d refused", s.refused)
	}
	fmt.Fprintln(b.progress)
}

// camel makes a benchmark's name of a row's.
func camel(name string) string {
	var made strings.Builder
	for word := range strings.FieldsSeq(strings.ReplaceAll(name, "/", " ")) {
		made.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return made.String()
}
