// This file tests how connections are given back, and for how long they may rest.

package netdriver

import (
	"database/sql/driver"
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

func TestASessionThatTheGatewayIsAboutToEndIsNotUsed(t *testing.T) {
	const idle = 10 * time.Minute
	for name, row := range map[string]struct {
		rest time.Duration
		told int64 // in milliseconds
		want int   // logins
	}{
		"soon enough":             {idle - idleMargin - time.Second, idle.Milliseconds(), 1},
		"a moment before":         {idle - time.Second, idle.Milliseconds(), 2},
		"of a gateway that waits": {idle, 0, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			logins := 0
			db := tunneled(t, "", func(g *gateway) {
				logins++
				g.idle = row.told
				g.enter()
				for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
					g.answer(m)
				}
			})
			defer db.Close() //nolint:errcheck // nothing is open
			for range 2 {
				if _, err := db.ExecContext(t.Context(), "insert"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				<-time.After(row.rest)
			}
			if logins != row.want {
				t.Errorf("%s: %d logins, want %d", name, logins, row.want)
			}
		})
	}
}

// TestASessionThatNobodyUsedYetIsNotUsedEitherWhenTheGatewayIsAboutToEndIt is of one that
// was made for somebody who did not wait for it: database/sql resets only what was used.
func TestASessionThatNobodyUsedYetIsNotUsedEitherWhenTheGatewayIsAboutToEndIt(t *testing.T) {
	const idle = 10 * time.Minute
	for rest, want := range map[time.Duration]error{idle - idleMargin - time.Second: nil, idle - time.Second: driver.ErrBadConn} {
		synctest.Test(t, func(t *testing.T) {
			s := newStreet(t, playing(func(g *gateway) {
				g.idle = idle.Milliseconds()
				g.enter()
				for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
					g.answer(m)
				}
			}))
			cn, err := s.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer cn.Close() //nolint:errcheck // it is told of no error that matters
			<-time.After(rest)
			for range 2 {
				if _, err := cn.(*conn).ExecContext(t.Context(), "insert", nil); err != want { //nolint:errorlint,forcetypeassert // as database/sql has it
					t.Errorf("after %v: got %v, want %v", rest, err, want)
				}
			}
		})
	}
}

// TestUnderAWrapperThatHidesIsValid calls what database/sql calls then.
func TestUnderAWrapperThatHidesIsValidNothingIsHandedOn(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "set"})
		g.answer(g.want(wire.TypeReset))
		g.answer(g.want(wire.TypeBegin))
		g.answer(g.want(wire.TypeRollback))
	})
	c := held(t, db)
	below(c, func(cn *conn) error {
		if _, err := cn.ExecContext(t.Context(), "set x", nil); err != nil || !cn.pinned {
			t.Errorf("it is pinned: %v, %v", cn.pinned, err)
		}
		if err := cn.ResetSession(t.Context()); err != nil || cn.pinned {
			t.Errorf("it is pinned: %v, %v", cn.pinned, err)
		}
		tx, err := cn.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := cn.ResetSession(t.Context()); err != driver.ErrBadConn { //nolint:errorlint // as database/sql has it
			t.Errorf("within a transaction: %v", err)
		}
		return tx.Rollback()
	})
}
