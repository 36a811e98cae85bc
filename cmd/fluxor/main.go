// This file is the command line: it finds the command and turns its outcome into an exit code.

// Command fluxor is the tool of Fluxor-DB. See fluxor --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/go-sql-driver/mysql"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // the command ran and says no, or could not run
	exitUsage       = 2   // the command line is wrong
	exitInterrupted = 130 // by convention 128 + SIGINT
)

// cli is the command line. A new command is a field here and a file that holds
// its type with a Run(*env) error method and a Help() string with examples.
type cli struct {
	Demo       demoCommand       `cmd:"" help:"Show on this machine, without any server, what Fluxor does."`
	Query      queryCommand      `cmd:"" help:"Run one statement and print its result."`
	Doctor     doctorCommand     `cmd:"" help:"Say how a DSN is understood and examine the database behind it."`
	Explain    explainCommand    `cmd:"" help:"Say what Fluxor takes a statement for, without asking the database."`
	Gateway    gatewayCommand    `cmd:"" help:"Serve databases to clients that hold neither their driver nor their password."`
	Top        topCommand        `cmd:"" help:"Show live how the connectors of a running program are."`
	Completion completionCommand `cmd:"" help:"Print a script that completes this command line in a shell."`
	Version    versionCommand    `cmd:"" help:"Print the version of this binary."`
}

// env is what a command may use of the world outside.
type env struct {
	ctx         context.Context // ends with Ctrl-C
	in          io.Reader
	out, errOut io.Writer
	getenv      func(string) string
}

const description = "Fluxor makes one database/sql driver out of any other: same database, same results, " +
	"but no write is sent twice, nobody waits out of turn, and no call outlives its context on a dead connection."

// Help is the part of fluxor --help below the commands' summary.
func (cli) Help() string {
	return `Examples:

    fluxor demo            see it work, without any server
    fluxor query erp.db "SELECT count(*) FROM orders"
    fluxor doctor env:ERP_DSN
    fluxor explain postgres "SELECT now()"
    fluxor top localhost:6060
    fluxor gateway --config gateway.yaml
    fluxor query --help    what one command does and takes; also fluxor help query
    fluxor --version       the version of this binary; also fluxor version

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.`
}

func main() {
	_ = mysql.SetLogger(&mysql.NopLogger{}) // what the driver would log, the command says; only nil is an error
	signal.Ignore(syscall.SIGPIPE)          // "fluxor demo | head" ends as any failed write does, and cleans up
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	code := run(&env{ctx: ctx, in: os.Stdin, out: os.Stdout, errOut: os.Stderr, getenv: os.Getenv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run executes one command line and returns the exit code.
func run(e *env, args []string) int {
	var helped bool
	out := &failing{w: e.out} // kong's alone: a command looks whether e.out is a terminal
	parser, err := newParser(kong.Writers(out, e.errOut), kong.Exit(func(int) { helped = true }))
	if err != nil {
		return e.fail(exitFailed, err)
	}
	parsed, err := parser.Parse(usual(args))
	if out.err != nil {
		return e.fail(exitFailed, out.err) // kong takes a help text that cannot be written for wrong usage
	}
	if helped {
		return exitOK // kong goes on parsing after it printed the help
	}
	if err != nil {
		return e.refuse(args, err)
	}
	err = parsed.Run(e)
	return e.tell(args, err, e.finish(err))
}

// newParser returns kong's parser of the command line.
func newParser(options ...kong.Option) (*kong.Kong, error) {
	return kong.New(&cli{}, append(options, kong.Name("fluxor"), kong.Description(description),
		kong.ConfigureHelp(kong.HelpOptions{WrapUpperBound: 80}))...)
}

// finish turns a command's outcome into the exit code.
func (e *env) finish(err error) int {
	var own *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		return e.fail(own.code, own.err)
	case e.ctx.Err() != nil:
		return e.fail(exitInterrupted, errors.New("interrupted; nothing is left behind"))
	}
	return e.fail(exitFailed, err)
}

// exitError is an outcome that knows its exit code.
type exitError struct {
	code int
	err  error // nil where the command has said everything
}

func (x *exitError) Error() string {
	if x.err == nil {
		return "exit code " + strconv.Itoa(x.code)
	}
	return x.err.Error()
}

func (x *exitError) Unwrap() error { return x.err }

// usage is the error of a command line that is wrong in what it says.
func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// usual turns what people try first into what kong knows.
func usual(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	}
	return args
}

// failing remembers that writing failed.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	f.err = errors.Join(f.err, err)
	return n, err
}

// fail says once who speaks: errors of Fluxor's own begin with its name.
func (e *env) fail(code int, err error) int {
	if err != nil {
		fmt.Fprintf(e.errOut, "fluxor: %s\n", strings.TrimPrefix(err.Error(), "fluxor: "))
	}
	return code
}
