// This file tests what users and databases are bounded to, and that users do not see each other's answers.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestStatementsBeyondTheBoundWaitAndThenFailWhileTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	for name, bind := range map[string]func(*gateway.Config, gateway.Bounds){
		"user":     func(c *gateway.Config, b gateway.Bounds) { c.Users[0].Bounds = b },
		"database": func(c *gateway.Config, b gateway.Bounds) { c.Bounds = map[string]gateway.Bounds{"erp": b} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sqlite(t, func(c *gateway.Config) { bind(c, gateway.Bounds{InFlight: 1, Queue: 50 * time.Millisecond}) })
			holder, c := login(t, s), login(t, s)
			holder.do(wire.TypeBegin, &wire.Begin{})
			for range 2 {
				f := c.query("select 1").refused(t, wire.ErrorPoolTimeout)
				if f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK || !f.Retryable || f.Message == "context canceled" {
					t.Errorf("got %+v", f)
				}
			}
			c.do(wire.TypeBegin, &wire.Begin{}).refused(t, wire.ErrorPoolTimeout)
			if got := holder.query("select 1").value(t); got != int64(1) {
				t.Errorf("who has a place is not served: %v", got)
			}
			holder.do(wire.TypeCommit, &wire.Empty{})
			for range 3 {
				for _, who := range []*client{c, holder} {
					if got := who.query("select 1").value(t); got != int64(1) {
						t.Error(got)
					}
				}
			}
			holder.do(wire.TypeBegin, &wire.Begin{})
			_ = holder.conn.Close()
			dbtest.WaitUntil(t, "the place is free", func() bool { return c.query("select 1").fail == nil })
		})
	}
}

func TestTheQueueBoundHoldsForTheDatabasesConnectionsToo(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(c *gateway.Config) { c.Users[0].Bounds.Queue = 50 * time.Millisecond })
	holder, c := login(t, s), login(t, s)
	dbtest.WaitUntil(t, "the connection is held", func() bool { return holder.do(wire.TypeBegin, &wire.Begin{}).fail == nil })
	f := c.query("select 1").refused(t, wire.ErrorPoolTimeout)
	if f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK || f.Message == "context canceled" {
		t.Errorf("got %+v", f)
	}
	holder.do(wire.TypeCommit, &wire.Empty{})
	if a := c.query("select pg_sleep(0.2)"); a.fail != nil { // the bound is for waiting alone
		t.Error(a.fail)
	}
	dbtest.WaitUntil(t, "all is given back", func() bool { return db.PoolStats().Used == 0 })
}

func TestNewBoundsOfADatabaseHoldWithoutARestart(t *testing.T) {
	t.Parallel()
	conf := config(connector(t, dbtest.SQLite(t, "_pragma=busy_timeout(5000)")))
	s := serve(t, conf)
	bind := func(b gateway.Bounds) error {
		to := gateway.Served{Databases: conf.Databases, Users: conf.Users, Bounds: map[string]gateway.Bounds{"erp": b}}
		return s.SetServed(to, func(string, gateway.Database) { t.Error("a database went") })
	}
	holder := login(t, s)
	if err := bind(gateway.Bounds{InFlight: 1, Queue: 50 * time.Millisecond, Sessions: 2}); err != nil {
		t.Fatal(err)
	}
	holder.do(wire.TypeBegin, &wire.Begin{})
	c := login(t, s)
	c.query("select 1").refused(t, wire.ErrorPoolTimeout)
	denied := dial(t, s.address)
	denied.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	denied.answer(0).refused(t, wire.ErrorOverloaded)
	if err := bind(gateway.Bounds{Rows: -1}); err == nil {
		t.Error("wrong bounds are accepted")
	}
	c.query("select 1").refused(t, wire.ErrorPoolTimeout)
	if err := bind(gateway.Bounds{Rows: 1}); err != nil {
		t.Fatal(err)
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
	login(t, s).query("select 1 union all select 2").refused(t, wire.ErrorTooLarge)
}

func TestALoginBegunBeforeAReloadHasTheBoundsOfAfter(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	late := dial(t, s.address)
	late.greet(&wire.Hello{User: "app", DB: "erp", Auth: []string{wire.AuthToken}})
	if m := late.next(); m.Type != wire.TypeChallenge {
		t.Fatalf("got %s", m.Type)
	}
	tight := gateway.User{
		Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}, Sessions: 3,
		Bounds: gateway.Bounds{InFlight: 1, Queue: 50 * time.Millisecond, Rows: 1},
	}
	if err := s.SetUsers([]gateway.User{tight}); err != nil {
		t.Fatal(err)
	}
	holder, c := login(t, s), login(t, s)
	holder.do(wire.TypeBegin, &wire.Begin{})
	late.send(wire.TypeResponse, 0, &wire.Response{Token: token})
	late.welcomed()
	for name, who := range map[string]*client{"one after the reload": c, "the late one": late} {
		if a := who.query("select 1"); a.fail == nil || a.fail.Kind != wire.ErrorPoolTimeout {
			t.Errorf("%s is not bounded: %+v", name, a)
		}
	}
	holder.do(wire.TypeRollback, &wire.Empty{})
	late.query("select 1 union all select 2").refused(t, wire.ErrorTooLarge)
	more := dial(t, s.address)
	more.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	more.answer(0).refused(t, wire.ErrorOverloaded)
}

func TestOneUsersBoundIsNotAnothers(t *testing.T) {
	t.Parallel()
	s := sqlite(t, reader, func(c *gateway.Config) { c.Users[0].Bounds = gateway.Bounds{InFlight: 1, Queue: 50 * time.Millisecond} })
	holder := login(t, s)
	holder.do(wire.TypeBegin, &wire.Begin{})
	if got := login(t, s, asReader).query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestAResultBeyondItsBoundEndsTheStatementAndNotTheSession(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]gateway.Bounds{"rows": {Rows: 10}, "bytes": {Bytes: 1100}} {
		for _, codec := range []string{"json", "bin1"} {
			s := sqlite(t, func(c *gateway.Config) { c.Users[0].Bounds = b })
			c := login(t, s, func(h *wire.Hello) { h.Codecs = []string{codec} })
			if f := c.query(numbers("11")).refused(t, wire.ErrorTooLarge); f.Conn != wire.ConnOK {
				t.Errorf("%s, %s: got %+v", name, codec, f)
			}
			if a := c.query(numbers("8")); a.value(t) != int64(1) || len(a.sets[0]) != 8 {
				t.Errorf("%s, %s: %d rows came", name, codec, len(a.sets[0]))
			}
		}
	}
}

func TestADatabaseHasOnlySoManySessions(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) {
		c.Databases["other"] = c.Databases["erp"]
		c.Bounds = map[string]gateway.Bounds{"erp": {Sessions: 1}}
	})
	first := login(t, s)
	c := dial(t, s.address)
	c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	var f wire.Error
	if c.decode(c.next(), &f); f.Kind != wire.ErrorOverloaded {
		t.Errorf("got %+v", f)
	}
	login(t, s, func(h *wire.Hello) { h.DB = "other" })
	_ = first.conn.Close()
	dbtest.WaitUntil(t, "the session is gone", func() bool { return s.Sessions() == 1 })
	login(t, s)
}

// cachedAll keeps every answer.
func cachedAll(c *fluxor.RuntimeConfig) { c.Cache = "all" }

func TestUsersOfDifferentRolesNeverSeeEachOthersAnswers(t *testing.T) {
	t.Parallel()
	server := dbtest.Postgres(t)
	target := server.NewDatabase(t)
	owner, admin := connector(t, target.URL(), cachedAll), server.Admin(t)
	clerk := "clerk_" + target.Database
	if _, err := admin.Exec("create role " + clerk + " login password 'fluxor'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = admin.Exec("drop role " + clerk) })
	c := config(owner)
	c.Databases["clerks"] = connector(t, target.As(clerk, "fluxor").URL(), cachedAll)
	c.Users[0].Databases = []string{"erp"}
	c.Users = append(c.Users, gateway.User{Name: "clerk", Databases: []string{"clerks"}, Tokens: []gateway.Token{gateway.HashToken(token)}})
	s := serve(t, c)
	boss := login(t, s)
	low := login(t, s, func(h *wire.Hello) { h.User, h.DB = "clerk", "clerks" })
	t.Cleanup(func() { boss.must("drop table pay") }) // with its grants, which would keep the role
	boss.must(
		"create table pay (who text, v int)", "insert into pay values ('boss', 9), ('clerk', 1)", "grant select on pay to "+clerk,
		"alter table pay enable row level security", "create policy own on pay using (who = split_part(current_user, '_', 1))",
	)
	boss.do(wire.TypeReset, &wire.Empty{})
	const text = "select max(v) from pay"
	for range 3 {
		if got := boss.query(text).value(t); shown(got) != "9" {
			t.Errorf("the owner sees %v", got)
		}
		if got := low.query(text).value(t); shown(got) != "1" {
			t.Errorf("the clerk sees %v", got)
		}
	}
	x := dial(t, s.address)
	x.greet(&wire.Hello{User: "clerk", DB: "erp", Token: token})
	var f wire.Error
	if x.decode(x.next(), &f); f.Kind != wire.ErrorDenied {
		t.Errorf("the clerk gets into the owner's database: %+v", f)
	}
}

func TestWhoChangesItsSessionSeesNoKeptAnswerAndKeepsNone(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL(), cachedAll)
	s := serve(t, config(db))
	c, other := login(t, s), login(t, s)
	c.must("create schema a", "create table a.t (v int)", "insert into a.t values (1)", "create table public.t (v int)", "insert into public.t values (2)")
	c.do(wire.TypeReset, &wire.Empty{})
	if err := db.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	const text = "select max(v) from t"
	ask := func(who *client, want string) {
		t.Helper()
		for range 3 {
			a := who.query(text)
			if got := a.value(t); shown(got) != want {
				t.Errorf("got %v, want %s", got, want)
			}
		}
	}
	ask(other, "2")
	c.must("set search_path to a")
	ask(c, "1")
	ask(other, "2")
	c.do(wire.TypeReset, &wire.Empty{})
	ask(c, "2")
}

func TestUsersOfOneDatabaseShareItsAnswersAndHearWhereTheyCameFrom(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t), cachedAll)
	s := serve(t, config(db))
	c, other := login(t, s), login(t, s)
	c.must("create table t (v)")
	c.do(wire.TypeReset, &wire.Empty{})
	if err := db.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, who := range []*client{c, other} {
		a := who.query("select count(*) from t")
		a.value(t)
		said = append(said, a.end.Cache)
	}
	if fmt.Sprint(said) != "[miss hit]" {
		t.Errorf("the ends say %v", said)
	}
	without := login(t, sqlite(t))
	if a := without.query("select 1"); a.end.Cache != "" {
		t.Errorf("without a cache the end says %q", a.end.Cache)
	}
}

func TestTheRestOfAResultThatIsTooLargeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s, db := postgresWith(t, func(c *gateway.Config) { c.Users[0].Bounds.Rows = 10 })
	c, late, began := login(t, s), dbtest.Lateness(t), time.Now()
	c.query("select generate_series(1, 300000000)").refused(t, wire.ErrorTooLarge)
	if took := time.Since(began); took > 10*time.Second+late() {
		t.Errorf("it took %s", took)
	}
	if got := c.query("select 1").value(t); got != int64(1) || db.PoolStats().Used != 0 {
		t.Errorf("got %v and %+v", got, db.PoolStats())
	}
}

func TestARequestThatEndsForWantOfMemoryIsToldSo(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	conf := config(&faulty{query: func(ctx context.Context, _ string) (driver.Rows, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	conf.Limits.Memory = 100 << 10
	c := login(t, serve(t, conf))
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"})
	<-began
	var b wire.Buffer
	b.Add(wire.TypeQuery, id+1, &wire.Statement{SQL: strings.Repeat("x", 200<<10)}, c.codec)
	_, _ = c.conn.Write(b.Bytes()) // what does not fit is not read
	if f := c.answer(id).refused(t, wire.ErrorOverloaded); f.Applied == wire.AppliedYes {
		t.Errorf("got %+v", *f)
	}
}
