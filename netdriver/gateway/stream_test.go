// This file tests how rows are sent: small answers at once, large ones as the client takes them.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// numbers is a query for so many rows of about 110 bytes.
func numbers(n string) string {
	return `with recursive n(i) as (select 1 union all select i + 1 from n where i < ` + n + `) select i, printf('%0100d', i) from n`
}

func TestASmallAnswerComesInOneWrite(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1 union all select 2"})
	m := c.next()
	if rest := c.r.Buffered(); m.Type != wire.TypeHead || rest == 0 {
		t.Fatalf("after %s there are %d bytes", m.Type, rest)
	}
	for _, want := range []wire.Type{wire.TypeRows, wire.TypeEnd} {
		if m := c.next(); m.Type != want {
			t.Errorf("got %s, want %s", m.Type, want)
		}
	}
	if rest := c.r.Buffered(); rest != 0 {
		t.Errorf("%d bytes are too many", rest)
	}
}

func TestRowsStopAtTheWindowAndGoOnWithCredit(t *testing.T) {
	t.Parallel()
	for _, codec := range []string{"json", "bin1"} {
		const window = 100 << 10
		c := login(t, sqlite(t), func(h *wire.Hello) { h.Codecs, h.Window = []string{codec}, window })
		id := c.request(wire.TypeQuery, &wire.Statement{SQL: numbers("20000")})
		out, most, rows := 0, 0, 0
		var d wire.RowsDecoder
		var head wire.Head
		for m := c.next(); m.Type != wire.TypeEnd; m = c.next() {
			if m.Type == wire.TypeHead {
				c.decode(m, &head)
				continue
			}
			out += len(m.Body)
			most = max(most, out)
			d.Reset(head.Columns, m.Codec(), m.Body)
			row := make([]driver.Value, 2)
			for more := true; more; rows++ {
				var err error
				if more, err = d.Next(row); err != nil {
					t.Fatal(err)
				}
				if !more {
					break
				}
				if row[0] != int64(rows+1) {
					t.Fatalf("row %d holds %v", rows+1, row[0])
				}
			}
			if out >= window {
				c.send(wire.TypeCredit, id, &wire.Credit{N: int64(out)})
				out = 0
			}
		}
		if rows != 20000 || most >= 2*window {
			t.Errorf("%s: %d rows came, and %d bytes without credit", codec, rows, most)
		}
	}
}

func TestAClientThatNeverReadsCostsLessThanTwoWindows(t *testing.T) {
	t.Parallel()
	const window = 100 << 10
	// One window, the buffer of a message and what the login took fit into the
	// memory; a result that was collected would not.
	db := connector(t, dbtest.SQLite(t))
	c := config(db)
	c.Limits.Memory, c.Timeouts.StreamIdle = 2*window, 200*time.Millisecond
	s := serve(t, c)
	idle := login(t, s, func(h *wire.Hello) { h.Window = window })
	id := idle.request(wire.TypeQuery, &wire.Statement{SQL: numbers("10000000")})
	a := idle.answer(id)
	if a.refused(t, wire.ErrorTimeout); a.size < window || a.size >= 2*window {
		t.Errorf("%d bytes were sent", a.size)
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
	if got := idle.query("select 1").value(t); got != int64(1) {
		t.Errorf("the session does not go on: %v", got)
	}
}

func TestMaxRowsEndsAResultEarly(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	a := c.do(wire.TypeQuery, &wire.Statement{SQL: numbers("100"), MaxRows: 7})
	if a.value(t); len(a.sets[0]) != 7 {
		t.Errorf("%d rows came", len(a.sets[0]))
	}
}

func TestMemoryIsBoundedForAllBuffersTogether(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Limits.Memory = 200 << 10 })
	c := login(t, s)
	large := wire.Statement{SQL: "select length(?)", Args: arguments([]any{strings.Repeat("x", 1<<20)})}
	c.request(wire.TypeQuery, &large)
	if f := c.answer(0).refused(t, wire.ErrorOverloaded); !f.Retryable {
		t.Errorf("got %+v", f)
	}
	c.ended()
	_ = c.conn.Close() // else it is parted with for a second
	dbtest.WaitUntil(t, "what it took is given back", func() bool { return s.Sessions() == 0 })
	other := login(t, s)
	other.query("select printf('%0300000d', 1)").refused(t, wire.ErrorOverloaded)
	if got := other.query("select 1").value(t); got != int64(1) {
		t.Errorf("the session does not go on: %v", got)
	}
}

// forgetful are rows of which nothing is known any more after their end.
type forgetful struct {
	cells
	over bool
}

func (r *forgetful) Columns() []string { return []string{"n"} }

func (r *forgetful) Next([]driver.Value) error {
	r.over = true
	return io.EOF
}

func (r *forgetful) ColumnTypeDatabaseTypeName(int) string {
	if r.over {
		panic("the rows are over")
	}
	return "NUMBER"
}

func TestColumnsAreAskedForBeforeTheRows(t *testing.T) {
	t.Parallel()
	c := login(t, serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return &forgetful{}, nil }})))
	if a := c.query("select"); a.fail != nil || a.columns[0][0].DB != "NUMBER" {
		t.Errorf("got %+v, %v", a.columns, a.fail)
	}
}

func TestAFirstRowThatFailsComesAfterTheColumns(t *testing.T) {
	t.Parallel()
	s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return &cells{fail: errors.New("broken row")}, nil }}))
	if a := login(t, s).query("select"); a.fail == nil || a.fail.Message != "broken row" || len(a.columns) != 1 {
		t.Errorf("got %+v, %v", a.columns, a.fail)
	}
}

func TestTheRestOfAResultBeyondMaxRowsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, _ := postgres(t, one)
	c := login(t, s)
	most := func(text string) *answer {
		return c.do(wire.TypeQuery, &wire.Statement{SQL: text, MaxRows: 1})
	}
	if a := most("with recursive n(i) as (select 1 union all select i + 1 from n) select i, repeat('x', 2000) from n"); a.fail != nil || len(a.sets[0]) != 1 {
		t.Errorf("got %+v and %v", a.sets, a.fail)
	}
	if a := most("select 1"); shown(a.value(t)) != "1" {
		t.Errorf("got %v", a.sets)
	}
	// What may have changed something is read to its end, and a transaction lives.
	c.must("create table t (v int)")
	c.do(wire.TypeReset, &wire.Empty{})
	if a := most("insert into t select n from generate_series(1, 1000) n returning v"); a.fail != nil || len(a.sets[0]) != 1 {
		t.Errorf("got %+v and %v", a.sets, a.fail)
	}
	c.do(wire.TypeBegin, &wire.Begin{})
	if a := most("select n from generate_series(1, 100000) n"); a.fail != nil || a.end.Tx != wire.TxOpen {
		t.Errorf("got %+v and %v", a.end, a.fail)
	}
	if got := c.query("select count(*) from t").value(t); shown(got) != "1000" {
		t.Errorf("there are %v rows", got)
	}
	c.do(wire.TypeRollback, &wire.Empty{})
}
