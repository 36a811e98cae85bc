// This file tests connections that nobody uses: what they notice, and what they keep.

package netdriver

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"net"
	"os"
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
