// This file runs the demo's chapters one after the other and sums them up.

// Package demo shows what Fluxor does to a program, beside the bare driver, on
// databases that it makes itself and removes. Every statement that it prints
// about Fluxor is a claim that the run has checked.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

// Scale is how much work the demo does.
type Scale int

// The scales.
const (
	// Full takes a few seconds, enough for rates that mean something.
	Full Scale = iota
	// Quick does as little as shows the effects.
	Quick
)

// Summary is the outcome of a run.
type Summary struct {
	// OK is true if every claim held.
	OK bool `json:"ok"`
	// Seconds is how long the run took.
	Seconds float64 `json:"seconds"`
	// Findings are the claims, in the order in which they were checked; an
	// empty list where none was.
	Findings []Finding `json:"findings"`
	// NextSteps say what to do and to read after the demo.
	NextSteps []string `json:"next_steps"`
	// Error says why the demo could not be run to its end; "" if it could.
	Error string `json:"error,omitempty"`
}

// Finding compares the bare driver and Fluxor in one respect.
type Finding struct {
	// ID names the finding for programs; it does not change between releases.
	ID string `json:"id"`
	// What is compared, and Unit what the numbers count.
	What string `json:"what"`
	Unit string `json:"unit"`
	// Bare is database/sql over the bare driver, Fluxor the same through Fluxor.
	Bare   float64 `json:"bare"`
	Fluxor float64 `json:"fluxor"`
	// Claim is what must hold of Fluxor, and Held whether it did.
	Claim string `json:"claim"`
	Held  bool   `json:"held"`
	// CallerSees is the error as the program gets it; "" where there is none.
	CallerSees string `json:"caller_sees,omitempty"`

	bareText, fluxorText string // in the table, where a number says too little
}

var nextSteps = []string{
	`Change one word of your program: sql.Open("fluxor", dsn), with import _ "github.com/fluxor-db/fluxor" and one of its drivers/ packages.`,
	"README.md: what Fluxor is for, and the named exceptions.",
	"docs/CONFIG.md: every option that a DSN can carry; docs/CACHE.md: the query cache.",
	"docs/DESIGN.md: how it works, for readers of the code.",
}

// stage is what the chapters share.
type stage struct {
	screen   *term.Screen
	watch    *Watch // nil where nobody watches
	dir      string
	size     size
	findings []Finding
	bare     *shop
	fluxor   *shop
	unwatch  func() // hides the shop's connector; nil before it is shown
}

type chapter struct {
	title string
	play  func(*stage, context.Context) error
}

// chapters is the demo. A later one may use what an earlier one made.
var chapters = []chapter{
	{"1. An order database, twice", (*stage).create},
	{"2. The same work, the same result", (*stage).work},
	{"3. A query that comes again", (*stage).prepared},
	{"4. Answers from memory", (*stage).cached},
	{"5. Who comes first is served first", (*stage).fairness},
	{"6. No write is sent twice", (*stage).writeOnce},
	{"7. Connections that die while nobody looks", (*stage).idleCut},
	{"8. A full pool that says so", (*stage).fullPool},
	{"9. More work than the database bears", (*stage).overload},
	{"10. A database that stops answering", (*stage).outage},
	{"11. Rows that nobody closes", (*stage).leak},
	{"12. A statement that takes too long", (*stage).slow},
	{"13. A database for services without its driver", (*stage).service},
}

// Run plays the demo on screen and tells watch, which may be nil, which
// connectors are open. It ends early, with an error, when ctx ends or
// something else than a claim fails; claims that do not hold are in the
// summary, which is never nil. Everything it made on disk is gone on return.
func Run(ctx context.Context, screen *term.Screen, scale Scale, watch *Watch) (*Summary, error) {
	s := &stage{screen: screen, size: sizes[scale], watch: watch}
	return s.run(ctx, chapters)
}

func (s *stage) run(ctx context.Context, chapters []chapter) (*Summary, error) {
	began := time.Now()
	err := s.play(ctx, chapters)
	sum := &Summary{Seconds: time.Since(began).Seconds(), Findings: append([]Finding{}, s.findings...), NextSteps: nextSteps}
	sum.OK = err == nil && len(sum.failed()) == 0
	if err != nil {
		sum.Error = err.Error()
		return sum, err
	}
	s.finish(sum)
	return sum, s.screen.Err()
}

func (s *stage) play(ctx context.Context, chapters []chapter) (err error) {
	if s.dir, err = os.MkdirTemp("", "fluxor-demo-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	defer s.closeShops()
	for _, c := range chapters {
		s.screen.Heading(c.title)
		if err := c.play(s, ctx); err != nil {
			s.screen.Settle()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("%s: %w", c.title, err)
		}
		if err := s.screen.Err(); err != nil {
			return err // nobody reads on
		}
	}
	return nil
}

// Verdict is nil if every claim held, else an error that names the others.
func (sum *Summary) Verdict() error {
	failed := sum.failed()
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d claims did not hold: %s; please report this with the output of fluxor version",
		len(failed), len(sum.Findings), strings.Join(failed, ", "))
}

func (sum *Summary) failed() (ids []string) {
	for _, f := range sum.Findings {
		if !f.Held {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// claim notes a finding and says at once whether it held.
func (s *stage) claim(f Finding) {
	s.findings = append(s.findings, f)
	outcome := term.Failed
	if f.Held {
		outcome = term.Held
	}
	s.screen.Verdict(outcome, f.Claim)
}

// finish writes the table and what comes next.
func (s *stage) finish(sum *Summary) {
	s.screen.Heading("Summary")
	rows := make([][3]string, len(sum.Findings))
	for i, f := range sum.Findings {
		rows[i] = f.row()
	}
	s.screen.Table([3]string{"what", "database/sql", "Fluxor"}, rows)
	s.screen.Heading("What next")
	for _, step := range sum.NextSteps {
		s.screen.Say("%s", step)
	}
	s.screen.Heading("Result")
	if err := sum.Verdict(); err != nil {
		s.screen.Verdict(term.Failed, err.Error())
		return
	}
	s.screen.Verdict(term.Held, fmt.Sprintf("All %d claims held, in %.1f s. The demo's databases are removed.", len(sum.Findings), sum.Seconds))
}

func (f Finding) row() [3]string {
	bare, wrapped := f.bareText, f.fluxorText
	if bare == "" {
		bare = comma(int(f.Bare))
	}
	if wrapped == "" {
		wrapped = comma(int(f.Fluxor))
	}
	if !f.Held {
		wrapped += " (FAIL)"
	}
	return [3]string{f.What, bare, wrapped}
}

// comma writes a number with its thousands set apart.
func comma(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
