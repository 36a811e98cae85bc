//go:build unix && cgo

// This file tests what a test can make go wrong, and what it sees of it.

package ocisim_test

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestFaultsAndTraceBelongToOneDatabase(t *testing.T) {
	hurt, well := dbtest.Oracle(t), dbtest.Oracle(t)
	trips := well.Trips(t)
	a, b := single(t, hurt), single(t, well)
	hurt.Faults(t, "execute error=60", "connect error=12541 match=nothing")
	for range 3 {
		refuses(t, a, 60, "begin null; end;")
		exec(t, b, "begin null; end;")
	}
	var executed int
	for _, trip := range trips() {
		if trip.Op == "execute" && trip.Text == "begin null; end;" {
			executed++
		}
	}
	if executed != 3 {
		t.Errorf("the trace of the database that is well has %d calls, want its own 3", executed)
	}
}

func TestRulesWrittenWithinATickAreAllNoticed(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d)
	for i := range 300 {
		want := 20001 + i%5 // texts of one length, in files of one size
		d.Faults(t, fmt.Sprintf("execute error=%d", want))
		refuses(t, db, want, "begin null; end;")
	}
}

func TestAKillIsNotLostWhenItsRulesAreReplacedUnread(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // its session is dead
	exec(t, conn, "begin null; end;")
	d.Faults(t, "kill")
	d.Faults(t)
	refuses(t, conn, 3113, "begin null; end;")
	_ = conn.Close()
	exec(t, db, "begin null; end;")
	d.Faults(t, "ping delay=1")
	exec(t, db, "begin null; end;")
}

func TestAKillEndsTransactionsAndTheirLocks(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	run(t, db, "create table t (id number(9))")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "insert into t values (1)")
	d.Faults(t, "kill")
	other := open(t, d)
	run(t, other, "insert into t values (2)")
	_ = tx.Rollback()
	if n := one[int](t, other, "select count(*) from t"); n != 1 {
		t.Errorf("%d rows, want the 1 that was committed", n)
	}
}

func TestSessionsAreLimitedPerDatabase(t *testing.T) {
	full, free := dbtest.Oracle(t), dbtest.Oracle(t)
	a, b := open(t, full), open(t, free)
	if err := a.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	full.Faults(t, "limit sessions=1")
	conn, err := a.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it gives its connection back
	if err := a.PingContext(t.Context()); code(err) != 18 {
		t.Errorf("second session: %v", err)
	}
	if err := b.PingContext(t.Context()); err != nil {
		t.Errorf("session of another database: %v", err)
	}
	full.Faults(t, "limit sessions=1 error=20")
	if err := a.PingContext(t.Context()); code(err) != 20 {
		t.Errorf("second process: %v", err)
	}
}

func TestConnectsFailAsOftenAsTheRuleSays(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	d.Faults(t, "connect error=12541 count=2")
	for i, want := range []int{12541, 12541, 0} {
		if err := db.PingContext(t.Context()); code(err) != want {
			t.Errorf("attempt %d: %v, want ORA-%05d", i, err, want)
		}
	}
}

func TestTraceLinesOfConcurrentSessionsAreComplete(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	trips := d.Trips(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := db.ExecContext(t.Context(), "begin null; end;"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	executed := 0
	for _, trip := range trips() {
		if trip.Op == "execute" && trip.Text == "begin null; end;" {
			executed++
		}
	}
	if executed != 400 {
		t.Errorf("%d lines of 400 calls", executed)
	}
}

func TestNeitherBreakNorTimeoutEndsAStuckCall(t *testing.T) {
	for _, rule := range []string{"execute hang=400 count=1", "ping hang=400 count=1", "login hang=400 count=1", "connect hang=400 count=1"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := single(t, d)
			if rule[0] == 'e' || rule[0] == 'p' {
				exec(t, db, "begin null; end;")
			}
			d.Faults(t, rule)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			if rule[0] == 'p' {
				_ = db.PingContext(ctx)
			} else {
				_, _ = db.ExecContext(ctx, "begin null; end;")
			}
			if took := time.Since(start); took < 400*time.Millisecond && rule[0] != 'c' && rule[0] != 'l' {
				t.Errorf("the call came back after %v", took)
			}
			exec(t, db, "begin null; end;")
			if took := time.Since(start); took < 400*time.Millisecond {
				t.Errorf("everything was over after %v", took)
			}
		})
	}
}

func TestNewRulesLetAStuckCallGo(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d)
	trips := d.Trips(t)
	d.Faults(t, "execute hang=600000 match=stuck")
	done := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(t.Context(), "begin null; /* stuck */ end;")
		done <- err
	}()
	await(trips, "begin null; /* stuck */ end;")
	d.Faults(t)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestALostReplyLeavesTheStatementsEffect(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d)
	run(t, db, "create table t (id number(9) primary key)")
	d.Faults(t, "execute error=3113 after match=insert", "commit error=3113 after")
	refuses(t, db, 3113, "insert into t values (1)")
	if n := one[int](t, db, "select count(*) from t"); n != 1 {
		t.Errorf("%d rows after a lost reply to an insert that committed itself, want 1", n)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	run(t, tx, "update t set id = 7")
	if err := tx.Commit(); err == nil {
		t.Error("the reply to the commit was not lost")
	}
	if id := one[int](t, db, "select id from t"); id != 7 {
		t.Errorf("id %d after a lost reply to a commit, want 7", id)
	}
}

func TestALostReplyWithinATransactionLosesTheTransaction(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d)
	run(t, db, "create table t (id number(9) primary key)")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.Faults(t, "execute error=3113 after match=insert")
	refuses(t, tx, 3113, "insert into t values (1)")
	_ = tx.Rollback()
	if n := one[int](t, db, "select count(*) from t"); n != 0 {
		t.Errorf("%d rows, want none: nobody committed", n)
	}
}

func TestASessionKilledByAnotherHearsOfIt(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	victim, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close() //nolint:errcheck // its session is dead
	address := address(t, victim)
	refuses(t, victim, 27, "alter system kill session '"+address+"' immediate")
	run(t, db, "alter system kill session '"+address+"' immediate")
	refuses(t, victim, 28, "begin null; end;")
	refuses(t, db, 30, "alter system kill session '999999,1'")
	refuses(t, db, 26, "alter system kill session 'x'")
}

func TestAKillBreaksOffWhatTheSessionRuns(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	victim, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close() //nolint:errcheck // its session is dead
	address, trips := address(t, victim), d.Trips(t)
	done := make(chan error, 1)
	go func() {
		_, err := victim.ExecContext(t.Context(), "begin dbms_session.sleep(60); end;")
		done <- err
	}()
	await(trips, "begin dbms_session.sleep(60); end;")
	run(t, db, "alter system kill session '"+address+"'")
	if err := <-done; code(err) != 28 {
		t.Errorf("the session heard %v, want ORA-00028", err)
	}
}

// address is what ALTER SYSTEM KILL SESSION wants of a session.
func address(t *testing.T, conn *sql.Conn) string {
	t.Helper()
	return one[string](t, conn, "select sid || ',' || serial# from v$session where sid = sys_context('USERENV', 'SID')")
}

// await returns when the server has got a statement.
func await(trips func() []dbtest.Trip, statement string) {
	for !slices.ContainsFunc(trips(), func(trip dbtest.Trip) bool { return trip.Text == statement }) {
		runtime.Gosched()
	}
}
