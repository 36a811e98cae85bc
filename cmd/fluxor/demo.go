// This file is the command fluxor demo.

package main

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/demo"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

type demoCommand struct {
	Plain bool `help:"Write line by line, without colours and without drawing in place. Also chosen by NO_COLOR, TERM=dumb, and an output that is no terminal."`
	JSON  bool `name:"json" help:"Write one JSON object to standard output: the findings, whether each claim held, and next_steps. Progress goes to standard error if that is a terminal."`
	Quick bool `help:"Do the least that shows the effects."`
}

// Help says what the demo does.
func (demoCommand) Help() string {
	return `The demo makes an order database on SQLite, twice: one behind the bare driver, one behind sql.Open("fluxor", dsn). It runs the same work on both and compares, asks one query again and again with and without the statement cache, lets goroutines wait for one connection, loses the answers to writes, cuts idle connections, and fills a pool. It needs no server and no argument, takes a few seconds, and removes what it made.

Every sentence about Fluxor is checked in this run. If one does not hold, the demo says which and its exit code is 1.

Examples:

    fluxor demo                     all of it
    fluxor demo --quick --plain     short, for a log
    fluxor demo --json | jq '.findings[] | {id, bare, fluxor, held}'`
}

// Run plays the demo.
func (c *demoCommand) Run(e *env) error {
	scale := demo.Full
	if c.Quick {
		scale = demo.Quick
	}
	sum, err := demo.Run(e.ctx, c.screen(e), scale)
	if c.JSON {
		err = errors.Join(err, writeJSON(e.out, sum))
	}
	if err != nil {
		return err
	}
	return sum.Verdict()
}

func (c *demoCommand) screen(e *env) *term.Screen {
	out := e.out
	if c.JSON {
		out = e.errOut
	}
	mode := term.Detect(out, e.getenv)
	if c.JSON && mode == term.Plain {
		out = io.Discard
	}
	if c.Plain {
		mode = term.Plain
	}
	return term.New(out, mode)
}

// writeJSON writes v for programs and for people who read along.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
