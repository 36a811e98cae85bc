// This file tests gateways that mean harm: the client neither panics, nor hangs, nor takes more memory than its limits.

package netdriver

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// frame is a frame as a gateway may forge it.
func frame(t wire.Type, id uint32, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+8))
	return append(binary.BigEndian.AppendUint32(append(b, byte(t), 0, 0, 0), id), body...)
}

func TestAnswersThatBreakTheProtocolAreRefused(t *testing.T) {
	head := string(frame(wire.TypeHead, 1, `{"cols":[{"n":"a","k":"i"},{"n":"b","k":"i"}]}`))
	for name, answer := range map[string]string{
		"a row shorter than its columns": head + string(frame(wire.TypeRows, 1, `{"r":[[1]]}`)),
		"a row longer than its columns":  head + string(frame(wire.TypeRows, 1, `{"r":[[1,2,3]]}`)),
		"rows without a head":            string(frame(wire.TypeRows, 1, `{"r":[]}`)),
		"an end without a head":          string(frame(wire.TypeEnd, 1, `{}`)),
		"a head among rows":              head + head,
		"another request's answer":       string(frame(wire.TypeHead, 2, `{"cols":[]}`)),
		"no request's answer":            string(frame(wire.TypeHead, 0, `{"cols":[]}`)),
		"columns that nobody told":       string(frame(wire.TypeHead, 1, `{"same":"x"}`)),
		"a welcome":                      string(frame(wire.TypeWelcome, 1, `{"version":1,"codec":"json","dialect":"x"}`)),
		"an unknown type":                string(frame(99, 1, `{}`)),
		"a frame that is too large":      "\xff\xff\xff\xff" + string(frame(wire.TypeHead, 1, "")[4:]),
		"a kind that there is not":       string(frame(wire.TypeError, 1, `{"kind":"odd","message":"","applied":"no","conn":"ok"}`)),
		"no JSON":                        string(frame(wire.TypeHead, 1, `{{{{`)),
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, "?codec=json", func(g *gateway) {
				g.statement(wire.TypeQuery)
				_, _ = g.conn.Write([]byte(answer))
			})
			err := readAll(within(t, 10*time.Second), db)
			if e := asError(t, err); e.Kind != "protocol" || e.Applied != AppliedUnknown || errors.Is(err, driver.ErrBadConn) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// readAll reads whatever a query answers.
func readAll(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "select")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() || rows.NextResultSet() {
	}
	return rows.Err()
}

// flood sends a message for ever, with the id of the request that it answers.
func flood(first, each wire.Type, bodies ...wire.Body) func(*gateway) {
	return func(g *gateway) {
		m, err := g.r.Next()
		if err != nil {
			return
		}
		if first != 0 {
			g.add(first, m.ID, bodies[0])
			bodies = bodies[1:]
		}
		go g.silent() // the script's end closes the connection, which ends it
		for {
			for _, body := range bodies {
				g.add(each, m.ID, body)
				if _, ok := body.(*wire.Head); ok {
					g.add(wire.TypeEnd, m.ID, &wire.End{More: true})
				}
			}
			if _, err := g.conn.Write(g.out.Bytes()); err != nil {
				return
			}
			g.out.Reset()
		}
	}
}

func TestAnAnswerWithoutEndEndsWithTheContext(t *testing.T) {
	head := &wire.Head{Columns: number}
	for name, script := range map[string]func(*gateway){
		"notices": flood(0, wire.TypeNotice, &wire.Notice{Code: "queued"}),
		"goaways": flood(0, wire.TypeGoaway, &wire.Goaway{}),
		"heads":   flood(0, wire.TypeHead, head),
		"nothing": (*gateway).drain,
		"half a message": func(g *gateway) {
			g.want(wire.TypeQuery)
			_, _ = g.conn.Write([]byte{0, 3, 0, 0, byte(wire.TypeHead), 0, 0, 0, 0, 0, 0, 1, '{'})
			g.drain()
		},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if err := readAll(within(t, 200*time.Millisecond), open(t, "", script)); err == nil {
				t.Error("it ended well")
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestClosingRowsWithoutEndGivesTheConnectionUp(t *testing.T) {
	db := open(t, "", flood(wire.TypeHead, wire.TypeNotice, &wire.Head{Columns: number}, &wire.Notice{Code: "queued"}))
	rows, err := db.Query("select")
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); asError(t, err).Kind != "protocol" {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsAnnouncedTakesNoMemory(t *testing.T) {
	db := open(t, "", func(g *gateway) {
		g.want(wire.TypeQuery)
		_, _ = g.conn.Write([]byte{0, 4, 0, 0, byte(wire.TypeHead), 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 3})
		g.drain()
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_ = readAll(within(t, 50*time.Millisecond), db)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
		t.Errorf("%d bytes were taken", took)
	}
}

// recording is a connection whose peer says what it has to say, whatever it is
// asked, and goes.
type recording struct{ said bytes.Reader }

func (c *recording) Read(b []byte) (int, error)       { return c.said.Read(b) }
func (c *recording) Write(b []byte) (int, error)      { return len(b), nil }
func (c *recording) Close() error                     { return nil }
func (c *recording) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *recording) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *recording) SetDeadline(time.Time) error      { return nil }
func (c *recording) SetReadDeadline(time.Time) error  { return nil }
func (c *recording) SetWriteDeadline(time.Time) error { return nil }

// hostile is a connector to a gateway that lets everybody in and then says this.
func hostile(said []byte, c wire.Codec) (*Connector, error) {
	var b wire.Buffer
	b.Add(wire.TypeWelcome, 0, &wire.Welcome{Version: 1, Codec: c.String(), Dialect: "postgres"}, wire.JSON)
	return NewConnector(Config{
		Hosts: []string{"127.0.0.1"}, User: "app", Token: "x", Auth: AuthToken,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			r := &recording{}
			r.said.Reset(append(b.Bytes(), said...))
			return r, nil
		},
	})
}

func FuzzHostileGateway(f *testing.F) {
	for _, c := range []wire.Codec{wire.JSON, wire.Binary} {
		for op := range byte(5) {
			f.Add(seed(c, op), op, c == wire.Binary)
		}
	}
	f.Fuzz(func(_ *testing.T, said []byte, op byte, binary bool) {
		c := wire.JSON
		if binary {
			c = wire.Binary
		}
		connector, err := hostile(said, c)
		if err != nil {
			panic(err)
		}
		db := sql.OpenDB(connector)
		db.SetMaxOpenConns(1)
		defer func() { _ = db.Close() }()
		use(db, op%5)
	})
}

// use does one of the things that programs do.
func use(db *sql.DB, op byte) {
	ctx := context.Background()
	switch op {
	case 0:
		_ = inspectAll(db.QueryContext(ctx, "select"))
	case 1:
		var out int64
		_, _ = db.ExecContext(ctx, "call", sql.Named("sum", sql.Out{Dest: &out}), sql.Out{Dest: new([]string)})
	case 2:
		if st, err := db.PrepareContext(ctx, "select"); err == nil {
			_ = inspectAll(st.QueryContext(ctx))
			_ = st.Close()
		}
	case 3:
		if tx, err := db.BeginTx(ctx, nil); err == nil {
			_, _ = tx.ExecContext(ctx, "update")
			_ = tx.Commit()
		}
	case 4:
		_ = db.QueryRowContext(ctx, "select").Scan(new(any))
		_, _ = Metrics(ctx, db)
	}
	_ = db.PingContext(ctx)
}

// inspectAll asks all that can be asked of rows.
func inspectAll(rows *sql.Rows, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for more := true; more; more = rows.NextResultSet() {
		types, err := rows.ColumnTypes()
		if err != nil {
			return err
		}
		into := make([]any, len(types))
		for i := range into {
			into[i] = new(any)
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				return err
			}
		}
	}
	return rows.Err()
}

// seed is an answer to use.
func seed(c wire.Codec, op byte) []byte {
	var b wire.Buffer
	end := &wire.End{
		Affected: wire.Count{Known: true, N: 1}, Pin: "set",
		Out: []driver.NamedValue{{Name: "sum", Ordinal: 1, Value: int64(1)}, {Ordinal: 2, Value: wire.List{Values: []any{"a"}}}},
	}
	switch op {
	case 0, 4:
		answerRows(&b, 1, c)
		b.Add(wire.TypeAnswer, 2, &wire.AdminAnswer{Data: []byte("{}")}, c)
	case 1:
		b.Add(wire.TypeEnd, 1, end, c)
	case 2:
		b.Add(wire.TypePrepared, 1, &wire.Prepared{Columns: number, Hash: "h"}, c)
		answerRows(&b, 2, c)
	case 3:
		for id := range uint32(3) {
			b.Add(wire.TypeEnd, id+1, &wire.End{}, c)
		}
	}
	b.Add(wire.TypeEnd, 2, end, c)
	b.Add(wire.TypePong, 3, &wire.Empty{}, c)
	b.Add(wire.TypeError, 4, &wire.Error{Kind: wire.ErrorDB, Applied: wire.AppliedNo, Conn: wire.ConnOK, Native: map[string]string{"a": "b"}}, c)
	return b.Bytes()
}

// answerRows adds two result sets.
func answerRows(b *wire.Buffer, id uint32, c wire.Codec) {
	cols := []wire.Column{{Name: "n", Kind: wire.KindInt, Go: "int64"}, {Name: "t", Kind: wire.KindTime, HasDecimal: true}}
	for _, more := range []bool{true, false} {
		b.Add(wire.TypeHead, id, &wire.Head{Columns: cols, Hash: "h"}, c)
		var e wire.RowsEncoder
		e.Reset(cols, c)
		b.Begin(wire.TypeRows, c.Flags(), id)
		b.B = e.Open(b.B)
		b.B, _ = e.AppendRow(b.B, []driver.Value{int64(1), time.Unix(0, 0).UTC()})
		b.B = e.Close(b.B)
		b.End()
		b.Add(wire.TypeEnd, id, &wire.End{More: more}, c)
	}
}
