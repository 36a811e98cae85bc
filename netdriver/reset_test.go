// This file tests that whoever is done with a connection does not wait for long until it is given back.

package netdriver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestNobodyWaitsForLongForAResetThatIsNotAnswered(t *testing.T) {
	for options, want := range map[string]time.Duration{"": resetTimeout, "?network_timeout=2s": 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			db := piped(t, func(g *gateway) {
				m := g.want(wire.TypeExec)
				g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "set"})
				g.want(wire.TypeReset)
			}, options)
			defer db.Close() //nolint:errcheck // nothing is open
			takes(t, want, func() {
				if _, err := db.ExecContext(t.Context(), "set x"); err != nil {
					t.Error(err)
				}
			})
			if n := db.Stats().OpenConnections; n != 0 {
				t.Errorf("%d connections are open, want none", n)
			}
		})
	}
}
