// This file tests who waits for the audit log, and for whom it waits.

package gateway_test

import (
	"sync"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestWhatWaitedInLineDoesNotRunUnrecordedWhereThatIsRequired(t *testing.T) {
	t.Parallel()
	disk := &full{}
	s := sqlite(t, func(c *gateway.Config) {
		c.Audit, c.AuditRequired = disk, true
		c.Users[0].Bounds = gateway.Bounds{InFlight: 1}
	})
	a := login(t, s)
	a.must("create table t (v)")
	a.do(wire.TypeReset, &wire.Empty{})
	for name, request := range map[string]func(c *client) uint32{
		"exec": func(c *client) uint32 {
			return c.request(wire.TypeExec, &wire.Statement{SQL: "insert into t values ('unrecorded')"})
		},
		"begin": func(c *client) uint32 { return c.request(wire.TypeBegin, &wire.Begin{}) },
	} {
		b := login(t, s)
		a.do(wire.TypeBegin, &wire.Begin{})
		id := request(b)
		if m := b.next(); m.Type != wire.TypeNotice {
			t.Fatalf("%s: %v before it waits", name, m.Type)
		}
		disk.is.Store(true)
		a.must("insert into t values ('when it became full')")
		a.do(wire.TypeCommit, &wire.Empty{})
		b.answer(id).refused(t, wire.ErrorOverloaded)
		disk.is.Store(false)
		dbtest.WaitUntil(t, "statements run", func() bool { return a.query("select 1").fail == nil })
	}
	if got := a.query("select count(*) from t where v = 'unrecorded'").value(t); got != int64(0) {
		t.Errorf("%v rows were written, of which no record is", got)
	}
}

// still is a log whose disk stands still at times.
type still struct {
	heard
	mu sync.Mutex
}

func (d *still) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heard.Write(p)
}

func TestADiskThatStandsStillKeepsNoConnectionOfAClientThatIsGone(t *testing.T) {
	t.Parallel()
	disk := &still{}
	db := connector(t, dbtest.SQLite(t))
	c := config(db)
	c.Audit, c.AuditRequired = disk, true
	s := serve(t, c)
	a := login(t, s)
	a.do(wire.TypeBegin, &wire.Begin{})
	a.query("select 1")
	disk.mu.Lock()
	defer disk.mu.Unlock()
	_ = a.conn.Close()
	dbtest.WaitUntil(t, "the connection goes back", func() bool { return db.Diagnostics().State.Pool.Used == 0 })
}
