// This file tests that a program which reads its rows slowly does not lose them.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// piped is a pool of one connection, without a network, to a gateway that plays a
// script.
func piped(t *testing.T, script func(*gateway), options ...string) *sql.DB {
	t.Helper()
	cfg, err := ParseDSN("tcp://app:token@127.0.0.1:1/erp" + strings.Join(options, ""))
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

// atLeisure is a query whose rows the gateway sends when it has heard of the program,
// which takes its time with what came first.
func atLeisure(t *testing.T, codec string, first func(g *gateway, id uint32), read func(*sql.Rows, func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := piped(t, func(g *gateway) {
			_ = g.conn.SetDeadline(time.Time{})
			id, _ := g.statement(wire.TypeQuery)
			first(g, id)
			g.send(wire.TypeNotice, 0, &wire.Notice{}) // and what was added with it
			if m := g.want(wire.TypeCredit); m.ID != id {
				t.Errorf("the gateway heard of request %d, want %d", m.ID, id)
			}
			g.rows(id, number, []driver.Value{int64(2)})
			g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxIdle})
		}, "?codec="+codec)
		defer db.Close() //nolint:errcheck // it was only read in
		rows, err := db.QueryContext(t.Context(), "select n")
		if err != nil {
			t.Fatal(err)
		}
		read(rows, func() { <-time.After(aliveEvery + time.Second) })
		if rows.Err() != nil || rows.Close() != nil {
			t.Errorf("after the last row: %v", rows.Err())
		}
	})
}

func TestTheGatewayHearsOfAProgramThatTakesItsTimeBeforeItReads(t *testing.T) {
	atLeisure(t, "binary", func(g *gateway, id uint32) {
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
	}, func(rows *sql.Rows, wait func()) {
		wait()
		if !rows.Next() || rows.Next() {
			t.Errorf("there is no row, or more than one: %v", rows.Err())
		}
	})
}

func TestTheGatewayHearsOfAProgramThatTakesItsTimeWhileAnotherSetComes(t *testing.T) {
	for _, codec := range []string{"binary", "json"} {
		atLeisure(t, codec, func(g *gateway, id uint32) {
			g.add(wire.TypeHead, id, &wire.Head{Columns: number})
			g.rows(id, number, []driver.Value{int64(1)})
			g.add(wire.TypeEnd, id, &wire.End{More: true})
			g.add(wire.TypeHead, id, &wire.Head{Columns: number, Set: 1})
		}, func(rows *sql.Rows, wait func()) {
			if !rows.Next() {
				t.Errorf("%s: %v", codec, rows.Err())
			}
			wait()
			if rows.Next() || !rows.NextResultSet() || !rows.Next() {
				t.Errorf("%s: the second set: %v", codec, rows.Err())
			}
		})
	}
}

func TestTheGatewayHearsOfAProgramThatTakesItsTimeWithRowsThatHoldSomethingThere(t *testing.T) {
	const own = "a pin of its own"
	end := map[string]wire.End{"a transaction": {Tx: wire.TxOpen}, "a pin": {Pin: "lock"}, own: {Pin: "lock"}}
	for name, end := range end {
		synctest.Test(t, func(t *testing.T) {
			db := piped(t, func(g *gateway) {
				_ = g.conn.SetDeadline(time.Time{})
				if name != own {
					begin, _ := g.r.Next()
					g.send(wire.TypeEnd, begin.ID, &end)
				}
				id, _ := g.statement(wire.TypeQuery)
				g.add(wire.TypeHead, id, &wire.Head{Columns: number})
				g.rows(id, number, []driver.Value{int64(1)}, []driver.Value{int64(2)})
				g.send(wire.TypeEnd, id, &end)
				g.want(wire.TypeCredit)
				g.answer(g.want(wire.TypeExec))
			})
			defer db.Close() //nolint:errcheck // it was only read in
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close() //nolint:errcheck // so was this
			switch name {
			case "a pin":
				_, err = c.ExecContext(t.Context(), "lock")
			case "a transaction":
				err = c.Raw(func(own any) (err error) {
					_, err = own.(*conn).Begin() //nolint:forcetypeassert // it is this driver's
					return err
				})
			}
			rows, failed := c.QueryContext(t.Context(), "select n")
			if err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			if !rows.Next() {
				t.Error(rows.Err())
			}
			<-time.After(aliveEvery + time.Second)
			if !rows.Next() || rows.Next() || rows.Err() != nil {
				t.Errorf("%s: the second row: %v", name, rows.Err())
			}
			if _, err := c.ExecContext(t.Context(), "update"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

func TestASmallAnswerCostsNoTimer(t *testing.T) {
	for _, codec := range []string{"binary", "json"} {
		db := open(t, "?codec="+codec, func(g *gateway) {
			id, _ := g.statement(wire.TypeQuery)
			for _, more := range []bool{true, false} {
				g.add(wire.TypeHead, id, &wire.Head{Columns: number})
				g.rows(id, number, []driver.Value{int64(1)})
				g.add(wire.TypeEnd, id, &wire.End{More: more, Tx: wire.TxIdle})
			}
			_, _ = g.conn.Write(g.out.Bytes())
		})
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := c.QueryRowContext(t.Context(), "select n").Scan(&n); err != nil || n != 1 {
			t.Errorf("%s: %d, %v", codec, n, err)
		}
		_ = c.Raw(func(own any) error {
			if own.(*conn).call.alive != nil { //nolint:forcetypeassert // it is this driver's
				t.Errorf("%s: there is a timer", codec)
			}
			return nil
		})
		_ = c.Close()
	}
}
