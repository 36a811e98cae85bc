// This file is the conformance suite's frame: it runs each case on the bare driver and through Fluxor and compares what both let the caller see.

// Package conform proves that a database behaves through Fluxor as it does on
// the bare driver. Each [Case] uses a *sql.DB and writes down everything that
// it observes: values with their Go types, errors with text, types and chain,
// column metadata, results, session state. [Run] lets the bare driver write
// the expected transcript and every other handle one of its own; a line that
// differs is a failure, unless an entry of [Exceptions] that the case names, or a
// [Difference] of the handle's, says why it must differ.
package conform

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Dialect is the SQL that a target speaks.
type Dialect string

// The dialects.
const (
	Postgres Dialect = "postgres"
	MySQL    Dialect = "mysql"
	SQLite   Dialect = "sqlite"
	Oracle   Dialect = "oracle"
)

// Trait is a property of a target that some cases ask for.
type Trait string

// The traits.
const (
	// PQ, PGX name the PostgreSQL drivers.
	PQ  Trait = "pq"
	PGX Trait = "pgx"
	// MultiStatements: one text may hold several statements, without arguments.
	MultiStatements Trait = "multi statements"
	// Sleeps: the server has a function that sleeps.
	Sleeps Trait = "sleeps"
	// OneConnection: the database lives as long as its only connection.
	OneConnection Trait = "one connection"
)

// Target is a database and the ways to it.
type Target struct {
	// Name is the name of the subtest.
	Name    string
	Dialect Dialect
	Traits  []Trait
	// Bare opens the database with the bare driver.
	Bare func(testing.TB) *sql.DB
	// Through are the same database through Fluxor.
	Through []Handle
	// Raw is what sql.Conn.Raw is on the bare driver, through Fluxor.
	Raw RawFunc
}

// RawFunc calls f with the driver's own connection under c.
type RawFunc func(ctx context.Context, c *sql.Conn, f func(driverConn any) error) error

// Case is one thing that must be the same, named by a sentence.
type Case struct {
	Name string
	// On are the dialects that have the case; none means all.
	On []Dialect
	// Needs are the traits that a target must have, Lacks those it must not.
	Needs, Lacks []Trait
	// Without are dialects in which the case means nothing, and why.
	Without map[Dialect]string
	// Excused names the exceptions that may explain a difference here.
	Excused []string
	// See uses the database and writes down what it sees.
	See func(r *Recorder)

	// timed: Fluxor ends a driver's call some time after its context, which a
	// machine under load may need for the server's answer. Such a case fails
	// when it differs three times in a row.
	timed bool
}

// What dialects lack.
var (
	withoutTemporary = map[Dialect]string{Oracle: "a temporary table is there for all sessions, and its DDL commits"}
	withoutInsertIDs = map[Dialect]string{Oracle: "there are no insert ids: RETURNING INTO gives them"}
	withoutBegin     = map[Dialect]string{Oracle: "no text begins a transaction"}
)

func (c Case) fits(target Target) bool {
	if len(c.On) > 0 && !slices.Contains(c.On, target.Dialect) || c.Without[target.Dialect] != "" {
		return false
	}
	for _, need := range c.Needs {
		if !slices.Contains(target.Traits, need) {
			return false
		}
	}
	for _, lack := range c.Lacks {
		if slices.Contains(target.Traits, lack) {
			return false
		}
	}
	return true
}

// Cases returns all cases, in the order in which they run.
func Cases() []Case {
	return slices.Concat(
		valueCases(), resultCases, scanCases, argumentCases(), argumentCountCases, valuerCases,
		errorCases, contextCases, interruptionCases(), closedCases,
		sessionCases, transactionCases, isolationCases(), statementCases, carryOverCases, repeatCases, agingCases,
		driverCases, rawCases, godrorCases(),
	)
}

// Run runs every case that fits target and adds what happened to sum. Cases
// run one after the other, as they share the target's database.
func Run(t *testing.T, target Target, sum *Tally) {
	side := target.Bare(t)
	defer side.Close()
	sum.begin()
	for _, c := range Cases() {
		if why := c.Without[target.Dialect]; why != "" {
			t.Logf("left out: %s: %s", c.Name, why)
		}
		through := target.running(c)
		if len(through) == 0 || !c.fits(target) {
			continue
		}
		sum.plan()
		t.Run(c.Name, func(t *testing.T) {
			want := observe(t, c, target, Handle{Name: "bare", Open: target.Bare}, bareRaw, side)
			for _, h := range through {
				sum.try(c, h.Differences)
				diff, excused := differ(t, c, target, h, side, want)
				sum.add(target.Name, c.Name, len(want), excused)
				if diff != "" {
					t.Errorf("%s differs from the bare driver (-bare +%s):\n%s", h.Name, h.Name, diff)
				}
			}
			sum.ran()
		})
	}
}

// running are the ways that run c.
func (t Target) running(c Case) []Handle {
	var all []Handle
	for _, h := range t.Through {
		if h.Without[c.Name] == "" && (h.Runs == nil || h.Runs(c)) {
			all = append(all, h)
		}
	}
	return all
}

// differ runs c on h and compares what it sees with want.
func differ(t *testing.T, c Case, target Target, h Handle, side *sql.DB, want []string) (diff string, excused []string) {
	t.Helper()
	tries := 1
	if c.timed {
		tries = 3
	}
	for range tries {
		diff, excused = Compare(c, want, observe(t, c, target, h, target.Raw, side), h.Differences...)
		if diff == "" {
			return "", excused
		}
	}
	return diff, excused
}

func bareRaw(_ context.Context, c *sql.Conn, f func(any) error) error { return c.Raw(f) }

// patience is how long one case may take on one handle before its context
// ends; only a case that hangs comes near it.
const patience = 30 * time.Second

// observe runs c over a handle of its own and returns the transcript.
func observe(t *testing.T, c Case, target Target, h Handle, raw RawFunc, side *sql.DB) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r := &Recorder{t: t, ctx: ctx, target: target, raw: raw, db: h.Open(t), side: side, changed: h.Changed, seen: h.Seen}
	r.see(c)
	r.err("close the database", r.db.Close())
	r.cleanUp()
	return r.lines
}

// Compare returns how two transcripts of c differ, empty when they do not, and
// which exceptions excuse lines that differ; own are those of the handle.
func Compare(c Case, bare, through []string, own ...Difference) (diff string, excused []string) {
	if slices.Equal(bare, through) {
		return "", nil
	}
	if name := wholly(c, own); name != "" {
		return "", []string{name}
	}
	if len(bare) != len(through) {
		return shorten(cmp.Diff(bare, through)), nil
	}
	var out []string
	for i := range bare {
		if bare[i] == through[i] {
			continue
		}
		if name := excuse(c, bare[i], through[i], own); name != "" {
			excused = append(excused, name)
			continue
		}
		out = append(out, "-"+bare[i], "+"+through[i])
	}
	return shorten(strings.Join(out, "\n")), excused
}

// shorten keeps a difference readable where whole transcripts differ.
func shorten(diff string) string {
	const most = 8000
	if len(diff) <= most {
		return diff
	}
	return diff[:most] + fmt.Sprintf("... and %d bytes more", len(diff)-most)
}
