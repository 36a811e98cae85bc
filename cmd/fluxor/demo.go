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

	Serve string `placeholder:"ADDR" help:"Serve package admin at this address, a port or HOST:PORT, while the demo plays, and keep a gateway under a light load running afterwards until Ctrl-C. Without a host: on this machine alone."`
}

// Help says what the demo does.
func (demoCommand) Help() string {
	return `The demo makes an order database on SQLite, twice: one behind the bare driver, one behind sql.Open("fluxor", dsn). It runs the same work on both and compares, asks one query again and again with and without the statement cache and from the query cache, lets goroutines wait for one connection, loses the answers to writes, cuts idle connections, and fills a pool. Then it sends a server more work than it bears, silences it, forgets and drops rows, and asks something that takes too long. At last it puts two gateways before the order database and drains one while services work. It needs no server and no argument, takes about 20 seconds at most on a machine that is not busy, and removes what it made.

Every sentence about Fluxor is checked in this run. If one does not hold, the demo says which and its exit code is 1.

Examples:

    fluxor demo                     all of it
    fluxor demo --quick --plain     short, for a log
    fluxor demo --json | jq '.findings[] | {id, bare, fluxor, held}'
    fluxor demo --serve 6060        and in a browser: http://localhost:6060/, or in another terminal: fluxor top localhost:6060`
}

// Run plays the demo.
func (c *demoCommand) Run(e *env) error {
	if c.Serve == "" {
		_, err := c.play(e, c.screen(e), nil)
		return err
	}
	shown, err := serve(e.ctx, c.Serve)
	if err != nil {
		return err
	}
	defer shown.close()
	screen := c.screen(e)
	screen.Heading("To watch")
	screen.Say("In a browser: %s", shown.page())
	screen.Say("In another terminal:")
	screen.Command(shown.command())
	played, err := c.play(e, screen, shown)
	if !played {
		return err
	}
	return errors.Join(demo.Linger(e.ctx, screen, shown.watch), err)
}

// play plays to the end or says why not; the error may also be a claim that
// does not hold. shown is nil where nobody can watch.
func (c *demoCommand) play(e *env, screen *term.Screen, shown *exhibit) (played bool, err error) {
	scale := demo.Full
	if c.Quick {
		scale = demo.Quick
	}
	var watch *demo.Watch
	if shown != nil {
		watch = shown.watch
	}
	sum, err := demo.Run(e.ctx, screen, scale, watch)
	if shown != nil {
		sum.NextSteps = append([]string{shown.command()}, sum.NextSteps...)
	}
	if c.JSON {
		err = errors.Join(err, writeJSON(e.out, sum))
	}
	if err != nil {
		return false, err
	}
	return true, sum.Verdict()
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
