//go:build unix && cgo

// This file tests what ends a call: OCIBreak, the call timeout, and what becomes of the session.

package ocisim_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

var slow = map[string]string{
	"a sleep":           "begin dbms_session.sleep(60); end;",
	"a long query":      "with t(n) as (select 1 from dual union all select n + 1 from t where n < 1000000000) select count(*) from t",
	"an endless loop":   "begin loop null; end loop; end;",
	"a slow server":     "select /*ocisim delay=60000 */ 1 from dual",
	"an endless update": "begin for i in 1..1000000000 loop update t set id = id + 1; end loop; end;",
}

func TestABreakEndsTheCallAndLeavesTheSession(t *testing.T) {
	for name, statement := range slow {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Oracle(t)
			db := single(t, d)
			run(t, db, "create table t (id number(9))", "insert into t values (1)")
			session := one[int](t, db, "select sys_context('USERENV', 'SID') from dual")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			trips := d.Trips(t)
			go func() {
				await(trips, statement)
				cancel()
			}()
			if _, err := db.ExecContext(ctx, statement); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if after := one[int](t, db, "select sys_context('USERENV', 'SID') from dual"); after != session {
				t.Errorf("session %d, then %d", session, after)
			}
			if id := one[int](t, db, "select id from t"); id != 1 {
				t.Errorf("id %d: what was broken off left something behind", id)
			}
		})
	}
}

func TestTheCallTimeoutEndsTheCallAndLeavesTheSession(t *testing.T) {
	for name, statement := range slow {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := single(t, dbtest.Oracle(t))
			run(t, db, "create table t (id number(9))", "insert into t values (1)")
			session := one[int](t, db, "select sys_context('USERENV', 'SID') from dual")
			_, err := db.ExecContext(t.Context(), statement, godror.CallTimeout(150*time.Millisecond))
			if code(err) != 3156 && !errors.Is(err, context.DeadlineExceeded) { // godror's own timer is as fast
				t.Errorf("got %v, want ORA-03156", err)
			}
			if after := one[int](t, db, "select sys_context('USERENV', 'SID') from dual"); after != session {
				t.Errorf("session %d, then %d", session, after)
			}
		})
	}
}

func TestABreakEndsTheWaitForALock(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	run(t, db, "create table t (id number(9))")
	tx := begin(t, db, nil)
	run(t, tx, "insert into t values (1)")
	ctx, cancel := context.WithCancel(t.Context())
	trips := d.Trips(t)
	go func() {
		await(trips, "insert into t values (2)")
		cancel()
	}()
	if _, err := db.ExecContext(ctx, "insert into t values (2)"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestALostSessionIsLostForEveryCall(t *testing.T) {
	d := dbtest.Oracle(t)
	conn, err := open(t, d).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // its session is dead
	d.Faults(t, "execute error=3113 count=1")
	refuses(t, conn, 3113, "begin null; end;")
	if _, err := conn.ExecContext(t.Context(), "begin null; end;"); err == nil {
		t.Error("the session lives again")
	}
}
