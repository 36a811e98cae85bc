//go:build unix && cgo

// This file tests queries: Oracle's clauses and functions, names of columns, fetches.

package ocisim_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

type queryer interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// list returns the first column of a query, joined by spaces.
func list(t *testing.T, db queryer, query string, args ...any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close() //nolint:errcheck // read to the end
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(all, " ")
}

func TestRowsAreLimitedInOraclesWays(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9))", "insert into t select level from dual connect by level <= 7")
	for query, want := range map[string]string{
		"select id from t order by id offset 2 rows fetch next 3 rows only":                  "3 4 5",
		"select id from t order by id fetch first row only":                                  "1",
		"select * from (select id from t where id > 2 order by id) where rownum <= 3":        "3 4 5",
		"select id from t where rownum < 3 order by id":                                      "1 2",
		"select max(id) from (select id from t where rownum <= 4) x, (select 1 from dual) y": "4",
		"select id from t where id in (3, 4) order by id for update":                         "3 4",
		"select rownum from t where id > 4":                                                  "1 2 3",
		"select id from t minus select level from dual connect by level <= 5":                "6 7",
	} {
		if got := list(t, db, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := list(t, db, "select id from t where rownum <= :n order by id", 2); got != "1 2" {
		t.Errorf("ROWNUM <= :n: %q", got)
	}
	run(t, db, "delete from t where rownum <= 5")
	if n := one[int](t, db, "select count(*) from t"); n != 2 {
		t.Errorf("%d rows left, want 2", n)
	}
}

func TestFunctionsAnswerAsOracles(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	for query, want := range map[string]string{
		"select user from dual":                                             "SCOTT",
		"select nvl2(1, 'yes', 'no') from dual":                             "yes",
		"select decode(2, 1, 'one', 2, 'two') from dual":                    "two",
		"select substr('Oracle', -3, 2) from dual":                          "cl",
		"select substr('Oracle', 0, 2) from dual":                           "Or",
		"select lpad('7', 3, '0') || rpad('7', 3) from dual":                "0077  ",
		"select initcap('hello wORLD') from dual":                           "Hello World",
		"select greatest(3, 10, 7) from dual":                               "10",
		"select instr('banana', 'an') from dual":                            "2",
		"select to_char(1234.5, '9990.00') from dual":                       " 1234.50",
		"select to_char(5) || 'x' from dual":                                "5x",
		"select to_number('12.5') + 1 from dual":                            "13.5",
		"select rawtohex(hextoraw('0aFF7')) from dual":                      "00AFF7",
		"select case when dbms_random.value < 1 then 'below' end from dual": "below",
		"select dummy from dual":                                            "X",
		"select dummy from scott.dual":                                      "X",
		"select length('žluť') from dual":                                   "4",
		"select count(*) + 1 from dual":                                     "2",
		"select case when 1 + 1 = 2 then 'a' || 'b' end from dual":          "ab",
	} {
		if got := one[string](t, db, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestColumnsAreCalledAsOracleCallsThem(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9), name varchar2(9))")
	rows, err := db.QueryContext(t.Context(),
		`select id, t.name, id+1, id * 2 as twice, count(*) "How many", nvl( name , 'x' ), sysdate, 'a' || :b from t group by id, name`, "b")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // there are none
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	want := `ID|NAME|ID+1|TWICE|How many|NVL(NAME,'X')|SYSDATE|'A'||:B`
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAQueryReadsTheStateOfItsBeginning(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9))", "insert into t select level from dual connect by level <= 500")
	rows, err := db.QueryContext(t.Context(), "select id from t", godror.FetchArraySize(10), godror.PrefetchCount(11))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // read to the end
	n := 0
	for rows.Next() {
		if n == 0 {
			run(t, db, "delete from t", "insert into t values (1000)")
		}
		n++
	}
	if n != 500 || rows.Err() != nil {
		t.Errorf("%d rows, %v; want the 500 that were there when it was executed", n, rows.Err())
	}
}

func TestRowsComeInArrays(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d)
	run(t, db, "create table t (id number(9))", "insert into t select level from dual connect by level <= 1000")
	trips := d.Trips(t)
	rows, err := db.QueryContext(t.Context(), "select id from t", godror.FetchArraySize(300), godror.PrefetchCount(301))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		n++
	}
	_ = rows.Close()
	fetches := 0
	for _, trip := range trips() {
		if trip.Op == "fetch" {
			fetches++
		}
	}
	if n != 1000 || fetches != 4 {
		t.Errorf("%d rows in %d fetches, want 1000 in 4", n, fetches)
	}
}

func TestTheStatementCacheKeepsWhatWasUsedLast(t *testing.T) {
	d := dbtest.Oracle(t)
	db := single(t, d, "stmtCacheSize=5")
	trips := d.Trips(t)
	for i := range 12 {
		if got := one[int](t, db, fmt.Sprintf("select :1 + %d from dual", i%4), i); got != i+i%4 {
			t.Errorf("got %d, want %d", got, i+i%4)
		}
	}
	cached := 0
	for _, trip := range trips() {
		if trip.Op == "cached" && strings.HasPrefix(trip.Text, "select :1") {
			cached++
		}
	}
	if cached != 8 {
		t.Errorf("%d statements came out of the cache, want 8", cached)
	}
}

func TestARepeatedNameIsBoundOnce(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	if got := one[int](t, db, "select :n * :n + :m from dual", sql.Named("n", 6), sql.Named("m", 6)); got != 42 {
		t.Errorf("got %d, want 42", got)
	}
	_, err := db.ExecContext(t.Context(), "begin :x := :y; end;", sql.Named("x", sql.Out{Dest: new(string)}), sql.Named("zz", 1))
	if code(err) != 1036 {
		t.Errorf("a name that is not there: %v, want ORA-01036", err)
	}
}

func TestAStatementInTheCacheSeesChangedColumns(t *testing.T) {
	db := single(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9))", "insert into t values (1)")
	columns := func() string {
		rows, err := db.QueryContext(t.Context(), "select * from t")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close() //nolint:errcheck // the columns are what counts
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(names, " ")
	}
	for _, c := range []struct{ ddl, want string }{
		{"alter table t add (v varchar2(9), w date)", "ID V W"}, {"alter table t drop column v", "ID W"},
	} {
		before := columns()
		run(t, db, c.ddl)
		if got := columns(); got != c.want {
			t.Errorf("%s: %q, then %q, want %q", c.ddl, before, got, c.want)
		}
	}
	refuses(t, db, 904, "alter table t add column x number(9)")
}
