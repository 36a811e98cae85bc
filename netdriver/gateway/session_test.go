// This file tests what a session does with statements, transactions and what is prepared.

package gateway_test

import (
	"bufio"
	"reflect"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestValuesComeBackInBothCodecs(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	for _, codec := range []string{"json", "bin1"} {
		c := login(t, s, func(h *wire.Hello) { h.Codecs = []string{codec} })
		if c.hello.Codec != codec || c.hello.Dialect != "sqlite" {
			t.Fatalf("got codec %s and dialect %s", c.hello.Codec, c.hello.Dialect)
		}
		a := c.query("select ? as i, ? as f, ? as s, ? as b, null as n", int64(1<<60), 1.5, "Größe", []byte{0, 255})
		if a.fail != nil {
			t.Fatal(a.fail)
		}
		want := []any{int64(1 << 60), 1.5, "Größe", []byte{0, 255}, nil}
		for i, v := range a.sets[0][0] {
			if !reflect.DeepEqual(v, want[i]) {
				t.Errorf("%s, column %d: got %#v, want %#v", codec, i, v, want[i])
			}
		}
		if a.columns[0][0].Name != "i" || a.end.Tx != wire.TxIdle || a.end.Pin != "" {
			t.Errorf("%s: got the column %+v and the end %+v", codec, a.columns[0][0], a.end)
		}
	}
}

func TestAnExecTellsWhatItChanged(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	c.must("create table t (id integer primary key, v text)")
	a := c.exec("insert into t (v) values (?), (?)", "a", "b")
	if a.fail != nil || a.end.Affected.N != 2 || a.end.LastID.N != 2 || !a.end.LastID.Known {
		t.Fatalf("got %+v and %v", a.end, a.fail)
	}
}

func TestArgumentsMayHaveNames(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	m := wire.Statement{SQL: "select :b - :a"}
	m.Args = arguments([]any{int64(5), int64(7)})
	m.Args[0].Name, m.Args[1].Name = "a", "b"
	if got := c.do(wire.TypeQuery, &m).value(t); got != int64(2) {
		t.Errorf("got %v", got)
	}
}

func TestATransactionIsSeenAfterItsCommitAlone(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c, other := login(t, s), login(t, s)
	c.must("create table t (v)")
	count := func(want int64) {
		t.Helper()
		if got := other.query("select count(*) from t").value(t); got != want {
			t.Errorf("another session sees %v rows, want %d", got, want)
		}
	}
	for i, end := range []wire.Type{wire.TypeRollback, wire.TypeCommit} {
		if a := c.do(wire.TypeBegin, &wire.Begin{}); a.fail != nil || a.end.Tx != wire.TxOpen {
			t.Fatalf("begin: %+v, %v", a.end, a.fail)
		}
		if a := c.exec("insert into t values (1)"); a.fail != nil || a.end.Tx != wire.TxOpen {
			t.Fatalf("insert: %+v, %v", a.end, a.fail)
		}
		count(0)
		if a := c.do(end, &wire.Empty{}); a.fail != nil || a.end.Tx != wire.TxIdle {
			t.Fatalf("%s: %+v, %v", end, a.end, a.fail)
		}
		count(int64(i))
	}
}

func TestWhatBelongsToATransactionIsRefusedOutside(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	m := wire.Statement{SQL: "select 1", Tx: true}
	for _, a := range []*answer{
		c.do(wire.TypeQuery, &m), c.do(wire.TypeCommit, &wire.Empty{}), c.do(wire.TypeRollback, &wire.Empty{}),
	} {
		if f := a.refused(t, wire.ErrorProtocol); f.Applied != wire.AppliedNo || f.Tx != wire.TxIdle || f.Conn != wire.ConnOK {
			t.Errorf("got %+v", f)
		}
	}
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Errorf("the session does not go on: %v", got)
	}
}

func TestAPreparedStatementRunsAgainOnAnyConnection(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t, func(c *gateway.Config) { c.Limits.Statements = 2 }))
	for sid := uint32(1); sid <= 5; sid++ {
		if a := c.do(wire.TypePrepare, &wire.Prepare{SID: sid, SQL: "select ? + " + string('0'+rune(sid))}); a.fail != nil {
			t.Fatal(a.fail)
		}
	}
	for sid := uint32(1); sid <= 5; sid++ {
		m := wire.Statement{SID: sid, Args: arguments([]any{int64(10)})}
		if got := c.do(wire.TypeQuery, &m).value(t); got != int64(10+sid) {
			t.Errorf("statement %d answers %v", sid, got)
		}
	}
	c.send(wire.TypeCloseStmt, 99, &wire.CloseStmt{SID: 3})
	m := wire.Statement{SID: 3, Args: arguments([]any{int64(10)})}
	c.do(wire.TypeQuery, &m).refused(t, wire.ErrorProtocol)
}

func TestATextWithAMistakeIsRefusedByPrepare(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	f := c.do(wire.TypePrepare, &wire.Prepare{SID: 1, SQL: "selec 1"}).refused(t, wire.ErrorDB)
	if f.Dialect != "sqlite" || f.Code != "1" || f.Applied != wire.AppliedNo {
		t.Errorf("got %+v", f)
	}
}

func TestRequestsInOnePacketAreAnsweredInTheirOrder(t *testing.T) {
	t.Parallel()
	c := login(t, sqlite(t))
	c.must("create table t (v)")
	var b wire.Buffer
	b.Add(wire.TypeBegin, 11, &wire.Begin{}, c.codec)
	b.Add(wire.TypeExec, 12, &wire.Statement{SQL: "insert into t values (1)", Tx: true}, c.codec)
	b.Add(wire.TypeCommit, 13, &wire.Empty{}, c.codec)
	c.write(b.Bytes())
	for id := uint32(11); id <= 13; id++ {
		if a := c.answer(id); a.fail != nil {
			t.Fatal(a.fail)
		}
	}
}

func TestALineIsAMessageToo(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	c := dial(t, s.address)
	lines := bufio.NewScanner(c.conn)
	ask := func(line, want string) {
		t.Helper()
		c.write([]byte(line + "\n"))
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("%s\ngot  %s\nwant %s", line, lines.Text(), want)
		}
	}
	ask(`{"type":"hello","user":"app","db":"erp","token":"`+token+`"}`, `{"type":"welcome","id":0,"version":1,"codec":"json"`)
	ask(`{"type":"query","id":1,"sql":"select 7 as n"}`, `{"type":"head","id":1,"cols":[{"n":"n"`)
	for _, want := range []string{`{"type":"rows","id":1,"r":[[7]]}`, `{"type":"end","id":1`} {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("got %s, want %s", lines.Text(), want)
		}
	}
	ask(`{"type":"ping","id":2,"db":true}`, `{"type":"pong","id":2}`)
}

func TestWhatALeaseMayHaveLeftBehindKeepsItUntilReset(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t), func(c *fluxor.RuntimeConfig) { c.MaxOpenConns = 1 })
	s := serve(t, config(db))
	c, other := login(t, s), login(t, s)
	a := c.exec("create temp table mine (v)")
	if a.fail != nil || a.end.Pin == "" {
		t.Fatalf("got %+v and %v, want a pin", a.end, a.fail)
	}
	if a := c.query("select count(*) from mine"); a.value(t) != int64(0) || a.end.Pin == "" {
		t.Errorf("the session does not see its own table: %+v", a.end)
	}
	if used := db.PoolStats().Used; used != 1 {
		t.Errorf("%d connections are leased, want 1", used)
	}
	if a := c.do(wire.TypeReset, &wire.Empty{}); a.fail != nil || a.end.Pin != "" {
		t.Fatalf("reset: %+v, %v", a.end, a.fail)
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased after reset", used)
	}
	for _, who := range []*client{c, other} {
		if f := who.query("select count(*) from mine").refused(t, wire.ErrorDB); !strings.Contains(f.Message, "no such table") {
			t.Errorf("got %s", f.Message)
		}
	}
}

func TestANeutralStatementLeavesNoLease(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t), func(c *fluxor.RuntimeConfig) { c.MaxOpenConns = 1 })
	s := serve(t, config(db))
	all := []*client{login(t, s), login(t, s), login(t, s)}
	for range 5 {
		for _, c := range all {
			if got := c.query("select 1").value(t); got != int64(1) {
				t.Fatal(got)
			}
		}
	}
	if used := db.PoolStats().Used; used != 0 {
		t.Errorf("%d connections are leased", used)
	}
}

func TestASessionThatEndsRollsBack(t *testing.T) {
	t.Parallel()
	db := connector(t, dbtest.SQLite(t))
	s := serve(t, config(db))
	c, other := login(t, s), login(t, s)
	c.must("create table t (v)")
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must("insert into t values (1)")
	_ = c.conn.Close()
	dbtest.WaitUntil(t, "the lease is back", func() bool { return s.Sessions() == 1 && db.PoolStats().Used == 0 })
	if got := other.query("select count(*) from t").value(t); got != int64(0) {
		t.Errorf("%v rows were kept", got)
	}
}

func TestWhoBoundsTheAgeOfAnAnswerGetsTheDatabasesOwn(t *testing.T) {
	t.Parallel()
	dsn := dbtest.SQLite(t)
	db := connector(t, dsn, func(c *fluxor.RuntimeConfig) { c.Cache = "all" })
	c, elsewhere := login(t, serve(t, config(db))), login(t, serve(t, config(connector(t, dsn))))
	elsewhere.must("create table t (v)")
	if err := db.LearnSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := wire.Statement{SQL: "select count(*) from t"}
	c.do(wire.TypeQuery, &m).value(t)
	elsewhere.must("insert into t values (1)")
	if got := c.do(wire.TypeQuery, &m).value(t); got != int64(0) {
		t.Fatalf("nothing was kept: %v", got)
	}
	m.MaxStaleMS = 1
	if got := c.do(wire.TypeQuery, &m).value(t); got != int64(1) {
		t.Errorf("got %v", got)
	}
}

func TestPreparedTextsOfOneSessionAreBounded(t *testing.T) {
	t.Parallel()
	s := sqlite(t, func(c *gateway.Config) { c.Limits.Texts, c.Limits.Memory = 4000, 1<<20 })
	c, other := login(t, s), login(t, s)
	c.must("create table t (v)")
	text := "insert into t values (1) -- " + strings.Repeat("x", 972) // 1256 bytes with what it needs besides
	prepare := func(c *client, sid uint32, text string) *answer {
		return c.do(wire.TypePrepare, &wire.Prepare{SID: sid, SQL: text})
	}
	for range 200 { // nothing of what was closed, failed or refused stays counted
		for sid := range uint32(3) {
			if a := prepare(c, sid+1, text); a.fail != nil {
				t.Fatal(a.fail)
			}
		}
		if f := prepare(c, 4, text).refused(t, wire.ErrorOverloaded); f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK || !strings.Contains(f.Message, "limits.texts") {
			t.Errorf("got %+v", *f)
		}
		if a := prepare(c, 3, text); a.fail != nil { // in its own place
			t.Fatal(a.fail)
		}
		c.request(wire.TypeCloseStmt, &wire.CloseStmt{SID: 1})
		prepare(c, 5, "select nothing").refused(t, wire.ErrorDB)
	}
	if a := c.do(wire.TypeExec, &wire.Statement{SID: 2}); a.fail != nil {
		t.Error(a.fail)
	}
	if a := prepare(other, 1, text+strings.Repeat("x", 9000)); a.fail != nil {
		t.Errorf("a lone one: %v", a.fail)
	}
}
