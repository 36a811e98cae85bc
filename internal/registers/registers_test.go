// This file is the runs: nothing is stale without a cache, and the judgement finds what naive caches show.

package registers_test

import (
	"context"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/registers"
)

// watch has a read tell whether it was a hit.
func (w *world) watch(ctx context.Context, _ manner) (context.Context, func() bool) {
	return ctx, func() bool { return false }
}

func TestWithoutACacheNothingIsStale(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			w := newWorld(t, d, d.start(t, dbtest.Options{Settings: d.settings}))
			w.open(d.policies(w.target.At(w.proxy.Addr())))
			v := w.run(load{reads: 5000, spacing: 10, storms: 2})
			t.Log(w.summary())
			if !v.Kept() {
				t.Error(v)
			}
		})
	}
}

func TestTheJudgementSeesThroughNaiveCaches(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool
		found  registers.Kind
	}{
		{"what a write concerns is deleted when it is over", false, registers.Backwards},
		{"what a write concerns is deleted before it is sent", true, registers.Stale},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := databases[0]
			w := newWorld(t, d, d.start(t, dbtest.Options{Settings: d.settings}))
			w.keeper = &naive{before: c.before, kept: map[string]kept{}}
			w.open(d.policies(w.target.At(w.proxy.Addr())))
			v := w.run(load{reads: 20_000, spacing: 20})
			t.Log(w.summary(), v)
			if v.Found[c.found] == 0 {
				t.Errorf("nothing %v", c.found)
			}
		})
	}
}
