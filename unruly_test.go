// This file tests drivers that do what no driver should: panic, go stale in numbers, deny what they sent, skip where they must not.

package fluxor_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
	"github.com/lib/pq"
)

func TestAConnectionOnWhichTheDriverPanickedIsNotUsedAgain(t *testing.T) {
	for _, at := range []string{"exec", "query", "prepare", "ping", "reset"} {
		t.Run(at, func(t *testing.T) {
			var armed atomic.Bool
			f := &dbtest.Fake{OnCall: func(_ context.Context, _ int, call string) error {
				if armed.Load() && strings.HasPrefix(call, at) {
					armed.Store(false)
					panic("driver")
				}
				return nil
			}}
			db, fc := wrap(t, f, fluxor.RuntimeConfig{MaxOpenConns: 1})
			if err := db.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			func() {
				defer func() { _ = recover() }()
				switch at {
				case "query":
					_, _ = db.QueryContext(t.Context(), "x")
				case "prepare":
					_, _ = db.PrepareContext(t.Context(), "x")
				case "ping":
					_ = db.PingContext(t.Context())
				default:
					_, _ = db.ExecContext(t.Context(), "x")
				}
			}()
			if s := fc.Stats(); s.InUse != 0 || s.Idle != 0 {
				t.Errorf("the connection is kept: %+v", s)
			}
			if s := db.Stats(); s.InUse != 0 {
				return // database/sql itself lost its own one
			}
			mustExec(t, db, "after")
		})
	}
}

func TestStaleConnectionsBeyondTheRepeatsAreNotNoticed(t *testing.T) {
	const stale = 30
	var dead atomic.Int64
	f := &dbtest.Fake{Shape: dbtest.Mandatory, OnCall: func(_ context.Context, conn int, _ string) error {
		if int64(conn) <= dead.Load() {
			return driver.ErrBadConn
		}
		return nil
	}}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{MaxIdleConns: stale})
	conns := make([]*sql.Conn, stale)
	for i := range conns {
		conns[i], _ = db.Conn(t.Context())
		mustExec(t, conns[i], "x")
	}
	for _, c := range conns {
		_ = c.Close()
	}
	dead.Store(stale)
	if _, err := db.ExecContext(t.Context(), "after"); err != nil {
		t.Errorf("with %d stale connections: %v; the bare driver's third try dials anew", stale, err)
	}
}

func TestAFailingStatementLeavesOtherConnectionsAlone(t *testing.T) {
	const idle = 20
	f := &dbtest.Fake{OnCall: func(_ context.Context, _ int, call string) error {
		if call == "exec poison" {
			return driver.ErrBadConn
		}
		return nil
	}}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{MaxIdleConns: idle})
	db.SetMaxIdleConns(idle)
	holdConnections(t, db, idle)
	if _, err := db.ExecContext(t.Context(), "poison"); !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("err = %v, want the driver's", err)
	}
	waitUntil(t, "the bad connections are closed", func() bool { return f.Live() <= idle-2 })
	if n := f.Live(); n < idle-3 {
		t.Errorf("%d of %d connections are left, bare %d", n, idle, idle-2)
	}
}

// below is a wrapper below Fluxor: what it opens is lib/pq's own connection.
type below struct{ driver.Driver }

func init() { sql.Register("pq-below", below{&pq.Driver{}}) }

func TestADriverThatLiesIsKnownBelowAWrapper(t *testing.T) {
	b := networkBackends[0]
	target := b.share(t).NewDatabase(t)
	direct := b.raw(t, target)
	mustExec(t, direct, "create table w (n int)")
	proxy, err := b.proxy(target.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Close() })
	db := openName(t, "fluxor", target.At(proxy.Addr()).URL("fluxor_driver=pq-below"))
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	proxy.CutOnReply(1, faultproxy.FIN, func(request []byte) bool { return bytes.Contains(request, []byte("insert")) })
	_, err = db.ExecContext(t.Context(), "insert into w values (1)")
	var lost *fluxor.IndeterminateError
	if !errors.As(err, &lost) {
		t.Errorf("err = %v, want an indeterminate one", err)
	}
	var rows int
	if err := direct.QueryRowContext(t.Context(), "select count(*) from w").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// forgetful is a driver that sends and then says that it did not.
type forgetful struct {
	addr string
	dial fluxor.DialContext
}

func (d forgetful) Connect(ctx context.Context) (driver.Conn, error) {
	wire, err := d.dial(ctx, "tcp", d.addr)
	if err != nil {
		return nil, err
	}
	return forgetfulConn{wire}, nil
}

func (d forgetful) Driver() driver.Driver { return &dbtest.Fake{} }

type forgetfulConn struct{ wire net.Conn }

func (c forgetfulConn) Prepare(string) (driver.Stmt, error) { return nil, errMeddled }
func (c forgetfulConn) Begin() (driver.Tx, error)           { return nil, errMeddled }
func (c forgetfulConn) Close() error                        { return c.wire.Close() }
func (c forgetfulConn) ExecContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Result, error) {
	if _, err := io.WriteString(c.wire, query+"\n"); err != nil {
		return nil, err
	}
	return nil, driver.ErrBadConn
}

func TestTheShimKnowsBetterThanADriverThatDeniesHavingSent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(got)
				return
			}
			b, _ := io.ReadAll(c)
			got <- strings.Count(string(b), "insert")
			_ = c.Close()
		}
	}()
	db, _ := wrap(t, forgetful{l.Addr().String(), fluxor.WatchDial(nil)}, fluxor.RuntimeConfig{})
	_, err = db.ExecContext(t.Context(), "insert")
	if !isIndeterminate(err) {
		t.Errorf("err = %v, want an indeterminate one", err)
	}
	_ = db.Close()
	_ = l.Close()
	sent := 0
	for n := range got {
		sent += n
	}
	if sent != 1 {
		t.Errorf("the insert was sent %d times", sent)
	}
}

// halfway is a driver that denies having sent when the stream ends in the
// middle of the answer, as forks of lib/pq do.
type halfway struct{ forgetful }

func (d halfway) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := d.forgetful.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return halfwayConn{c.(forgetfulConn)}, nil
}

type halfwayConn struct{ forgetfulConn }

func (c halfwayConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if _, err := c.forgetfulConn.ExecContext(ctx, query, args); !errors.Is(err, driver.ErrBadConn) {
		return nil, err
	}
	if _, err := io.ReadFull(c.wire, make([]byte, len("whole answer"))); err != nil {
		return nil, driver.ErrBadConn
	}
	return driver.ResultNoRows, nil
}

func TestTheShimKnowsThatHalfAnAnswerIsNoRefusal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	executed := make(chan string, 100)
	go func() {
		defer close(executed)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if query, _ := bufio.NewReader(c).ReadString('\n'); query != "" {
				executed <- query
				_, _ = io.WriteString(c, "whole")
			}
			_ = c.Close()
		}
	}()
	db, _ := wrap(t, halfway{forgetful{l.Addr().String(), fluxor.WatchDial(nil)}}, fluxor.RuntimeConfig{})
	if _, err := db.ExecContext(t.Context(), "insert"); !isIndeterminate(err) {
		t.Errorf("err = %v, want an indeterminate one", err)
	}
	_ = db.Close()
	_ = l.Close()
	n := 0
	for range executed {
		n++
	}
	if n != 1 {
		t.Errorf("the insert was executed %d times", n)
	}
}

func TestADriverThatSkipsWhereItMustNotRunsOnce(t *testing.T) {
	f := &dbtest.Fake{Shape: dbtest.Godror, OnCall: func(_ context.Context, _ int, call string) error {
		if strings.HasPrefix(call, "stmt") {
			return driver.ErrSkip
		}
		return nil
	}}
	db, _ := wrap(t, f, fluxor.RuntimeConfig{})
	if _, err := db.ExecContext(t.Context(), "x"); !errors.Is(err, driver.ErrSkip) {
		t.Errorf("Exec: %v", err)
	}
	if _, err := db.QueryContext(t.Context(), "q"); !errors.Is(err, driver.ErrSkip) {
		t.Errorf("Query: %v", err)
	}
	n := 0
	for _, l := range f.Log() {
		if strings.Contains(l, " stmt") {
			n++
		}
	}
	if n != 2 {
		t.Errorf("the driver got %d statements instead of 2: %q", n, f.Log())
	}
}
