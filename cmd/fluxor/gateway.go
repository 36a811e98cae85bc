// This file is the command fluxor gateway.

package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/gate"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/gateway/config"
)

type gatewayCommand struct {
	Serve     gatewayServe     `cmd:"" default:"withargs" help:"Serve databases to clients of the driver fluxor+tcp, as a file says."`
	HashToken gatewayHashToken `cmd:"" name:"hash-token" help:"Make what a configuration keeps of a token."`
	Scram     gatewayScram     `cmd:"" help:"Make what a configuration keeps of a password."`
}

// Help says how a gateway is run.
func (gatewayCommand) Help() string { return gatewayServe{}.Help() }

type gatewayServe struct {
	Config string `required:"" placeholder:"FILE" help:"The configuration; deploy/gateway.yaml is an example with every key."`
	Check  bool   `help:"Say all that is wrong with the file, or print what would be in effect, without secrets; then end."`
	JSON   bool   `name:"json" help:"With --check: write one JSON object."`
}

// Help says how a gateway is run.
func (gatewayServe) Help() string {
	return `Serves databases by name to clients that hold neither a driver nor a password of the database. docs/GATEWAY.md explains the file.

    SIGHUP             reads the file again, all or nothing; the log says what changed and what needs a restart
    SIGTERM, Ctrl-C    not ready any more for drain.delay; then clients are asked to go and may finish within drain.timeout; exit code 0
    a second one       ends at once

Changed certificates are read anew by themselves. With admin.listen, operators reach /admin/NAME, /metrics, /livez, /readyz and /startupz there.

Exit codes: 0 ended as asked (with --check: the file is well), 1 the file is wrong, or an address or a database cannot be had, 2 wrong usage.

Examples:

    fluxor gateway --config gateway.yaml
    fluxor gateway --config gateway.yaml --check && systemctl reload fluxor-gateway
    fluxor gateway hash-token --new        a new token, and what the file keeps of it
    fluxor gateway scram < password.txt    what the file keeps of a password`
}

// Run serves, or checks.
func (c *gatewayServe) Run(e *env) error {
	if c.JSON && !c.Check {
		return usage("--json goes with --check")
	}
	o := gate.Options{Path: c.Config, Getenv: e.getenv, Log: e.errOut, Name: "fluxor/" + thisBuild().Version}
	if c.Check {
		return c.check(e, o)
	}
	return faulty(e, gate.Run(e.ctx, o))
}

// checked is the JSON document of --check.
type checked struct {
	OK        bool          `json:"ok"`
	Faults    []faultOfFile `json:"faults"`
	Config    config.Shown  `json:"config,omitempty"`
	NextSteps []string      `json:"next_steps"`
}

type faultOfFile struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Path   string `json:"path"`
	Text   string `json:"text"`
}

func (c *gatewayServe) check(e *env, o gate.Options) error {
	file, err := gate.Check(o)
	if c.JSON {
		return c.checkJSON(e, file, err)
	}
	if err != nil {
		return faulty(e, err)
	}
	_, err = fmt.Fprint(e.out, file.Shown())
	return err
}

func (c *gatewayServe) checkJSON(e *env, file *config.File, err error) error {
	d := checked{OK: err == nil, Faults: []faultOfFile{}, NextSteps: []string{"fluxor gateway --config " + c.Config}}
	var faults config.Faults
	switch {
	case err == nil:
		d.Config = file.Shown()
	case errors.As(err, &faults):
		for _, f := range faults {
			d.Faults = append(d.Faults, faultOfFile{f.Line, f.Column, f.Path, f.Text})
		}
	default:
		d.Faults = append(d.Faults, faultOfFile{Text: err.Error()})
	}
	if !d.OK {
		d.NextSteps = []string{"mend the faults", "fluxor gateway --config " + c.Config + " --check"}
	}
	if werr := writeJSON(e.out, d); werr != nil {
		return werr
	}
	if !d.OK {
		return &exitError{exitFailed, nil}
	}
	return nil
}

// faulty writes a file's faults one per line, so that an editor finds them.
func faulty(e *env, err error) error {
	var faults config.Faults
	if !errors.As(err, &faults) {
		return err
	}
	fmt.Fprintln(e.errOut, faults)
	return &exitError{exitFailed, nil}
}

// leastToken is how long a token must be, in bytes.
const leastToken = 20

type gatewayHashToken struct {
	New  bool `help:"Make a new token and print it, too."`
	JSON bool `name:"json" help:"Write a JSON object."`
}

// Help says where the token comes from.
func (gatewayHashToken) Help() string {
	return `Reads a token from the first line of standard input, or makes one, and prints its hash for users[].tokens[].sha256. The token goes to the client alone: tcp://user:TOKEN@host:7654/database.

Examples:

    fluxor gateway hash-token --new
    fluxor gateway hash-token < token.txt`
}

// Run prints the hash.
func (c *gatewayHashToken) Run(e *env) error {
	var made struct {
		Token  string `json:"token,omitempty"`
		SHA256 string `json:"sha256"`
	}
	token := rand.Text() + rand.Text()[:6]
	if c.New {
		made.Token = token
	} else {
		var err error
		if token, err = e.firstLine("the token", e.in, "standard input"); err != nil {
			return err
		}
		if len(token) < leastToken {
			return usage("the token has %d bytes; it must be random and have %d at least (--new makes one)", len(token), leastToken)
		}
	}
	hash := gateway.HashToken(token).SHA256
	made.SHA256 = hex.EncodeToString(hash[:])
	switch {
	case c.JSON:
		return writeJSON(e.out, made)
	case c.New:
		_, err := fmt.Fprintf(e.out, "token:  %s\nsha256: %s\n", made.Token, made.SHA256)
		return err
	}
	_, err := fmt.Fprintln(e.out, made.SHA256)
	return err
}

type gatewayScram struct {
	JSON bool `name:"json" help:"Write a JSON object."`
}

// Help says where the password comes from.
func (gatewayScram) Help() string {
	return `Reads a password from the first line of standard input and prints what users[].scram keeps of it, in the form that PostgreSQL keeps as well. It is new at each call, and each is valid.

Examples:

    fluxor gateway scram < password.txt
    read -rs PASSWORD && echo "$PASSWORD" | fluxor gateway scram`
}

// Run prints the verifier.
func (c *gatewayScram) Run(e *env) error {
	password, err := e.firstLine("the password", e.in, "standard input")
	if err != nil {
		return err
	}
	made, err := gateway.NewSCRAM(password)
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(e.out, struct {
			Scram string `json:"scram"`
		}{made.Secret()})
	}
	_, err = fmt.Fprintln(e.out, made.Secret())
	return err
}
