// This file tests connections that nobody uses: what they notice, and what they keep.

package netdriver

import (
	"crypto/tls"
	"database/sql"
	"testing"

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
