// This file tests what a client hears of errors: the database's own, Fluxor's, and the gateway's.

package gateway_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/backend"
	_ "github.com/fluxor-db/fluxor/drivers/mysql"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
	"github.com/fluxor-db/fluxor/refusal"
)

// double inserts a row twice and returns the error of the second.
func double(t *testing.T, c *client) *wire.Error {
	t.Helper()
	c.must("create table orders (id integer primary key)", "insert into orders values (1)")
	return c.exec("insert into orders values (1)").refused(t, wire.ErrorDB)
}

func TestAnErrorOfPostgreSQLKeepsItsWords(t *testing.T) {
	t.Parallel()
	s, _ := postgres(t)
	f := double(t, login(t, s))
	if f.Dialect != "postgres" || f.Code != "23505" || f.SQLState != "23505" || f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK {
		t.Errorf("got %+v", f)
	}
	if f.Native["constraint"] != "orders_pkey" || f.Native["severity"] != "ERROR" || !strings.Contains(f.Message, "duplicate key") {
		t.Errorf("got %v and %q", f.Native, f.Message)
	}
}

func TestAnErrorOfMariaDBKeepsItsWords(t *testing.T) {
	t.Parallel()
	s := serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN())))
	f := double(t, login(t, s))
	if f.Dialect != "mysql" || f.Code != "1062" || f.SQLState != "23000" || f.Native["number"] != "1062" || f.Applied != wire.AppliedNo {
		t.Errorf("got %+v", f)
	}
}

func TestAnErrorOfSQLiteKeepsItsCode(t *testing.T) {
	t.Parallel()
	if f := double(t, login(t, sqlite(t))); f.Dialect != "sqlite" || f.Code == "" || f.Applied != wire.AppliedNo {
		t.Errorf("got %+v", f)
	}
}

func TestATransactionThatFailedCanOnlyBeRolledBack(t *testing.T) {
	t.Parallel()
	s, db := postgres(t)
	c := login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{})
	c.must("savepoint here")
	if f := c.exec("select 1/0").refused(t, wire.ErrorDB); f.Tx != wire.TxFailed {
		t.Errorf("got %+v", f)
	}
	if a := c.exec("rollback to savepoint here"); a.fail != nil || a.end.Tx != wire.TxOpen {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	c.exec("select 1/0").refused(t, wire.ErrorDB)
	if a := c.do(wire.TypeRollback, &wire.Empty{}); a.fail != nil || a.end.Tx != wire.TxIdle {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	if n := db.PoolStats().Used; n != 0 {
		t.Errorf("%d connections are leased", n)
	}
}

func TestIsolationAndReadOnlyReachTheDatabase(t *testing.T) {
	t.Parallel()
	s, _ := postgres(t)
	c := login(t, s)
	c.do(wire.TypeBegin, &wire.Begin{Isolation: 6, ReadOnly: true})
	if got := c.query("show transaction_isolation").value(t); got != "serializable" {
		t.Error(got)
	}
	if f := c.exec("create table t (v int)").refused(t, wire.ErrorDB); f.Code != "25006" {
		t.Errorf("got %+v", f)
	}
}

func TestWhoFindsNoConnectionInTimeHearsSo(t *testing.T) {
	t.Parallel()
	s, _ := postgres(t, one, func(c *fluxor.RuntimeConfig) { c.AcquireTimeout = 50 * time.Millisecond })
	holder, c := login(t, s), login(t, s)
	dbtest.WaitUntil(t, "the first connection is open", func() bool { return holder.do(wire.TypeBegin, &wire.Begin{}).fail == nil })
	f := c.query("select 1").refused(t, wire.ErrorPoolTimeout)
	if !f.Retryable || f.Applied != wire.AppliedNo || f.Conn != wire.ConnOK || f.Pin != "" {
		t.Errorf("got %+v", f)
	}
	holder.do(wire.TypeCommit, &wire.Empty{})
	if got := c.query("select 1").value(t); got != int64(1) {
		t.Error(got)
	}
}

func TestALostAnswerIsUnknownAndALostTransactionIsOver(t *testing.T) {
	t.Parallel()
	target := dbtest.Postgres(t).NewDatabase(t)
	proxy, err := faultproxy.StartPostgres(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	s := serve(t, config(connector(t, target.At(proxy.Addr()).URL())))
	c := login(t, s)
	c.must("create table t (v int)")
	proxy.CutOnReply(1, faultproxy.RST, func(request []byte) bool { return strings.Contains(string(request), "insert") })
	if f := c.exec("insert into t values (1)").refused(t, wire.ErrorConnLost); f.Applied != wire.AppliedUnknown || f.Conn != wire.ConnLost {
		t.Errorf("got %+v", f)
	}
	c.do(wire.TypeBegin, &wire.Begin{})
	proxy.KillAll(faultproxy.RST)
	f := c.exec("insert into t values (2)").fail
	if f == nil || f.Conn != wire.ConnLost || f.Tx != wire.TxFailed {
		t.Fatalf("got %+v", f)
	}
	if a := c.do(wire.TypeRollback, &wire.Empty{}); a.fail != nil || a.end.Tx != wire.TxIdle {
		t.Errorf("got %+v, %v", a.end, a.fail)
	}
	if got := c.query("select count(*) from t where v = 2").value(t); got != int64(0) {
		t.Error(got)
	}
}

// faulty is a database whose connections do what a test says.
type faulty struct {
	gateway.Database
	query func(ctx context.Context, text string) (driver.Rows, error)
}

func (f *faulty) Connect(context.Context) (driver.Conn, error) { return &faultyConn{of: f}, nil }

func (f *faulty) Backend() backend.Backend { return backend.Backend{Type: "postgres"} }

func (f *faulty) LeavesSession(string) (bool, string) { return true, "" }

type faultyConn struct {
	driver.Conn
	of *faulty
}

func (c *faultyConn) QueryContext(ctx context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	return c.of.query(ctx, text)
}

func (c *faultyConn) Close() error { return nil }

func TestRowsThatTheDatabaseEndsCostTheSessionNothing(t *testing.T) {
	t.Parallel()
	c := login(t, serve(t, config(connector(t, "mysql://"+dbtest.MariaDB(t).NewDatabase(t).DSN()))))
	c.must("set @kept = 7, max_statement_time = 0.05")
	f := c.query("select count(*) from seq_1_to_100000000 a, seq_1_to_100000000 b").refused(t, wire.ErrorDB)
	if f.Code != "1969" || f.Conn != wire.ConnOK || f.Pin == "" {
		t.Errorf("got %+v", f)
	}
	if got := c.query("select @kept").value(t); got != int64(7) {
		t.Errorf("the session has %v, want 7", got)
	}
}

// oddState is an error whose SQLSTATE is none.
type oddState struct{ error }

func (oddState) SQLState() string { return "" }

func TestOddErrorsOfADriverAreErrorsToo(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no state": oddState{errors.New("odd")}, "bare": errors.New("bare"), "bad": driver.ErrBadConn, "skip": driver.ErrSkip,
	} {
		s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return nil, err }}))
		c := login(t, s)
		a := c.query("select 1")
		if name == "skip" {
			a.refused(t, wire.ErrorInternal) // the connection cannot prepare
			continue
		}
		if a.fail == nil || a.fail.Code != "" {
			t.Errorf("%s: got %+v", name, a.fail)
		}
		if bad := name == "bad"; bad && (a.fail.Kind != wire.ErrorConnLost || a.fail.Applied != wire.AppliedNo) {
			t.Errorf("%s: got %+v", name, a.fail)
		}
	}
}

func TestWhatTheServerSaidIsToldBesideFluxorsWords(t *testing.T) {
	t.Parallel()
	said := &pq.Error{Code: "57P01", Severity: "FATAL", Routine: "ProcessInterrupts", Message: "terminating connection"}
	for name, err := range map[string]error{
		"the outcome is unknown":  &refusal.IndeterminateError{Op: "query", Cause: errors.Join(context.DeadlineExceeded, said)},
		"it took too long":        &refusal.Error{Policy: "timeout", Reason: "too long", Sentinel: refusal.ErrQueryTimeout, Cause: said},
		"both":                    &refusal.IndeterminateError{Op: "query", Cause: said, Sentinel: refusal.ErrQueryTimeout},
		"wrapped by another hand": fmt.Errorf("here: %w", said),
	} {
		s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return nil, err }}))
		f := login(t, s).query("select f()").fail
		if f == nil || f.Dialect != "postgres" || f.Code != "57P01" || f.SQLState != "57P01" {
			t.Fatalf("%s: got %+v", name, f)
		}
		want := map[string]string{"code": "57P01", "severity": "FATAL", "routine": "ProcessInterrupts", "message": "terminating connection"}
		if diff := cmp.Diff(want, f.Native); diff != "" {
			t.Errorf("%s: native: (-want +got)\n%s", name, diff)
		}
	}
}

func TestALostAnswerOfWhichTheServerSaidNothingHasItsOwnCode(t *testing.T) {
	t.Parallel()
	err := &refusal.IndeterminateError{Op: "query", Cause: io.ErrUnexpectedEOF}
	s := serve(t, config(&faulty{query: func(context.Context, string) (driver.Rows, error) { return nil, err }}))
	f := login(t, s).query("select f()").refused(t, wire.ErrorConnLost)
	if f.Code != "08007" || f.SQLState != "08007" || len(f.Native) > 0 {
		t.Errorf("got %+v", f)
	}
}

func TestARequestThatIsNotAllowedEndsTheSession(t *testing.T) {
	t.Parallel()
	s := sqlite(t)
	for name, say := range map[string]func(c *client){
		"number 0": func(c *client) { c.send(wire.TypeQuery, 0, &wire.Statement{SQL: "select 1"}) },
		"hello":    func(c *client) { c.send(wire.TypeHello, 7, &wire.Hello{}) },
		"server's": func(c *client) { c.send(wire.TypePong, 7, &wire.Empty{}) },
		"body":     func(c *client) { c.write([]byte("\x00\x00\x00\x0a\x05\x00\x00\x00\x00\x00\x00\x07[]")) },
		"flags":    func(c *client) { c.write([]byte("\x00\x00\x00\x0a\x05\x80\x00\x00\x00\x00\x00\x07{}")) },
		"length":   func(c *client) { c.write([]byte("\x7f\x00\x00\x0a\x05\x00\x00\x00\x00\x00\x00\x07{}")) },
	} {
		c := login(t, s)
		say(c)
		var f wire.Error
		c.decode(c.next(), &f)
		if f.Kind != wire.ErrorProtocol && f.Kind != wire.ErrorTooLarge {
			t.Errorf("%s: got %+v", name, f)
		}
		c.ended()
	}
}

func TestAnErrorAfterAPartTookEffectDoesNotSayThatNothingDid(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		dsn    string
		setup  string
		halves []string
		whole  []string
	}{
		"sqlite": {
			dbtest.SQLite(t), "create trigger tr before insert on t when new.v = 9 begin select raise(fail, 'no'); end",
			[]string{
				"insert into t values (1); insert into nowhere values (2)", "insert or fail into t values (1), (7)", "insert into t values (1), (9)",
				"insert or fail into t select 1 union all select 7 + sqlite_compileoption_used('none') order by 1",
			},
			[]string{"insert into t values (1), (7)", "create table t (v)", "drop table nowhere", "insert into nowhere values (1);", "insert or abort into t values (1), (7)"},
		},
		"mysql": {
			"mysql://" + dbtest.MariaDB(t).NewDatabase(t).DSN("multiStatements=true"),
			"create procedure p() begin insert into t values (1); signal sqlstate '45000'; end",
			[]string{"insert into t values (1); insert into nowhere values (2)", "call p()"},
			[]string{"insert into t values (1), (7)", "create table t (v int)", "insert into nowhere values (1)"},
		},
		"postgres": {
			dbtest.Postgres(t).NewDatabase(t).URL(),
			"create procedure p() language plpgsql as $$ begin insert into t values (1); commit; raise exception 'no'; end $$",
			[]string{"begin; insert into t values (1); commit; select 1/0", "call p()"},
			[]string{"insert into t values (1), (7)", "create table t (v int)", "drop table nowhere", "insert into nowhere values (nofunction())"},
		},
	} {
		c := login(t, serve(t, config(connector(t, try.dsn))))
		c.must("create table t (v int unique)", "insert into t values (7)", try.setup)
		c.do(wire.TypeReset, &wire.Empty{})
		for _, text := range try.halves {
			before := len(c.query("select v from t").sets[0])
			if f := c.exec(text).refused(t, wire.ErrorDB); f.Applied != wire.AppliedUnknown {
				t.Errorf("%s: %s: got %+v", name, text, f)
			}
			c.do(wire.TypeReset, &wire.Empty{})
			if after := len(c.query("select v from t").sets[0]); after != before+1 {
				t.Errorf("%s: %s: %d rows, then %d: no part took effect", name, text, before, after)
			}
			c.must("delete from t where v = 1")
		}
		for _, text := range try.whole {
			if f := c.exec(text).refused(t, wire.ErrorDB); f.Applied != wire.AppliedNo {
				t.Errorf("%s: %s: got %+v", name, text, f)
			}
		}
	}
}

// late is a database of SQLite's kind that carries out what it is asked and then
// answers with the end of the context.
type late struct{ faulty }

func (*late) Backend() backend.Backend { return backend.Backend{Type: "sqlite"} }

func (*late) Describe(text string) fluxor.TextFacts {
	if strings.HasPrefix(text, "select") {
		return fluxor.TextFacts{Verb: "SELECT", Count: 1, Code: "one-read"}
	}
	return fluxor.TextFacts{Verb: "INSERT", Count: 1, Code: "changes-tables"}
}

func (*late) Fingerprint(text string) string { return text }

func TestASQLiteWriteThatItsTimeEndsMayHaveTakenEffect(t *testing.T) {
	t.Parallel()
	db := &late{}
	db.faulty.query = func(ctx context.Context, _ string) (driver.Rows, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	c := login(t, serve(t, config(db)))
	for text, want := range map[string]string{"select 1": wire.AppliedNo, "insert into t values (1) returning v": wire.AppliedUnknown} {
		f := c.do(wire.TypeQuery, &wire.Statement{SQL: text, TimeoutMS: 20}).refused(t, wire.ErrorTimeout)
		if f.Applied != want {
			t.Errorf("%s: got %+v", text, f)
		}
	}
}

// resting is a database whose connections fail once they are told to, before anything
// is sent.
type resting struct {
	faulty
	opened, dead atomic.Int64
}

func (d *resting) Connect(context.Context) (driver.Conn, error) {
	n := d.opened.Add(1)
	query := func(context.Context, string) (driver.Rows, error) {
		if n <= d.dead.Load() {
			return nil, driver.ErrBadConn
		}
		return nil, errors.New("no rows here")
	}
	return &faultyConn{of: &faulty{query: query}}, nil
}

func TestASessionThatKeepsItsConnectionHearsOfItsEnd(t *testing.T) {
	t.Parallel()
	for pool, opens := range map[string]int64{"session": 1, "": 2} {
		db := &resting{}
		c := login(t, serve(t, config(db)), func(h *wire.Hello) { h.Session.Pool = pool })
		c.query("set search_path to tenant").refused(t, wire.ErrorDB)
		db.dead.Store(1)
		f := c.query("select 1").fail
		if lost := f.Conn == wire.ConnLost && f.Applied == wire.AppliedNo && f.Retryable; lost != (pool == "session") || db.opened.Load() != opens {
			t.Errorf("pool %q: got %+v over %d connections", pool, f, db.opened.Load())
		}
		if f := c.query("select 1").refused(t, wire.ErrorDB); f.Conn != wire.ConnOK {
			t.Errorf("pool %q: got %+v", pool, f)
		}
	}
}

func TestARollbackOfWhatATextEndedFailsAsTheDriversDoes(t *testing.T) {
	t.Parallel()
	s, db := postgres(t, one)
	for _, between := range []string{"", "release savepoint none"} {
		c := login(t, s)
		c.do(wire.TypeBegin, &wire.Begin{})
		c.must("rollback")
		if between != "" {
			c.exec(between).refused(t, wire.ErrorDB)
		}
		if a := c.do(wire.TypeRollback, &wire.Empty{}); a.fail == nil || !strings.Contains(a.fail.Message, "unexpected transaction status") {
			t.Errorf("after %q: %+v", between, a.fail)
		}
		_ = c.conn.Close()
	}
	dbtest.WaitUntil(t, "nothing is leased", func() bool { return db.PoolStats().Used == 0 })
}
