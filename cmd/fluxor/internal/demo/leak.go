// This file forgets to close rows, and drops them, and looks who says so.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/fluxor-db/fluxor"
)

const (
	// leakConns is how many connections each side has.
	leakConns = 2
	// leakAfter is how long a lease may last before Fluxor reports it.
	leakAfter = 100 * time.Millisecond
)

// leakSecret is a value in the statement that nobody may repeat.
const leakSecret = "471100"

// leakSQL needs no table: each connection has an empty database of its own.
const leakSQL = "SELECT value AS number FROM json_each('[471100, 471101, 471102]') WHERE value >= 471100"

// leaks is what was said of rows that were not closed.
type leaks struct {
	kept, ended, dropped fluxor.LeakReport
}

func (s *stage) leak(ctx context.Context) error {
	s.screen.Say("Rows that are never closed keep their connection. Each side has %d in its pool.", leakConns)
	dry, err := leakBare(ctx)
	if err != nil {
		return err
	}
	s.screen.Say("database/sql says nothing. When both connections are gone, the next caller, with %d ms of patience, hears:", nestedLimit.Milliseconds())
	s.screen.Quote(dry.Error())
	got, err := s.leakWrapped(ctx)
	if err != nil {
		return err
	}
	s.tellLeak(got)
	return nil
}

// leakBare keeps all connections of a bare pool busy and returns what the next
// caller hears.
func leakBare(ctx context.Context) (error, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	db.SetMaxOpenConns(leakConns)
	for range leakConns {
		rows, err := forgetRows(ctx, db)
		if err != nil {
			return nil, err
		}
		defer rows.Close() //nolint:errcheck // the demo cleans up what its program forgot
	}
	dry := oneMore(ctx, db)
	if dry == nil {
		return nil, errors.New("the pool did not run dry, so nothing is shown")
	}
	return dry, ctx.Err()
}

// oneMore asks once, with a deadline.
func oneMore(ctx context.Context, db *sql.DB) error {
	limited, cancel := context.WithTimeout(ctx, nestedLimit)
	defer cancel()
	return db.QueryRowContext(limited, "SELECT 1").Scan(new(int))
}

// leakWrapped does the same through Fluxor, step by step.
func (s *stage) leakWrapped(ctx context.Context) (l leaks, err error) {
	if l.kept, l.ended, err = s.closedLate(ctx); err != nil {
		return l, err
	}
	l.dropped, err = s.neverClosed(ctx)
	return l, err
}

// closedLate keeps rows for too long and then closes them.
func (s *stage) closedLate(ctx context.Context) (kept, ended fluxor.LeakReport, err error) {
	db, reports, err := reporting(leakAfter)
	if err != nil {
		return kept, ended, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	defer s.watch.show("leak", db)()
	rows, err := forgetRows(ctx, db)
	if err != nil {
		return kept, ended, err
	}
	defer rows.Close() //nolint:errcheck // closed below, where the error counts
	if kept, err = reported(ctx, reports, func(r fluxor.LeakReport) bool { return !r.Ended }); err != nil {
		return kept, ended, err
	}
	s.screen.Say("Fluxor, with fluxor_leak_detection_threshold=%s and fluxor_leak_stack=always, after %s:", leakAfter, ms(kept.Held))
	s.screen.Quote(kept.Place + ": " + kept.Fingerprint)
	if err := rows.Close(); err != nil {
		return kept, ended, err
	}
	if ended, err = reported(ctx, reports, func(r fluxor.LeakReport) bool { return r.Ended }); err != nil {
		return kept, ended, err
	}
	s.screen.Say("The rows are closed after all, and it says that the connection is back, after %s.", ms(ended.Held))
	return kept, ended, nil
}

// neverClosed drops rows. No lease is too long here: what is reported is that
// nobody can end it.
func (s *stage) neverClosed(ctx context.Context) (fluxor.LeakReport, error) {
	db, reports, err := reporting(time.Hour)
	if err != nil {
		return fluxor.LeakReport{}, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	if err := dropRows(ctx, db); err != nil {
		return fluxor.LeakReport{}, err
	}
	r, err := reported(ctx, reports, func(r fluxor.LeakReport) bool { return r.Dropped })
	if err != nil {
		return r, err
	}
	s.screen.Say("Other rows are lost to the program, as by an early return. The garbage collector finds them after %s, however long a lease may last:", ms(r.Held))
	s.screen.Quote(r.Place + ": " + r.Fingerprint)
	return r, nil
}

// reporting opens a database through Fluxor that reports leaks.
func reporting(after time.Duration) (*sql.DB, <-chan fluxor.LeakReport, error) {
	reports := make(chan fluxor.LeakReport, 16)
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DatabaseType: fluxor.DatabaseTypeSQLite, DSN: ":memory:", MaxOpenConns: leakConns, LeakStack: "always", LeakDetectionThreshold: after,
		Logger: slog.New(slog.DiscardHandler),
		OnLeak: func(r fluxor.LeakReport) {
			select {
			case reports <- r:
			default: // nobody looks any more
			}
		},
	})
	if err != nil {
		return nil, nil, err
	}
	return sql.OpenDB(c), reports, nil
}

// forgetRows is the program's mistake: nobody closes what it returns in time.
func forgetRows(ctx context.Context, db *sql.DB) (*sql.Rows, error) {
	return db.QueryContext(ctx, leakSQL) //nolint:rowserrcheck,sqlclosecheck // that is what is shown
}

// dropRows is the other mistake: an early return, after which nobody can close
// the rows. While a context can end, database/sql holds them, so it takes one
// that cannot.
func dropRows(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(context.WithoutCancel(ctx), leakSQL) //nolint:rowserrcheck,sqlclosecheck // that is what is shown
	if err != nil {
		return err
	}
	rows.Next()
	return nil
}

// reported waits for a report, and collects garbage meanwhile, as a program
// does that works on.
func reported(ctx context.Context, reports <-chan fluxor.LeakReport, wanted func(fluxor.LeakReport) bool) (fluxor.LeakReport, error) {
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fluxor.LeakReport{}, ctx.Err()
		case <-end.C:
			return fluxor.LeakReport{}, nil // a claim that does not hold
		case r := <-reports:
			if wanted(r) {
				return r, nil
			}
		case <-tick.C:
			runtime.GC()
		}
	}
}

// namesLeak counts 1 for a report that says where and what, and no value.
func namesLeak(r fluxor.LeakReport, function string) float64 {
	if strings.Contains(r.Place, "leak.go:") && strings.Contains(r.Place, function) &&
		strings.HasPrefix(r.Fingerprint, "select value") && !strings.Contains(r.Fingerprint, leakSecret) {
		return 1
	}
	return 0
}

func (s *stage) tellLeak(l leaks) {
	kept, dropped, ended := namesLeak(l.kept, "forgetRows"), namesLeak(l.dropped, "dropRows"), 0.0
	if l.ended.Ended && l.ended.Place == l.kept.Place {
		ended = 1
	}
	s.claim(Finding{
		ID: "leak_named", What: "rows not closed: reports with file, line and statement", Unit: "reports",
		Bare: 0, Fluxor: kept, Held: kept == 1,
		Claim:    "A connection that is held too long is reported with the borrower's file and line, and the statement without its values.",
		bareText: "0, the pool runs dry",
	})
	s.claim(Finding{
		ID: "leak_ended", What: "rows closed late: reports that it is over", Unit: "reports",
		Bare: 0, Fluxor: ended, Held: ended == 1, Claim: "When the connection comes back, that is reported, too.",
	})
	s.claim(Finding{
		ID: "leak_dropped", What: "rows dropped without Close: reports", Unit: "reports",
		Bare: 0, Fluxor: dropped, Held: dropped == 1 && l.dropped.Dropped,
		Claim:    "Rows that nobody can close any more are reported once the garbage collector has found them.",
		bareText: "0, nobody knows", fluxorText: fmt.Sprintf("%.0f, after %s", dropped, ms(l.dropped.Held)),
	})
}
