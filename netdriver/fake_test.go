// This file is a gateway that plays a script, for tests.

package netdriver

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// gateway is one connection of a fake gateway. Its methods fail the test by
// ending the script with t.Error.
type gateway struct {
	t     *testing.T
	conn  net.Conn
	r     *wire.Reader
	out   wire.Buffer
	codec wire.Codec
	hello wire.Hello
	idle  int64 // the welcome's idle_ms
}

// fake listens on loopback and plays the n-th script on the n-th connection;
// further ones play the last. It gives the address, and waits for the scripts at
// the test's end.
func fake(t *testing.T, scripts ...func(*gateway)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { play(t, c, scripts[min(n, len(scripts)-1)]) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

func play(t *testing.T, c net.Conn, script func(*gateway)) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	script(&gateway{t: t, conn: c, r: wire.NewReader(c, wire.Limits{})})
}

// open is a pool of one connection to a fake gateway that has let it in.
func open(t *testing.T, options string, scripts ...func(*gateway)) *sql.DB {
	t.Helper()
	entered := make([]func(*gateway), len(scripts))
	for i, script := range scripts {
		entered[i] = func(g *gateway) {
			g.enter()
			script(g)
			g.drain()
		}
	}
	return pool(t, "tcp://app:token@"+fake(t, entered...)+"/erp"+options)
}

func pool(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(Name, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// held is a connection that stays with the test.
func held(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// below has do use the driver's own connection.
func below(c *sql.Conn, do func(cn *conn) error) {
	_ = c.Raw(func(own any) error { return do(own.(*conn)) }) //nolint:forcetypeassert // it is this driver's
}

// greet reads the preamble and the hello.
func (g *gateway) greet() {
	if err := g.r.Accept(); err != nil {
		return
	}
	m := g.want(wire.TypeHello)
	if err := g.hello.Decode(m.Body, m.Codec()); err != nil {
		g.t.Errorf("the hello: %v", err)
	}
	if len(g.hello.Codecs) > 0 && g.hello.Codecs[0] == "bin1" {
		g.codec = wire.Binary
	}
}

// welcome lets the client in.
func (g *gateway) welcome(data wire.Proof) {
	g.send(wire.TypeWelcome, 0, &wire.Welcome{Version: 1, Codec: g.codec.String(), Dialect: "postgres", IdleMS: g.idle, Data: data})
}

// enter logs the client in by its token, which it asks for where hello has none.
func (g *gateway) enter() {
	g.greet()
	if g.hello.Token == "token" {
		g.welcome(nil)
		return
	}
	g.send(wire.TypeChallenge, 0, &wire.Challenge{Mech: wire.AuthToken})
	m := g.want(wire.TypeResponse)
	var r wire.Response
	if err := r.Decode(m.Body, m.Codec()); err != nil || r.Token != "token" {
		g.t.Errorf("the response: %v, the token is right: %v", err, r.Token == "token")
	}
	g.welcome(nil)
}

// want reads the next message, which must be of a type; the zero Message where
// the client has gone.
func (g *gateway) want(t wire.Type) wire.Message {
	m, err := g.r.Next()
	if err != nil {
		return wire.Message{}
	}
	if m.Type != t {
		g.t.Errorf("the client sent %s, want %s", m.Type, t)
	}
	return m
}

// statement reads a query or an exec.
func (g *gateway) statement(t wire.Type) (id uint32, s wire.Statement) {
	m := g.want(t)
	if m.Type == t {
		if err := s.Decode(m.Body, m.Codec()); err != nil {
			g.t.Errorf("the statement: %v", err)
		}
	}
	return m.ID, s
}

// add puts a message into the next write.
func (g *gateway) add(t wire.Type, id uint32, body wire.Body) { g.out.Add(t, id, body, g.codec) }

// send writes a message and what was added before.
func (g *gateway) send(t wire.Type, id uint32, body wire.Body) {
	g.add(t, id, body)
	_, _ = g.conn.Write(g.out.Bytes())
	g.out.Reset()
}

// rows adds a message of rows.
func (g *gateway) rows(id uint32, cols []wire.Column, rows ...[]driver.Value) {
	var e wire.RowsEncoder
	e.Reset(cols, g.codec)
	g.out.Begin(wire.TypeRows, g.codec.Flags(), id)
	g.out.B = e.Open(g.out.B)
	for _, row := range rows {
		var err error
		if g.out.B, err = e.AppendRow(g.out.B, row); err != nil {
			g.t.Errorf("a row: %v", err)
		}
	}
	g.out.B = e.Close(g.out.B)
	g.out.End()
}

// drain reads until the client goes.
func (g *gateway) drain() {
	for {
		if _, err := g.r.Next(); err != nil {
			return
		}
	}
}

// silent answers nothing until the client goes.
func (g *gateway) silent() { _, _ = io.Copy(io.Discard, g.conn) }

// answer ends a request well.
func (g *gateway) answer(m wire.Message) { g.send(wire.TypeEnd, m.ID, &wire.End{Tx: wire.TxIdle}) }

// number is a column of integers.
var number = []wire.Column{{Name: "n", DB: "INT8", Kind: wire.KindInt}}

// asError is the driver's error in err.
func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	return e
}

// within is a context for calls that must not hang.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
