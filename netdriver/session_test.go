// This file tests what outlives a statement: pins, credit, goaway, and how a session ends.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

func TestAPinnedSessionIsResetWhenItsUserIsDone(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "set"})
		g.answer(g.want(wire.TypeReset))
		g.answer(g.want(wire.TypeExec))
		g.answer(g.want(wire.TypeExec))
	})
	for range 3 {
		if _, err := db.Exec("set x"); err != nil {
			t.Error(err)
		}
	}
	if n := db.Stats().OpenConnections; n != 1 {
		t.Errorf("%d connections are open, want the one", n)
	}
}

func TestAPoolOfSessionsResetsNothing(t *testing.T) {
	db := open(t, "?pool=session", func(g *gateway) {
		if g.hello.Session.Pool != "session" {
			g.t.Errorf("the hello asks for %+v", g.hello.Session)
		}
		for range 2 {
			m := g.want(wire.TypeExec)
			g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "session"})
		}
	})
	for range 2 {
		if _, err := db.Exec("set x"); err != nil {
			t.Error(err)
		}
	}
}

func TestAResetThatFailsCostsTheConnection(t *testing.T) {
	pinned := func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "set"})
		m = g.want(wire.TypeReset)
		g.send(wire.TypeError, m.ID, &wire.Error{Kind: wire.ErrorInternal, Applied: wire.AppliedNo, Conn: wire.ConnOK, Pin: "set"})
	}
	db := open(t, "", pinned, func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
	for range 2 {
		if _, err := db.Exec("set x"); err != nil {
			t.Error(err)
		}
	}
}

func TestRowsAreCreditedAsTheyAreRead(t *testing.T) {
	const messages, size = 8, 4 << 10
	db := open(t, "?window=8192", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.send(wire.TypeHead, id, &wire.Head{Columns: []wire.Column{{Name: "b", Kind: wire.KindBytes}}})
		credit := g.hello.Window
		for range messages {
			for credit <= 0 {
				m := g.want(wire.TypeCredit)
				var c wire.Credit
				if err := c.Decode(m.Body, m.Codec()); err != nil || m.ID != id || c.N <= 0 {
					g.t.Errorf("credit %+v for %d: %v", c, m.ID, err)
					return
				}
				credit += c.N
			}
			before := g.out.Len()
			g.rows(id, []wire.Column{{Name: "b", Kind: wire.KindBytes}}, []driver.Value{make([]byte, size)})
			credit -= int64(g.out.Len() - before)
			_, _ = g.conn.Write(g.out.Bytes())
			g.out.Reset()
		}
		g.send(wire.TypeEnd, id, &wire.End{})
	})
	rows, err := db.QueryContext(within(t, 10*time.Second), "select")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		n++
	}
	if n != messages || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
}

// rest plays queries whose rows the client closes after the first: it sends more,
// in messages of the size, as the client credits them.
func rest(messages, size int) func(*gateway) {
	cols := []wire.Column{{Name: "n", DB: "INT8", Kind: wire.KindInt}, {Name: "b", Kind: wire.KindBytes}}
	return func(g *gateway) {
		for {
			m, err := g.r.Next()
			if err != nil {
				return
			}
			switch m.Type {
			case wire.TypeBegin, wire.TypeRollback, wire.TypeExec:
				g.answer(m)
				continue
			case wire.TypeCredit: // for rows that were sent already
				continue
			case wire.TypeQuery:
			default:
				g.t.Errorf("a %s came", m.Type)
				return
			}
			id := m.ID
			g.add(wire.TypeHead, id, &wire.Head{Columns: cols})
			credit := g.hello.Window
			for n := range int64(messages) {
				for credit <= 0 {
					var more wire.Credit
					m := g.want(wire.TypeCredit)
					if err := more.Decode(m.Body, m.Codec()); err != nil || more.N <= 0 {
						g.t.Errorf("credit %+v: %v", more, err)
						return
					}
					credit += more.N
				}
				before := g.out.Len()
				g.rows(id, cols, []driver.Value{n + 1, make([]byte, size)})
				credit -= int64(g.out.Len() - before)
				_, _ = g.conn.Write(g.out.Bytes())
				g.out.Reset()
			}
			g.send(wire.TypeEnd, id, &wire.End{})
		}
	}
}

func TestRowsThatAreClosedEarlyRunToTheirEnd(t *testing.T) {
	const size = 20 << 10
	db := open(t, "?window=65536", rest(20, size))
	row := func(r interface{ Scan(dest ...any) error }) {
		t.Helper()
		var n int
		var b []byte
		if err := r.Scan(&n, &b); err != nil || n != 1 || len(b) != size {
			t.Errorf("got %d, %d bytes, %v", n, len(b), err)
		}
	}
	for _, text := range []string{"select put(n)", "insert returning n"} {
		row(db.QueryRowContext(within(t, 10*time.Second), text))
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	row(tx.QueryRow("select n"))
	if _, err := tx.Exec("update"); err != nil {
		t.Error(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
	if n := db.Stats().OpenConnections; n != 1 {
		t.Errorf("%d connections are open, want the one", n)
	}
}

func TestToCloseRowsEndsWhenNothingComes(t *testing.T) {
	db := open(t, "?network_timeout=100ms", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.rows(id, number, []driver.Value{int64(1)})
		_, _ = g.conn.Write(g.out.Bytes())
		g.silent()
	})
	rows, err := db.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if e := asError(t, rows.Close()); e.Kind != "conn_lost" || e.Applied != AppliedUnknown {
		t.Errorf("got %+v", e)
	}
}

func TestAGoawayLetsTheTransactionEndAndThenTheConnectionGoes(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		m := g.want(wire.TypeExec)
		g.add(wire.TypeGoaway, 0, &wire.Goaway{Reason: "drain", AfterMS: 5000})
		g.answer(m)
		g.answer(g.want(wire.TypeExec))
		g.answer(g.want(wire.TypeCommit))
	}, func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := tx.Exec("insert"); err != nil {
			t.Error(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestAGoawayLetsASessionThatIsPinnedEnd(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.add(wire.TypeGoaway, 0, &wire.Goaway{Reason: "drain", AfterMS: 5000})
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "transaction"})
		m = g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "transaction"})
		g.answer(g.want(wire.TypeExec))
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, text := range []string{"begin", "insert", "commit"} {
		if _, err := c.ExecContext(t.Context(), text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := c.ExecContext(t.Context(), "insert"); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("outside of it: %v, want driver.ErrBadConn", err)
	}
}

func TestAGatewayThatLeavesAnIdleConnectionIsNoticedBeforeAnythingIsSent(t *testing.T) {
	left := make(chan struct{})
	leave := func(g *gateway) {
		g.enter()
		g.answer(g.want(wire.TypeExec))
		_ = g.conn.Close()
		close(left)
	}
	stay := func(g *gateway) {
		g.enter()
		g.answer(g.want(wire.TypeExec))
		g.drain()
	}
	db := pool(t, "tcp://app:token@"+fake(t, leave, stay)+"/erp")
	if _, err := db.Exec("insert"); err != nil {
		t.Fatal(err)
	}
	<-left
	if _, err := db.Exec("insert"); err != nil {
		t.Errorf("the second: %v", err)
	}
}

func TestAPingAsksTheDatabase(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypePing)
		var p wire.Ping
		if err := p.Decode(m.Body, m.Codec()); err != nil || !p.DB {
			g.t.Errorf("the ping: %+v, %v", p, err)
		}
		g.add(wire.TypeNotice, m.ID, &wire.Notice{Code: "queued"})
		g.send(wire.TypePong, m.ID, &wire.Empty{})
	})
	if err := db.PingContext(within(t, 10*time.Second)); err != nil {
		t.Error(err)
	}
}

func TestAClosedConnectorDialsNoMore(t *testing.T) {
	c, err := (&Driver{}).OpenConnector("tcp://127.0.0.1:1/erp")
	if err != nil {
		t.Fatal(err)
	}
	if err := sql.OpenDB(c).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(t.Context()); !errors.Is(err, refusal.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestTheNextHostIsTriedWhereOneDoesNotAnswer(t *testing.T) {
	addr := fake(t, func(g *gateway) {
		g.enter()
		g.answer(g.want(wire.TypeExec))
		g.drain()
	})
	db := pool(t, "tcp://app:token@127.0.0.1:1,"+addr+"/erp")
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
	silent := fake(t, (*gateway).silent)
	db = pool(t, "tcp://app:token@"+silent+","+addr+"/erp?connect_timeout=50ms")
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}

func TestConnectEndsWithItsContext(t *testing.T) {
	db := pool(t, "tcp://app:token@"+fake(t, (*gateway).silent)+"/erp")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := db.PingContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestTheGatewayAnswersForItself(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		m := g.want(wire.TypeAdmin)
		var a wire.Admin
		if err := a.Decode(m.Body, m.Codec()); err != nil || a.Op != "metrics" {
			g.t.Errorf("asked for %+v, %v", a, err)
		}
		g.send(wire.TypeAnswer, m.ID, &wire.AdminAnswer{Data: []byte(`{"n":1}`)})
		m = g.want(wire.TypeAdmin)
		g.send(wire.TypeError, m.ID, &wire.Error{Kind: wire.ErrorDenied, Message: "no", Applied: wire.AppliedNo, Conn: wire.ConnOK})
	})
	if got, err := Metrics(t.Context(), db); err != nil || string(got) != `{"n":1}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := Health(t.Context(), db); asError(t, err).Kind != "denied" {
		t.Errorf("got %v", err)
	}
}

// killed answers a statement as when the database ends the session.
func killed(g *gateway) {
	id, _ := g.statement(wire.TypeExec)
	g.send(wire.TypeError, id, &wire.Error{
		Kind: wire.ErrorDB, Dialect: "mysql", Code: "1927", Message: "killed", Applied: wire.AppliedNo, Conn: wire.ConnLost,
	})
}

func TestASessionWhoseConnectionIsLostIsNotGoneOnWith(t *testing.T) {
	db := open(t, "", killed)
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), "set a"); errors.Is(err, driver.ErrBadConn) || asError(t, err).Code != "1927" {
		t.Errorf("got %v, want the database's words", err)
	}
	if _, err := c.ExecContext(t.Context(), "use a"); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v, want driver.ErrBadConn", err)
	}
	if err := c.PingContext(t.Context()); !errors.Is(err, sql.ErrConnDone) {
		t.Errorf("got %v, want sql.ErrConnDone", err)
	}
}

func TestWhatIsLostIsNoLossToTheNextUser(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		killed(g)
		g.answer(g.want(wire.TypeExec))
	})
	if _, err := db.Exec("kill"); asError(t, err).Code != "1927" {
		t.Errorf("got %v", err)
	}
	if _, err := db.Exec("insert"); err != nil {
		t.Error(err)
	}
}
