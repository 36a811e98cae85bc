// This file is what fluxor explain says of the query cache.

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	driver "github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/steps"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// cacheExplanation is what the query cache makes of a statement, for a program.
type cacheExplanation struct {
	// Mode is that of the DSN. Where it is "off", the rest is what "all" would make of it.
	Mode string `json:"mode"`
	// Schema says what is known of the tables: known, unknown or off.
	Schema string `json:"schema"`
	// Kept is whether answers are kept, Why the code of what speaks against it,
	// Reason the same in words, By the hint or rule that decides.
	Kept   bool   `json:"kept"`
	Why    string `json:"why"`
	Reason string `json:"reason"`
	By     string `json:"by"`
	// Reads are the tags that an answer depends on, Writes those that the statement
	// ends; or everything, because of a code.
	Reads        []string `json:"reads"`
	ReadsAll     bool     `json:"reads_all"`
	ReadsAllWhy  string   `json:"reads_all_why"`
	Writes       []string `json:"writes"`
	WritesAll    bool     `json:"writes_all"`
	WritesAllWhy string   `json:"writes_all_why"`
	// The terms on which an answer is kept: 0 seconds of TTL is until it is overtaken, 0
	// of the last two is never.
	TTL                  float64 `json:"ttl_seconds"`
	EmptyTTL             float64 `json:"empty_ttl_seconds"`
	Rows                 int     `json:"rows"`
	StaleIfError         float64 `json:"stale_if_error_seconds"`
	StaleWhileRevalidate float64 `json:"stale_while_revalidate_seconds"`
	// Session is what it does to the session: leaves, sets, sets-locally, unknown.
	Session string `json:"session"`
}

// anyDSN has the options of a DSN that writes none.
const anyDSN = "postgres://localhost/any"

// understand reads the command line's DSN, which may be a kind of database.
func (c *explainCommand) understand(e *env) (u *driver.Understanding, dsn string, err error) {
	if sqltext.ForType(c.DSN) != sqltext.Unknown {
		u, err := driver.Understand(driver.RuntimeConfig{DSN: anyDSN})
		if err != nil {
			return nil, "", err
		}
		u.Type = c.DSN
		return u, "", nil
	}
	if dsn, err = e.dsn(c.DSN); err != nil {
		return nil, "", err
	}
	if u, err = driver.Understand(driver.RuntimeConfig{DSN: dsn}); err != nil {
		return nil, "", &exitError{exitUsage, err}
	}
	return u, dsn, nil
}

// verdict is what the cache makes of the statement: by its text alone, or with
// what the database says of its tables.
func (c *explainCommand) verdict(e *env, u *driver.Understanding, dsn string) (driver.CacheVerdict, error) {
	if !c.Connect {
		return u.ExplainCache(c.SQL), nil
	}
	if dsn == "" {
		return driver.CacheVerdict{}, usage("--connect needs a DSN, and %s is a kind of database", c.DSN)
	}
	cfg := driver.RuntimeConfig{DSN: dsn, Logger: slog.New(slog.DiscardHandler)}
	if u.Config.Cache == "off" {
		cfg.Cache = "all"
	}
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return driver.CacheVerdict{}, &exitError{exitUsage, err}
	}
	defer connector.Close() //nolint:errcheck // what it says comes too late to matter
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	if connector.ExplainCache(c.SQL).Schema == "off" {
		return connector.ExplainCache(c.SQL), nil
	}
	if err := connector.LearnSchema(ctx); err != nil {
		return driver.CacheVerdict{}, c.unlearned(e, ctx, err)
	}
	return connector.ExplainCache(c.SQL), nil
}

// unlearned words why the schema is not known.
func (c *explainCommand) unlearned(e *env, ctx context.Context, err error) error {
	switch {
	case e.ctx.Err() != nil:
		return e.ctx.Err()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("the schema did not come within %v: %w", c.Timeout, err)
	}
	return fmt.Errorf("the schema cannot be read: %w", err)
}

// cacheOf puts the verdict into the form for programs.
func cacheOf(mode string, v driver.CacheVerdict) cacheExplanation {
	return cacheExplanation{
		Mode: mode, Schema: v.Schema, Kept: v.Kept, Why: v.Why, Reason: v.Reason, By: v.By,
		Reads: some(v.Reads), ReadsAll: v.ReadsAll, ReadsAllWhy: v.ReadsAllWhy,
		Writes: some(v.Writes), WritesAll: v.WritesAll, WritesAllWhy: v.WritesAllWhy,
		TTL: v.TTL.Seconds(), EmptyTTL: v.EmptyTTL.Seconds(), Rows: v.Rows,
		StaleIfError: v.StaleIfError.Seconds(), StaleWhileRevalidate: v.StaleWhileRevalidate.Seconds(), Session: v.Session,
	}
}

// some is a list that is never null.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// nextSteps say where the code is explained, and how to learn what is unknown.
func (x cacheExplanation) nextSteps(c *explainCommand, dsn string) []string {
	var next []string
	if x.Why != "" {
		next = append(next, "docs/CACHED.md#the-codes: what "+x.Why+" means")
	}
	if x.Schema != "unknown" {
		return next
	}
	if dsn == "" {
		return append(next, "fluxor explain --connect DSN "+steps.Quote(c.SQL))
	}
	name, before := steps.Database(c.DSN, dsn)
	return append(append(next, before...), "fluxor explain --connect "+name+" "+steps.Quote(c.SQL))
}

// lines are the explanation for people, a name and a value each.
func (x cacheExplanation) lines() [][2]string {
	kept := "yes"
	switch {
	case x.Kept && x.Schema == "unknown":
		kept = "yes, as far as the text tells"
	case !x.Kept:
		kept = "no, " + x.Why + ": " + x.Reason
	}
	lines := [][2]string{{"cached", kept}}
	if x.By != "" {
		lines = append(lines, [2]string{"by", term.Printable(x.By)})
	}
	if x.Kept {
		lines = append(lines, [2]string{"depends on", tagged(x.Reads, x.ReadsAll, x.ReadsAllWhy)}, [2]string{"terms", x.terms()})
	}
	return append(lines, [2]string{"ends", tagged(x.Writes, x.WritesAll, x.WritesAllWhy)},
		[2]string{"session", x.Session}, [2]string{"mode", x.mode()}, [2]string{"schema", x.schema()})
}

// tagged writes a list of tags.
func tagged(tags []string, all bool, why string) string {
	switch {
	case all && why != "":
		return "everything: " + why
	case all:
		return "everything"
	case len(tags) == 0:
		return "nothing"
	}
	return term.Printable(strings.Join(tags, " "))
}

func (x cacheExplanation) terms() string {
	text := "until it is overtaken"
	if x.TTL > 0 {
		text = "for " + spoken(x.TTL)
	}
	text += fmt.Sprintf(", without rows for %s; at most %d rows", spoken(x.EmptyTTL), x.Rows)
	if x.StaleIfError > 0 {
		text += "; " + spoken(x.StaleIfError) + " more while the database fails"
	}
	if x.StaleWhileRevalidate > 0 {
		text += "; " + spoken(x.StaleWhileRevalidate) + " more while it is asked again"
	}
	return text
}

func spoken(seconds float64) string { return time.Duration(seconds * float64(time.Second)).String() }

func (x cacheExplanation) mode() string {
	if x.Mode == "off" {
		return "off in this DSN; what is said here is what all would make of it"
	}
	return x.Mode
}

func (x cacheExplanation) schema() string {
	switch x.Schema {
	case "known":
		return "known, from the database"
	case "off":
		return "not asked for, so that each change ends all answers"
	}
	return "unknown: views, triggers and foreign keys are seen with --connect"
}
