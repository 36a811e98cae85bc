// This file lets goroutines wait in line for one connection and looks in which order they are served.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fluxor-db/fluxor"
)

// patience bounds the waits for something that is about to happen.
const patience = 10 * time.Second

func (s *stage) fairness(ctx context.Context) error {
	n := s.size.waiters
	s.screen.Say("%d goroutines ask for the only connection, one after the other. Then it becomes free.", n)
	bare, err := s.line(ctx, "sqlite", s.bare.dsn, databaseSQL)
	if err != nil {
		return err
	}
	wrapped, err := s.line(ctx, "fluxor", s.fluxor.dsn+"&fluxor_max_open_conns=1", throughFluxor)
	if err != nil {
		return err
	}
	s.tellFairness(n, bare, wrapped)
	return nil
}

func (s *stage) tellFairness(n int, bare, wrapped []int) {
	pairs := n * (n - 1) / 2
	s.screen.Say("database/sql served the first in line as number %d, Fluxor as number %d.", place(bare, 0), place(wrapped, 0))
	s.claim(Finding{
		ID: "fairness", What: fmt.Sprintf("%d wait for one connection: pairs served in the wrong order, of %s", n, comma(pairs)), Unit: "pairs",
		Bare: float64(inversions(bare)), Fluxor: float64(inversions(wrapped)), Held: inversions(wrapped) == 0 && len(wrapped) == n,
		Claim: "Fluxor serves in the order of arrival.",
	})
}

// waits makes db have one connection and returns a count of those who had to
// wait for it.
type waits func(db *sql.DB) (func() int64, error)

func databaseSQL(db *sql.DB) (func() int64, error) {
	db.SetMaxOpenConns(1)
	return func() int64 { return db.Stats().WaitCount }, nil
}

func throughFluxor(db *sql.DB) (func() int64, error) {
	c, err := fluxor.FromDB(db)
	if err != nil {
		return nil, err
	}
	return func() int64 { return c.Stats().WaitCount }, nil
}

// line returns the waiters in the order in which they were served.
func (s *stage) line(ctx context.Context, driverName, dsn string, limit waits) ([]int, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	waiting, err := limit(db)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	first, err := hold(ctx, db)
	if err != nil {
		return nil, err
	}
	defer first.Close() //nolint:errcheck // closed below, where the error counts
	before := waiting() // the first one may have waited for its connection to be opened
	var mu sync.Mutex   // protects served and failed; a leaf lock
	var served []int
	var failed error
	for i := range s.size.waiters {
		wg.Go(func() {
			rows, err := hold(ctx, db)
			mu.Lock()
			served, failed = append(served, i), errors.Join(failed, err)
			mu.Unlock()
			if err == nil {
				_ = rows.Close()
			}
		})
		if err := until(ctx, "goroutines in line behind "+driverName, func() int64 { return waiting() - before }, int64(i)+1); err != nil {
			return nil, err
		}
	}
	if err := first.Close(); err != nil {
		return nil, err
	}
	wg.Wait()
	return served, failed
}

// hold takes a connection: open rows keep it until they are closed.
func hold(ctx context.Context, db *sql.DB) (*sql.Rows, error) {
	return db.QueryContext(ctx, "SELECT id FROM customers") //nolint:rowserrcheck,sqlclosecheck // the caller closes
}

// until waits until the number of something, which other goroutines change,
// is at least want.
func until(ctx context.Context, what string, number func() int64, want int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nothing more came in %v", patience))
	defer cancel()
	tick := time.NewTicker(100 * time.Microsecond)
	defer tick.Stop()
	for {
		got := number()
		if got >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: got %d, want %d: %w", what, got, want, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func inversions(served []int) (n int) {
	for i, a := range served {
		for _, b := range served[i+1:] {
			if a > b {
				n++
			}
		}
	}
	return n
}

// place is when a waiter was served, counted from 1.
func place(served []int, waiter int) int { return slices.Index(served, waiter) + 1 }
