// This file compares the breaker with gobreaker over random outcomes and times.

package policies

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"pgregory.net/rapid"

	"github.com/fluxor-db/fluxor/internal/breaker"
)

var (
	errFailed  = errors.New("failed")
	errIgnored = errors.New("ignored")
)

// pair is both breakers over one database. Gobreaker finds out whether the
// database is well by a call; here that call is our breaker's probe. It asks
// for one a little before the earliest probe, so that it is ready.
type pair struct {
	ours   *breaker.Breaker
	theirs *gobreaker.TwoStepCircuitBreaker[any]

	mu   sync.Mutex
	well error
	odd  string // what went wrong in a probe
}

func newPair(cfg breaker.Config, settings gobreaker.Settings) *pair {
	p := &pair{}
	cfg.ProbeInterval, cfg.ResetTimeout, cfg.Probe = time.Second, 2*time.Second, p.probe
	settings.Timeout = time.Second/2 - 1
	settings.IsExcluded = func(err error) bool { return errors.Is(err, errIgnored) }
	p.ours, p.theirs = breaker.New(cfg), gobreaker.NewTwoStepCircuitBreaker[any](settings)
	return p
}

func (p *pair) probe(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	done, err := p.theirs.Allow()
	if err != nil {
		p.odd = "gobreaker refuses a call at the time of a probe: " + err.Error()
		return err
	}
	done(p.well)
	return p.well
}

// call is one call under way through both.
type call struct {
	ticket breaker.Ticket
	done   func(error)
	began  time.Time
}

// begin asks both. Where gobreaker is about to spend a call on finding out,
// only ours is asked.
func (p *pair) begin(t *rapid.T) (c call, ok bool) {
	ticket, _, ok := p.ours.Allow()
	if !ok && p.theirs.State() != gobreaker.StateOpen {
		return c, false
	}
	done, err := p.theirs.Allow()
	if ok != (err == nil) {
		t.Fatalf("ours says %v, gobreaker %v", ok, err)
	}
	return call{ticket, done, time.Now()}, ok
}

func (p *pair) end(t *rapid.T, c call) {
	o := rapid.SampledFrom([]breaker.Outcome{breaker.Ignored, breaker.Success, breaker.Failure, breaker.Failure}).Draw(t, "outcome")
	c.done(map[breaker.Outcome]error{breaker.Ignored: errIgnored, breaker.Failure: errFailed}[o])
	p.ours.Report(c.ticket, breaker.Result{Outcome: o, Took: time.Since(c.began), Err: errFailed})
}

// agree compares the states. A breaker that is open and one that is half-open
// both refuse.
func (p *pair) agree(t *rapid.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.odd != "" {
		t.Fatal(p.odd)
	}
	if ours, theirs := p.ours.State(), p.theirs.State(); (ours == breaker.Closed) != (theirs == gobreaker.StateClosed) {
		t.Fatalf("ours is %v, gobreaker %v: %+v", ours, theirs, p.ours.Snapshot())
	}
}

// world are the steps that are nobody's call.
func (p *pair) world(steps map[string]func(*rapid.T)) map[string]func(*rapid.T) {
	steps["pass"] = func(t *rapid.T) { pass(time.Duration(rapid.IntRange(1, 1500).Draw(t, "ms")) * time.Millisecond) }
	steps["database"] = func(t *rapid.T) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.well = rapid.SampledFrom([]error{nil, errFailed}).Draw(t, "well")
	}
	steps[""] = p.agree
	return steps
}

// TestItOpensAndClosesWhereGobreakerDoesByFailuresInARow: calls overlap, and
// end after the state in which they began.
func TestItOpensAndClosesWhereGobreakerDoesByFailuresInARow(t *testing.T) {
	check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(rt, "failures")
		p := newPair(breaker.Config{MaxFailures: n}, gobreaker.Settings{
			ReadyToTrip: func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= n },
		})
		defer p.ours.Close()
		var running []call
		begin := func(t *rapid.T) {
			if c, ok := p.begin(t); ok {
				running = append(running, c)
			}
		}
		end := func(t *rapid.T) {
			if len(running) == 0 {
				return
			}
			i := rapid.IntRange(0, len(running)-1).Draw(t, "which")
			c := running[i]
			running = append(running[:i], running[i+1:]...)
			p.end(t, c)
		}
		rt.Repeat(p.world(map[string]func(*rapid.T){"begin": begin, "begin2": begin, "end": end, "end2": end}))
	})
}

// TestItOpensAndClosesWhereGobreakerDoesByARateInAWindow: calls take no time,
// since gobreaker counts a call where it began and ours where it ended.
func TestItOpensAndClosesWhereGobreakerDoesByARateInAWindow(t *testing.T) {
	check(t, func(rt *rapid.T) {
		rate := rapid.IntRange(1, 100).Draw(rt, "rate")
		least := rapid.IntRange(1, 12).Draw(rt, "calls")
		p := newPair(
			breaker.Config{ErrorRate: float64(rate), MinCalls: least, Window: 5 * time.Second},
			gobreaker.Settings{
				Interval: 5 * time.Second, BucketPeriod: time.Second / 2,
				ReadyToTrip: func(c gobreaker.Counts) bool {
					all := int(c.TotalFailures + c.TotalSuccesses)
					return all >= least && int(c.TotalFailures)*100 >= rate*all
				},
			})
		defer p.ours.Close()
		one := func(t *rapid.T) {
			if c, ok := p.begin(t); ok {
				p.end(t, c)
			}
		}
		rt.Repeat(p.world(map[string]func(*rapid.T){"call": one, "call2": one, "call3": one, "call4": one}))
	})
}
