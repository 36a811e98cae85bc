// This file tests statements that run while rows are open.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// nested plays a query within a transaction, and updates while its rows are open.
func nested(rows int, size int) func(*gateway) {
	cols := []wire.Column{{Name: "n", Kind: wire.KindInt}, {Name: "b", Kind: wire.KindBytes}}
	return func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		id, _ := g.statement(wire.TypeQuery)
		g.send(wire.TypeHead, id, &wire.Head{Columns: cols})
		for n := range int64(rows) {
			g.rows(id, cols, []driver.Value{n, make([]byte, size)})
			_, _ = g.conn.Write(g.out.Bytes())
			g.out.Reset()
		}
		g.send(wire.TypeEnd, id, &wire.End{})
		for {
			m, err := g.r.Next()
			switch {
			case err != nil:
				return
			case m.Type != wire.TypeCredit:
				g.answer(m)
			}
		}
	}
}

func TestStatementsRunWhileRowsAreOpen(t *testing.T) {
	tx, err := open(t, "", nested(3, 10)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	for want := 0; rows.Next(); want++ {
		var n int
		var b []byte
		if err := rows.Scan(&n, &b); err != nil || n != want || len(b) != 10 {
			t.Errorf("got %d, %d bytes, %v, want %d", n, len(b), err, want)
		}
		if _, err := tx.Exec("update"); err != nil {
			t.Error(err)
		}
		if names, err := rows.Columns(); err != nil || names[1] != "b" {
			t.Errorf("columns %v, %v", names, err)
		}
	}
	if rows.Err() != nil {
		t.Error(rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestTooManyOpenRowsAreNotHeldAndNotLost(t *testing.T) {
	const many = 40
	tx, err := open(t, "", nested(many, 1<<20)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("update"); !errors.Is(err, errBusy) {
		t.Errorf("got %v", err)
	}
	n := 0
	for ; rows.Next(); n++ {
		var got int
		if err := rows.Scan(&got, new(sql.RawBytes)); err != nil || got != n {
			t.Fatalf("row %d is %d, %v", n, got, err)
		}
	}
	if n != many || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

// failing plays a query within a transaction that fails behind its first row, and
// answers whatever comes then.
func failing(g *gateway) {
	g.answer(g.want(wire.TypeBegin))
	id, _ := g.statement(wire.TypeQuery)
	g.add(wire.TypeHead, id, &wire.Head{Columns: number})
	g.rows(id, number, []driver.Value{int64(1)})
	g.send(wire.TypeError, id, &wire.Error{Kind: wire.ErrorDB, Code: "22012", Applied: wire.AppliedNo, Conn: wire.ConnOK})
	for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
		g.answer(m)
	}
}

func TestAnErrorBehindHeldRowsComesAfterThem(t *testing.T) {
	tx, err := open(t, "", failing).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("update"); err != nil {
		t.Errorf("the update: %v", err)
	}
	if !rows.Next() || rows.Next() || asError(t, rows.Err()).Code != "22012" {
		t.Errorf("got %v", rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

// hesitate begins a transaction and the answer to a query: the first row at once, the
// second, which is still to be sent, after the word.
func (g *gateway) hesitate(word <-chan struct{}) (id uint32) {
	g.answer(g.want(wire.TypeBegin))
	id, _ = g.statement(wire.TypeQuery)
	g.add(wire.TypeHead, id, &wire.Head{Columns: number})
	g.rows(id, number, []driver.Value{int64(1)})
	_, _ = g.conn.Write(g.out.Bytes())
	g.out.Reset()
	<-word
	g.rows(id, number, []driver.Value{int64(2)})
	return id
}

// slow plays a query within a transaction whose second row the database has only
// after the word.
func slow(word <-chan struct{}) func(*gateway) {
	return func(g *gateway) {
		id := g.hesitate(word)
		g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxOpen})
		g.answer(g.want(wire.TypeExec))
		g.answer(g.want(wire.TypeCommit))
	}
}

func TestAStatementBesideOpenRowsEndsWithItsOwnContextAndTheRowsGoOn(t *testing.T) {
	word := make(chan struct{})
	tx, err := open(t, "", slow(word)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	for range 2 {
		if _, err := tx.ExecContext(within(t, 20*time.Millisecond), "update"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tx.ExecContext(ended, "update"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(word)
	if _, err := tx.ExecContext(within(t, 10*time.Second), "update"); err != nil {
		t.Error(err)
	}
	var n int
	if !rows.Next() || rows.Scan(&n) != nil || n != 2 || rows.Next() || rows.Err() != nil {
		t.Errorf("the second row is %d, %v", n, rows.Err())
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// brief is a context that is over when it is asked again.
type brief struct {
	context.Context
	asked int
}

func (b *brief) Err() error {
	if b.asked++; b.asked > 1 {
		return context.Canceled
	}
	return nil
}

func TestAStatementWhoseContextEndedWhileRowsWereHeldIsNotSent(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.rows(id, number, []driver.Value{int64(1)})
		g.send(wire.TypeEnd, id, &wire.End{})
		g.send(wire.TypePong, g.want(wire.TypePing).ID, &wire.Empty{})
	})
	c := held(t, db)
	below(c, func(cn *conn) error {
		rows, err := cn.QueryContext(t.Context(), "select", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cn.ExecContext(&brief{Context: context.Background()}, "update", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := rows.Next(make([]driver.Value, 1)); err != nil {
			t.Errorf("the row: %v", err)
		}
		return rows.Close()
	})
	if err := c.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTheRowsOwnContextEndsThemBesideAStatementThatWaits(t *testing.T) {
	tx, err := open(t, "", func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.rows(id, number, []driver.Value{int64(1)})
		_, _ = g.conn.Write(g.out.Bytes())
		g.silent()
	}).Begin()
	if err != nil {
		t.Fatal(err)
	}
	own, cancel := context.WithCancel(t.Context())
	rows, err := tx.QueryContext(own, "select")
	if err != nil {
		t.Fatal(err)
	}
	_ = rows.Next()
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := tx.ExecContext(within(t, 10*time.Second), "update"); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
	for rows.Next() {
	}
	if !errors.Is(rows.Err(), context.Canceled) {
		t.Errorf("the rows ended with %v", rows.Err())
	}
	_ = tx.Rollback()
}

func TestRowsThatAreNotHeldForAreNotHeldTwice(t *testing.T) {
	const many = 40
	tx, err := open(t, "", nested(many, 1<<20)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := tx.Exec("update"); !errors.Is(err, errBusy) {
			t.Fatalf("got %v", err)
		}
	}
	n := 0
	for ; rows.Next() && n < many/2+10; n++ {
	}
	if _, err := tx.Exec("update"); err != nil {
		t.Errorf("with the rest within bounds: %v", err)
	}
	for ; rows.Next(); n++ {
	}
	if n++; n != many || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}
