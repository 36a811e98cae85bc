// This file is the command fluxor query.

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/result"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/statement"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/steps"
)

type queryCommand struct {
	DSN     string        `arg:"" help:"The database: a DSN, env:NAME, dsn-file:PATH or - (see below)."`
	SQL     string        `arg:"" help:"The statement, with the placeholders of its driver: $$1 for PostgreSQL, ? for MySQL and SQLite, :1 or :name for Oracle."`
	Args    []string      `arg:"" optional:"" help:"A value per placeholder: text, or int:5, float:1.5, bool:true, time:2026-01-31T12:00:00Z, hex:cafe, null:, text:int:5."`
	Format  string        `enum:"table,csv,json,jsonl" default:"table" help:"How results are written: ${enum}."`
	JSON    bool          `name:"json" help:"The same as --format json."`
	Null    *string       `placeholder:"TEXT" help:"What stands for NULL in a table (NULL) and in CSV (nothing)."`
	MaxRows int64         `placeholder:"N" help:"Show at most N rows of each result; the rest is read and counted."`
	Timeout time.Duration `placeholder:"TIME" help:"Cancel the statement after TIME, for example 30s."`
	Send    string        `enum:"auto,rows,exec" default:"auto" help:"Whether the statement returns rows: ${enum} (see below)."`
}

// Help says what a query does and how it is written.
func (queryCommand) Help() string {
	return `Runs one statement through Fluxor and prints what comes, row by row. The statement is sent exactly once. Ctrl-C cancels it on the server; the exit code is then 130. A second Ctrl-C ends the command at once, also where nobody reads its output.

` + dsnHelp + `

An argument is sent as text, as it stands, unless it begins with one of the prefixes shown; text: sends even those. Where SQL or an argument begins with a dash, write -- before DSN and the flags before that.

Table and CSV show times in RFC 3339, bytes as text or, where they are no UTF-8, as \x and hex digits, and decimals with every digit. A table shows control characters as \n and \x1b. JSON writes numbers, decimals included, as numbers with every digit, NULL as null, NaN and everything else as strings. --format json is one document with columns and rows as arrays, and at its end error, what it means, and next_steps; jsonl is one object per row, the second column of a name n under n_2.

Whether a statement returns rows is decided by its text: a single INSERT, UPDATE, CREATE or another word that changes something, without RETURNING or OUTPUT, is sent with --send exec and its affected rows are printed; everything else with --send rows. A wrong guess loses that number, never rows.

Errors go to standard error, with the SQLSTATE or number and what they mean for repeating the statement. Exit codes: 0 done, 1 the statement failed, 2 wrong usage or DSN, 130 interrupted.

Examples:

    fluxor query erp.db "SELECT * FROM orders WHERE id = ?" int:17
    fluxor query env:ERP_DSN "SELECT name FROM customers" --format csv
    fluxor query env:ERP_DSN "SELECT * FROM orders" --json --max-rows 10
    fluxor query env:ORACLE_DSN "SELECT name FROM customers WHERE id = :1" int:17
    fluxor query dsn-file:erp.dsn 'DELETE FROM jobs WHERE done < $1' time:2026-01-01T00:00:00Z --timeout 30s`
}

// Run runs the statement.
func (c *queryCommand) Run(e *env) error {
	dsn, st, err := c.statement(e)
	if err != nil {
		return err
	}
	sink, err := result.New(result.Options{Format: c.format(), Null: c.Null, Out: e.out, Notes: e.errOut})
	if err != nil {
		return err
	}
	ctx, cancel := c.bounded(e.ctx)
	defer cancel()
	err = statement.Run(ctx, dsn, st, sink)
	return c.verdict(e, ctx, err, sink.Close(c.outcome(dsn, err)))
}

// outcome is what a program reads of the end.
func (c *queryCommand) outcome(dsn string, err error) result.Outcome {
	if err == nil {
		return result.Outcome{}
	}
	name, before := steps.Database(c.DSN, dsn)
	return result.Outcome{Error: statement.Text(err), Meaning: statement.Meaning(err), NextSteps: append(before, "fluxor doctor "+name+" --json")}
}

// statement reads the command line; its errors are of usage.
func (c *queryCommand) statement(e *env) (dsn string, st statement.Statement, err error) {
	switch {
	case c.JSON && c.Format != "table" && c.Format != "json":
		return "", st, usage("--json and --format %s contradict each other", c.Format)
	case strings.TrimSpace(c.SQL) == "":
		return "", st, usage("the statement is empty")
	case c.MaxRows < 0 || c.Timeout < 0:
		return "", st, usage("--max-rows and --timeout cannot be negative")
	}
	args, err := statement.Args(c.Args)
	if err != nil {
		return "", st, usage("%w", err)
	}
	if dsn, err = e.dsn(c.DSN); err != nil {
		return "", st, err
	}
	if err := statement.Check(dsn); err != nil {
		return "", st, &exitError{exitUsage, err}
	}
	return dsn, statement.Statement{SQL: c.SQL, Args: args, Send: statement.Send(c.Send), MaxRows: c.MaxRows}, nil
}

func (c *queryCommand) format() string {
	if c.JSON {
		return "json"
	}
	return c.Format
}

func (c *queryCommand) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.Timeout)
}

// verdict words what ended the statement.
func (c *queryCommand) verdict(e *env, ctx context.Context, err, unwritten error) error {
	if err == nil {
		return unwritten
	}
	said := fmt.Sprintf("%s\n        %s", strings.TrimPrefix(statement.Text(err), "fluxor: "), statement.Meaning(err))
	switch {
	case e.ctx.Err() != nil:
		return &exitError{exitInterrupted, errors.New("interrupted: " + said)}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the statement did not end within %v and was cancelled: %s", c.Timeout, said)
	}
	return errors.New(said)
}
