// This file tests connections that know no deadlines, as one through SSH: time is up there too.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// tunneled is a pool of one connection that knows no deadlines, to gateways of which
// the n-th plays the n-th script, and further ones the last.
func tunneled(t *testing.T, options string, scripts ...func(*gateway)) *sql.DB {
	t.Helper()
	cfg, err := ParseDSN("tcp://app:token@127.0.0.1:1/erp" + options)
	if err != nil {
		t.Fatal(err)
	}
	dials := 0
	cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		script := scripts[min(dials, len(scripts)-1)]
		dials++
		go play(t, far, func(g *gateway) {
			_ = far.SetDeadline(time.Time{})
			script(g)
			g.drain()
		})
		return deaf{near}, nil
	}
	c, err := NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(1)
	return db
}

// takes checks how long something takes.
func takes(t *testing.T, want time.Duration, do func()) {
	t.Helper()
	begin := time.Now()
	do()
	if took := time.Since(begin); took != want {
		t.Errorf("it took %v, want %v", took, want)
	}
}

func TestALoginWithoutDeadlinesEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := tunneled(t, "?connect_timeout=3s", (*gateway).silent)
		defer db.Close() //nolint:errcheck // nothing is open
		takes(t, 3*time.Second, func() {
			if err := db.PingContext(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestAStatementWithoutDeadlinesEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := tunneled(t, "", func(g *gateway) {
			g.enter()
			id, _ := g.statement(wire.TypeExec)
			g.want(wire.TypeCancel)
			g.send(wire.TypeError, id, &wire.Error{Kind: wire.ErrorCanceled, Applied: wire.AppliedNo, Conn: wire.ConnOK})
			m := g.want(wire.TypeExec)
			<-time.After(time.Minute) // the connection is still there then
			g.answer(m)
			g.want(wire.TypeExec)
		})
		defer db.Close() //nolint:errcheck // nothing is open
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		takes(t, time.Second, func() {
			if _, err := db.ExecContext(ctx, "slow"); asError(t, err).Kind != "canceled" {
				t.Errorf("the gateway answers: %v", err)
			}
		})
		takes(t, time.Minute, func() {
			if _, err := db.ExecContext(t.Context(), "slow"); err != nil {
				t.Error(err)
			}
		})
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		takes(t, time.Second+cancelGrace, func() {
			if _, err := db.ExecContext(ctx, "slow"); !errors.Is(err, context.DeadlineExceeded) || asError(t, err).Applied != AppliedUnknown {
				t.Errorf("the gateway is silent: %v", err)
			}
		})
	})
}

func TestARequestThatNobodyTakesWithoutDeadlinesEndsWithItsContext(t *testing.T) {
	held := make(chan struct{})
	db := tunneled(t, "", func(g *gateway) {
		g.enter()
		<-held // and reads nothing
	})
	defer db.Close() //nolint:errcheck // nothing is open
	defer close(held)
	if _, err := db.ExecContext(within(t, 50*time.Millisecond), "insert"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestARequestThatNobodyTakesWithoutDeadlinesEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := make(chan struct{})
		db := tunneled(t, "?network_timeout=5s", func(g *gateway) {
			g.enter()
			<-held // and reads nothing
		})
		defer db.Close() //nolint:errcheck // nothing is open
		defer close(held)
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		takes(t, 5*time.Second, func() {
			if _, err := c.ExecContext(t.Context(), "insert"); !errors.Is(err, driver.ErrBadConn) { // a piece of it at most was taken
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestACommitWithoutDeadlinesEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := tunneled(t, "?network_timeout=5s", func(g *gateway) {
			g.enter()
			g.answer(g.want(wire.TypeBegin))
			g.want(wire.TypeCommit)
		})
		defer db.Close() //nolint:errcheck // nothing is open
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		takes(t, 5*time.Second, func() {
			if err := tx.Commit(); asError(t, err).Applied != AppliedUnknown {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestAStatementBesideRowsWithoutDeadlinesEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		word := make(chan struct{})
		db := tunneled(t, "", func(g *gateway) {
			g.enter()
			g.hesitate(word)
		})
		defer db.Close() //nolint:errcheck // nothing is open
		defer close(word)
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback() //nolint:errcheck // the connection is gone
		rows, err := tx.QueryContext(t.Context(), "select n")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		takes(t, time.Second, func() {
			if _, err := tx.ExecContext(ctx, "update"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
		for rows.Next() { // what came
		}
		if rows.Err() == nil || rows.Close() != nil {
			t.Errorf("the rows are cut off: %v", rows.Err())
		}
	})
}

// sluggish is a connection whose Close takes effect a while after it was called, as on
// a machine that is too busy for the goroutine which calls it.
type sluggish struct{ net.Conn }

func (s sluggish) Close() error {
	<-time.After(time.Second)
	return s.Conn.Close()
}

func TestWhatIsCutWhileItsAnswerComesTakesNoFurtherStatement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, err := ParseDSN("tcp://app:token@127.0.0.1:1/erp")
		if err != nil {
			t.Fatal(err)
		}
		execs := 0
		cfg.Dial = func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go play(t, far, func(g *gateway) {
				_ = far.SetDeadline(time.Time{})
				g.enter()
				for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
					if m.Type != wire.TypeExec {
						continue
					}
					execs++
					<-time.After(time.Second + cancelGrace + time.Millisecond)
					g.answer(m)
				}
			})
			return deaf{sluggish{near}}, nil
		}
		c, err := NewConnector(cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		defer db.Close() //nolint:errcheck // nothing is open
		own := held(t, db)
		if _, err := own.ExecContext(within(t, time.Second), "insert"); err != nil {
			t.Errorf("the answer came: %v", err)
		}
		if _, err := own.ExecContext(t.Context(), "insert"); !errors.Is(err, driver.ErrBadConn) || execs != 1 {
			t.Errorf("%d statements came, %v", execs, err)
		}
	})
}
