// This file declares the report, whose field names and ids programs may rely on.

package doctor

import (
	"fmt"
	"time"
)

// Report is what the doctor found.
type Report struct {
	// OK is true where the examination came to its end and no finding is above
	// info.
	OK bool `json:"ok"`
	// Understood says how the DSN is read.
	Understood Understood `json:"understood"`
	// Options are all of Fluxor's options.
	Options []Option `json:"options"`
	// Checks are what was measured or read, in the order of the examination.
	Checks []Check `json:"checks"`
	// Findings are what is worth a thought, in that order too.
	Findings []Finding `json:"findings"`
	// NextSteps are commands to run.
	NextSteps []string `json:"next_steps"`
	// Error says what ended the examination early; "" where nothing did.
	Error string `json:"error,omitempty"`
}

// Understood is how Fluxor reads the DSN. Secrets are concealed.
type Understood struct {
	// DSN is what was given, Rule why this backend serves it.
	DSN  string `json:"dsn"`
	Rule string `json:"rule"`
	// Backend, Driver and Import are what serves it, for databases of Type.
	Backend string `json:"backend"`
	Type    string `json:"type"`
	Driver  string `json:"driver"`
	Import  string `json:"import"`
	// Grammar is how the DSN is written, DriverGets what is left of it without
	// Fluxor's options, in the driver's own spelling.
	Grammar    string `json:"grammar"`
	DriverGets string `json:"driver_gets"`
}

// Option is one of Fluxor's options.
type Option struct {
	// Key is its name in a DSN, Value what holds.
	Key   string `json:"key"`
	Value string `json:"value"`
	// Source is code, dsn, preset or default.
	Source string `json:"source"`
	// Meaning is one sentence.
	Meaning string `json:"meaning"`
}

// Check is one thing that was measured or read.
type Check struct {
	// ID names it for programs; it does not change between releases.
	ID string `json:"id"`
	// Value is the result in words.
	Value string `json:"value"`
	// Seconds is the result of what measures time, else 0.
	Seconds float64 `json:"seconds,omitempty"`
}

// Severity is how much a finding matters.
type Severity string

// The severities, the least first.
const (
	// Info is good to know.
	Info Severity = "info"
	// Warn can go wrong.
	Warn Severity = "warn"
	// Error goes wrong.
	Error Severity = "error"
)

// Finding is one thing worth a thought.
type Finding struct {
	// ID is FX-nnnn; it does not change between releases.
	ID string `json:"id"`
	// Severity is info, warn or error.
	Severity Severity `json:"severity"`
	// Text says what is so, Detail what was seen; Cure says what to do.
	Text   string `json:"text"`
	Detail string `json:"detail,omitempty"`
	Cure   string `json:"cure"`
	// Doc is where it is explained.
	Doc string `json:"doc"`
}

// Worst is the highest severity among the findings; "" where there is none.
func (r *Report) Worst() Severity {
	var worst Severity
	for _, f := range r.Findings {
		if rank[f.Severity] > rank[worst] {
			worst = f.Severity
		}
	}
	return worst
}

var rank = map[Severity]int{Info: 1, Warn: 2, Error: 3}

// Above reports whether a finding is at least as severe as s.
func (r *Report) Above(s Severity) bool { return rank[r.Worst()] >= rank[s] }

// check notes a result.
func (r *Report) check(id, format string, args ...any) {
	r.Checks = append(r.Checks, Check{ID: id, Value: fmt.Sprintf(format, args...)})
}

// took notes how long something took.
func (r *Report) took(id string, d time.Duration) {
	r.Checks = append(r.Checks, Check{ID: id, Value: d.Round(time.Microsecond).String(), Seconds: d.Seconds()})
}

// find notes a finding.
func (r *Report) find(id, format string, args ...any) {
	k := kindOf(id)
	r.Findings = append(r.Findings, Finding{
		ID: id, Severity: k.severity, Text: k.text, Cure: k.cure, Detail: fmt.Sprintf(format, args...), Doc: k.anchor(),
	})
}
