// This file sends an old server twice the work that it bears and counts which answers came in time.

package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/legacy"
	"github.com/fluxor-db/fluxor/cmd/fluxor/internal/term"
)

const (
	crowdConns = 64 // connections a side: more than the server can use, as pools often are
	crowdPlace = 4  // statements that the server works on at once
	crowdAdmit = 8  // operations that Fluxor admits at once
	crowdTries = 4  // how often the rush is repeated on a machine that is busy elsewhere
)

// crowdEach is how long the server works on a statement.
const crowdEach = 40 * time.Millisecond

// enough is the part of the server's capacity that must reach callers in time.
const enough = 0.7

// capacity is what the server bears, as measured without a crowd.
type capacity struct {
	perSecond float64
	alone     time.Duration // what a call takes, the median
}

// patience is how long a caller wants to wait: four times what a call takes.
func (c capacity) patience() time.Duration { return 4 * c.alone }

// rush is what callers met who came faster than they could be served.
type rush struct {
	span    time.Duration   // in which they came
	inTime  int             // answered within their patience
	served  []time.Duration // how long those took who got an answer, in order
	refused []time.Duration // how long Fluxor took to refuse, in order
	typed   int             // refusals that are ErrOverloaded and say when to try again
	failed  error           // anything else
	sees    error           // a refusal
}

// goodput is the number of answers in time, per second.
func (r rush) goodput() float64 { return float64(r.inTime) / max(r.span.Seconds(), 1e-9) }

func (s *stage) overload(ctx context.Context) (err error) {
	server, err := legacy.Start(s.dsn("overload"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	bare := sql.OpenDB(legacy.NewConnector(server.Addr()))
	defer bare.Close() //nolint:errcheck // it was only read
	bare.SetMaxOpenConns(crowdConns)
	bare.SetMaxIdleConns(crowdConns)
	wrapped, err := throughWrapAs(legacy.NewConnector(server.Addr()), fluxor.RuntimeConfig{
		MaxOpenConns: crowdConns, MaxIdleConns: crowdConns, MaxConcurrentConnections: crowdAdmit, BackpressureMode: "reject",
	})
	if err != nil {
		return err
	}
	defer wrapped.Close() //nolint:errcheck // it was only read
	defer s.watch.show("overload", wrapped)()
	if err := stock(ctx, bare); err != nil {
		return err
	}
	if err := errors.Join(openIdle(ctx, bare, crowdConns), openIdle(ctx, wrapped, crowdAdmit)); err != nil {
		return err
	}
	server.SetPace(legacy.Pace{AtOnce: crowdPlace, Each: crowdEach})
	able, err := s.measure(ctx, bare)
	if err != nil {
		return err
	}
	s.screen.Say("An old server works on %d statements at once and bears %.0f a second. Now come %.0f a second, for %.1f s. An answer is of use within %d ms. Both sides have a pool of %d connections; Fluxor has fluxor_max_concurrent_connections=%d and fluxor_backpressure_mode=reject.",
		crowdPlace, able.perSecond, 2*able.perSecond, s.size.rush.Seconds(), able.patience().Milliseconds(), crowdConns, crowdAdmit)
	return s.rushes(ctx, able, bare, wrapped)
}

// rushes sends the crowd to both sides, again where the machine was too busy
// to tell.
func (s *stage) rushes(ctx context.Context, able capacity, bare, wrapped *sql.DB) error {
	var without, with rush
	for range crowdTries {
		var err error
		if without, err = s.rush(ctx, "database/sql", bare, able); err != nil {
			return err
		}
		if with, err = s.rush(ctx, "Fluxor", wrapped, able); err != nil {
			return err
		}
		if bears(able, without, with) && with.shedsAtOnce() {
			break
		}
		if able, err = s.measure(ctx, bare); err != nil {
			return err
		}
	}
	s.tellOverload(able, without, with)
	return nil
}

// stock makes the table that the crowd reads.
func stock(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "CREATE TABLE stock (product INTEGER PRIMARY KEY, pieces INTEGER NOT NULL)"); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, "INSERT INTO stock (product, pieces) VALUES (1, 17), (2, 4), (3, 0)")
	return err
}

// lookUp is what each of the crowd does.
func lookUp(ctx context.Context, db *sql.DB, n int) error {
	var pieces int
	return db.QueryRowContext(ctx, "SELECT pieces FROM stock WHERE product = ?", 1+n%3).Scan(&pieces)
}

// measure keeps the server's places busy, and no line before them.
func (s *stage) measure(ctx context.Context, db *sql.DB) (capacity, error) {
	took := make([]time.Duration, crowdPlace*s.size.rounds)
	errs := make([]error, crowdPlace)
	var wg sync.WaitGroup
	began := time.Now()
	for w := range crowdPlace {
		wg.Go(func() {
			for i := w; i < len(took) && errs[w] == nil; i += crowdPlace {
				start := time.Now()
				errs[w] = lookUp(ctx, db, i)
				took[i] = time.Since(start)
			}
		})
	}
	wg.Wait()
	perSecond := float64(len(took)) / max(time.Since(began).Seconds(), 1e-9)
	slices.Sort(took)
	return capacity{perSecond, at(took, 50)}, errors.Join(errs...)
}

// call is one of the crowd.
type call struct {
	took time.Duration
	err  error
}

// rush has callers come at twice the capacity, whether or not those before
// them have been served, and waits for all of them.
func (s *stage) rush(ctx context.Context, label string, db *sql.DB, able capacity) (rush, error) {
	perSecond := 2 * able.perSecond
	calls := make([]call, int(perSecond*s.size.rush.Seconds()))
	var over atomic.Int64
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	began, sent, span := time.Now(), 0, time.Duration(0)
	for int(over.Load()) < len(calls) {
		for due := min(len(calls), 1+int(perSecond*time.Since(began).Seconds())); sent < due; sent++ {
			c := &calls[sent]
			n := sent
			wg.Go(func() {
				start := time.Now()
				c.err = lookUp(ctx, db, n)
				c.took = time.Since(start)
				over.Add(1)
			})
			span = time.Since(began)
		}
		s.screen.Draw(term.Bar{Label: label, Done: int(over.Load()), Total: len(calls), Note: fmt.Sprintf("answered; %d wait", sent-int(over.Load()))})
		select {
		case <-ctx.Done():
			return rush{}, ctx.Err()
		case <-tick.C:
		}
	}
	wg.Wait()
	s.screen.Settle()
	return count(calls, span, able.patience()), nil
}

// count sums up what the crowd met.
func count(calls []call, span, patience time.Duration) rush {
	r := rush{span: span}
	for _, c := range calls {
		var refused *fluxor.RefusalError
		switch {
		case c.err == nil:
			r.served = append(r.served, c.took)
			if c.took <= patience {
				r.inTime++
			}
		case errors.As(c.err, &refused):
			r.refused, r.sees = append(r.refused, c.took), c.err
			if errors.Is(c.err, fluxor.ErrOverloaded) && refused.RetryAfter > 0 {
				r.typed++
			}
		default:
			r.failed = c.err
		}
	}
	slices.Sort(r.served)
	slices.Sort(r.refused)
	return r
}

// at returns the time within which a percentage of them, which are in order,
// were done.
func at(took []time.Duration, percent int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	return took[min(len(took)*percent/100, len(took)-1)]
}

// bears reports whether Fluxor's callers get what the server can do.
func bears(able capacity, bare, got rush) bool {
	return got.goodput() >= enough*able.perSecond && got.goodput() > bare.goodput()
}

// shedsAtOnce reports whether all who were not served were told so at once,
// and how to go on.
func (r rush) shedsAtOnce() bool {
	return len(r.refused) > 0 && r.typed == len(r.refused) && r.failed == nil && at(r.refused, 50) < 5*time.Millisecond
}

func (s *stage) tellOverload(able capacity, bare, got rush) {
	sees := ""
	if got.sees != nil {
		sees = got.sees.Error()
	}
	s.screen.Say("database/sql lets everybody wait: half of the callers %s or longer. Fluxor serves %d callers and refuses %d, half of them within %s:",
		ms(at(bare.served, 50)), len(got.served), len(got.refused), ms(at(got.refused, 50)))
	s.screen.Quote(sees)
	s.claim(Finding{
		ID: "overload_goodput", What: fmt.Sprintf("twice the load that the server bears: answers in time, per second, of %.0f possible", able.perSecond), Unit: "answers per second",
		Bare: bare.goodput(), Fluxor: got.goodput(), Held: bears(able, bare, got),
		Claim: fmt.Sprintf("At least %.0f %% of what the server can do reaches callers in time, and more than without Fluxor.", 100*enough),
	})
	s.claim(Finding{
		ID: "overload_wait", What: "milliseconds until 99 of 100 had their answer", Unit: "milliseconds",
		Bare: millis(at(bare.served, 99)), Fluxor: millis(at(got.served, 99)), Held: len(got.served) > 0 && at(got.served, 99) < at(bare.served, 99),
		Claim: "Whoever is admitted waits for less time than in the bare driver's line.",
	})
	s.claim(Finding{
		ID: "overload_refused", What: "callers told at once that it is too much", Unit: "errors",
		Bare: float64(len(bare.refused)), Fluxor: float64(len(got.refused)), Held: got.shedsAtOnce(),
		Claim:      "Each of the others hears ErrOverloaded and when to try again, half of them within 5 ms; nothing else is an error.",
		CallerSees: sees,
	})
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// ms writes a time in milliseconds, with digits behind the point where it is
// short.
func ms(d time.Duration) string {
	switch m := millis(d); {
	case m < 1:
		return fmt.Sprintf("%.3f ms", m)
	case m < 10:
		return fmt.Sprintf("%.1f ms", m)
	default:
		return fmt.Sprintf("%.0f ms", m)
	}
}
