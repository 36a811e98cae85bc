// This file drives a pool with random steps and checks after each what must always hold.

package pool

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// model is a pool under random steps, with what a simple mind expects of it.
type model struct {
	s         *server
	p         *Pool[*wire]
	limit     int
	mood      atomic.Pointer[mood]
	held      []*Conn[*wire]
	suspended bool
	lowered   bool             // the limit, so that more may be open
	invalid   int64            // how many failed their check so far
	pending   []<-chan outcome // in the order of their Acquire
	stop      context.CancelFunc
	ctx       context.Context
}

// mood is how the server answers a dial: after a while, with an error or nil. A
// deaf one goes on when its context has ended; closing takes a while as well.
type mood struct {
	slow  time.Duration
	err   error
	deaf  bool
	close time.Duration
}

func newModel(t *testing.T, limit int) *model {
	m := &model{s: &server{}, limit: limit}
	m.mood.Store(&mood{})
	m.s.onDial = func(ctx context.Context, _ int) error {
		mood := m.mood.Load()
		if mood.slow > 0 {
			select {
			case <-time.After(mood.slow):
			case <-deafen(ctx, mood.deaf):
				return ctx.Err()
			}
		}
		return mood.err
	}
	m.s.onClose = func(*wire) { <-time.After(m.mood.Load().close) }
	m.p = New(Config[*wire]{
		Dial: m.s.dial, Close: m.s.close, Peek: m.s.peek, Classify: classify,
		MaxOpen: limit, MaxIdle: 2, MaxLifetime: time.Minute, MaxIdleTime: 20 * time.Second,
		AcquireTimeout: 30 * time.Second, DialTimeout: 10 * time.Second, MaxDials: 3, Warmup: 2,
		Lingering: limit%2 == 0, DialRate: limit % 3,
	})
	m.ctx, m.stop = context.WithCancel(t.Context())
	return m
}

// deafen is the end of ctx, unless nobody heeds it.
func deafen(ctx context.Context, deaf bool) <-chan struct{} {
	if deaf {
		return nil
	}
	return ctx.Done()
}

// collect takes the answers that are there. A caller answered with a
// connection while an earlier one still waits is an inversion, unless the
// earlier one was served in the same step and found its connection dead.
func (m *model) collect(t *rapid.T) {
	synctest.Wait()
	invalid := m.p.Stats().ClosedInvalid
	excused := invalid > m.invalid
	m.invalid = invalid
	var still []<-chan outcome
	for _, got := range m.pending {
		select {
		case o := <-got:
			if o.err != nil {
				continue
			}
			if len(still) > 0 && !excused {
				t.Fatalf("a caller was served while %d earlier ones wait", len(still))
			}
			if o.c.Value.busy.Swap(true) || o.c.Value.closed.Load() || o.c.Value.dead.Load() {
				t.Fatalf("connection %d was handed out in use, closed or dead", o.c.Value.id)
			}
			m.held = append(m.held, o.c)
		default:
			still = append(still, got)
		}
	}
	m.pending = still
}

// end takes a random held connection, where there is one, to its end.
func (m *model) end(t *rapid.T, how func(*Conn[*wire])) {
	if len(m.held) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.held)-1).Draw(t, "which")
	c := m.held[i]
	m.held = append(m.held[:i], m.held[i+1:]...)
	c.Value.busy.Store(false)
	how(c)
}

func (m *model) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"acquire": func(*rapid.T) { m.pending = append(m.pending, ask(m.ctx, m.p)) },
		"hurried": func(t *rapid.T) {
			d := rapid.IntRange(1, 3000).Draw(t, "ms")
			ctx, cancel := context.WithTimeout(m.ctx, time.Duration(d)*time.Millisecond)
			context.AfterFunc(ctx, cancel)
			m.pending = append(m.pending, ask(ctx, m.p))
		},
		"release": func(t *rapid.T) { m.end(t, (*Conn[*wire]).Release) },
		"discard": func(t *rapid.T) { m.end(t, (*Conn[*wire]).Discard) },
		"break": func(t *rapid.T) {
			m.end(t, func(c *Conn[*wire]) {
				c.Value.dead.Store(true)
				c.Release()
			})
		},
		"wait": func(t *rapid.T) { pass(time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond) },
		"mood": func(t *rapid.T) {
			err := rapid.SampledFrom([]error{nil, nil, nil, errDown, errRefused, errTooMany, errOdd}).Draw(t, "err")
			slow := rapid.IntRange(0, 25).Draw(t, "slow")
			closing := rapid.SampledFrom([]int{0, 0, 0, 7, 40}).Draw(t, "close")
			m.mood.Store(&mood{time.Duration(slow) * time.Second, err, rapid.Bool().Draw(t, "deaf"), time.Duration(closing) * time.Second})
		},
		"suspend": func(*rapid.T) {
			m.suspended = true
			m.p.Suspend()
		},
		"resume": func(*rapid.T) {
			m.suspended = false
			m.p.Resume()
		},
		"evict": func(*rapid.T) { m.p.Evict() },
		"limit": func(t *rapid.T) {
			limit := rapid.IntRange(1, 6).Draw(t, "limit")
			m.lowered = m.lowered || limit < m.limit
			m.limit = limit
			m.p.SetMaxOpen(m.limit)
		},
		"": func(t *rapid.T) {
			m.collect(t)
			m.check(t)
		},
	}
}

func (m *model) check(t *rapid.T) {
	n := m.p.Stats()
	if n.Used != len(m.held) || n.Waiting != len(m.pending) || n.Open != n.Idle+n.Used {
		t.Fatalf("%+v, but %d are held and %d wait", n, len(m.held), len(m.pending))
	}
	if n.Idle > 0 && n.Open > m.limit || n.Dialing > 3 {
		t.Fatalf("%+v is over the limit of %d", n, m.limit)
	}
	if m.s.alive() != n.Open+n.Closing {
		t.Fatalf("%d connections live, %d open, %d closing", m.s.alive(), n.Open, n.Closing)
	}
	if sessions := n.Open + n.Dialing + n.Closing + n.Orphans; m.p.cfg.Lingering && !m.lowered && sessions > m.limit {
		t.Fatalf("%+v is over the limit of %d with what lingers", n, m.limit)
	}
}

// finish lets everything go well: then nobody may be left waiting.
func (m *model) finish(t *rapid.T) {
	m.mood.Store(&mood{})
	if m.suspended { // Resume also forgets failures and serves: do not let it help
		m.p.Resume()
	}
	for range 20 {
		pass(10 * time.Second)
		m.collect(t)
		for len(m.held) > 0 {
			m.held[0].Value.busy.Store(false)
			m.held[0].Release()
			m.held = m.held[1:]
		}
	}
	m.collect(t)
	m.check(t)
	if len(m.pending) > 0 {
		t.Fatalf("%d callers still wait: %+v", len(m.pending), m.p.Stats())
	}
	for range m.limit {
		m.pending = append(m.pending, ask(m.ctx, m.p))
	}
	pass(10 * time.Second)
	if m.collect(t); len(m.held) != m.limit {
		t.Fatalf("%d of %d connections can be had: %+v", len(m.held), m.limit, m.p.Stats())
	}
	for _, c := range m.held {
		c.Release()
	}
	pass(time.Second)
	m.stop()
	if err := m.p.Close(context.Background()); err != nil || m.s.alive() != 0 {
		t.Fatalf("after Close %d connections live: %v", m.s.alive(), err)
	}
}

// timeless hides a test's deadline, for which rapid would ask: a bubble has
// none.
type timeless struct{ rapid.TB }

func TestRandomStepsNeverBreakThePool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			m := newModel(t, rapid.IntRange(1, 5).Draw(rt, "limit"))
			defer m.stop()
			defer m.p.Close(context.Background()) //nolint:errcheck // finish looked
			rt.Repeat(m.steps())
			m.finish(rt)
		})
	})
}

// jolt does to c what borrowers do.
func jolt(c *Conn[*wire]) {
	c.Value.busy.Store(false)
	switch rand.IntN(20) {
	case 0:
		c.Discard()
	case 1:
		c.Value.dead.Store(true)
		c.Release()
	default:
		c.Release()
	}
}
