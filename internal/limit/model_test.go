// This file takes random steps and compares the limit on concurrency with a plain list of who should be where.

package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// asked is an operation of the model's: it waits until it is served, until its
// time is over, or until its group is cancelled.
type asked struct {
	heard <-chan outcome
	group int
	till  time.Time // zero = never
}

// model is a line and a number.
type model struct {
	c      *Concurrency
	mode   Mode
	limit  int
	queue  int
	inUse  int
	line   []asked
	ctx    [3]context.Context // groups that end together
	cancel [3]context.CancelFunc
	base   context.Context
	stats  Stats
}

func newModel(t *testing.T, rt *rapid.T) *model {
	m := &model{
		mode:  rapid.SampledFrom([]Mode{Block, Block, Timeout, Reject}).Draw(rt, "mode"),
		limit: rapid.IntRange(1, 4).Draw(rt, "limit"),
		queue: rapid.IntRange(1, 8).Draw(rt, "queue"),
		base:  t.Context(),
	}
	m.c = NewConcurrency(ConcurrencyConfig{Limit: m.limit, Mode: m.mode, Queue: m.queue, Timeout: time.Second})
	for i := range m.ctx {
		m.ctx[i], m.cancel[i] = context.WithCancel(m.base)
	}
	return m
}

// ask has an operation come, with a deadline or without.
func (m *model) ask(t *rapid.T) {
	a := asked{group: rapid.IntRange(0, len(m.ctx)-1).Draw(t, "group")}
	ctx := m.ctx[a.group]
	if m.mode == Timeout {
		a.till = time.Now().Add(time.Second)
	}
	if d := rapid.SampledFrom([]time.Duration{0, 0, 300 * time.Millisecond, 600 * time.Millisecond}).Draw(t, "deadline"); d > 0 {
		own, cancel := context.WithTimeout(ctx, d)
		context.AfterFunc(own, cancel)
		ctx = own
		if end := time.Now().Add(d); a.till.IsZero() || end.Before(a.till) {
			a.till = end
		}
	}
	a.heard = ask(ctx, m.c.Acquire)
	switch {
	case m.inUse < m.limit: // then nobody waits
		m.admit(t, a)
	case m.mode == Reject:
		m.refuse(t, a, Rejected)
	case len(m.line) >= m.queue:
		m.refuse(t, a, Full)
	default:
		m.line = append(m.line, a)
	}
}

// admit checks that a was admitted.
func (m *model) admit(t *rapid.T, a asked) {
	m.inUse++
	m.stats.Admitted++
	select {
	case o := <-a.heard:
		if o.err != nil {
			t.Fatalf("refused, want admitted: %v", o.err)
		}
	default:
		t.Fatal("it waits, want admitted")
	}
}

// refuse checks that a was refused.
func (m *model) refuse(t *rapid.T, a asked, want ...Reason) {
	var r Refused
	select {
	case o := <-a.heard:
		if !errors.As(o.err, &r) {
			t.Fatalf("heard %v, want %v", o.err, want)
		}
	default:
		t.Fatalf("it waits, want %v", want)
	}
	for _, reason := range want {
		if r.Reason == reason {
			if reason == Ended {
				m.stats.Canceled++
			} else {
				m.stats.Refused++
			}
			return
		}
	}
	t.Fatalf("refused because %v, want %v", r.Reason, want)
}

// serve admits the first in line while there is room.
func (m *model) serve(t *rapid.T) {
	synctest.Wait()
	for m.inUse < m.limit && len(m.line) > 0 {
		m.admit(t, m.line[0])
		m.line = m.line[1:]
	}
}

// drop refuses those in line of whom gone is true.
func (m *model) drop(t *rapid.T, gone func(asked) bool, want ...Reason) {
	synctest.Wait()
	var still []asked
	for _, a := range m.line {
		if gone(a) {
			m.refuse(t, a, want...)
			continue
		}
		still = append(still, a)
	}
	m.line = still
}

func (m *model) release(t *rapid.T) {
	if m.inUse == 0 {
		return
	}
	m.inUse--
	m.c.Release()
	m.serve(t)
}

func (m *model) steps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"ask": m.ask, "ask2": m.ask, "ask3": m.ask,
		"release": m.release, "release2": m.release,
		"cancel": func(t *rapid.T) {
			i := rapid.IntRange(0, len(m.ctx)-1).Draw(t, "group")
			m.cancel[i]()
			m.drop(t, func(a asked) bool { return a.group == i }, Ended)
			m.ctx[i], m.cancel[i] = context.WithCancel(m.base)
		},
		"pass": func(t *rapid.T) {
			pass(time.Duration(rapid.IntRange(1, 10).Draw(t, "tenths")) * 100 * time.Millisecond)
			m.drop(t, func(a asked) bool { return !a.till.IsZero() && !a.till.After(time.Now()) }, Ended, TimedOut)
		},
		"limit": func(t *rapid.T) {
			m.limit = rapid.IntRange(1, 4).Draw(t, "limit")
			m.c.SetLimit(m.limit)
			m.serve(t)
		},
		"": m.check,
	}
}

func (m *model) check(t *rapid.T) {
	got := m.c.Stats()
	want := m.stats
	want.Limit, want.InUse, want.Waiting = m.limit, m.inUse, len(m.line)
	want.Waits, want.Waited = got.Waits, got.Waited
	if got != want {
		t.Fatalf("%+v\nwant %+v", got, want)
	}
}

// timeless hides a test's deadline, for which rapid would ask: a bubble has
// none.
type timeless struct{ rapid.TB }

func TestRandomStepsServeWhomTheModelServes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rapid.Check(timeless{t}, func(rt *rapid.T) {
			m := newModel(t, rt)
			defer func() {
				for _, cancel := range m.cancel {
					cancel()
				}
			}()
			rt.Repeat(m.steps())
			for m.inUse > 0 || len(m.line) > 0 {
				m.release(rt)
				m.check(rt)
			}
		})
	})
}
