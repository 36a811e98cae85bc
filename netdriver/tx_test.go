// This file tests how long the end of a transaction may take, and what is known then.

package netdriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestACommitEndsWithTheContextOfItsTransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := tunneled(t, "?network_timeout=30s", func(g *gateway) {
			g.enter()
			g.answer(g.want(wire.TypeBegin))
			g.want(wire.TypeCommit)
			if m, err := g.r.Next(); err == nil {
				t.Errorf("behind a commit the client sent %s", m.Type)
			}
		})
		defer db.Close() //nolint:errcheck // nothing is open
		tx, err := db.BeginTx(within(t, time.Second), nil)
		if err != nil {
			t.Fatal(err)
		}
		takes(t, time.Second+cancelGrace, func() {
			err := tx.Commit()
			if asError(t, err).Applied != AppliedUnknown || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestACommitThatIsAnsweredJustBehindItsContextIsCommitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := tunneled(t, "", func(g *gateway) {
			g.enter()
			g.answer(g.want(wire.TypeBegin))
			id := g.want(wire.TypeCommit)
			<-time.After(1100 * time.Millisecond)
			g.answer(id)
			g.send(wire.TypePong, g.want(wire.TypePing).ID, &wire.Empty{})
		})
		defer db.Close() //nolint:errcheck // nothing is open
		tx, err := db.BeginTx(within(t, time.Second), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Error(err)
		}
		if err := db.Ping(); err != nil || db.Stats().OpenConnections != 1 {
			t.Errorf("then %v, with %d connections", err, db.Stats().OpenConnections)
		}
	})
}

func TestACommitThatWasNotSentLeavesItsTransactionOpen(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		g.answer(g.want(wire.TypeRollback))
	})
	c := held(t, db)
	below(c, func(cn *conn) error {
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := cn.BeginTx(ctx, driver.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := tx.Commit(); !errors.Is(err, context.Canceled) || cn.IsValid() {
			t.Errorf("a commit whose context has ended: %v, and the connection is valid: %v", err, cn.IsValid())
		}
		if err := tx.Rollback(); err != nil || !cn.IsValid() {
			t.Errorf("after the end: %v, and it is valid: %v", err, cn.IsValid())
		}
		return nil
	})
}
