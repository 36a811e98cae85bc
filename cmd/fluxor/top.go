// This file is the command fluxor top.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/top"
)

type topCommand struct {
	URL      string        `arg:"" help:"Where the program serves its admin handler: a URL; without http:// and without a path it is completed."`
	Once     bool          `help:"Print one view of everything and end: exit code 0 if all connectors are healthy, 1 if not."`
	JSON     bool          `name:"json" help:"Write documents as they come, one per line; with --once a single one. docs/ADMIN.md explains the fields."`
	Plain    bool          `help:"Write a line per connector and interval. Also chosen by TERM=dumb and an output that is no terminal."`
	Interval time.Duration `default:"1s" help:"How often a document comes, from 250ms to 1m."`
	Header   []string      `sep:"none" placeholder:"NAME:VALUE" help:"A header field to send, such as 'Authorization: Bearer env:TOKEN', where env:TOKEN is an environment variable. It is sent to that host alone and never shown. May be given more than once."`
}

// Help says what is seen and how to read it.
func (topCommand) Help() string {
	return `Shows a program's connectors live: first in words how they are, then the pool, circuit breaker, limits, latencies, slowest statements, leaks and last errors. The program must serve package admin, which docs/ADMIN.md shows how to mount; without a path in URL it is looked for at the root and at /debug/fluxor. Nothing is asked of the database.

    healthy     none of the following
    SATURATED   callers wait for a connection or at a limit, or were refused
    FAILING     most operations of the last seconds were lost or timed out
    DOWN        the breaker refuses calls, or the database does not answer

Keys: q quit, p pause, tab next connector, ? help. With NO_COLOR there are no colours. A program that ends or restarts is looked for again, with pauses of up to 15 s; where there is no stream of events, documents are asked for.

Exit codes: 0 success (with --once: all healthy), 1 not healthy, or no answer at the start, 2 wrong usage, 130 interrupted.

Examples:

    fluxor top localhost:6060
    fluxor top https://erp.example.com/debug/fluxor --header 'Authorization: Bearer env:ADMIN_TOKEN'
    fluxor top localhost:6060 --once || echo "look at it"
    fluxor top localhost:6060 --json | jq -r '.connectors[] | [.name, .state, .recent.queries.p99_seconds] | @tsv'`
}

// Run looks once or follows.
func (c *topCommand) Run(e *env) error {
	if c.Interval < 250*time.Millisecond || c.Interval > time.Minute {
		return usage("--interval must be from 250ms to 1m")
	}
	address, err := top.ParseAddress(c.URL)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	header, err := top.ParseHeaders(c.Header, e.getenv)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	client := top.NewClient(address, header)
	defer client.Close()
	if c.Once {
		return c.once(e, client)
	}
	if palette, live := c.live(e); live {
		if _, err := client.Get(e.ctx); err != nil {
			return err // said below the command line, not on a screen that goes away
		}
		return top.Live(e.ctx, client, c.Interval, top.Terminal{In: e.in, Out: e.out, Env: e.terminal(), Palette: palette})
	}
	return c.follow(e, client)
}

// live says whether a screen can be drawn, and with what. NO_COLOR takes away
// the colours alone.
func (c *topCommand) live(e *env) (top.Palette, bool) {
	palette, colourful := top.Colours, func(name string) string {
		if name == "NO_COLOR" {
			return ""
		}
		return e.getenv(name)
	}
	if e.getenv("NO_COLOR") != "" {
		palette = top.NoColours
	}
	return palette, !c.Plain && !c.JSON && term.Detect(e.out, colourful) == term.Live
}

// terminal are the variables by which a terminal is known.
func (e *env) terminal() []string {
	var vars []string
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TMUX", "STY", "SSH_TTY", "WT_SESSION"} {
		if value := e.getenv(name); value != "" {
			vars = append(vars, name+"="+value)
		}
	}
	return vars
}

// once prints one document.
func (c *topCommand) once(e *env, client *top.Client) error {
	u, err := client.Get(e.ctx)
	if err != nil {
		if c.JSON && e.ctx.Err() == nil {
			err = errors.Join(err, writeJSON(e.out, refused{Error: err.Error(), NextSteps: []string{"fluxor top --help"}}))
		}
		return err
	}
	text := top.Plain(&u.Document, term.Width)
	if c.JSON {
		text = string(u.Raw) + "\n"
	}
	if _, err := io.WriteString(e.out, text); err != nil {
		return err
	}
	if u.Document.State != admin.Healthy {
		return &exitError{code: exitFailed} // the view has said why
	}
	return nil
}

// follow writes line after line.
func (c *topCommand) follow(e *env, client *top.Client) error {
	ctx, cancel := context.WithCancelCause(e.ctx)
	defer cancel(nil)
	err := client.Follow(ctx, c.Interval, func(event top.Event) {
		if event.Update == nil {
			fmt.Fprintf(e.errOut, "fluxor: no answer: %v; trying again in %v\n", event.Err, event.Pause)
			return
		}
		text := top.Lines(&event.Update.Document)
		if c.JSON {
			text = string(event.Update.Raw) + "\n"
		}
		if _, err := io.WriteString(e.out, text); err != nil {
			cancel(err)
		}
	})
	if cause := context.Cause(ctx); cause != nil && e.ctx.Err() == nil {
		return cause
	}
	return err
}
