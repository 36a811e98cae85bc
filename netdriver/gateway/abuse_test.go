// This file tests what is left of the security list: files, prepared statements, clients that vanish, reloads, restarts, and what time tells.

package gateway_test

import (
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/pgx"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestAClientCannotHaveTheGatewayReadItsFiles(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN())))
	c := login(t, s)
	c.must("create table t (v text)")
	for _, file := range []string{"/etc/hostname", "Reader::x"} {
		if a := c.exec("load data local infile '" + file + "' into table t"); a.fail == nil {
			t.Errorf("%s was read", file)
		}
	}
	c.do(wire.TypeReset, &wire.Empty{})
	if got := c.query("select count(*) from t").value(t); shown(got) != "0" {
		t.Errorf("there are %v rows", got)
	}
}

func TestAClientNamesADatabaseAndNeverADSN(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	s := sqlite(t)
	for _, db := range []string{target.URL(), target.KeyValue(), "erp?x=y", "../erp", "ERP", "erp\x00", " erp", "file:/etc/passwd", ":memory:"} {
		denied(t, s, "no database", func(h *wire.Hello) { h.DB = db })
	}
}

func TestAUserWithoutARoleIsNoAdmin(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	for _, op := range []string{"kill", "kill_client", "pause", "reload", "config", "shutdown", "metrics", "", "Kill", "no such"} {
		c.do(wire.TypeAdmin, &wire.Admin{Op: op}).refused(t, wire.ErrorDenied)
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestPreparedStatementsOfTwoClientsAreNeverMistaken(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	for name, change := range map[string]func(*fluxor.RuntimeConfig){
		"pq": one, "pgx": func(c *fluxor.RuntimeConfig) { c.MaxOpenConns, c.Driver = 1, "pgx" },
		"kept": func(c *fluxor.RuntimeConfig) { c.MaxOpenConns, c.StmtCacheSize = 1, 10 },
	} {
		s := serve(t, config(connector(t, target.URL(), change)))
		a, b := login(t, s), login(t, s)
		b.must("drop table if exists t", "create table t (v int)", "insert into t values (1)")
		b.do(wire.TypeReset, &wire.Empty{})
		texts := map[*client]string{a: "select 'a' || $1::text", b: "select 'b' || $1::text"}
		all := &wire.Statement{SID: 8}
		for c, text := range texts {
			c.do(wire.TypePrepare, &wire.Prepare{SID: 7, SQL: text})
			c.do(wire.TypePrepare, &wire.Prepare{SID: 8, SQL: "select * from t"})
		}
		for round := range 6 {
			for c, want := range map[*client]string{a: "ax", b: "bx"} {
				if got := shown(c.do(wire.TypeQuery, &wire.Statement{SID: 7, Args: arguments([]any{"x"})}).value(t)); got != want {
					t.Errorf("%s: got %s, want %s", name, got, want)
				}
				if got := c.do(wire.TypeQuery, all); shown(got.value(t)) != "1" || len(got.columns[0]) != round+1 {
					t.Errorf("%s, round %d: got %v", name, round, got.columns)
				}
			}
			b.must("alter table t add column c" + string(rune('a'+round)) + " int")
			b.do(wire.TypeReset, &wire.Empty{})
		}
	}
}

func TestAClientThatVanishesIsGivenUp(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(c *gateway.Config) {
		c.Timeouts = gateway.Timeouts{Idle: 300 * time.Millisecond, IdleInTx: 300 * time.Millisecond, StreamIdle: 300 * time.Millisecond, Write: 300 * time.Millisecond}
	})
	for what, say := range map[string]func(c *client){
		"idle":             func(*client) {},
		"in a transaction": func(c *client) { c.do(wire.TypeBegin, &wire.Begin{}) },
		"in mid result": func(c *client) {
			c.request(wire.TypeQuery, &wire.Statement{SQL: "select repeat('x', 1000) from generate_series(1, 1000000)"})
			c.next()
		},
	} {
		proxy, err := faultproxy.Start(s.address)
		if err != nil {
			t.Fatal(err)
		}
		c := login(t, &served{s.Server, proxy.Addr()})
		say(c)
		proxy.Blackhole(faultproxy.ToServer | faultproxy.ToClient)
		dbtest.WaitUntil(t, "who vanished "+what+" is given up", func() bool { return s.Sessions() == 0 && db.PoolStats().Used == 0 })
		_ = proxy.Close()
	}
}

func TestReloadsUnderLoadDisturbNobodyWhoMayStay(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	users := []gateway.User{{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}}}
	over := make(chan struct{})
	var all sync.WaitGroup
	var answers atomic.Int32
	for range 4 {
		c := login(t, s)
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if a := c.query("select 1"); a.fail != nil {
					t.Error(a.fail)
					answers.Store(math.MaxInt32)
					return
				}
				answers.Add(1)
			}
		})
	}
	for want := int32(times(500, 500_000)); answers.Load() < want; {
		if err := s.SetUsers(users); err != nil {
			t.Error(err)
		}
		_ = s.SetUsers([]gateway.User{{}}) // is refused, and changes nothing
	}
	close(over)
	all.Wait()
}

func TestARestartOfTheDatabaseIsHeardAndSurvived(t *testing.T) {
	t.Parallel()
	server := dbtest.StartPostgres(t, dbtest.Options{})
	s := serve(t, config(connector(t, server.URL(), four)))
	var clients []*client
	for range 4 {
		clients = append(clients, login(t, s))
	}
	clients[0].do(wire.TypeBegin, &wire.Begin{})
	for range 2 {
		server.Kill(t)
		for _, c := range clients {
			f := c.query("select 1").fail
			if f == nil || f.Kind != wire.ErrorConnLost && f.Kind != wire.ErrorDB && f.Kind != wire.ErrorPoolTimeout || f.Applied == wire.AppliedYes {
				t.Errorf("got %+v", f)
			}
		}
		server.Restart(t)
		for _, c := range clients {
			c.do(wire.TypeReset, &wire.Empty{})
			dbtest.WaitUntil(t, "the session goes on", func() bool { return c.query("select 1").fail == nil })
		}
	}
}

// An idle session is a goroutine and a small buffer.
func TestIdleSessionsTakeLittleMemory(t *testing.T) {
	s := sqlite(t, func(c *gateway.Config) { c.Limits.WaitingPerAddress = 1000 })
	used := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before, n := used(), times(200, 8000)
	for range n {
		login(t, s)
	}
	each := (used() - before) / uint64(n)
	t.Logf("%d idle sessions take %d bytes each, their clients' half included", n, each)
	if s.Sessions() != n || each > 100<<10 {
		t.Errorf("%d of %d sessions take %d bytes each", s.Sessions(), n, each)
	}
}

// inUse is the memory of the heap that is in use.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestAnIdleSessionKeepsNothingOfALargeStatement(t *testing.T) {
	s := sqlite(t, func(c *gateway.Config) { c.Limits.Frame, c.Users[0].ReadOnly = 4<<20, true })
	c, long := login(t, s), strings.Repeat("a line\n", 1<<17)
	before := inUse()
	for name, ask := range map[string]func(){
		"an argument":     func() { c.query("select length(?)", long) },
		"a text":          func() { c.query("delete from t where v = ' "+long+"'").refused(t, wire.ErrorReadOnly) },
		"a column's name": func() { c.query("select '" + long + "'").value(t) },
		"many arguments":  func() { c.query("select 1", make([]any, wire.MaxArgs)...) },
	} {
		ask()
		c.out.B = nil
		dbtest.WaitUntil(t, "nothing is kept of "+name, func() bool { return inUse() < before+256<<10 })
	}
}

// welch is Welch's t of two samples.
func welch(a, b []float64) float64 {
	mean := func(v []float64) (m, variance float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		for _, x := range v {
			variance += (x - m) * (x - m) / float64(len(v)-1)
		}
		return m, variance / float64(len(v))
	}
	ma, va := mean(a)
	mb, vb := mean(b)
	return (ma - mb) / math.Sqrt(va+vb)
}

func TestTheTimeOfALoginDoesNotTellWhetherTheUserExists(t *testing.T) {
	s := sqlite(t, withPassword(t, "correct horse"), func(c *gateway.Config) { c.Limits.FailedLogins = -1 })
	for name, hello := range map[string]wire.Hello{
		"a wrong token":          {Token: "a wrong token"},
		"the choice of the ways": {Auth: []string{wire.AuthSCRAM, wire.AuthToken}, Mech: wire.AuthSCRAM, Data: wire.Proof("n,,n=,r=abcdefgh")},
	} {
		var took [2][]float64
		for i := range times(400, 10_000) * 2 {
			c := dial(t, s.address)
			hello.DB, hello.User = "erp", []string{"app", "nobody"}[i%2]
			began := time.Now()
			c.greet(&hello)
			c.next()
			took[i%2] = append(took[i%2], float64(time.Since(began)))
			_ = c.conn.Close()
		}
		if got := welch(took[0], took[1]); math.Abs(got) > 5 {
			t.Errorf("%s: t is %.1f", name, got)
		}
	}
}
