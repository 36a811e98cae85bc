// This file tests what a statement beside open rows leaves of them: sets, errors, a transaction.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// twoSets plays a query of two sets within a transaction: 1 and 2, then 10, the last
// row of the first only after the word.
func twoSets(word <-chan struct{}) func(*gateway) {
	other := []wire.Column{{Name: "m", DB: "INT8", Kind: wire.KindInt}}
	return func(g *gateway) {
		id := g.hesitate(word)
		g.add(wire.TypeEnd, id, &wire.End{More: true, Tx: wire.TxOpen})
		g.add(wire.TypeHead, id, &wire.Head{Columns: other, Set: 1})
		g.rows(id, other, []driver.Value{int64(10)})
		g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxOpen})
		g.answer(g.want(wire.TypeRollback))
	}
}

func TestRowsThatAreHeldDoNotComeOutOfTheNextResultSet(t *testing.T) {
	for name, row := range map[string]struct {
		came bool // the rest of the first set, before the statement beside it ends
		want error
	}{
		"another set follows":        {true, errBusy},
		"the statement is abandoned": {false, context.DeadlineExceeded},
	} {
		word, ctx := make(chan struct{}), within(t, 20*time.Millisecond)
		if row.came {
			close(word)
			ctx = within(t, 10*time.Second)
		}
		tx, err := open(t, "", twoSets(word)).Begin()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := tx.Query("select")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, "update"); !errors.Is(err, row.want) {
			t.Errorf("%s: the statement ended with %v", name, err)
		}
		if !row.came {
			close(word)
		}
		if !rows.NextResultSet() {
			t.Fatalf("%s: %v", name, rows.Err())
		}
		var n int
		if !rows.Next() || rows.Scan(&n) != nil || n != 10 || rows.Next() || rows.Err() != nil {
			t.Errorf("%s: the second set begins with %d, %v", name, n, rows.Err())
		}
		if err := tx.Rollback(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnErrorBehindRowsThatNobodyReadsIsTold(t *testing.T) {
	told := map[string]func(*sql.Rows) error{
		"by the next set": func(r *sql.Rows) error {
			if r.NextResultSet() {
				t.Error("there is another set")
			}
			return r.Err()
		},
		"by Close": (*sql.Rows).Close,
	}
	for name, end := range told {
		for _, held := range []bool{false, true} {
			tx, err := open(t, "", failing).Begin()
			if err != nil {
				t.Fatal(err)
			}
			rows, err := tx.Query("select")
			if err != nil {
				t.Fatal(err)
			}
			if held {
				if _, err := tx.Exec("update"); err != nil {
					t.Error(err)
				}
			}
			if err := end(rows); err == nil || asError(t, err).Code != "22012" {
				t.Errorf("%s, the rows are held: %v: got %v", name, held, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBehindASetThatFailsThereIsNoOther(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{Columns: number})
		g.add(wire.TypeEnd, id, &wire.End{More: true})
		g.send(wire.TypeError, id, &wire.Error{Kind: wire.ErrorDB, Code: "22012", Applied: wire.AppliedUnknown, Conn: wire.ConnOK})
		g.answer(g.want(wire.TypeExec))
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.Raw(func(own any) error {
		got, err := own.(*conn).QueryContext(t.Context(), "call", nil) //nolint:forcetypeassert // it is this driver's
		if err != nil {
			t.Fatal(err)
		}
		r := got.(*rows) //nolint:forcetypeassert // it is this driver's
		if !r.HasNextResultSet() {
			t.Error("there is no second set")
		}
		if err := r.NextResultSet(); asError(t, err).Code != "22012" {
			t.Errorf("the second set: %v", err)
		}
		if r.HasNextResultSet() || r.NextResultSet() != io.EOF || r.Next(make([]driver.Value, 1)) != io.EOF {
			t.Error("there is something behind it")
		}
		return r.Close()
	})
	if _, err := c.ExecContext(t.Context(), "insert"); err != nil {
		t.Error(err)
	}
}

func TestAConnectionWhoseTransactionCouldNotEndIsNotForOthers(t *testing.T) {
	word := make(chan struct{})
	close(word)
	db := open(t, "", twoSets(word))
	c := held(t, db)
	below(c, func(cn *conn) error {
		tx, err := cn.BeginTx(t.Context(), driver.TxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := cn.QueryContext(t.Context(), "select", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); !errors.Is(err, errBusy) || cn.IsValid() {
			t.Errorf("with rows in the way: %v, and it is valid: %v", err, cn.IsValid())
		}
		if err := rows.Close(); err != nil || cn.IsValid() {
			t.Errorf("within the transaction: %v, and it is valid: %v", err, cn.IsValid())
		}
		if err := tx.Rollback(); err != nil || !cn.IsValid() {
			t.Errorf("after its end: %v, and it is valid: %v", err, cn.IsValid())
		}
		return nil
	})
}

func TestAStatementRunsBesideAQueryThatHasNoRows(t *testing.T) {
	tx, err := open(t, "", func(g *gateway) {
		g.answer(g.want(wire.TypeBegin))
		id, _ := g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{})
		g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxOpen})
		g.answer(g.want(wire.TypeExec))
		id, _ = g.statement(wire.TypeQuery)
		g.add(wire.TypeHead, id, &wire.Head{})
		g.rows(id, nil, nil, nil)
		g.send(wire.TypeEnd, id, &wire.End{Tx: wire.TxOpen})
		g.answer(g.want(wire.TypeRollback))
	}).Begin()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := tx.Query("insert")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("update"); err != nil {
		t.Error(err)
	}
	if rows.Next() || rows.Err() != nil {
		t.Errorf("the insert has rows, %v", rows.Err())
	}
	if rows, err = tx.Query("select from t"); err != nil { // two rows of no columns
		t.Fatal(err)
	}
	for range 2 {
		if _, err := tx.Exec("update"); !errors.Is(err, errBusy) {
			t.Errorf("beside rows without columns: %v", err)
		}
	}
	n := 0
	for rows.Next() {
		n++
	}
	if n != 2 || rows.Err() != nil {
		t.Errorf("%d rows, want 2, %v", n, rows.Err())
	}
	if err := tx.Rollback(); err != nil {
		t.Error(err)
	}
}

func TestARowThatIsTakenHasItsShareOfTheWeight(t *testing.T) {
	const columns, many = 1000, 16
	r := &rows{held: make([]driver.Value, columns*many), weight: mostHeld}
	for left := many - 1; left >= 0; left-- {
		r.take(make([]driver.Value, columns))
		if want := mostHeld / many * left; r.weight != want {
			t.Errorf("with %d rows left the weight is %d, want %d", left, r.weight, want)
		}
	}
}
