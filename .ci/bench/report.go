package main

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// report is all that was measured; what wasn't is nil.
type report struct {
	Machine   machine
	Run       runFacts
	Stores    []*storeReport
	Start     *startReport
	Memory    *memoryReport
	Slope     *slopeReport
	Terraform *terraformReport
}

// storeReport is what was measured on one store.
type storeReport struct {
	Name     string
	Requests []row
	Lists    []listRow
	DeepPage int
	Writes   []writeRow
}

// Deep is the deep page's processor time by the first page's.
func (s storeReport) Deep() series {
	return s.Lists[1].Subject.Processor.over(s.Lists[0].Subject.Processor)
}

//go:embed page.md.tmpl
var pageTemplate string

//go:embed scale.md.tmpl
var guideTemplate string

// page writes the page.
func (r report) page() (string, error) { return fill("page", pageTemplate, r) }

// guide writes the guide that works out what larger loads need.
func (r report) guide() (string, error) { return fill("guide", guideTemplate, newPlan(r)) }

func fill(name, text string, with any) (string, error) {
	parsed, err := template.New(name).Funcs(template.FuncMap{
		"count": count, "ratio": spreadOf("%.2f", 1), "rate": rate, "micro": micro, "milli": milli, "seconds": spreadOf("%.1f", 1), "mebi": mebi, "meg": megabytes, "quantity": quantity,
		"kibi": func(bytes float64) float64 { return bytes / 1024 },
	}).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	if err := parsed.Execute(&page, with); err != nil {
		return "", err
	}
	return page.String(), nil
}

// spreadOf formats a series as its median, with the least and the most of all rounds in brackets.
func spreadOf(format string, unit float64) func(series) string {
	return func(s series) string {
		switch {
		case len(s) == 0 || s.most() == 0:
			return "–"
		case len(s) == 1:
			return fmt.Sprintf(format, s[0]*unit)
		}
		return fmt.Sprintf(format+" ("+format+"–"+format+")", s.median()*unit, s.least()*unit, s.most()*unit)
	}
}

var (
	milli = spreadOf("%.1f", 1e3)
	mebi  = spreadOf("%.0f", 1.0/(1<<20))
)

// micro is for processor times: tenths only where they count.
func micro(s series) string {
	if s.median() < 10e-6 {
		return spreadOf("%.1f", 1e6)(s)
	}
	return spreadOf("%.0f", 1e6)(s)
}

func rate(s series) string {
	if len(s) == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s–%s)", quantity(s.median()), quantity(s.least()), quantity(s.most()))
}

// quantity writes a number of things, with commas: 12,300.
func quantity(number float64) string { return count(int(math.Round(number))) }

func count(number int) string {
	digits := strconv.Itoa(number)
	var made strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			made.WriteByte(',')
		}
		made.WriteRune(digit)
	}
	return made.String()
}

// megabytes writes bytes in MiB.
func megabytes(bytes any) string {
	switch bytes := bytes.(type) {
	case int64:
		return fmt.Sprintf("%.1f", float64(bytes)/(1<<20))
	case float64:
		return fmt.Sprintf("%.0f", bytes/(1<<20))
	default:
		return fmt.Sprint(bytes)
	}
}

// Length says how long a round was.
func (f runFacts) Length() string { return f.Round.Round(time.Millisecond).String() }
