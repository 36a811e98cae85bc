//go:build unix && cgo

// This file tests PL/SQL: blocks, control flow, exceptions, cursors, stored routines, tables as binds.

package ocisim_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// block runs a block whose only bind is an OUT text.
func block(t *testing.T, db execer, text string) string {
	t.Helper()
	var out string
	exec(t, db, text, sql.Out{Dest: &out})
	return out
}

func TestABlockAssignsToItsBinds(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	var text string
	var n int64
	exec(t, db, "begin :a := 'in ' || :b; :c := 40 + 2; end;", sql.Named("a", sql.Out{Dest: &text}), sql.Named("b", "x"),
		sql.Named("c", sql.Out{Dest: &n}))
	if text != "in x" || n != 42 {
		t.Error(text, n)
	}
	exec(t, db, "begin :n := :n * 2; end;", sql.Named("n", sql.Out{Dest: &n, In: true}))
	if n != 84 {
		t.Errorf("a name that is bound once and used twice: %d", n)
	}
}

func TestControlFlow(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	for text, want := range map[string]string{
		"declare n number := 5; begin if n < 3 then :1 := 'small'; elsif n < 6 then :1 := 'middle'; else :1 := 'large'; end if; end;": "middle",
		"declare s varchar2(99); begin for i in 1..4 loop s := s || i; end loop; :1 := s; end;":                                       "1234",
		"declare s varchar2(99); begin for i in reverse 1..3 loop continue when i = 2; s := s || i; end loop; :1 := s; end;":          "31",
		"declare n integer := 0; begin while n < 10 loop n := n + 3; end loop; :1 := n; end;":                                         "12",
		"declare n integer := 0; begin loop n := n + 1; exit when n = 7; end loop; :1 := n; end;":                                     "7",
		"begin for r in (select level as n, 'v' || level v from dual connect by level <= 3) loop :1 := r.v || r.n; end loop; end;":    "v33",
		"declare cursor c is select 'x' as v from dual; begin for r in c loop :1 := r.v; end loop; end;":                              "x",
		"declare n number(5,2); begin n := 12.345; :1 := n; end;":                                                                     "12.35",
		"declare n constant number := 3; begin declare n number := 4; begin :1 := n; end; end;":                                       "4",
		"declare a varchar2(9); b date; begin select 'x', date '2024-01-02' into a, b from dual; :1 := a || to_char(b, 'DDMM'); end;": "x0201",
		"begin execute immediate 'begin :x := 1; end;' using 1; :1 := 'ran'; exception when others then :1 := 'refused'; end;":        "ran",
		"declare v varchar2(9); begin execute immediate 'select :a || :b from dual' into v using 'p', 'q'; :1 := v; end;":             "pq",
		"begin if case when 1 = 1 then 'y' else 'n' end = 'y' and not 1 = 2 then :1 := 'both'; end if; end;":                          "both",
		"declare ok boolean := true; begin if ok then :1 := 'true'; end if; end;":                                                     "true",
		"<<outer>> begin :1 := 'labelled'; end;":                                                                                      "labelled",
	} {
		if got := block(t, db, text); got != want {
			t.Errorf("%s\n\tgot %q, want %q", text, got, want)
		}
	}
}

func TestExceptionsAreHandledByName(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key)", "insert into t values (1)")
	for text, want := range map[string]string{
		"declare n number; begin select id into n from t where id = 9; exception when no_data_found then :1 := 'none'; end;":                          "none",
		"begin insert into t values (1); exception when dup_val_on_index then :1 := sqlcode; end;":                                                    "-1",
		"declare n number; begin n := 1 / 0; exception when too_many_rows or zero_divide then :1 := 'divided'; end;":                                  "divided",
		"begin execute immediate 'drop table nope'; exception when others then if sqlcode != -942 then raise; end if; :1 := 'no table'; end;":         "no table",
		"begin raise_application_error(-20005, 'mine'); exception when others then :1 := sqlerrm; end;":                                               "ORA-20005: mine",
		"declare e exception; begin raise e; exception when e then :1 := 'mine'; end;":                                                                "mine",
		"declare e exception; pragma exception_init(e, -20009); begin raise_application_error(-20009, 'x'); exception when e then :1 := 'init'; end;": "init",
		"begin begin raise no_data_found; exception when zero_divide then :1 := 'inner'; end; exception when others then :1 := 'outer'; end;":         "outer",
	} {
		if got := block(t, db, text); got != want {
			t.Errorf("%s\n\tgot %q, want %q", text, got, want)
		}
	}
	refuses(t, db, 6510, "declare e exception; begin raise e; end;")
	refuses(t, db, 1403, "declare n number; begin select id into n from t where id = 9; exception when others then raise; end;")
}

func TestABlockDoesDML(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number generated always as identity, v varchar2(20))")
	var n, id int64
	exec(t, db, `declare k number; begin insert into t (v) values (:1); insert into t (v) values (:2) returning id into k;
		update t set v = v || '!' where id <= k; :3 := sql%rowcount; :4 := k; end;`, "a", "b", sql.Out{Dest: &n}, sql.Out{Dest: &id})
	if n != 2 || id != 2 {
		t.Errorf("%d rows, id %d", n, id)
	}
}

func TestACursorIsReturned(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it gives its connection back
	var rows driver.Rows
	exec(t, conn, "begin open :1 for select level as id, 'r' || level as v from dual connect by level <= 3; end;", sql.Out{Dest: &rows})
	values, got := make([]driver.Value, len(rows.Columns())), ""
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprint(values)
	}
	if err := rows.Close(); err != nil || got != "[1 r1][2 r2][3 r3]" {
		t.Error(got, err)
	}
}

func TestProceduresAndFunctionsAreStored(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9), v varchar2(20))",
		`create or replace procedure put(p_id in number, p_v varchar2 default 'usual', p_n out number) is
			total number;
		begin
			insert into t values (p_id, p_v);
			select count(*) into total from t;
			p_n := total;
			if p_id < 0 then
				raise_application_error(-20002, 'negative');
			end if;
		end put;`,
		"create function twice(p number) return number as begin return p * 2; end;",
		"create function fact(p number) return number is begin if p < 2 then return 1; end if; return p * fact(p - 1); end;",
		"create procedure grow(p in out varchar2) as begin p := p || p; end;")
	var n int64
	exec(t, db, "begin put(:1, :2, :3); end;", 1, "x", sql.Out{Dest: &n})
	exec(t, db, "begin put(p_n => :1, p_id => 2); end;", sql.Out{Dest: &n})
	exec(t, db, "call put(:1, :2, :3)", 3, "y", sql.Out{Dest: &n})
	if got := list(t, db, "select id || v from t order by id"); n != 3 || got != "1x 2usual 3y" {
		t.Errorf("%d, %q", n, got)
	}
	refuses(t, db, 20002, "begin put(-1, 'z', :1); end;", sql.Out{Dest: &n})
	if got := count(t, db); got != 3 {
		t.Errorf("%d rows after the call that failed, want 3", got)
	}
	if got := one[int](t, db, "select twice(20) + fact(4) from dual"); got != 64 {
		t.Errorf("functions in SQL: %d, want 64", got)
	}
	if got := block(t, db, "declare v varchar2(9) := 'ab'; begin grow(v); scott.grow(v); :1 := v || twice(3); end;"); got != "abababab6" {
		t.Errorf("IN OUT: %q", got)
	}
	refuses(t, db, 6550, "begin put(1); end;")
	refuses(t, db, 955, "create function twice(p number) return number is begin return p; end;")
	run(t, db, "create or replace function twice(p number) return number is begin return p * 3; end;")
	if got := one[int](t, db, "select twice(20) from dual"); got != 60 {
		t.Errorf("the function that replaced it: %d, want 60", got)
	}
	run(t, db, "drop function twice")
	refuses(t, db, 904, "select twice(20) from dual")
}

func TestTablesAreBindsOfPLSQL(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	var sum int64
	exec(t, db, `declare v dbms_sql.number_table := :items; begin :total := 0; for i in 1..v.count loop :total := :total + v(i); end loop; end;`,
		godror.PlSQLArrays, sql.Named("items", []int64{1, 20, 300}), sql.Named("total", sql.Out{Dest: &sum}))
	if sum != 321 {
		t.Errorf("sum %d, want 321", sum)
	}
	run(t, db, `create procedure double(p_in in dbms_sql.varchar2_table, p_out out dbms_sql.varchar2_table) is
		begin for i in 1..p_in.count loop p_out(i) := p_in(i) || p_in(i); end loop; end;`)
	out := make([]string, 0, 4)
	exec(t, db, "begin double(:1, :2); end;", godror.PlSQLArrays, []string{"a", "b", "c"}, sql.Out{Dest: &out})
	if fmt.Sprint(out) != "[aa bb cc]" {
		t.Errorf("got %v", out)
	}
}
