// This file silences an old server for a while and looks what its callers go through.

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
)

const (
	outageCallers = 6                      // goroutines that call again and again
	outageFails   = 5                      // failures in a row that open the breaker
	outagePause   = 5 * time.Millisecond   // of a caller after each call
	outageLimit   = 200 * time.Millisecond // how long a caller's context lets it wait
	outageBefore  = 100 * time.Millisecond // in which all is well
)

// outage is what callers went through while the server was silent.
type outage struct {
	failed  []time.Duration // how long calls took that the server did not answer, in order
	refused []time.Duration // and those that Fluxor did not let through, in order
	typed   int             // refusals that are ErrCircuitOpen and say when to try again
	back    time.Duration   // after the server was well, until a call succeeded
	states  []string        // of the breaker, in order
	sees    error           // a refusal
}

func (s *stage) outage(ctx context.Context) (err error) {
	server, err := legacy.Start(s.dsn("outage"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	s.screen.Say("The server goes silent for %.1f s, as a machine that hangs. %d goroutines go on asking, each time with %d ms of patience. Fluxor's breaker opens after %d failures in a row.",
		s.size.outage.Seconds(), outageCallers, outageLimit.Milliseconds(), outageFails)
	bareDB := sql.OpenDB(legacy.NewConnector(server.Addr()))
	defer bareDB.Close() //nolint:errcheck // it was only read
	bareDB.SetMaxIdleConns(outageCallers)
	if err := stock(ctx, bareDB); err != nil {
		return err
	}
	bare, err := s.silence(ctx, server, bareDB, nil)
	if err != nil {
		return err
	}
	s.screen.Say("database/sql: %d calls, each of which waited in vain, %s together.", len(bare.failed), seconds(total(bare.failed)))
	changes := make(chan fluxor.StateChange, 64)
	wrapped, err := throughWrapAs(legacy.NewConnector(server.Addr()), fluxor.RuntimeConfig{
		CircuitBreakerMaxFailures: outageFails, CircuitBreakerFailureTime: -1,
		CircuitBreakerResetTimeout: 300 * time.Millisecond, CircuitBreakerHalfOpenTimeout: outageLimit,
		OnStateChange: func(c fluxor.StateChange) {
			select {
			case changes <- c:
			default: // nobody looks any more
			}
		},
	})
	if err != nil {
		return err
	}
	defer wrapped.Close() //nolint:errcheck // it was only read
	defer s.watch.show("outage", wrapped)()
	got, err := s.silence(ctx, server, wrapped, changes)
	if err != nil {
		return err
	}
	s.tellOutage(bare, got)
	return nil
}

// silence has callers ask without pause, freezes the server meanwhile, and
// returns when a call has succeeded again and the breaker, if any, is closed.
func (s *stage) silence(ctx context.Context, server *legacy.Server, db *sql.DB, changes <-chan fluxor.StateChange) (outage, error) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	defer server.Thaw()
	var r ring
	for w := range outageCallers {
		wg.Go(func() { r.callers(ctx, db, w) })
	}
	if err := until(ctx, "answers before the outage", r.answered.Load, outageCallers); err != nil {
		return outage{}, err
	}
	began := time.Now()
	if err := s.follow(ctx, began, outageBefore, changes, &r); err != nil {
		return outage{}, err
	}
	server.Freeze()
	s.screen.Say("%s  the server is silent", stamp(began))
	if err := s.follow(ctx, began, s.size.outage, changes, &r); err != nil {
		return outage{}, err
	}
	server.Thaw()
	s.screen.Say("%s  the server answers again", stamp(began))
	thawed, before := time.Now(), r.answered.Load()
	if err := s.recovered(ctx, began, changes, &r, before); err != nil {
		return outage{}, err
	}
	back := time.Since(thawed)
	stop()
	wg.Wait()
	return r.outcome(back), nil
}

// follow shows the breaker's changes as they come, for a while.
func (s *stage) follow(ctx context.Context, began time.Time, d time.Duration, changes <-chan fluxor.StateChange, r *ring) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case c := <-changes:
			s.changed(began, c, r)
		}
	}
}

// recovered waits until a call succeeds again.
func (s *stage) recovered(ctx context.Context, began time.Time, changes <-chan fluxor.StateChange, r *ring, before int64) error {
	for end := time.Now().Add(patience); r.answered.Load() == before; {
		if time.Now().After(end) {
			return fmt.Errorf("no call succeeded within %v after the outage", patience)
		}
		if err := s.follow(ctx, began, 5*time.Millisecond, changes, r); err != nil {
			return err
		}
	}
	return s.follow(ctx, began, 5*time.Millisecond, changes, r) // what was said until then
}

func (s *stage) changed(began time.Time, c fluxor.StateChange, r *ring) {
	r.states = append(r.states, c.To)
	s.screen.Say("%s  breaker %s: %s", stamp(began), c.To, c.Reason)
}

// ring is the callers of one side.
type ring struct {
	answered atomic.Int64
	states   []string // seen by the goroutine that shows them

	mu    sync.Mutex // protects calls; a leaf lock
	calls []call
}

// callers is one of them: it asks until ctx ends.
func (r *ring) callers(ctx context.Context, db *sql.DB, w int) {
	pause := time.NewTicker(outagePause)
	defer pause.Stop()
	for n := w; ctx.Err() == nil; n++ {
		limited, cancel := context.WithTimeout(ctx, outageLimit)
		start := time.Now()
		err := lookUp(limited, db, n)
		took := time.Since(start)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			r.answered.Add(1)
		default:
			r.mu.Lock()
			r.calls = append(r.calls, call{took, err})
			r.mu.Unlock()
		}
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// outcome sums up; the callers have ended.
func (r *ring) outcome(back time.Duration) outage {
	o := outage{back: back, states: r.states}
	for _, c := range r.calls {
		var refused *fluxor.RefusalError
		if !errors.As(c.err, &refused) {
			o.failed = append(o.failed, c.took)
			continue
		}
		o.refused, o.sees = append(o.refused, c.took), c.err
		if errors.Is(c.err, fluxor.ErrCircuitOpen) && refused.RetryAfter > 0 {
			o.typed++
		}
	}
	slices.Sort(o.failed)
	slices.Sort(o.refused)
	return o
}

// circled reports whether the breaker opened and closed again in the end.
func (o outage) circled() bool {
	return len(o.states) >= 2 && o.states[0] == "open" && o.states[len(o.states)-1] == "closed"
}

func (s *stage) tellOutage(bare, got outage) {
	sees := ""
	if got.sees != nil {
		sees = got.sees.Error()
	}
	s.screen.Say("Fluxor: %d calls waited in vain, %s together; then %d were refused, half of them within %s:",
		len(got.failed), seconds(total(got.failed)), len(got.refused), ms(at(got.refused, 50)))
	s.screen.Quote(sees)
	s.claim(Finding{
		ID: "outage_wait", What: fmt.Sprintf("silent for %.1f s: seconds that callers waited in vain", s.size.outage.Seconds()), Unit: "seconds",
		Bare: total(bare.failed).Seconds(), Fluxor: total(got.failed).Seconds(), Held: len(bare.failed) > 0 && total(got.failed) < total(bare.failed),
		Claim:    "Callers wait in vain for less time than without Fluxor.",
		bareText: fmt.Sprintf("%.1f", total(bare.failed).Seconds()), fluxorText: fmt.Sprintf("%.1f", total(got.failed).Seconds()),
	})
	s.claim(Finding{
		ID: "outage_refused", What: "milliseconds until a call is refused, the median", Unit: "milliseconds",
		Bare: millis(at(bare.failed, 50)), Fluxor: millis(at(got.refused, 50)),
		Held:       len(got.refused) > 0 && got.typed == len(got.refused) && at(got.refused, 50) < time.Millisecond,
		Claim:      "While the breaker is open a call is refused in less than a millisecond, with ErrCircuitOpen and when to try again.",
		bareText:   fmt.Sprintf("%.0f, it waits", millis(at(bare.failed, 50))),
		fluxorText: fmt.Sprintf("%.3f", millis(at(got.refused, 50))), CallerSees: sees,
	})
	s.claim(Finding{
		ID: "outage_over", What: "milliseconds after the outage until a call succeeds", Unit: "milliseconds",
		Bare: millis(bare.back), Fluxor: millis(got.back), Held: got.circled(),
		Claim: "The breaker opens, asks the server by itself, and closes when it answers.",
	})
}

func total(took []time.Duration) (sum time.Duration) {
	for _, d := range took {
		sum += d
	}
	return sum
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// stamp is the time since an act began.
func stamp(began time.Time) string { return fmt.Sprintf("%.2f s", time.Since(began).Seconds()) }
