//go:build unix && cgo

// This file tests transactions: what others see, what DDL commits, who waits for whom.

package ocisim_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// begin starts a transaction that ends with the test.
func begin(t *testing.T, db *sql.DB, opts *sql.TxOptions) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// count is the number of rows of table t.
func count(t *testing.T, db querier) int {
	t.Helper()
	return one[int](t, db, "select count(*) from t")
}

func table(t *testing.T) *sql.DB {
	t.Helper()
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key)")
	return db
}

func TestOthersSeeWhatIsCommitted(t *testing.T) {
	db := table(t)
	tx := begin(t, db, nil)
	run(t, tx, "insert into t values (1)")
	if own, others := count(t, tx), count(t, db); own != 1 || others != 0 {
		t.Errorf("the transaction sees %d rows, others %d", own, others)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows after the commit", n)
	}
}

func TestAnExecOutsideOfATransactionCommitsItself(t *testing.T) {
	d := dbtest.Oracle(t)
	db, other := single(t, d), single(t, d)
	run(t, db, "create table t (id number(9))")
	trips := d.Trips(t)
	run(t, db, "insert into t values (1)")
	if n := count(t, other); n != 1 {
		t.Errorf("another session sees %d rows", n)
	}
	for _, trip := range trips() {
		if trip.Op == "commit" {
			t.Error("the commit took a round trip of its own")
		}
	}
}

func TestDDLCommitsBeforeAndAfterItself(t *testing.T) {
	db := table(t)
	tx := begin(t, db, nil)
	run(t, tx, "insert into t values (1)", "create table other (id number(9))")
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows after CREATE TABLE in the transaction, want 1", n)
	}
	run(t, tx, "insert into t values (2)")
	refuses(t, tx, 955, "create table other (id number(9))")
	_ = tx.Rollback()
	if n := count(t, db); n != 2 {
		t.Errorf("%d rows after a CREATE TABLE that failed, want 2: its first commit stays", n)
	}
}

func TestARollbackToASavepointKeepsWhatWasBefore(t *testing.T) {
	db := table(t)
	tx := begin(t, db, nil)
	run(t, tx, "insert into t values (1)", "savepoint here", "insert into t values (2)", "rollback to savepoint here", "insert into t values (3)")
	refuses(t, tx, 1086, "rollback to nowhere")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := list(t, db, "select id from t order by id"); got != "1 3" {
		t.Errorf("got %q", got)
	}
}

func TestAFailedStatementLeavesTheTransactionAsItWas(t *testing.T) {
	db := table(t)
	tx := begin(t, db, nil)
	run(t, tx, "insert into t values (1)")
	refuses(t, tx, 1, "insert into t select level from dual connect by level <= 3")
	refuses(t, tx, 1, "begin insert into t values (7); insert into t values (1); end;")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := list(t, db, "select id from t"); got != "1" {
		t.Errorf("got %q, want the row of the statement that succeeded", got)
	}
}

func TestAFailedStatementHoldsNoLock(t *testing.T) {
	db := table(t)
	run(t, db, "insert into t values (1)")
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it gives its connection back
	refuses(t, conn, 1, "insert into t values (1)")
	run(t, db, "insert into t values (2)")
}

func TestAWriterWaitsForAnother(t *testing.T) {
	db := table(t)
	run(t, db, "insert into t values (1)")
	tx := begin(t, db, nil)
	run(t, tx, "update t set id = 2")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := db.ExecContext(ctx, "update t set id = 3")
	if !errors.Is(err, context.DeadlineExceeded) && code(err) != 3156 {
		t.Errorf("the second writer heard %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := db.ExecContext(t.Context(), "update t set id = id + 10")
		done <- err
	}()
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := list(t, db, "select id from t"); got != "12" {
		t.Errorf("got %q, want the second writer's change of the first one's row", got)
	}
}

func TestALockIsRefusedAtOnceOrAfterAWhile(t *testing.T) {
	db := table(t)
	run(t, db, "insert into t values (1)")
	tx := begin(t, db, nil)
	if got := list(t, tx, "select id from t for update"); got != "1" {
		t.Errorf("got %q", got)
	}
	second := begin(t, db, nil)
	for query, want := range map[string]int{
		"select id from t for update nowait":                                 54,
		"select id from t for update of id wait 1":                           30006,
		"lock table t in exclusive mode nowait":                              54,
		"begin for r in (select 1 x from dual) loop lock_it; end loop; end;": 6550,
	} {
		refuses(t, second, want, query)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := list(t, second, "select id from t for update nowait"); got != "1" {
		t.Errorf("got %q after the lock was given up", got)
	}
}

func TestAQueryOutsideOfATransactionKeepsNoLock(t *testing.T) {
	db := table(t)
	a, b := conns(t, db)
	run(t, db, "insert into t values (1)")
	for _, c := range []*sql.Conn{a, b} {
		if got := list(t, c, "select id from t for update nowait"); got != "1" {
			t.Errorf("got %q", got)
		}
	}
}

func TestASerializableTransactionSeesItsBeginning(t *testing.T) {
	db := table(t)
	tx := begin(t, db, &sql.TxOptions{Isolation: sql.LevelSerializable})
	before := count(t, tx)
	run(t, db, "insert into t values (1)")
	if n := count(t, tx); n != before {
		t.Errorf("it sees %d rows that were committed since", n)
	}
	refuses(t, tx, 8177, "insert into t values (2)")
}

func TestAReadOnlyTransactionReadsOnePointInTime(t *testing.T) {
	db := table(t)
	tx := begin(t, db, nil) // not TxOptions.ReadOnly: godror sets that with a statement that commits itself, which ends it
	run(t, tx, "set transaction read only")
	run(t, db, "insert into t values (1)")
	if n := count(t, tx); n != 0 {
		t.Errorf("it sees %d rows that were committed since", n)
	}
	refuses(t, tx, 1456, "insert into t values (2)")
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows after it", n)
	}
}

func TestACommitInTextEndsTheTransaction(t *testing.T) {
	db := table(t)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it gives its connection back
	run(t, conn, "begin insert into t values (1); commit; insert into t values (2); rollback; end;")
	if got := list(t, db, "select id from t"); got != "1" {
		t.Errorf("got %q", got)
	}
}
