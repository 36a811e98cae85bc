// This file is one client's connection from its first byte to its end.

package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// link is a client's connection.
type link struct {
	server  *Server
	conn    net.Conn // the raw one
	address string
	came    time.Time

	waits  bool  // for its login; the server's lock protects it, as user
	user   *User // nil before the login
	db     string
	offer  *offer // db, as it was at the login
	id     string // of the session, since when there is one; as user
	since  time.Time
	shown  shown       // by which it logged in; the server's lock protects it from then on
	expiry *time.Timer // when the login ends; nil is never. The server's lock protects it, as left
	left   *time.Timer // ends the connection once the login has ended, or whose turn to log in does not come

	draining atomic.Bool
	revoked  atomic.Bool
	killed   atomic.Bool
	ending   atomic.Bool // the gateway is closed
	doing    activity
	client   [2]string                 // the client's program and the application's name, as hello has them
	until    atomic.Int64              // when a drain ends, in Unix nanoseconds; 0 is not bounded
	ends     atomic.Pointer[time.Time] // when the login ends, as expiry; nil is never
	in       atomic.Pointer[inbox]     // of the session, once there is one
	wait     atomic.Pointer[waiting]   // likewise
}

// drain asks the session to end when it can.
func (k *link) drain(until time.Time) {
	if !until.IsZero() {
		k.until.Store(until.UnixNano())
	}
	k.draining.Store(true)
	if in := k.in.Load(); in != nil {
		in.nudge()
		return
	}
	_ = k.conn.SetDeadline(longAgo) // it has not logged in
}

// hangUp ends the connection.
func (k *link) hangUp() { _ = k.conn.Close() }

// serve runs in the connection's goroutine until it ends.
func (k *link) serve() {
	s := k.server
	defer s.wg.Done()
	defer s.gone(k)
	defer k.conn.Close() //nolint:errcheck // nobody hears it
	defer k.survive("")
	_ = k.conn.SetDeadline(k.came.Add(s.cfg.Timeouts.Login))
	if k.draining.Load() { // a drain's deadline came before
		return
	}
	conn, state, err := k.secure()
	if err != nil {
		return
	}
	conn = &metered{conn, &k.doing}
	r := wire.NewReader(conn, wire.Limits{Frame: wire.LoginLimit, Message: wire.LoginLimit, Grow: s.memory.take})
	defer r.Close()
	out := &outbox{conn: conn, stall: s.cfg.Timeouts.Write, memory: &s.memory}
	n := &login{link: k, r: r, out: out, state: state, users: s.users.Load()}
	if n.begin() != nil {
		return
	}
	if !n.run() {
		n.end()
		return
	}
	newSession(n, conn).run()
}

// parting is how long a client may take to read why it is left.
const parting = time.Second

// part lets a client read its last answer: with bytes unread, closing would take
// that back.
func (k *link) part() {
	half, ok := k.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = k.conn.SetReadDeadline(time.Now().Add(parting))
	_, _ = io.Copy(io.Discard, k.conn)
}

// attended is a connection of which is known whether a byte came.
type attended struct {
	net.Conn
	spoke bool
}

// Read implements net.Conn.
func (c *attended) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.spoke = c.spoke || n > 0
	return n, err
}

// secure begins TLS where it is spoken. Who says nothing at all, as a balancer's
// probe, is no news.
func (k *link) secure() (net.Conn, *tls.ConnectionState, error) {
	if k.server.cfg.TLS == nil {
		return k.conn, nil, nil
	}
	raw := &attended{Conn: k.conn}
	conn := tls.Server(raw, k.server.cfg.TLS)
	ctx, stop := context.WithTimeout(k.server.life, k.server.cfg.Timeouts.Login)
	defer stop()
	if err := conn.HandshakeContext(ctx); err != nil {
		level, text := slog.LevelWarn, "fluxor: a connection without TLS, or with a wrong one"
		if !raw.spoke {
			level, text = slog.LevelDebug, "fluxor: a connection ended before it said anything"
		}
		k.server.log.Log(ctx, level, text, slog.String("address", k.address), slog.Any("error", err))
		return nil, nil, err
	}
	state := conn.ConnectionState()
	return conn, &state, nil
}

// errPanic is what a client hears of a panic.
var errPanic = errors.New("the gateway failed at this request; its log says more")

// survive keeps a panic from ending more than this connection.
func (k *link) survive(session string) {
	if p := recover(); p != nil {
		k.report(p, session)
	}
}

func (k *link) report(p any, session string) {
	k.server.log.Error("fluxor: a session of the gateway failed",
		slog.Any("panic", p), slog.String("session", session), slog.String("stack", string(debug.Stack())))
}
