// This file tests cursors among out parameters, and what is no cursor.

package netdriver

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// numbered answers an exec with a cursor as out parameter, numbered n, and one
// result set.
func numbered(g *gateway, n wire.Cursor, values ...driver.Value) {
	id, s := g.statement(wire.TypeExec)
	if len(s.Args) != 1 || s.Args[0].Value != (wire.Out{Type: cursorName}) {
		g.t.Errorf("the arguments are %+v", s.Args)
	}
	g.add(wire.TypeEnd, id, &wire.End{More: true, Affected: wire.Count{Known: true, N: 3}, Out: []driver.NamedValue{{Ordinal: 1, Value: n}}})
	g.add(wire.TypeHead, id, &wire.Head{Columns: number, Set: 1})
	for _, v := range values {
		g.rows(id, number, []driver.Value{v})
	}
	g.send(wire.TypeEnd, id, &wire.End{})
}

func TestACursorIsReadAfterItsStatement(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		numbered(g, 1, int64(5), int64(6))
		g.answer(g.want(wire.TypeExec))
	})
	var cursor driver.Rows
	res, err := db.Exec("open", sql.Out{Dest: &cursor})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 3 || err != nil {
		t.Errorf("%d rows affected, %v", n, err)
	}
	if _, err := db.Exec("next"); err != nil { // the connection is free
		t.Error(err)
	}
	rows, err := WrapRows(t.Context(), db, cursor)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Error(err)
		}
		sum += n
	}
	if sum != 11 || rows.Err() != nil || rows.NextResultSet() {
		t.Errorf("got %d, %v", sum, rows.Err())
	}
	if err := cursor.Next(make([]driver.Value, 1)); err != io.EOF { //nolint:errorlint // the contract of driver.Rows is identity
		t.Errorf("after the end: %v", err)
	}
}

func TestACursorWithoutItsResultSetIsNotBelieved(t *testing.T) {
	for _, n := range []wire.Cursor{2, 1 << 30} {
		db := open(t, "", func(g *gateway) { numbered(g, n, int64(5)) })
		var cursor driver.Rows
		_, err := db.Exec("open", sql.Out{Dest: &cursor})
		if asError(t, err).Kind != "protocol" || cursor != nil {
			t.Errorf("got %v and %v", err, cursor)
		}
	}
}

func TestResultSetsThatNobodyAskedForAreNotBelieved(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		g.send(wire.TypeEnd, g.want(wire.TypeExec).ID, &wire.End{More: true})
	})
	if _, err := db.Exec("insert"); asError(t, err).Kind != "protocol" {
		t.Errorf("got %v", err)
	}
}

func TestCursorsThatAreTooLargeTookEffectAndCostNoConnection(t *testing.T) {
	text := []wire.Column{{Name: "v", Kind: wire.KindString}}
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeExec)
		g.send(wire.TypeEnd, id, &wire.End{More: true, Out: []driver.NamedValue{{Ordinal: 1, Value: wire.Cursor(1)}}})
		g.send(wire.TypeHead, id, &wire.Head{Columns: text, Set: 1})
		piece := string(make([]byte, 1<<20))
		for range mostHeld>>20 + 1 {
			g.rows(id, text, []driver.Value{piece})
			_, _ = g.conn.Write(g.out.Bytes())
			g.out.Reset()
		}
		for m := g.wantAny(); m.Type != wire.TypeCancel; m = g.wantAny() {
			if m.Type != wire.TypeCredit {
				g.t.Errorf("a %s came", m.Type)
				return
			}
		}
		g.send(wire.TypeError, id, &wire.Error{Kind: wire.ErrorCanceled, Applied: wire.AppliedYes, Conn: wire.ConnOK})
		g.answer(g.want(wire.TypeExec))
	})
	var cursor driver.Rows
	_, err := db.Exec("open", sql.Out{Dest: &cursor})
	if e := asError(t, err); e.Kind != "too_large" || e.Applied != AppliedYes || errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
	if _, err := db.Exec("next"); err != nil {
		t.Error(err)
	}
}

// wantAny is the client's next message.
func (g *gateway) wantAny() wire.Message {
	m, err := g.r.Next()
	if err != nil {
		g.t.Errorf("the client is gone: %v", err)
		return wire.Message{Header: wire.Header{Type: wire.TypeCancel}}
	}
	return m
}

func TestCursorsOfManyColumnsAndNoRowsAreBoundedToo(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeExec)
		cols := make([]wire.Column, wire.MaxColumns)
		g.send(wire.TypeEnd, id, &wire.End{More: true, Out: []driver.NamedValue{{Ordinal: 1, Value: wire.Cursor(1)}}})
		for range 4 {
			g.send(wire.TypeHead, id, &wire.Head{Columns: cols})
			g.send(wire.TypeEnd, id, &wire.End{More: true})
		}
		g.send(wire.TypeHead, id, &wire.Head{Columns: cols})
		g.send(wire.TypeEnd, id, &wire.End{})
	})
	var cursor driver.Rows
	_, err := db.Exec("open", sql.Out{Dest: &cursor})
	if e := asError(t, err); e.Kind != "too_large" || e.Applied != AppliedYes {
		t.Errorf("got %v", err)
	}
}
