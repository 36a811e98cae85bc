// This file is fault 16: rows that nobody closes.

package faults

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// forgets opens rows, and returns them with the place where it did.
func (p *play) forgets(db *sql.DB) (rows *sql.Rows, place string) {
	p.Helper()
	_, file, line, _ := runtime.Caller(0)
	rows, err := db.QueryContext(context.Background(), fmt.Sprintf(p.number, 1))
	if err != nil {
		p.Fatal(err)
	}
	return rows, fmt.Sprintf("%s:%d", filepath.Base(file), line+1)
}

// reports are what Fluxor says of leaks.
type reports struct {
	mu       sync.Mutex
	warnings []fluxor.LeakReport
	ends     int
}

// latest is how long the oldest lease had lasted when it was reported.
func (r *reports) latest() (held time.Duration) {
	for _, l := range r.warnings {
		held = max(held, l.Held)
	}
	return held
}

func (r *reports) hear(l fluxor.LeakReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.Ended {
		r.ends++
		return
	}
	r.warnings = append(r.warnings, l)
}

func (r *reports) count() (warnings, ends int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.warnings), r.ends
}

func leaks(p *play) {
	const forgotten, threshold = 5, time.Second
	db := p.at[bare].open(p)
	for range forgotten {
		rows, _ := p.forgets(db)
		defer rows.Close() //nolint:errcheck // forgotten on purpose
	}
	p.bare("says nothing; %d in use", db.Stats().InUse)

	r := &reports{}
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		DSN: p.at[wrapped].dsn(p.row.options...), Driver: p.at[wrapped].driver(),
		LeakDetectionThreshold: threshold, OnLeak: r.hear,
	})
	if err != nil {
		p.Fatal(err)
	}
	db = sql.OpenDB(c)
	defer db.Close() //nolint:errcheck // the reports are what counts
	var all []*sql.Rows
	var place string
	for range forgotten {
		var rows *sql.Rows
		rows, place = p.forgets(db)
		all = append(all, rows)
	}
	dbtest.WaitUntil(p, "all are reported", func() bool { n, _ := r.count(); return n == forgotten })
	for _, rows := range all {
		_ = rows.Close()
	}
	dbtest.WaitUntil(p, "all ends are reported", func() bool { _, n := r.count(); return n == forgotten })
	named := 0
	for _, l := range r.warnings {
		if strings.Contains(l.Place, place+" ") {
			named++
		}
	}
	p.fluxor(named == forgotten && r.latest() <= threshold+time.Second, "%d name %s, by %s; %d ends", named, place, seconds(r.latest()), r.ends)
}

// samplesLeaks counts whose borrowers are named without fluxor_leak_stack=always.
// The server has no part in it.
func samplesLeaks(p *play) {
	p.bare("says nothing")
	named, all := p.sampled(800, fluxor.RuntimeConfig{})
	scarce, of := p.sampled(100, fluxor.RuntimeConfig{MaxOpenConns: 100})
	early, before := p.sampled(80, fluxor.RuntimeConfig{MaxOpenConns: 100})
	p.fluxor(named >= all/16-1 && named <= all/16+1 && scarce-early == of-before,
		"%d of %d named; of 100 connections %d of the last 20", named, all, scarce-early)
}

// sampled holds n leases too long and returns how many of them are named.
func (p *play) sampled(n int, cfg fluxor.RuntimeConfig) (named, all int) {
	cfg.LeakDetectionThreshold, cfg.MaxIdleConns = time.Millisecond, n
	cfg.ValidationIdle = -1 // so is who waits for a ping
	c, err := fluxor.WrapConnector(&dbtest.Fake{}, cfg)
	if err != nil {
		p.Fatal(err)
	}
	db := sql.OpenDB(c)
	defer db.Close()       //nolint:errcheck // the reports are what counts
	db.SetMaxIdleConns(-1) // database/sql's; Fluxor's connections stay
	dbtest.Fill(p, db, n)  // who waits for a dial is named in any case
	for range n {
		rows, _ := p.forgets(db)
		defer rows.Close() //nolint:errcheck // forgotten on purpose
	}
	dbtest.WaitUntil(p, "all are too long", func() bool { return len(c.Leaks()) == n })
	for _, l := range c.Leaks() {
		if l.Place != "" {
			named++
		}
	}
	return named, n
}
