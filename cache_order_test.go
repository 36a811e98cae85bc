// This file tests in which order the end of a change of the schema is noted.

package fluxor

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestWhatWasKnownBeforeAChangeOfTheSchemaIsForgottenBeforeTheChangeIsOver(t *testing.T) {
	versions := cache.New()
	c := &queryCache{versions: versions, planner: cacheplan.New(cacheplan.Config{
		Memo: sqltext.NewMemo(sqltext.PostgreSQL), Versions: versions, Mode: cacheplan.All, Rows: 10,
	})}
	s := &session{e: &engine{cache: c}}
	var before atomic.Pointer[cacheplan.Plan] // by what was learned while the change was under way
	var kept, over atomic.Bool
	done := make(chan bool)
	go func() {
		defer close(done)
		for !over.Load() {
			if plan := before.Load(); plan != nil {
				_, ok := versions.Capture(plan.Reads)
				if ok && c.planner.Current(plan) {
					kept.Store(true)
				}
			}
		}
	}()
	for began := time.Now(); time.Since(began) < time.Second && !kept.Load(); {
		a := announced{write: versions.Begin(cache.Everything()), on: true, reshapes: true}
		before.Store(c.planner.Of("select a from b"))
		s.conclude(&a, &op{}, nil, false)
	}
	over.Store(true)
	<-done
	if kept.Load() {
		t.Error("an answer would be kept by what was known before the change, and outlive it")
	}
}
