package main

import (
	"fmt"
	"math"
)

// What the guide works out the needs of.
const (
	planAccounts  = 1_000_000
	planCompanies = 10_000
	planTokens    = 100_000 // a second
	// planShare is which part of a processor is planned with: beyond it, waiting times grow faster than the load.
	planShare = 0.6
	// planReplica is how many processors a replica has.
	planReplica = 8
	// planTTL is how long a token lives by default, in seconds; who keeps a token asks that often.
	planTTL = 5400
	// planRotation is how many days a secret is used.
	planRotation = 90
	// planHeader is what TCP and IP add to a request and its answer, with their acknowledgements.
	planHeader = 4 * 66
)

// plan has the guide's arithmetic: costs as they were measured, and what they make of larger loads.
type plan struct {
	report
	small, large sizeReport
}

func newPlan(r report) plan {
	sizes := r.Slope.Sizes
	return plan{r, sizes[0], sizes[len(sizes)-1]}
}

// micros is a cost in µs, as the guide shows it and works with.
func micros(of measured) float64 { return math.Round(of.Processor.median() * 1e6) }

func (p plan) Date() string           { return p.Machine.Date }
func (p plan) Small() int             { return p.small.Accounts }
func (p plan) Large() int             { return p.large.Accounts }
func (p plan) Token() float64         { return micros(p.large.Token) }
func (p plan) Same() float64          { return micros(p.large.Same) }
func (p plan) FloorToken() float64    { return micros(p.large.Floor) }
func (p plan) Account() float64       { return micros(p.large.Account) }
func (p plan) Page() float64          { return micros(p.large.First) }
func (p plan) Create() float64        { return micros(p.large.Create) }
func (p plan) CreateRate() float64    { return math.Round(p.large.Create.Rate.median()) }
func (p plan) BytesEach() float64     { return math.Round(p.large.BytesEach) }
func (p plan) ResetBytes() float64    { return math.Round(p.Slope.Kept.Reset) }
func (p plan) AnswerBytes() float64   { return math.Round(p.Slope.Kept.Answer) }
func (p plan) Sent() float64          { return math.Round(p.large.Token.Sent) }
func (p plan) Received() float64      { return math.Round(p.large.Token.Received) }
func (p plan) Header() int            { return planHeader }
func (p plan) Accounts() int          { return planAccounts }
func (p plan) Companies() int         { return planCompanies }
func (p plan) Tokens() int            { return planTokens }
func (p plan) TTL() int               { return planTTL }
func (p plan) Share() float64         { return planShare }
func (p plan) ReplicaProcessors() int { return planReplica }
func (p plan) Rotation() int          { return planRotation }

// Grown says by what a cost at the largest size is that at the smallest.
func (p plan) Grown(what string) string {
	of := map[string]func(sizeReport) series{
		"token":   func(s sizeReport) series { return s.Token.Processor.over(s.Floor.Processor) },
		"account": func(s sizeReport) series { return s.Account.Processor.over(s.Floor.Processor) },
		"first":   func(s sizeReport) series { return s.First.Processor.over(s.Floor.Processor) },
		"deep":    func(s sizeReport) series { return s.Deep.Processor.over(s.Floor.Processor) },
		"search":  func(s sizeReport) series { return s.Search.Processor.over(s.Floor.Processor) },
		"create":  func(s sizeReport) series { return s.Create.Processor.over(s.Floor.Processor) },
		"start":   func(s sizeReport) series { return s.Start },
	}[what]
	return fmt.Sprintf("%.1f", of(p.large).median()/of(p.small).median())
}

// Busy is how many processors so many tokens a second keep busy, and Processors how many to have for them.
func (p plan) Busy(tokens float64) float64       { return tokens * p.Token() / 1e6 }
func (p plan) Processors(tokens float64) float64 { return p.Busy(tokens) / planShare }

// Replicas is how many replicas that makes, with one to spare.
func (p plan) Replicas(tokens float64) int {
	return int(math.Ceil(p.Processors(tokens)/planReplica)) + 1
}

// Kept is how many tokens a second there are when clients keep theirs until it ends.
func (p plan) Kept() float64 { return math.Round(float64(planAccounts) / planTTL) }

// Interval is how often each account asks, in seconds, when there are as many as planned.
func (p plan) Interval() float64 { return float64(planAccounts) / planTokens }

// Times is what keeping tokens makes of that.
func (p plan) Times() float64 { return planTokens / p.Kept() }

// NetworkBytes is what a token takes on the wire, both ways together.
func (p plan) NetworkBytes() float64 { return p.Sent() + p.Received() + planHeader }

// Megabits is the network's, both ways together.
func (p plan) Megabits() float64 {
	return planTokens * p.NetworkBytes() * 8 / 1e6
}

// Gigabytes is the database's size with its accounts, and YearGigabytes what resets add in a year.
func (p plan) Gigabytes() float64 { return planAccounts * p.BytesEach() / 1e9 }

func (p plan) YearGigabytes() float64 {
	return planAccounts * 365 / planRotation * p.ResetBytes() / 1e9
}

// ResetsPerDay is how many there are, and AnswerMegabytes what their kept answers take.
func (p plan) ResetsPerDay() float64    { return math.Round(float64(planAccounts) / planRotation) }
func (p plan) AnswerMegabytes() float64 { return p.ResetsPerDay() * p.AnswerBytes() / 1e6 }

// MakeMinutes is how long it takes to make all accounts, at the measured rate of one machine.
func (p plan) MakeMinutes() float64 { return planAccounts / p.CreateRate() / 60 }

// OneMachine is how many tokens a second one machine of so many processors gives.
func (p plan) OneMachine(processors float64) float64 {
	return math.Floor(processors*planShare*1e6/p.Token()/1000) * 1000
}

// Database is what a token takes of PostgreSQL's processors, in µs; 0 where it was not measured.
func (p plan) Database() float64 {
	for _, one := range p.Stores {
		if len(one.Requests) > 0 && one.Requests[0].Subject.Database.median() > 0 {
			return math.Round(one.Requests[0].Subject.Database.median() * 1e6)
		}
	}
	return 0
}

// Primary is how many tokens a second one PostgreSQL server of so many processors stands, and DatabaseProcessors how many the planned
// tokens need.
func (p plan) Primary(processors float64) float64 {
	return math.Floor(processors*planShare*1e6/p.Database()/1000) * 1000
}

func (p plan) DatabaseProcessors() float64 {
	return math.Ceil(planTokens * p.Database() / 1e6 / planShare)
}

// Memory is what a replica holds with so many connections, in MiB; 0 where memory was not measured.
func (p plan) Memory(open int) float64 {
	if p.report.Memory == nil {
		return 0
	}
	last := p.report.Memory.Connections[len(p.report.Memory.Connections)-1]
	return (p.report.Memory.Load.median() + float64(open)*last.Each) / (1 << 20)
}
