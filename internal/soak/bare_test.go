// This file runs the same clients under the same check over the bare drivers, which fail it, and over Fluxor, which does not.

package soak_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/internal/soak"
)

// The check says one of two things of the bare drivers when the reply to an
// INSERT is lost: database/sql sent it again, after lib/pq's ErrBadConn, or the
// driver's error does not say that the row may be there.
const (
	sentTwice     = "is there 2 times, its write was acknowledged"
	falselyFailed = "is there, but its write failed for certain"
)

func TestTheBareDriversFailTheCheckThatFluxorPasses(t *testing.T) {
	for _, d := range databases {
		for name, end := range map[string]faultproxy.End{"FIN": faultproxy.FIN, "RST": faultproxy.RST} {
			t.Run(d.name+"/"+name+"/bare", func(t *testing.T) {
				w := newWorld(t, d, d.share(t))
				w.openBare()
				want := falselyFailed
				if d.name == "pq" && end == faultproxy.FIN {
					want = sentTwice
				}
				if found := w.loseReplies(end); !strings.Contains(found, want) {
					t.Errorf("found %q, want %q", found, want)
				}
			})
			t.Run(d.name+"/"+name+"/fluxor", func(t *testing.T) {
				w := newWorld(t, d, d.share(t))
				w.openFluxor()
				if found := w.loseReplies(end); found != "" {
					t.Error(found)
				}
				if by := w.history.Count(); by[soak.Unknown] == 0 {
					t.Errorf("no write was indeterminate: %v", by)
				}
			})
		}
	}
}

// loseReplies loses the reply to every second INSERT and returns what the check
// finds in the end.
func (w *world) loseReplies(end faultproxy.End) string {
	c := &client{world: w, rng: rand.New(rand.NewPCG(1, 1))}
	for i := range 20 {
		if i%2 == 1 {
			w.proxy.CutOnReply(1, end, matching(soak.Inserts))
		}
		p := c.draw()
		c.add(p)
		p.cancel()
	}
	w.proxy.Pass()
	entries, _ := w.journal()
	return w.closeHistory(entries)
}
