// This file is the connection: what database/sql asks of it, and its state.

package netdriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/internal/netshim"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
)

// conn is one session at a gateway. As database/sql has it, one goroutine at a
// time uses it; besides, interrupt runs when a context ends.
type conn struct {
	c     *Connector
	net   net.Conn
	raw   net.Conn // below TLS
	gate  *gate    // between TLS and raw; nil for plaintext
	line  *netshim.Line
	r     *wire.Reader
	out   wire.Buffer // what goes with the next write
	codec wire.Codec
	most  int // the largest message that the gateway accepts

	idle   time.Duration // how long the gateway keeps a session that asks for nothing; 0 is for ever
	rested time.Time     // when it was made, or given back; zero where idle is

	id, sid uint32 // the last request, the last prepared statement
	call    call
	open    *rows       // not read to their end
	broken  error       // set once; the connection is then closed
	severed atomic.Bool // it is being closed, for it knows no deadlines
	inTx    bool
	pinned  bool // the last answer said so
	away    bool // the gateway wants the session to end
	lost    bool // what its user had at the database is gone

	// One of each serves all requests: they keep their memory.
	statement wire.Statement
	head      wire.Head
	end       wire.End
	cells     wire.RowsDecoder
}

// The codec's memory that stays with an idle connection, in bytes.
const keptBuffer = 64 << 10

func newConn(c *Connector, l *login) *conn {
	limits := wire.Limits{Keep: 2 * wire.RowsTarget}
	l.r.SetLimits(limits)
	cn := &conn{c: c, net: l.nc, raw: l.raw, gate: l.gate, r: l.r, most: wire.DefaultMessage}
	if l.welcome.Codec == wire.Binary.String() {
		cn.codec = wire.Binary
	}
	if l.welcome.MaxMessage > 0 {
		cn.most = int(l.welcome.MaxMessage)
	}
	cn.out.MaxFrame = int(l.welcome.MaxFrame)
	cn.idle = time.Duration(min(l.welcome.IdleMS, mostMS)) * time.Millisecond
	cn.rest()
	cn.call.onEnd = cn.interrupt
	return cn
}

// Ping implements driver.Pinger: it asks the database, through the gateway.
func (c *conn) Ping(ctx context.Context) error {
	if err := c.send(ctx, "ping", wire.TypePing, &wire.Ping{DB: true, TimeoutMS: left(ctx)}); err != nil {
		return err
	}
	_, err := c.expect(wire.TypePong)
	if err == nil {
		c.finish()
	}
	return err
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(ctx, query, 0, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(ctx, query, nil, args)
}

// exec runs a text, or the prepared statement sid.
func (c *conn) exec(ctx context.Context, query string, sid uint32, args []driver.NamedValue) (driver.Result, error) {
	outs, err := c.fill(ctx, query, sid, args)
	if err != nil {
		return nil, err
	}
	if err := c.run(ctx, "exec", wire.TypeExec); err != nil {
		return nil, err
	}
	if err := c.ended(outs); err != nil {
		return nil, err
	}
	err = outs.assign(c.end.Out)
	clear(c.end.Out) // an idle connection keeps no values
	return result{c.end.LastID, c.end.Affected}, err
}

// query runs a text, or the prepared statement st.
func (c *conn) query(ctx context.Context, query string, st *stmt, args []driver.NamedValue) (driver.Rows, error) {
	if r := wrapped(args); r != nil {
		return r, nil
	}
	sid := uint32(0)
	if st != nil {
		sid = st.sid
	}
	outs, err := c.fill(ctx, query, sid, args)
	if err != nil {
		return nil, err
	}
	if err := c.run(ctx, "query", wire.TypeQuery); err != nil {
		return nil, err
	}
	r := &rows{c: c, st: st, outs: outs}
	if err := r.begin(); err != nil {
		return nil, err
	}
	c.open = r
	return r, nil
}

// fill makes the request of a statement.
func (c *conn) fill(ctx context.Context, query string, sid uint32, args []driver.NamedValue) (outs, error) {
	s := &c.statement
	s.SQL, s.SID, s.Tx, s.TimeoutMS = query, sid, c.inTx, left(ctx)
	if sid != 0 {
		s.SQL = ""
	}
	var to outs
	var err error
	if s.Args, to, err = arguments(s.Args[:0], args); err != nil {
		c.forget()
	}
	return to, err
}

// mostKept is how many arguments, and columns, an idle connection has room for.
const mostKept = 1 << 10

// run sends the request of a statement, and keeps nothing of it.
func (c *conn) run(ctx context.Context, op string, t wire.Type) error {
	s := &c.statement
	err := c.send(ctx, op, t, s)
	c.forget()
	return err
}

// forget lets the text of a statement go, and its arguments.
func (c *conn) forget() {
	s := &c.statement
	clear(s.Args)
	if s.SQL = ""; cap(s.Args) > mostKept {
		s.Args = nil
	}
}

// ended takes the end of a request that has no rows but those of cursors among its
// out parameters.
func (c *conn) ended(to outs) error {
	m, err := c.expect(wire.TypeEnd)
	if err != nil {
		return err
	}
	if err := c.end.Decode(m.Body, m.Codec()); err != nil {
		return c.fail(err)
	}
	switch {
	case c.end.More && to.cursors():
		return c.cursors()
	case c.end.More:
		return c.fail(refuse("another result set was announced where there are none"))
	}
	c.pinned = c.end.Pin != ""
	c.finish()
	return nil
}

// Prepare implements driver.Conn.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext: it prepares at once, so
// that errors of the text surface here.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.sid = max(c.sid+1, 1)
	sid := c.sid
	err := c.send(ctx, "prepare", wire.TypePrepare, &wire.Prepare{SID: sid, SQL: query, TimeoutMS: left(ctx)})
	if err != nil {
		return nil, err
	}
	m, err := c.expect(wire.TypePrepared)
	if err != nil {
		return nil, err
	}
	var p wire.Prepared
	if err := p.Decode(m.Body, m.Codec()); err != nil {
		return nil, c.fail(err)
	}
	c.pinned = p.Pin != ""
	c.finish()
	return &stmt{c: c, sid: sid, text: query, inputs: int(max(p.Inputs, -1)), hash: p.Hash, cols: p.Columns}, nil
}

// ResetSession implements driver.SessionResetter: a connection that the gateway
// has closed, or wants to close, is found out here, before anything is sent. Under a
// wrapper that hides IsValid the last user's state ends here.
func (c *conn) ResetSession(context.Context) error {
	if c.overdue() || !c.given() {
		return driver.ErrBadConn
	}
	if err := c.line.Peek(nil); err != nil { // what waits is a goaway, or the end
		c.giveUp(err)
		return driver.ErrBadConn
	}
	if !c.quiet() {
		return driver.ErrBadConn
	}
	return nil
}

// overdue says whether the gateway may be about to end the session, which asked for
// nothing for long: of a request that crosses the end nobody knows what became of it.
func (c *conn) overdue() bool {
	return c.idle > 0 && !c.rested.IsZero() && time.Since(c.rested) > c.idle-min(c.idle/4, idleMargin)
}

// idleMargin is how long before its end an idle session is not used any more.
const idleMargin = 5 * time.Second

// quiet says whether nothing waits that was read off the socket already, by the
// reader or by TLS: a goaway that came with the last answer. It does not wait.
func (c *conn) quiet() bool {
	if c.r.Buffered() > 0 || c.gate == nil {
		return c.r.Buffered() == 0
	}
	c.gate.shut = true
	_, err := c.r.Peek()
	c.gate.shut = false
	return c.r.Buffered() == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// IsValid implements driver.Validator: database/sql asks when whoever used the
// connection is done with it. What was pinned for them is then given back, and the
// memory that a large answer took. Whoever is done may wait for it, whatever their
// context was, so it is not long.
func (c *conn) IsValid() bool {
	if c.open != nil || c.inTx {
		return false // what was begun could not be ended
	}
	c.lost = false // whoever uses it next had nothing
	given := c.given()
	c.r.Trim()
	c.cells.Forget()
	c.rest()
	return given && c.r.Buffered() == 0
}

// rest notes that the connection waits for a user from now on.
func (c *conn) rest() {
	if c.idle > 0 {
		c.rested = time.Now()
	}
}

// given gives back what was pinned, and says whether the connection is for others.
func (c *conn) given() bool {
	if c.open != nil || c.inTx {
		return false
	}
	if c.usable() && c.pinned && c.c.cfg.Pool == "" {
		d := min(c.c.cfg.NetworkTimeout, resetTimeout)
		_ = c.simple(context.Background(), "reset", wire.TypeReset, d) // where it fails, the connection is not usable or stays pinned
	}
	return c.usable() && (!c.pinned || c.c.cfg.Pool != "")
}

func (c *conn) usable() bool { return c.broken == nil && !c.severed.Load() && !c.away && !c.lost }

// Close implements driver.Conn. It sends nothing but TLS's own goodbye, which may not
// take long, deadlines or not: the gateway sees the end.
func (c *conn) Close() error {
	if c.broken == nil {
		late := time.AfterFunc(cancelGrace, c.cut)
		_ = c.net.Close()
		late.Stop()
		c.giveUp(net.ErrClosed)
	}
	return nil
}
