//go:build unix && cgo

// This file tests changes: arrays, batches with errors, RETURNING, MERGE.

package ocisim_test

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestSlicesAreOneRoundTrip(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	run(t, db, "create table t (id number(9) primary key, s varchar2(30))")
	ids, texts := make([]int, 1000), make([]string, 1000)
	for i := range ids {
		ids[i], texts[i] = i, fmt.Sprint("s", i)
	}
	trips := d.Trips(t)
	if n, err := exec(t, db, "insert into t values (:1, :2)", ids, texts).RowsAffected(); n != 1000 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	executed := 0
	for _, trip := range trips() {
		if trip.Op == "execute" {
			executed++
		}
	}
	if executed != 1 {
		t.Errorf("%d round trips", executed)
	}
	if n, _ := exec(t, db, "update t set s = :1 where id < :2", "x", 10).RowsAffected(); n != 10 {
		t.Errorf("%d rows updated, want 10", n)
	}
}

func TestABatchTellsWhichRowsFailed(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key)", "insert into t values (1)", "insert into t values (2)")
	_, err := db.ExecContext(t.Context(), "insert into t values (:1)", []int{10, 1, 11, 2}, godror.PartialBatch())
	var batch *godror.BatchErrors
	if !errors.As(err, &batch) {
		t.Fatalf("got %v, want BatchErrors", err)
	}
	if got := fmt.Sprint(batch.Affected, batch.Unaffected, code(batch.Errs[0])); got != "[0 2] [1 3] 1" {
		t.Errorf("got %s", got)
	}
}

func TestABatchWithoutPartialBatchStopsAtTheFirstError(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key)")
	refuses(t, db, 1, "insert into t values (:1)", []int{1, 1, 2})
}

func TestReturningGivesBackWhatWasWritten(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number generated always as identity, v varchar2(20))",
		"insert into t (v) values ('a')", "insert into t (v) values ('b')")
	var id int64
	exec(t, db, "insert into t (v) values (:1) returning id into :2", "c", sql.Out{Dest: &id})
	if id != 3 {
		t.Errorf("id %d, want 3", id)
	}
	ids := make([]int64, 0, 3)
	exec(t, db, "update t set v = :1 returning id into :2", "z", sql.Out{Dest: &ids})
	if fmt.Sprint(ids) != "[1 2 3]" {
		t.Errorf("ids %v", ids)
	}
}

func TestUpdateAndDeleteTakeAliases(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9), v varchar2(9))", "insert into t values (1, 'a')", "insert into scott.t values (2, 'b')",
		"update t x set x.v = x.v || '!' where x.id = 1", "delete t x where x.id = 2")
	if got := list(t, db, "select v from t"); got != "a!" {
		t.Errorf("got %q", got)
	}
}

func TestInsertAllFillsSeveralTables(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key, v varchar2(9))", "create table u (id number(9))")
	r := exec(t, db, "insert all into t (id, v) values (n, 'a' || n) into u values (n * 10) into u (id) values (7) select level as n from dual connect by level <= 2")
	if n, _ := r.RowsAffected(); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
	if got := list(t, db, "select v from t union all select to_char(id) from u order by 1"); got != "10 20 7 7 a1 a2" {
		t.Errorf("got %q", got)
	}
	refuses(t, db, 1, "insert all into u values (8) into t (id) values (1) select 1 from dual")
	if n := one[int](t, db, "select count(*) from u"); n != 4 {
		t.Errorf("%d rows in u after a statement that failed, want 4", n)
	}
}

func TestMergeUpdatesWhatIsThereAndInsertsWhatIsNot(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table stock (item varchar2(9) primary key, n number(9))", "insert into stock values ('nut', 1)")
	const statement = `merge into stock s using (select :item as item, :n as n from dual) d on (s.item = d.item)
		when matched then update set s.n = s.n + d.n where s.n < 100
		when not matched then insert (item, n) values (d.item, d.n)`
	for _, c := range []struct {
		item string
		n    int
	}{{"nut", 5}, {"bolt", 7}, {"nut", 100}, {"nut", 100}} {
		if _, err := db.ExecContext(t.Context(), statement, sql.Named("item", c.item), sql.Named("n", c.n)); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, db, "select item || n from stock order by item"); got != "bolt7 nut106" {
		t.Errorf("got %q", got)
	}
	r := exec(t, db, "merge into stock s using (select item, n from stock) d on (s.item = d.item) when matched then update set n = 0")
	if n, _ := r.RowsAffected(); n != 2 {
		t.Errorf("%d rows merged, want 2", n)
	}
}
