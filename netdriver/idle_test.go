// This file tests connections that nobody uses: what they notice, and what they keep.

package netdriver

import (
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestAGoawayThatCameWithTheLastAnswerIsSeen(t *testing.T) {
	a := newAuthority(t)
	leaving := func(g *gateway) {
		g.enter()
		g.add(wire.TypeEnd, g.want(wire.TypeExec).ID, &wire.End{Tx: wire.TxIdle})
		g.send(wire.TypeGoaway, 0, &wire.Goaway{Reason: "drain"})
		if m, err := g.r.Next(); err == nil {
			g.t.Errorf("a %s came behind the goaway", m.Type)
		}
	}
	next := func(g *gateway) {
		g.enter()
		g.answer(g.want(wire.TypeExec))
		g.drain()
	}
	secure := func(script func(*gateway)) func(*gateway) {
		return a.secure(func(g *gateway, _ *tls.ConnectionState) { script(g) })
	}
	for name, db := range map[string]*sql.DB{
		"plain": pool(t, "tcp://app:token@"+fake(t, leaving, next)+"/erp"),
		"TLS":   pool(t, "tcp://app:token@"+fakeLocal(t, secure(leaving), secure(next))+"/erp"+a.options()),
	} {
		for range 2 {
			if _, err := db.Exec("insert"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestAnIdleConnectionKeepsNoArguments(t *testing.T) {
	db := open(t, "", func(g *gateway) { g.answer(g.want(wire.TypeExec)) })
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.ExecContext(t.Context(), "insert", make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	_ = c.Raw(func(own any) error {
		s := own.(*conn).statement //nolint:forcetypeassert // it is this driver's
		for _, a := range s.Args[:cap(s.Args)] {
			if a.Value != nil || s.SQL != "" {
				t.Errorf("it keeps %q, %v", s.SQL, a)
			}
		}
		return nil
	})
}

// deaf is a connection that knows no deadlines, as one through SSH.
type deaf struct{ net.Conn }

func (deaf) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (deaf) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (deaf) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// peculiar is a connection whose deadline ends with an error of its own, as a
// multiplexer's.
type peculiar struct{ net.Conn }

func (p peculiar) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("the deadline was reached")
	}
	return n, err
}

func TestOverTLSAConnectionOfTheCallersNeedsNoDeadlinesToBeUsedAgain(t *testing.T) {
	a := newAuthority(t)
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"no deadlines":     func(c net.Conn) net.Conn { return deaf{c} },
		"an error of ours": func(c net.Conn) net.Conn { return peculiar{c} },
	} {
		addr := fakeLocal(t, a.secure(func(g *gateway, _ *tls.ConnectionState) {
			g.enter()
			for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
				g.answer(m)
			}
		}))
		dials, cut := 0, func() {}
		c, err := NewConnector(Config{
			User: "app", Token: "token", Hosts: []string{addr}, TLSConfig: &tls.Config{RootCAs: a.roots, MinVersion: tls.VersionTLS13},
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				dials++
				cut = func() { _ = nc.Close() }
				return wrap(nc), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		db := sql.OpenDB(c)
		db.SetMaxOpenConns(1)
		_, err = db.Exec("insert")
		hangs := time.AfterFunc(5*time.Second, cut)
		_, again := db.Exec("insert")
		if !hangs.Stop() || err != nil || again != nil || dials != 1 {
			t.Errorf("%s: %d dials, %v, %v", name, dials, err, again)
		}
		_ = db.Close()
	}
}

// pieces is a connection on which bytes came in pieces, and no more came yet.
type pieces struct {
	net.Conn
	left [][]byte
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(b, p.left[0])
	p.left = p.left[1:]
	return n, nil
}

func (*pieces) SetReadDeadline(time.Time) error { return nil }

func TestAPieceOfAHeaderIsNotSilence(t *testing.T) {
	p := &pieces{left: [][]byte{{0, 0, 0, 50, byte(wire.TypeGoaway)}}}
	c := &conn{net: p, r: wire.NewReader(p, wire.Limits{}), gate: &gate{Conn: p}}
	if c.quiet() {
		t.Error("the connection is said to be quiet")
	}
	p.left = nil
	c = &conn{net: p, r: wire.NewReader(p, wire.Limits{}), gate: &gate{Conn: p}}
	if !c.quiet() {
		t.Error("where nothing came, the connection is not quiet")
	}
}

// heap is how much memory is in use, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC() // what the first one put aside
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// large answers each statement with a value of size bytes, in the way that its text
// names.
func large(size int) func(*gateway) {
	text := []wire.Column{{Name: "v", Kind: wire.KindString}}
	return func(g *gateway) {
		for m, err := g.r.Next(); err == nil; m, err = g.r.Next() {
			var s wire.Statement
			if m.Type != wire.TypeCredit {
				_ = s.Decode(m.Body, m.Codec())
			}
			value := "\n" + strings.Repeat("a", size)
			switch s.SQL {
			case "row":
				g.add(wire.TypeHead, m.ID, &wire.Head{Columns: text})
				g.rows(m.ID, text, []driver.Value{value})
				g.answer(m)
			case "out":
				g.send(wire.TypeEnd, m.ID, &wire.End{Out: []driver.NamedValue{{Ordinal: 1, Value: value}}})
			case "error":
				g.send(wire.TypeError, m.ID, &wire.Error{Kind: wire.ErrorDB, Message: value, Applied: wire.AppliedNo, Conn: wire.ConnOK})
			case "":
			default:
				g.answer(m)
			}
			g.out.B = nil
		}
	}
}

func TestAnIdleConnectionKeepsNothingOfWhatWasLarge(t *testing.T) {
	const size, most = 2 << 20, 512 << 10
	kinds := map[string]func(db *sql.DB) string{ // what is used, and the kind of its error
		"row": func(db *sql.DB) string {
			var s string
			return kindOf(db.QueryRow("row").Scan(&s))
		},
		"out": func(db *sql.DB) string {
			var s string
			_, err := db.Exec("out", sql.Out{Dest: &s})
			return kindOf(err)
		},
		"db": func(db *sql.DB) string {
			_, err := db.Exec("error")
			return kindOf(err)
		},
		"too_large": func(db *sql.DB) string {
			_, err := db.Exec("insert", make([]byte, size))
			return kindOf(err)
		},
	}
	for _, codec := range []string{"binary", "json"} {
		db := open(t, "?codec="+codec, large(size))
		if err := bound(db, size); err != nil { // what the gateway accepts
			t.Fatal(err)
		}
		for want, use := range kinds {
			before := heap()
			if got := use(db); got != want && got != "" {
				t.Errorf("%s: %s ended with %s", codec, want, got)
			}
			more := heap() - before
			for tries := 0; more > most && tries < 100; tries++ { // the gateway may not have forgotten its answer yet
				more = heap() - before
			}
			if more > most {
				t.Errorf("%s: after a large %s there are %d KiB more", codec, want, more>>10)
			}
		}
	}
}

// kindOf is the kind of an error; "" without one.
func kindOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// bound is what the connection takes for the largest message that the gateway accepts.
func bound(db *sql.DB, most int) error {
	c, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.Raw(func(own any) error {
		own.(*conn).most = most //nolint:forcetypeassert // it is this driver's
		return nil
	})
}

func TestArgumentsThatCannotGoAreNotKept(t *testing.T) {
	c := &conn{c: &Connector{}}
	for name, args := range map[string][]driver.NamedValue{
		"beside one that cannot": {{Ordinal: 1, Value: "large"}, {Ordinal: 2, Value: struct{}{}}},
		"too many":               make([]driver.NamedValue, wire.MaxArgs+1),
	} {
		if _, err := c.fill(t.Context(), "insert", 0, args); err == nil {
			t.Errorf("%s: they were taken", name)
		}
		s := &c.statement
		if cap(s.Args) > mostKept || s.SQL != "" {
			t.Errorf("%s: it keeps %q and room for %d", name, s.SQL, cap(s.Args))
		}
		for _, a := range s.Args[:cap(s.Args)] {
			if a.Value != nil {
				t.Errorf("%s: it keeps %v", name, a.Value)
			}
		}
	}
}

func TestTheColumnsOfRowsThatAreClosedServeTheNextAndThoseOfOpenRowsStay(t *testing.T) {
	names := []string{"a", "b", "c", "d"}
	db := open(t, "", func(g *gateway) {
		for _, name := range names {
			id, _ := g.statement(wire.TypeQuery)
			g.add(wire.TypeHead, id, &wire.Head{Columns: []wire.Column{{Name: name, Kind: wire.KindInt}}})
			g.send(wire.TypeEnd, id, &wire.End{})
		}
	})
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.Raw(func(own any) error {
		var all []*rows
		var at []*wire.Column
		for i := range names { // those that are open are read ahead
			got, err := own.(*conn).QueryContext(t.Context(), "select", nil) //nolint:forcetypeassert // it is this driver's
			if err != nil {
				t.Fatal(err)
			}
			r := got.(*rows) //nolint:forcetypeassert // it is this driver's
			all, at = append(all, r), append(at, &r.cols[0])
			if i == 0 {
				_ = r.Close()
			}
		}
		if at[0] != at[1] || at[1] == at[2] || at[2] == at[3] {
			t.Errorf("the columns are at %p", at)
		}
		for i := 1; i < len(all); i++ {
			if got := all[i].Columns(); got[0] != names[i] {
				t.Errorf("rows %d have the columns %v", i, got)
			}
			_ = all[i].Close()
		}
		return nil
	})
}
