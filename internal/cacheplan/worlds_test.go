// This file tests that of the worlds that have ended, only those are held in which writes are under way.

package cacheplan

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// held counts the worlds that a planner holds beside the present one.
func held(p *Planner) (n int) {
	for w := p.world.Load().before.Load(); w != nil; w = w.before.Load() {
		n++
	}
	return n
}

func TestAWorldThatHasEndedIsLetGoOfThoughNobodyAsksForAPlan(t *testing.T) {
	p := New(Config{Memo: sqltext.NewMemo(sqltext.PostgreSQL), Versions: cache.New()})
	for range 100 {
		p.Forget()
	}
	if n := held(p); n != 0 {
		t.Errorf("%d worlds without a write are held", n)
	}
	write := p.Of("update a set b = 1")
	if !p.Enter(write) {
		t.Fatal("a write is not of the present world")
	}
	for range 100 {
		p.Forget()
	}
	if n := held(p); n != 1 {
		t.Errorf("%d worlds are held, want that of the write alone", n)
	}
	p.Leave(write, 0)
	p.Forget()
	if n := held(p); n != 0 {
		t.Errorf("%d worlds are held once the write is over", n)
	}
}

// The rows of an UPDATE ... RETURNING hold their session, and the statement may go on
// with each that is fetched: it is under way until they are closed.
func TestAWriteThatNobodyEndsHoldsUpEachWorldAfterIt(t *testing.T) {
	p := New(Config{Memo: sqltext.NewMemo(sqltext.PostgreSQL), Versions: cache.New()})
	write := p.Of("update a set b = 1 returning b")
	if !p.Enter(write) {
		t.Fatal("a write is not of the present world")
	}
	for range 10 {
		p.Forget()
		other := p.Of("update c set d = 1")
		if !p.Enter(other) {
			t.Fatal("a write is not of the present world")
		}
		p.Leave(other, 0)
		if p.Current(p.Of("select 1")) {
			t.Fatal("a plan is current while a write of a world before is under way")
		}
	}
	p.Leave(write, 0)
	if !p.Current(p.Of("select 1")) {
		t.Error("all writes are over")
	}
}
