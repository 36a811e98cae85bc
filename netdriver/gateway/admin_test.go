// This file tests the admin operations over the protocol: who may ask for which, and what they do.

package gateway_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// leastRoles are all operations with the least role that may ask for each.
var leastRoles = map[string]gateway.Role{
	"version": gateway.RoleMonitor, "databases": gateway.RoleMonitor, "pools": gateway.RoleMonitor, "clients": gateway.RoleMonitor,
	"servers": gateway.RoleMonitor, "stats": gateway.RoleMonitor, "stmts": gateway.RoleMonitor, "config": gateway.RoleMonitor,
	"health": gateway.RoleMonitor, "metrics": gateway.RoleMonitor, "diagnostics": gateway.RoleMonitor,
	"pause": gateway.RoleOperator, "resume": gateway.RoleOperator, "reconnect": gateway.RoleOperator, "wait_close": gateway.RoleOperator,
	"disable": gateway.RoleOperator, "enable": gateway.RoleOperator, "kill": gateway.RoleOperator, "kill_client": gateway.RoleOperator,
	"reload": gateway.RoleAdmin, "drain": gateway.RoleAdmin,
}

// everyRole are the roles, from none on.
var everyRole = append([]gateway.Role{gateway.RoleNone}, gateway.Roles()...)

// withRole gives the user "app" a role.
func withRole(r gateway.Role) func(*gateway.Config) {
	return func(c *gateway.Config) { c.Users[0].Role = r }
}

// asked is what an operation answers.
func (c *client) asked(op string, args map[string]string) (json.RawMessage, *wire.Error) {
	c.t.Helper()
	id := c.request(wire.TypeAdmin, &wire.Admin{Op: op, Args: args})
	m := c.next()
	if m.ID != id {
		c.t.Fatalf("got %s for %d", m.Type, m.ID)
	}
	if m.Type == wire.TypeError {
		var fail wire.Error
		c.decode(m, &fail)
		return nil, &fail
	}
	var a wire.AdminAnswer
	c.decode(m, &a)
	return a.Data, nil
}

// ask reads the answer of an operation, which must succeed, into v.
func (c *client) ask(op string, args map[string]string, v any) {
	c.t.Helper()
	data, fail := c.asked(op, args)
	if fail != nil {
		c.t.Fatalf("%s: %v", op, fail)
	}
	if err := json.Unmarshal(data, v); err != nil {
		c.t.Fatalf("%s: %v in %s", op, err, data)
	}
}

func TestEachOperationIsForItsRoleAndThoseAbove(t *testing.T) {
	t.Parallel()
	table := map[string]gateway.Role{}
	for _, o := range gateway.Ops() {
		table[o.Name] = o.Role
		if o.Help == "" {
			t.Errorf("%s has no help", o.Name)
		}
	}
	if !maps.Equal(table, leastRoles) {
		t.Errorf("the table has %v, want %v", table, leastRoles)
	}
	for i, role := range everyRole {
		s := sqlite(t, withRole(role), func(c *gateway.Config) {
			c.Operations.Drain = func() {}
			c.Operations.Reload = func(context.Context) (any, error) { return 1, nil }
		})
		c := login(t, s)
		for op, least := range leastRoles {
			_, fail := c.asked(op, nil)
			denied := fail != nil && fail.Kind == wire.ErrorDenied
			if may := i >= slices.Index(everyRole, least); may == denied {
				t.Errorf("role %q asked for %s: denied is %t", role, op, denied)
			}
		}
		for _, op := range []string{"", "Pools", "shutdown", "pools;"} {
			want := wire.ErrorProtocol
			if role == gateway.RoleNone {
				want = wire.ErrorDenied
			}
			if _, fail := c.asked(op, nil); fail == nil || fail.Kind != want || want == wire.ErrorProtocol && !strings.Contains(fail.Message, "pools, ") {
				t.Errorf("role %q asked for %q: got %v, want %s and the operations", role, op, fail, want)
			}
		}
	}
}

func TestARoleThatIsTakenAwayCountsAtOnce(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleMonitor))
	c := login(t, s)
	c.ask("version", nil, new(any))
	if err := s.SetUsers([]gateway.User{{Name: "app", Tokens: []gateway.Token{gateway.HashToken(token)}}}); err != nil {
		t.Fatal(err)
	}
	if _, fail := c.asked("version", nil); fail == nil || fail.Kind != wire.ErrorDenied {
		t.Errorf("got %v", fail)
	}
}

func TestWhatAnOperationLacksOrDoesNotTakeIsSaid(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t, withRole(gateway.RoleOperator)))
	for _, one := range []struct {
		op, want string
		args     map[string]string
	}{
		{"pools", "pools takes no arguments", map[string]string{"x": "1"}},
		{"pause", `pause takes no argument "x"; it takes: database, wait_ms`, map[string]string{"x": "1"}},
		{"kill_client", "the argument session is missing", nil},
		{"kill", "a session, a database or a user must be named", nil},
		{"puase", `there is no operation "puase"; there are: version, databases, pools, `, nil},
	} {
		if _, fail := c.asked(one.op, one.args); fail == nil || !strings.Contains(fail.Message, one.want) || strings.Contains(fail.Message, "reload") {
			t.Errorf("%s: got %v, want %q", one.op, fail, one.want)
		}
	}
}

func TestWrongArgumentsAreNamedAndTheSessionGoesOn(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t, withRole(gateway.RoleAdmin)))
	for op, args := range map[string]map[string]string{
		"version": {"x": "1"}, "pause": {"database": "none"}, "wait_close": {"wait_ms": "soon"}, "kill": nil, "kill_client": {"session": "none"},
		"disable": nil, "reload": nil, "drain": nil,
	} {
		if _, fail := c.asked(op, args); fail == nil || fail.Kind != wire.ErrorProtocol || fail.Conn != wire.ConnOK {
			t.Errorf("%s %v: got %+v", op, args, fail)
		}
	}
	c.must("create table t (v)")
}

func TestWhatCanBeLookedAtShowsTheSessionsWork(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleMonitor))
	c, other := login(t, s), login(t, s, func(h *wire.Hello) { h.Client, h.Session.App = "test/1", "billing" })
	other.must("create table t (v)")
	other.do(wire.TypeReset, &wire.Empty{})
	other.do(wire.TypeBegin, &wire.Begin{})
	var clients []gateway.Client
	c.ask("clients", nil, &clients)
	if len(clients) != 2 || clients[0].State != gateway.ClientActive {
		t.Fatalf("got %+v", clients)
	}
	if o := clients[1]; o.State != gateway.ClientInTx || o.User != "app" || o.Database != "erp" || o.Requests != 3 ||
		o.Application != "billing" || o.Program != "test/1" || o.Session != other.hello.Session || o.Address != "127.0.0.1" {
		t.Errorf("got %+v", o)
	}
	var pools []map[string]any
	c.ask("pools", nil, &pools)
	if p := pools[0]; p["database"] != "erp" || p["cl_active"] != 2.0 || p["sv_active"] != 1.0 {
		t.Errorf("got %v", p)
	}
	var stats []map[string]any
	c.ask("stats", nil, &stats)
	if stats[0]["queries"] != 1.0 || stats[0]["open_transactions"] != 1.0 {
		t.Errorf("got %v", stats)
	}
	var health struct {
		Healthy, Ready bool
		Databases      map[string]struct{ Reason string }
	}
	c.ask("health", nil, &health)
	if !health.Healthy || !health.Ready || len(health.Databases) != 1 {
		t.Errorf("got %+v", health)
	}
	for _, op := range []string{"servers", "stmts", "metrics", "diagnostics", "config", "databases"} {
		c.ask(op, nil, new(any))
	}
}

func TestPauseHoldsStatementsUntilResume(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleOperator))
	operator, c := login(t, s), login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{})
	if _, fail := operator.asked("pause", map[string]string{"wait_ms": "20"}); fail == nil || fail.Kind != wire.ErrorTimeout {
		t.Fatalf("got %v in a transaction", fail)
	}
	if a := c.do(wire.TypeCommit, &wire.Empty{}); a.fail != nil {
		t.Fatal(a.fail)
	}
	var paused struct{ Used int }
	operator.ask("pause", map[string]string{"database": "erp", "wait_ms": "10000"}, &paused)
	if paused.Used != 0 {
		t.Errorf("%d connections are used", paused.Used)
	}
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: "select 1"})
	dbtest.WaitUntil(t, "it waits", func() bool {
		var pools []struct {
			Waiting int `json:"cl_waiting"`
			State   string
		}
		operator.ask("pools", nil, &pools)
		return pools[0].Waiting == 1 && pools[0].State == "paused"
	})
	operator.ask("resume", nil, new(any))
	if a := c.answer(id); a.fail != nil {
		t.Error(a.fail)
	}
}

func TestReconnectReplacesConnectionsAndWaitCloseWaitsForThem(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t))
	conf := config(db)
	conf.Users[0].Role = gateway.RoleOperator
	s := serve(t, conf)
	operator, c := login(t, s), login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{})
	operator.ask("wait_close", nil, new(any))
	operator.ask("reconnect", nil, new(any))
	if _, fail := operator.asked("wait_close", map[string]string{"wait_ms": "20"}); fail == nil || fail.Kind != wire.ErrorTimeout {
		t.Fatalf("got %v in a transaction", fail)
	}
	c.do(wire.TypeRollback, &wire.Empty{})
	operator.ask("wait_close", map[string]string{"database": "erp"}, new(any))
	if n := db.PoolStats().ClosedEvicted; n != 1 {
		t.Errorf("%d connections were replaced", n)
	}
}

func TestADisabledDatabaseTakesNoNewSession(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleOperator))
	operator := login(t, s)
	operator.ask("disable", map[string]string{"database": "erp"}, new(any))
	c := dial(t, s.address)
	c.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	c.answer(0).refused(t, wire.ErrorShutdown)
	if s.Ready() == nil {
		t.Error("the gateway is ready without a database")
	}
	operator.must("create table t (v)")
	operator.ask("enable", map[string]string{"database": "erp"}, new(any))
	login(t, s)
	if err := s.Ready(); err != nil {
		t.Error(err)
	}
}

func TestKillEndsWhatASessionRuns(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.Postgres(t).NewDatabase(t).URL())
	conf := config(db)
	conf.Users[0].Role = gateway.RoleOperator
	s := serve(t, conf)
	operator, c, idle := login(t, s), login(t, s), login(t, s)
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: endless})
	dbtest.WaitUntil(t, "it runs", func() bool { return db.PoolStats().Used == 1 })
	began := time.Now()
	var ended struct{ Sessions int }
	operator.ask("kill", map[string]string{"session": c.hello.Session, "user": "app"}, &ended)
	if ended.Sessions != 1 {
		t.Errorf("%d sessions were ended", ended.Sessions)
	}
	for _, which := range []uint32{id, 0} {
		if f := c.answer(which).refused(t, wire.ErrorShutdown); f.Message != "an operator ended the session" {
			t.Errorf("answer %d: got %q", which, f.Message)
		}
	}
	c.ended()
	operator.ask("kill_client", map[string]string{"session": idle.hello.Session}, new(any))
	idle.answer(0).refused(t, wire.ErrorShutdown)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	dbtest.WaitUntil(t, "the connection is free", func() bool { return db.PoolStats().Used == 0 && s.Sessions() == 1 })
}

func TestThePageHasEachOperationAsTheTableHasIt(t *testing.T) {
	page, err := os.ReadFile("../../docs/GATEWAY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range gateway.Ops() {
		args := make([]string, len(o.Args))
		for i, a := range o.Args {
			args[i] = "`" + a + "`"
		}
		row := "\n| `" + o.Name + "` | " + string(o.Role) + " | " + strings.Join(args, ", ") + " | " + o.Help + " |\n"
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/GATEWAY.md lacks%s", row)
		}
	}
}

func TestTheClientDriversQuestionsAreAnswered(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleMonitor))
	db, err := sql.Open("fluxor+tcp", "tcp://app:"+url.PathEscape(token)+"@"+s.address+"/erp?auth=token")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	for name, ask := range map[string]func(context.Context, *sql.DB) (json.RawMessage, error){
		`"sessions":1`: netdriver.Metrics, `"healthy":true`: netdriver.Health, `"erp":"`: netdriver.Diagnostics,
	} {
		if answer, err := ask(t.Context(), db); err != nil || !strings.Contains(string(answer), name) {
			t.Errorf("want %s, got %s, %v", name, answer, err)
		}
	}
	var refused *netdriver.Error
	if _, err := netdriver.Admin(t.Context(), db, "pause", nil); !errors.As(err, &refused) || refused.Kind != "denied" {
		t.Errorf("got %v", err)
	}
	if err := db.PingContext(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestKillDoesNotWaitForAClientThatReadsNothing(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleOperator))
	operator, c := login(t, s), login(t, s, func(h *wire.Hello) { h.Window = 1 << 30 })
	c.request(wire.TypeQuery, &wire.Statement{SQL: "with recursive n(i) as (select 1 union all select i + 1 from n) select i, hex(zeroblob(4000)) from n"})
	dbtest.WaitUntil(t, "it streams", func() bool { return s.Clients()[1].State == gateway.ClientActive })
	began := time.Now()
	operator.ask("kill", map[string]string{"session": c.hello.Session}, new(any))
	dbtest.WaitUntil(t, "it is gone", func() bool { return s.Sessions() == 1 })
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}
