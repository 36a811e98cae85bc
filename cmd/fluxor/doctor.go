// This file is the command fluxor doctor.

package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/doctor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

type doctorCommand struct {
	DSN     string        `arg:"" help:"The database: a DSN, env:NAME, dsn-file:PATH or - (see below)."`
	JSON    bool          `name:"json" help:"Write one JSON object: ok, understood, options, checks, findings, next_steps."`
	Plain   bool          `help:"Write without colours. Also chosen by NO_COLOR, TERM=dumb, and an output that is no terminal."`
	FailOn  string        `enum:"warn,error,never" default:"warn" help:"The least severity of a finding that makes the exit code 1: ${enum}."`
	Timeout time.Duration `default:"1m" help:"The longest that all of it may take."`
}

// Help says what is examined and how to read the outcome.
func (doctorCommand) Help() string {
	return `Says how a DSN is understood and where each option's value comes from, connects, and examines: time to dial, to log in and per round trip; the server's version; TLS; the session's settings; limits on both sides; before PostgreSQL, a pooler or proxy in between; of Oracle, the client library and the password's end. It changes no data and sets nothing but what the DSN itself sets on each connection, and closes its connections.

` + dsnHelp + `

Findings have ids that never change; docs/FINDINGS.md explains each.

Exit codes: 0 no finding above info, 1 a warning or an error (see --fail-on), 2 wrong usage or a DSN that is not understood, 130 interrupted.

Examples:

    fluxor doctor "postgres://app@legacy/erp?sslmode=require"
    fluxor doctor env:ERP_DSN
    fluxor doctor env:ERP_DSN --json | jq -r '.findings[] | [.severity, .id, .text] | @tsv'
    fluxor doctor dsn-file:erp.dsn --fail-on error`
}

// Run examines and prints.
func (c *doctorCommand) Run(e *env) error {
	if c.Timeout <= 0 {
		return usage("--timeout must be more than 0")
	}
	dsn, err := e.dsn(c.DSN)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	progress := &progress{w: e.errOut, live: term.Detect(e.errOut, e.getenv) == term.Live && !c.Plain}
	report, err := doctor.Run(ctx, doctor.Request{DSN: dsn, Argument: c.DSN, Now: time.Now(), Progress: progress.next})
	progress.end()
	if report == nil {
		return &exitError{exitUsage, err}
	}
	if printed := c.print(e, report); printed != nil {
		return printed
	}
	switch {
	case e.ctx.Err() != nil:
		return e.ctx.Err()
	case err != nil:
		return fmt.Errorf("the examination did not end within %v: %w", c.Timeout, err)
	case c.FailOn != "never" && report.Above(doctor.Severity(c.FailOn)):
		return &exitError{code: exitFailed} // the findings have said why
	}
	return nil
}

func (c *doctorCommand) print(e *env, r *doctor.Report) error {
	if c.JSON {
		return writeJSON(e.out, r)
	}
	mode := term.Detect(e.out, e.getenv)
	if c.Plain {
		mode = term.Plain
	}
	return r.Show(term.New(e.out, mode))
}

// progress says on a terminal what is done, once that takes long enough to be
// noticed.
type progress struct {
	w    io.Writer
	live bool

	mu    sync.Mutex // protects the fields below; the terminal is written to under it
	timer *time.Timer
	step  string
	shown bool
}

// patience is how long nothing is said.
const patience = time.Second

// next tells the step that begins.
func (p *progress) next(step string) {
	if !p.live {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = step
	if p.timer == nil {
		p.timer = time.AfterFunc(patience, p.show)
	}
	p.write()
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = true
	p.write()
}

// write draws the line over the one before.
func (p *progress) write() {
	if p.shown {
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s ...", p.step) // progress that cannot be shown is no failure
	}
}

// end clears the line; nothing is written after it.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.shown {
		_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.shown, p.live, p.step = false, false, ""
}
