// This file takes random steps and compares the breaker with a plain model of it.

package breaker

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// ended is a call that the model counted.
type ended struct {
	bucket       time.Duration
	failed, slow bool
}

// model knows what a breaker should be. It remembers every call instead of
// counting.
type model struct {
	t   *rapid.T
	cfg Config
	b   *Breaker

	mu       sync.Mutex // the probe comes on another goroutine
	state    State
	override Override
	since    time.Time
	calls    []ended
	row      int
	failing  time.Time // since when calls fail
	good     time.Time // when the last succeeded
	pause    time.Duration
	from     time.Time // when the pause began
	turn     int       // counts changes
	mood     mood

	hearing sync.Mutex
	heard   State // by the callback

	running []begun
}

// begun is a call under way.
type begun struct {
	ticket Ticket
	turn   int
	at     time.Time
}

type mood struct {
	err   error
	takes time.Duration
}

func newModel(t *rapid.T) *model {
	m := &model{t: t}
	m.cfg = Config{
		MaxFailures: rapid.IntRange(0, 4).Draw(t, "failures"),
		FailureTime: time.Duration(rapid.SampledFrom([]int{0, 0, 1600}).Draw(t, "failure time")) * time.Millisecond,
		ErrorRate:   float64(rapid.SampledFrom([]int{0, 0, 30, 100}).Draw(t, "error rate")),
		SlowRate:    float64(rapid.SampledFrom([]int{0, 0, 50}).Draw(t, "slow rate")),
		SlowCall:    time.Second, Window: 5 * time.Second, MinCalls: 5,
		ResetTimeout: 2 * time.Second, HalfOpenTimeout: 700 * time.Millisecond,
		Probe: m.probe, OnStateChange: m.hear,
	}
	m.b = New(m.cfg)
	m.since = time.Now()
	return m
}

func (m *model) hear(c Change) {
	m.hearing.Lock()
	defer m.hearing.Unlock()
	if c.From != m.heard || c.From == c.To {
		m.t.Errorf("heard of a change from %v to %v, the last was to %v", c.From, c.To, m.heard)
	}
	m.heard = c.To
}

// become takes the model to a state.
func (m *model) become(s State) {
	m.state, m.since = s, time.Now()
	m.turn++
	if s == Closed {
		m.calls, m.row, m.good = nil, 0, time.Time{}
	}
}

// probe checks that it comes when it should.
func (m *model) probe(ctx context.Context) error {
	m.mu.Lock()
	if gap := time.Since(m.from); m.state != Open || m.override != Automatic || gap < m.pause/2 || gap > m.pause {
		m.t.Errorf("a probe after %v in state %v (%v), the pause was %v", gap, m.state, m.override, m.pause)
	}
	m.become(HalfOpen)
	mood, turn := m.mood, m.turn
	m.mu.Unlock()
	err := mood.err
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(mood.takes):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case turn != m.turn: // forced meanwhile
	case err == nil:
		m.become(Closed)
	default:
		m.become(Open)
		m.pause, m.from = min(m.pause*6/5, m.cfg.ResetTimeout), time.Now()
	}
	return err
}

// begin asks for a call.
func (m *model) begin(t *rapid.T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ticket, _, ok := m.b.Allow()
	if ok != (m.state == Closed) {
		t.Fatalf("Allow says %v in state %v", ok, m.state)
	}
	if !ok {
		ticket = m.b.Enter()
	}
	m.running = append(m.running, begun{ticket, m.turn, time.Now()})
}

// end ends a call under way.
func (m *model) end(t *rapid.T) {
	if len(m.running) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.running)-1).Draw(t, "which")
	c := m.running[i]
	m.running = append(m.running[:i], m.running[i+1:]...)
	o := rapid.SampledFrom([]Outcome{Ignored, Success, Failure, Failure}).Draw(t, "outcome")
	took := time.Since(c.at)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.b.Report(c.ticket, Result{Outcome: o, Took: took, End: time.Now(), Err: errDown})
	if o != Ignored && c.turn == m.turn && m.state == Closed && m.override == Automatic {
		m.count(t, o == Failure, took)
	}
}

// count counts a call and decides. Where the breaker may take a success for a
// little later than it was, either is right.
func (m *model) count(t *rapid.T, failed bool, took time.Duration) {
	now := time.Now()
	slow := m.cfg.SlowRate > 0 && took > m.cfg.SlowCall
	m.calls = append(m.calls, ended{now.Sub(m.since) / (m.cfg.Window / buckets), failed, slow})
	if !failed {
		m.row, m.good = 0, now
	} else if m.row++; m.row == 1 {
		if m.failing = now.Add(-took); m.good.After(m.failing) {
			m.failing = m.good
		}
	}
	rate := (failed || slow) && m.rateTooHigh(now)
	row := failed && m.cfg.MaxFailures > 0 && m.row >= m.cfg.MaxFailures
	may := rate || row && now.Sub(m.failing) >= m.cfg.FailureTime
	must := rate || row && now.Sub(m.failing) >= m.cfg.FailureTime+m.cfg.FailureTime/16
	opened := m.b.State() == Open
	if opened && !may || !opened && must {
		t.Fatalf("open: %v; may %v, must %v; %d in a row since %v: %+v", opened, may, must, m.row, m.failing, m.b.Snapshot())
	}
	if opened {
		m.become(Open)
		m.pause, m.from = 250*time.Millisecond, now
	}
}

func (m *model) rateTooHigh(now time.Time) bool {
	all, failed, slow := m.inWindow(now)
	return all >= m.cfg.MinCalls && (m.cfg.ErrorRate > 0 && failed*100 >= int(m.cfg.ErrorRate)*all ||
		m.cfg.SlowRate > 0 && slow*100 >= int(m.cfg.SlowRate)*all)
}

// inWindow goes through all calls that ever were.
func (m *model) inWindow(now time.Time) (all, failed, slow int) {
	present := now.Sub(m.since) / (m.cfg.Window / buckets)
	for _, c := range m.calls {
		if c.bucket <= present-buckets {
			continue
		}
		all++
		if c.failed {
			failed++
		}
		if c.slow {
			slow++
		}
	}
	return all, failed, slow
}

func (m *model) force(t *rapid.T) {
	o := rapid.SampledFrom([]Override{Automatic, Automatic, ForcedOpen, ForcedClosed}).Draw(t, "override")
	m.mu.Lock()
	if o != m.override {
		m.override = o
		m.become(map[Override]State{Automatic: Closed, ForcedOpen: Open, ForcedClosed: Closed}[o])
	}
	m.mu.Unlock()
	m.b.Force(o)
	synctest.Wait()
}

func (m *model) check(t *rapid.T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hearing.Lock()
	defer m.hearing.Unlock()
	s := m.b.Snapshot()
	if s.State != m.state || s.Override != m.override || m.heard != m.state {
		t.Fatalf("%+v, want %v, heard %v", s, m.state, m.heard)
	}
	if m.state != Closed {
		return
	}
	all, failed, slow := m.inWindow(time.Now())
	if m.cfg.ErrorRate == 0 && m.cfg.SlowRate == 0 {
		all, failed, slow = 0, 0, 0
	}
	if s.Failures != m.row || s.WindowCalls != all || s.WindowFails != failed || s.WindowSlow != slow {
		t.Fatalf("%+v, want %d in a row, %d calls, %d failed, %d slow", s, m.row, all, failed, slow)
	}
}

func (m *model) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"begin":  m.begin,
		"begin2": m.begin,
		"end":    m.end,
		"end2":   m.end,
		"force": func(t *rapid.T) {
			if rapid.IntRange(0, 3).Draw(t, "really") == 0 {
				m.force(t)
			}
		},
		"pass": func(t *rapid.T) { pass(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond) },
		"mood": func(t *rapid.T) {
			m.mu.Lock()
			defer m.mu.Unlock()
			err := rapid.SampledFrom([]error{nil, errDown}).Draw(t, "err")
			m.mood = mood{err, time.Duration(rapid.IntRange(0, 9).Draw(t, "takes")) * 100 * time.Millisecond}
		},
		"": m.check,
	}
}

// timeless hides a test's deadline, for which rapid would ask: a bubble has
// none.
type timeless struct{ rapid.TB }

func TestRandomStepsLeadWhereTheModelGoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			m := newModel(rt)
			defer m.b.Close()
			rt.Repeat(m.steps())
		})
	})
}

// TestManyCallersAndForcesAtOnceLeaveItConsistent runs in real time under the
// race detector.
func TestManyCallersAndForcesAtOnceLeaveItConsistent(t *testing.T) {
	t.Parallel()
	heard := Closed // the callback is never run twice at once
	b := New(Config{
		MaxFailures: 3, ErrorRate: 60, MinCalls: 10, ProbeInterval: 50 * time.Microsecond, ResetTimeout: 100 * time.Microsecond,
		Probe: func(context.Context) error { return []error{nil, errDown}[rand.IntN(2)] },
		OnStateChange: func(c Change) {
			if c.From != heard {
				t.Errorf("heard of %v to %v in state %v", c.From, c.To, heard)
			}
			heard = c.To
		},
	})
	var all sync.WaitGroup
	late := time.Now().Add(10 * time.Second)
	for range 8 {
		all.Go(func() {
			for i := 0; i < 5000 || b.Snapshot().Probes == 0 && time.Now().Before(late); i++ {
				ticket, _, ok := b.Allow()
				if ok {
					b.Report(ticket, Result{Outcome: Outcome(rand.IntN(3)), Err: errDown})
				}
				if rand.IntN(2000) == 0 {
					b.Force(Override(rand.IntN(3)))
				}
				if s := b.Snapshot(); s.WindowFails > s.WindowCalls || s.WindowCalls < 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	all.Wait()
	if s := b.Snapshot(); s.Opened == 0 || s.Probes == 0 {
		t.Errorf("it never opened or never probed: %+v", s)
	}
	b.Close()
}
