// This file tests which plan a text has, also where many ask for it at once and the schema changes meanwhile.

package cacheplan_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func newPlanner() *cacheplan.Planner {
	return cacheplan.New(cacheplan.Config{Memo: sqltext.NewMemo(sqltext.PostgreSQL), Versions: cache.New(), Mode: cacheplan.All, Rows: 10})
}

func TestAllWhoAskForATextAtOnceGetOneID(t *testing.T) {
	const askers = 8
	for i := range 500 {
		p, text := newPlanner(), fmt.Sprintf("select %d", i)
		var ids [askers]uint64
		var ready, done sync.WaitGroup
		ready.Add(askers)
		for a := range ids {
			done.Go(func() {
				ready.Done()
				ready.Wait()
				ids[a] = p.Of(text).ID
			})
		}
		done.Wait()
		for _, id := range ids {
			if id != ids[0] {
				t.Fatalf("%s has the IDs %v: what is kept under one is not found under the other", text, ids)
			}
		}
	}
}

func TestWithoutASchemaNothingIsKeptBeforeItIsKnownWhatTheServerIs(t *testing.T) {
	p := cacheplan.New(cacheplan.Config{Memo: sqltext.NewMemo(sqltext.PostgreSQL), Versions: cache.New(), Mode: cacheplan.All, Rows: 10, NeedsServer: true})
	why := func() string { return p.Of("select a from b").Why }
	if got := why(); got != cacheplan.WhySchema || !p.Of("select a from b").Fit().Serve {
		t.Errorf("before: %q", got)
	}
	for _, unfit := range []string{"standby", ""} {
		if !p.LearnServer(unfit) || p.LearnServer(unfit) {
			t.Errorf("%q is no news, or news twice", unfit)
		}
		p.Forget()
		if got := why(); got != unfit {
			t.Errorf("%q, want %q", got, unfit)
		}
	}
}

func TestAPlanIsOfItsWorld(t *testing.T) {
	p := newPlanner()
	first := p.Of("select 1")
	if p.Of("select 1") != first || !p.Current(first) {
		t.Error("a text is planned twice in one world")
	}
	if p.Of("select 2").ID == first.ID {
		t.Error("two texts have one ID")
	}
	since := p.Since()
	p.Forget()
	if p.Current(first) {
		t.Error("a plan outlives its world")
	}
	if p.Learn(since, tables{}) || p.Schema() != nil {
		t.Error("a schema that was asked for before a change is learned after it")
	}
	if !p.Learn(p.Since(), tables{}) || p.Schema() == nil {
		t.Error("a schema is not learned")
	}
	if again := p.Of("select 1"); again == first || again.ID != first.ID || !p.Current(again) {
		t.Error("in a new world a text has no new plan, or another ID")
	}
}
