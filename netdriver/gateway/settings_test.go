// This file tests that what a client asks of its session reaches the database as values alone, and nobody else.

package gateway_test

import (
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// inZone asks for a time zone.
func inZone(zone string) func(*wire.Hello) { return func(h *wire.Hello) { h.Session.TZ = zone } }

// quoted are zones that would be statements, were they written into one.
var quoted = []string{
	"UTC'; drop table kept; --", `UTC"; drop table kept; --`, "UTC', $1, false); drop table kept; --", "Europe/Berlin'", `\'; drop table kept; #`, "UTC;",
}

// zoned is a database whose sessions have a time zone.
type zoned struct {
	db    gateway.Database
	ask   string
	zone  string
	zone2 string
}

func (z *zoned) test(t *testing.T) {
	t.Helper()
	s := serve(t, config(z.db))
	plain := login(t, s)
	plain.must("create table kept (v integer)")
	plain.do(wire.TypeReset, &wire.Empty{})
	before := shown(plain.query(z.ask).value(t))
	a, b := login(t, s, inZone(z.zone)), login(t, s, inZone(z.zone2))
	whole := login(t, s, inZone(z.zone2), func(h *wire.Hello) { h.Session.Pool = "session" })
	for range 3 {
		for _, see := range []struct {
			who  *client
			want string
		}{{a, z.zone}, {plain, before}, {b, z.zone2}, {a, z.zone}, {plain, before}} {
			got := see.who.query(z.ask)
			if shown(got.value(t)) != see.want || got.end.Pin != "" {
				t.Errorf("got %s and pin %q, want %s", shown(got.value(t)), got.end.Pin, see.want)
			}
		}
	}
	a.do(wire.TypeBegin, &wire.Begin{})
	if got := shown(a.query(z.ask).value(t)); got != z.zone {
		t.Errorf("in a transaction: %s", got)
	}
	a.do(wire.TypeCommit, &wire.Empty{})
	for range 2 {
		if got := shown(whole.query(z.ask).value(t)); got != z.zone2 {
			t.Errorf("with a pool of sessions: %s", got)
		}
	}
	_ = whole.conn.Close()
	dbtest.WaitUntil(t, "the session is over", func() bool { return s.Sessions() == 3 })
	for _, zone := range quoted {
		if f := login(t, s, inZone(zone)).query("select 1").fail; f == nil || f.Kind != wire.ErrorDB || f.Conn != wire.ConnOK {
			t.Errorf("%s: got %+v", zone, f)
		}
		if got := shown(plain.query(z.ask).value(t)); got != before {
			t.Errorf("after %s another session has %s", zone, got)
		}
	}
	if a := plain.query("select count(*) from kept"); a.fail != nil {
		t.Error(a.fail)
	}
}

func TestATimeZoneIsTheSessionsAloneOnPostgreSQL(t *testing.T) {
	t.Parallel()
	(&zoned{
		db:  connector(t, dbtest.Postgres(t).NewDatabase(t).URL("TimeZone=Asia%2FTokyo"), one),
		ask: "show timezone", zone: "Europe/Berlin", zone2: "America/New_York",
	}).test(t)
}

func TestATimeZoneIsTheSessionsAloneOnMariaDB(t *testing.T) {
	t.Parallel()
	(&zoned{
		db:  connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN("time_zone=%27%2B05%3A00%27"), one),
		ask: "select @@session.time_zone", zone: "+02:00", zone2: "-07:00",
	}).test(t)
}

// What the gateway's own statements leave, which bring the zone, is never given out
// as the client's.
func TestATimeZoneComesBetweenAStatementAndWhatItLeft(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN(), one)))
	owner := login(t, s)
	owner.must("create table t (id integer auto_increment primary key, v int)", "insert into t (v) values (1), (2), (3)")
	owner.do(wire.TypeReset, &wire.Empty{})
	c := login(t, s, inZone("+02:00"))
	const insert, several = "insert into t (v) values (1), (2), (3)", "select sql_calc_found_rows v from t limit 1"
	for ask, before := range map[string]string{"select row_count()": insert, "select found_rows()": several} {
		c.query(before)
		c.query(ask).refused(t, wire.ErrorDenied)
		c.do(wire.TypeBegin, &wire.Begin{})
		c.query(ask).refused(t, wire.ErrorDenied)
		c.query(before)
		if got := shown(c.query(ask).value(t)); got == "0" || got == "1" {
			t.Errorf("%s in a transaction: %s", ask, got)
		}
		c.do(wire.TypeRollback, &wire.Empty{})
	}
	whole := login(t, s, inZone("+02:00"), func(h *wire.Hello) { h.Session.Pool = "session" })
	whole.must(insert)
	if got := shown(whole.query("select row_count()").value(t)); got != "3" {
		t.Errorf("with a pool of sessions: %s", got)
	}
}

func TestNoKeptAnswerIsOfAnotherTimeZone(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL("TimeZone=UTC"), cachedAll, one)
	s := serve(t, config(db))
	plain, berlin := login(t, s), login(t, s, inZone("Europe/Berlin"))
	plain.must("create table t (at timestamptz)", "insert into t values ('2026-01-01 00:00:00+00')")
	plain.do(wire.TypeReset, &wire.Empty{})
	if err := db.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	const text = "select count(*) from t where at < '2026-01-01 00:30:00'"
	for _, want := range []string{"miss", "hit"} {
		if a := plain.query(text); shown(a.value(t)) != "1" || a.end.Cache != want {
			t.Fatalf("elsewhere it is %s, by a %s", shown(a.value(t)), a.end.Cache)
		}
	}
	for range 3 {
		if a := berlin.query(text); shown(a.value(t)) != "0" || a.end.Cache != "" {
			t.Errorf("in Berlin it is %s, by a %s", shown(a.value(t)), a.end.Cache)
		}
		if a := plain.query(text); shown(a.value(t)) != "1" || a.end.Cache != "hit" {
			t.Errorf("elsewhere it is %s, by a %q", shown(a.value(t)), a.end.Cache)
		}
	}
}

// denied checks that a login is refused for what it asks of its session.
func denied(t *testing.T, s *served, what string, change func(*wire.Hello)) {
	t.Helper()
	c := dial(t, s.address)
	hello := wire.Hello{User: "app", DB: "erp", Token: token}
	change(&hello)
	c.greet(&hello)
	var f wire.Error
	if c.decode(c.next(), &f); f.Kind != wire.ErrorDenied || !strings.Contains(f.Message, what) {
		t.Errorf("got %+v", f)
	}
}

func TestAnOracleSessionTakesNothingForAZoneThatIsNone(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, dbtest.Oracle(t).DSN(), one)))
	for _, zone := range append(quoted, "+2:00", "a/b/c/d", "UTC\x00", "+02:00'", "Ä") {
		denied(t, s, "", inZone(zone))
	}
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "+02:00", "-07:30"} {
		login(t, s, inZone(zone))
	}
}

func TestWhatASessionCannotHaveIsSaid(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	denied(t, s, "no time zone", inZone("UTC"))
	denied(t, s, "control characters", func(h *wire.Hello) { h.Session.App = "a\nb" })
	denied(t, s, "control characters", func(h *wire.Hello) { h.Session.App = strings.Repeat("a", 129) })
	denied(t, s, "control characters", func(h *wire.Hello) { h.Session.Labels = map[string]string{"a\x1b": "b"} })
	denied(t, s, "control characters", func(h *wire.Hello) { h.Session.Labels = map[string]string{"a": "\u0085"} })
	c := login(t, s, func(h *wire.Hello) {
		h.Session.App, h.Session.Labels = "it's; drop table t", map[string]string{"a'b": `"; --`}
	})
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestNothingOfALoginReachesADatabaseBeforeItIsOver(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL())
	s := serve(t, config(db))
	for _, hello := range []wire.Hello{
		{User: "app", DB: "erp", Token: "wrong"},
		{User: "app'; select 1; --", DB: "erp'; select 1; --", Token: token},
		{User: "app", DB: "none", Token: token},
	} {
		hello.Session = wire.Session{TZ: "UTC'; select 1; --", App: "a'b"}
		c := dial(t, s.address)
		c.greet(&hello)
		if m := c.next(); m.Type != wire.TypeError {
			t.Errorf("got %s", m.Type)
		}
		c.ended()
	}
	login(t, s, inZone("UTC'; select 1; --"))
	if stats := db.PoolStats(); stats.Used+stats.Idle != 0 {
		t.Errorf("there are connections: %+v", stats)
	}
}
