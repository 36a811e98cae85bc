// This file tests what is shown of each session: what its requests came to, and its last statement.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// counting counts what a client wrote and read.
type counting struct {
	net.Conn
	wrote, read atomic.Int64
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.wrote.Add(int64(n))
	return n, err
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// counted logs in over a connection that counts.
func counted(t *testing.T, s *served) (*client, *counting) {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{Conn: conn}
	one := over(t, c)
	one.greet(&wire.Hello{User: "app", DB: "erp", Token: token})
	one.welcomed()
	return one, c
}

func TestEachSessionShowsWhatItsRequestsCameTo(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleMonitor))
	c, seen := counted(t, s)
	c.must("create table t (v text)")
	c.exec("insert into t values ('sorrel'), (?)", "argument")
	c.exec("insert into missing values ('sorrel')").refused(t, wire.ErrorDB)
	c.query("select v from t where v = 'sorrel'")
	c.do(wire.TypeCommit, &wire.Empty{}).refused(t, wire.ErrorProtocol)
	now := s.Clients()[0]
	if now.Requests != 5 || now.Failed != 2 || now.Statement != "select v from t where v = ?" {
		t.Errorf("got %+v", now)
	}
	dbtest.WaitUntil(t, "all bytes are counted", func() bool {
		now := s.Clients()[0]
		return now.BytesIn == seen.wrote.Load() && now.BytesOut == seen.read.Load()
	})
	_, body := visit(t, http.MethodGet, pages(t, s, gateway.AdminPages{}).URL+"/admin/clients", as("app", token))
	if !strings.Contains(body, `"statement":"select v from t where v = ?"`) || !strings.Contains(body, `"failed":2`) || strings.Contains(body, "sorrel") {
		t.Errorf("got %s", body)
	}
}

func TestTheStatementOfASessionIsShownWhileItRuns(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c := login(t, s)
	id := c.request(wire.TypeQuery, &wire.Statement{SQL: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n where i < 0"})
	dbtest.WaitUntil(t, "it is shown", func() bool {
		now := s.Clients()[0]
		return now.State == gateway.ClientActive && strings.HasPrefix(now.Statement, "with recursive n") && strings.HasSuffix(now.Statement, "i < ?")
	})
	c.send(wire.TypeCancel, id, &wire.Empty{})
	c.answer(id).refused(t, wire.ErrorCanceled)
	c.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "select 2, 'prepared'"})
	if now := s.Clients()[0]; now.Failed != 1 || now.Statement != "select ?, ..." {
		t.Errorf("got %+v", now)
	}
}

func TestWhatIsShownOfALongStatementIsBounded(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c := login(t, s)
	for text, most := range map[string]int{
		"select 1 as " + strings.Repeat("größer", 3000):    2003,
		"select '" + strings.Repeat("sorrel", 30000) + "'": 30,
	} {
		c.query(text)
		if got := s.Clients()[0].Statement; len(got) > most || len(got) < 20 || strings.Contains(got, "sorrel") || strings.ToValidUTF8(got, "") != got {
			t.Errorf("got %d bytes: %.60q", len(got), got)
		}
	}
}

func TestNothingIsShownOfAStatementThatNobodyCanRead(t *testing.T) {
	t.Parallel()
	s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return &cells{row: []driver.Value{int64(1)}}, nil }}))
	c := login(t, s)
	c.query("secret")
	if got := s.Clients()[0]; got.Statement != "" || got.Requests != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestPinsAreCountedByTheirReason(t *testing.T) {
	t.Parallel()
	s := sqlite(t, withRole(gateway.RoleMonitor))
	c, other := login(t, s), login(t, s)
	count := func(pinned int, want map[string]int64) {
		t.Helper()
		var pools []struct {
			Pinned int `json:"cl_pinned"`
		}
		var stats []struct {
			Pins map[string]int64 `json:"pins"`
		}
		other.ask("pools", nil, &pools)
		other.ask("stats", nil, &stats)
		if pools[0].Pinned != pinned || !maps.Equal(stats[0].Pins, want) {
			t.Errorf("got %+v %+v, want %d and %v", pools, stats, pinned, want)
		}
	}
	count(0, map[string]int64{})
	c.query("select 1")
	count(0, map[string]int64{})
	c.exec("create temp table t (a)")
	c.exec("insert into t values (1)")
	count(1, map[string]int64{"unknown-statement": 1})
	c.do(wire.TypeReset, &wire.Empty{})
	count(0, map[string]int64{"unknown-statement": 1})
	c.exec("begin")
	c.exec("create temp table t (a)")
	_ = c.conn.Close()
	dbtest.WaitUntil(t, "it is gone", func() bool { return s.Sessions() == 1 })
	count(0, map[string]int64{"unknown-statement": 1, "transaction": 1})
}
