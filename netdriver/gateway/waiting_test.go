// This file tests what a client hears while its statement waits for a connection.

package gateway_test

import (
	"bufio"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestWhoWaitsForLongIsToldOnce(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(*gateway.Config) {})
	bounded := sqlite(t, func(c *gateway.Config) { c.Users[0].Bounds.InFlight = 1 })
	for name, try := range map[string]*served{"a connection": s, "a place": bounded} {
		holder, c := login(t, try), login(t, try)
		holder.do(wire.TypeBegin, &wire.Begin{})
		id := c.request(wire.TypeQuery, &wire.Statement{SQL: "select 7"})
		m := c.next()
		var n wire.Notice
		if c.decode(m, &n); m.Type != wire.TypeNotice || m.ID != id || n.Code != "queued" {
			t.Fatalf("%s: got %s %s", name, m.Type, m.Body)
		}
		holder.do(wire.TypeCommit, &wire.Empty{})
		a := c.answer(id)
		if got := a.value(t); shown(got) != "7" || len(a.notices) != 0 {
			t.Errorf("%s: got %v and %v", name, got, a.notices)
		}
	}
	slow := login(t, s)
	if a := slow.query("select pg_sleep(1.2)"); a.fail != nil || len(a.notices) != 0 {
		t.Errorf("who runs for long was told %v, %v", a.notices, a.fail)
	}
	dbtest.WaitUntil(t, "all is given back", func() bool { return db.PoolStats().Used == 0 })
}

func TestWhoWaitsInLineModeIsToldToo(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) {
		c.Users[0].Bounds = gateway.Bounds{InFlight: 1, Queue: 1500 * time.Millisecond}
	})
	holder, c := login(t, s), dial(t, s.address)
	holder.do(wire.TypeBegin, &wire.Begin{})
	c.write([]byte(`{"type":"hello","user":"app","db":"erp","token":"` + token + `"}` + "\n" + `{"type":"query","id":1,"sql":"select 7"}` + "\n"))
	var said []string
	for lines := bufio.NewScanner(c.conn); len(said) < 3 && lines.Scan(); {
		said = append(said, lines.Text())
	}
	for i, want := range []string{`{"type":"welcome"`, `{"type":"notice","id":1,"code":"queued"`, `{"type":"error","id":1,"kind":"pool_timeout"`} {
		if len(said) <= i || !strings.HasPrefix(said[i], want) {
			t.Fatalf("got %s, want %s at %d", said, want, i)
		}
	}
	if slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "context canceled") }) {
		t.Errorf("got %s", said)
	}
}
