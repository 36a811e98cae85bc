// This file tests tcp:// under the driver "fluxor".

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	_ "github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// underFluxor opens a fake gateway through Fluxor.
func underFluxor(t *testing.T, scheme, options string, scripts ...func(*gateway)) *sql.DB {
	t.Helper()
	entered := make([]func(*gateway), len(scripts))
	for i, script := range scripts {
		entered[i] = func(g *gateway) {
			g.enter()
			script(g)
			g.drain()
		}
	}
	db, err := sql.Open("fluxor", scheme+"app:token@"+fake(t, entered...)+"/erp"+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestAGatewayIsADatabaseOfFluxors(t *testing.T) {
	for _, scheme := range schemes {
		db := underFluxor(t, scheme, "?app=billing&fluxor_max_open_conns=1&codec=json", func(g *gateway) {
			if g.hello.Session.App != "billing" || g.hello.DB != "erp" || g.codec != wire.JSON {
				g.t.Errorf("the hello is %+v", g.hello)
			}
			m := g.want(wire.TypeExec)
			g.send(wire.TypeEnd, m.ID, &wire.End{Affected: wire.Count{Known: true, N: 2}})
			g.answer(g.want(wire.TypeBegin))
			m = g.want(wire.TypeExec)
			g.send(wire.TypeError, m.ID, &wire.Error{
				Kind: wire.ErrorDB, Dialect: "postgres", Code: "23505", SQLState: "23505", Message: "duplicate", Applied: wire.AppliedNo, Conn: wire.ConnOK,
			})
			g.answer(g.want(wire.TypeRollback))
		})
		r, err := db.Exec("update t set x = 1")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.RowsAffected(); n != 2 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("insert into t values (1)"); asError(t, err).Code != "23505" {
			t.Errorf("got %v", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnderFluxorALostAnswerIsNotAskedForAgain(t *testing.T) {
	db := underFluxor(t, "tcp://", "", func(g *gateway) {
		g.want(wire.TypeExec)
		_ = g.conn.Close()
	}, func(g *gateway) {
		if m, err := g.r.Next(); err == nil {
			g.t.Errorf("a %s came again", m.Type)
		}
	})
	_, err := db.Exec("insert into t values (1)")
	var doubt *refusal.IndeterminateError
	if !errors.As(err, &doubt) {
		t.Errorf("got %v", err)
	}
}

// vanished answers a statement as when its connection to the database was found lost
// before anything was sent there, or the gateway drains.
func vanished(g *gateway, kind wire.ErrorKind) {
	id, _ := g.statement(wire.TypeExec)
	g.send(wire.TypeError, id, &wire.Error{Kind: kind, Message: "the connection is gone", Applied: wire.AppliedNo, Conn: wire.ConnLost})
}

func TestUnderFluxorWhatTheGatewayDidNotCarryOutIsCarriedOutOnAnotherConnection(t *testing.T) {
	for _, kind := range []wire.ErrorKind{wire.ErrorConnLost, wire.ErrorShutdown} {
		refuses := func(g *gateway) { vanished(g, kind) }
		db := underFluxor(t, "tcp://", "", refuses, func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
		if _, err := db.Exec("insert into t values (1)"); err != nil {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

func TestUnderFluxorASessionThatIsGoneIsHeardAsOverTheBareDriver(t *testing.T) {
	pinned := func(g *gateway) {
		m := g.want(wire.TypeExec)
		g.send(wire.TypeEnd, m.ID, &wire.End{Pin: "set"})
		vanished(g, wire.ErrorConnLost)
	}
	unused := func(g *gateway) {
		if m, err := g.r.Next(); err == nil {
			g.t.Errorf("a %s came in another session", m.Type)
		}
	}
	for name, db := range map[string]*sql.DB{"fluxor": underFluxor(t, "tcp://", "", pinned, unused), Name: open(t, "", pinned, unused)} {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(t.Context(), "set a = 1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.ExecContext(t.Context(), "insert into t values (1)"); !errors.Is(err, driver.ErrBadConn) {
			t.Errorf("%s: got %v, want driver.ErrBadConn", name, err)
		}
	}
}
