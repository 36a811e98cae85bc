// This file drives a pool with random steps where nothing bounds a wait, and checks that nobody waits for what nobody does.

package pool

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// patient is a model without an acquire timeout: only the pool's own doing ends
// a wait. Its server also hangs, in dials and in pings.
type patient struct {
	*model
	claims  [4]Claim[*wire]
	ping    atomic.Int32  // how the server answers a ping
	deaf    atomic.Bool   // dials heed neither their context nor anything else
	release chan struct{} // ends what is deaf
}

const (
	pingAnswered int32 = iota
	pingFailed
	pingSilent
	pingDeaf
	pingSlow
	pingMoods
)

func newPatient(t *testing.T, limit int) *patient {
	m := &patient{model: newModel(t, limit), release: make(chan struct{})}
	moody := m.s.onDial
	m.s.onDial = func(ctx context.Context, n int) error {
		if m.deaf.Load() {
			<-m.release
			return nil
		}
		return moody(ctx, n)
	}
	m.s.onPing = m.answer
	m.p = New(Config[*wire]{
		Dial: m.s.dial, Close: m.s.close, Peek: m.s.peek, Ping: m.s.ping, Classify: classify,
		MaxOpen: limit, MaxIdle: 2, MaxLifetime: time.Minute, MaxIdleTime: 20 * time.Second, MaxDials: 3, Warmup: 2,
		DialTimeout: 10 * time.Second, ValidationIdle: time.Second, ValidationTimeout: 2 * time.Second, CloseTimeout: time.Second,
		Lingering: limit%2 == 0, DialRate: limit % 3 * 10,
	})
	return m
}

// answer answers a ping.
func (m *patient) answer(ctx context.Context, w *wire) error {
	switch m.ping.Load() {
	case pingFailed:
		return errOdd
	case pingSilent:
		<-ctx.Done()
		return ctx.Err()
	case pingDeaf:
		<-m.release
		return nil
	case pingSlow:
		<-time.After(time.Second)
	}
	return m.s.peek(w)
}

// collect takes the answers that are there. Who pings is overtaken, so their
// order says nothing.
func (m *patient) collect(t *rapid.T) {
	synctest.Wait()
	var still []<-chan outcome
	for _, got := range m.pending {
		select {
		case o := <-got:
			if o.err != nil {
				continue
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

func (m *patient) steps() map[string]func(*rapid.T) {
	steps := m.model.steps()
	steps["claiming"] = func(t *rapid.T) {
		k := &m.claims[rapid.IntRange(0, len(m.claims)-1).Draw(t, "claim")]
		got := make(chan outcome, 1)
		go func() {
			c, err := m.p.Acquire(m.ctx, k)
			got <- outcome{c: c, err: err}
		}()
		m.pending = append(m.pending, got)
	}
	steps["crowd"] = func(t *rapid.T) {
		m.pending = append(m.pending, crowd(m.ctx, m.p, rapid.IntRange(2, 9).Draw(t, "callers"))...)
	}
	steps["drop"] = func(t *rapid.T) { m.p.Drop(&m.claims[rapid.IntRange(0, len(m.claims)-1).Draw(t, "claim")]) }
	steps["ping"] = func(t *rapid.T) { m.ping.Store(rapid.Int32Range(0, pingMoods-1).Draw(t, "ping")) }
	steps["deaf"] = func(t *rapid.T) { m.deaf.Store(rapid.IntRange(0, 4).Draw(t, "deaf") == 0) }
	steps["limit"] = func(t *rapid.T) {
		m.limit = rapid.IntRange(0, 6).Draw(t, "limit")
		m.p.SetMaxOpen(m.limit)
	}
	steps["warm"] = func(*rapid.T) {
		ctx, cancel := context.WithTimeout(m.ctx, time.Second)
		context.AfterFunc(ctx, cancel)
		go m.p.Warm(ctx) //nolint:errcheck // an attempt
	}
	steps[""] = func(t *rapid.T) {
		m.collect(t)
		m.check(t)
	}
	return steps
}

func (m *patient) check(t *rapid.T) {
	n := m.p.Stats()
	if n.Open != n.Idle+n.Used || n.Dialing > 3 || n.Used < len(m.held) {
		t.Fatalf("%+v, but %d are held", n, len(m.held))
	}
	if n.Idle > 0 && m.limit > 0 && n.Open > m.limit {
		t.Fatalf("%+v is over the limit of %d", n, m.limit)
	}
	p := m.p
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.exact()
	young, next := p.youngLocked(now)
	may, _ := p.pace.mayDial(now, p.openLocked(), young, next)
	if may && p.queue.Len() > young && p.roomLocked() > 0 && p.dialsLocked() < p.cfg.MaxDials && !p.suspended {
		t.Fatalf("%d callers wait and %d dials run, though one more is permitted", p.queue.Len(), len(p.dials))
	}
}

// finish lets the server be well. Whoever waits then waits for a return, or is
// served within the longest pause between dials.
func (m *patient) finish(t *rapid.T) {
	m.mood.Store(&mood{})
	m.ping.Store(pingAnswered)
	m.deaf.Store(false)
	if m.p.cfg.Lingering { // what is deaf keeps its place
		close(m.release)
	}
	if m.suspended {
		m.p.Resume()
	}
	for range 1000 {
		for range 2 {
			pass(lastRefusal + firstPatience)
			m.collect(t)
			m.check(t)
		}
		if len(m.pending) == 0 {
			break
		}
		if n := m.p.Stats(); m.limit == 0 || n.Open < m.limit || len(m.held) == 0 {
			t.Fatalf("%d callers still wait, %d are held: %+v", len(m.pending), len(m.held), n)
		}
		m.returnOne()
	}
	if !m.p.cfg.Lingering {
		close(m.release)
	}
	for len(m.held) > 0 {
		m.returnOne()
	}
	pass(5 * time.Second)
	if n := m.p.Stats(); n.Idle > 2 || n.Used > 0 || n.Waiting > 0 {
		t.Fatalf("the pool did not come to rest: %+v", n)
	}
	m.stop()
	if err := m.p.Close(context.Background()); err != nil || m.s.alive() != 0 {
		t.Fatalf("after Close %d connections live: %v", m.s.alive(), err)
	}
}

func (m *patient) returnOne() {
	m.held[0].Value.busy.Store(false)
	m.held[0].Release()
	m.held = m.held[1:]
}

// abort ends what a failed check left.
func (m *patient) abort() {
	m.stop()
	select {
	case <-m.release:
	default:
		close(m.release)
	}
	m.p.Close(context.Background()) //nolint:errcheck // finish looked
	synctest.Wait()
}

func TestRandomStepsLeaveNobodyWaiting(t *testing.T) {
	for i := range 8 { // rapid ends after a day, which a bubble's time is soon
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				rapid.Check(timeless{t}, func(rt *rapid.T) {
					m := newPatient(t, rapid.IntRange(0, 5).Draw(rt, "limit"))
					defer m.abort()
					rt.Repeat(m.steps())
					m.finish(rt)
				})
			})
		})
	}
}
