// This file tests that a program which reads its rows slowly does not lose them.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// piped is a pool of one connection, without a network, to a gateway that plays a
// script.
func piped(t *testing.T, script func(*gateway)) *sql.DB {
	t.Helper()
	cfg, err := ParseDSN("tcp://app:token@127.0.0.1:1/erp")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go play(t, far, func(g *gateway) {
			g.enter()
			script(g)
			g.drain()
		})
		return near, nil
	}
	c, err := NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	return db
}

func TestTheGatewayHearsOfAProgramThatReadsItsRowsSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cols := []wire.Column{{Name: "n", Kind: wire.KindInt}}
		db := piped(t, func(g *gateway) {
			_ = g.conn.SetDeadline(time.Time{})
			id, _ := g.statement(wire.TypeQuery)
			g.send(wire.TypeHead, id, &wire.Head{Columns: cols})
			g.rows(id, cols, []driver.Value{int64(1)})
			g.send(wire.TypeNotice, 0, &wire.Notice{}) // and the rows with it
			begin := time.Now()
			for n := 1; n <= 5; n++ {
				m := g.want(wire.TypeCredit)
				var c wire.Credit
				if err := c.Decode(m.Body, m.Codec()); err != nil || c.N != 0 || m.ID != id {
					t.Errorf("a credit of %d for request %d, %v", c.N, m.ID, err)
				}
				if passed := time.Since(begin); passed != time.Duration(n)*aliveEvery {
					t.Errorf("word %d after %v", n, passed)
				}
			}
			g.rows(id, cols, []driver.Value{int64(2)})
			g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxIdle})
			g.send(wire.TypePong, g.want(wire.TypePing).ID, &wire.Empty{})
		})
		defer db.Close() //nolint:errcheck // it was only read in
		rows, err := db.QueryContext(t.Context(), "select n")
		if err != nil {
			t.Fatal(err)
		}
		for want := range 2 {
			var n int
			if !rows.Next() || rows.Scan(&n) != nil || n != want+1 {
				t.Fatalf("row %d is %d, %v", want+1, n, rows.Err())
			}
			if n == 1 {
				<-time.After(5*aliveEvery + time.Second)
			}
		}
		if rows.Next() || rows.Err() != nil || rows.Close() != nil {
			t.Errorf("after the last row: %v", rows.Err())
		}
		<-time.After(3 * aliveEvery) // nobody speaks of rows that are read
		if err := db.PingContext(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
