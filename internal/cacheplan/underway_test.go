// This file tests that nothing is kept by a new schema while writes are under way that the old one announced.

package cacheplan_test

import (
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/cacheplan"
)

// later begins a world of the same planner and returns a plan of it.
func later(p *cacheplan.Planner) *cacheplan.Plan {
	p.Forget()
	p.Learn(p.Since(), tables{})
	return p.Of("select 1")
}

func TestAPlanIsCurrentOnceTheWritesOfTheWorldsBeforeAreOver(t *testing.T) {
	p := newPlanner()
	first := p.Of("update a set b = 1")
	if once, twice := p.Enter(first), p.Enter(first); !once || !twice || !p.Current(first) {
		t.Fatal("a write is not of its own world")
	}
	second := later(p)
	p.Leave(first, 0)
	if p.Current(second) {
		t.Error("a write of the world before is under way")
	}
	third := later(p)
	if p.Current(third) {
		t.Error("a write of the world before the last is under way")
	}
	if !p.Enter(third) {
		t.Error("a write of the present world is refused")
	}
	p.Leave(first, 0)
	if !p.Current(third) || p.Current(second) {
		t.Error("all writes of the worlds before are over")
	}
}

func TestAWriteOfAWorldThatHasEndedIsRefusedAndHoldsNothingUp(t *testing.T) {
	p := newPlanner()
	first := p.Of("update a set b = 1")
	second := later(p)
	if p.Enter(first) {
		t.Error("a write is announced by a world that has ended")
	}
	if !p.Current(second) {
		t.Error("it holds up the present one")
	}
}

func TestAWriteInDoubtHoldsUpTheNextWorldForTheTimeOfItsDoubt(t *testing.T) {
	p := newPlanner()
	first := p.Of("update a set b = 1")
	p.Enter(first)
	p.Enter(first)
	p.Leave(first, 50*time.Millisecond)
	p.Leave(first, time.Millisecond)
	began := time.Now()
	if !p.Current(first) {
		t.Error("its own world is held up")
	}
	second := later(p)
	for !p.Current(second) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the doubt does not end")
		}
	}
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Errorf("the doubt was over after %v", took)
	}
}
