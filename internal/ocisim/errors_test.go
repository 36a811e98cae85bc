//go:build unix && cgo

// This file tests that what is wrong has Oracle's number.

package ocisim_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestErrorsHaveOraclesNumbers(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key, v varchar2(10) not null, check (id < 100))", "insert into t values (1, 'a')",
		"create table child (id number(9) references t (id))")
	for statement, want := range map[string]int{
		"insert into t values (1, 'a')":                           1,
		"insert into t values (2, null)":                          1400,
		"insert into t values (2, '')":                            1400,
		"insert into t values (200, 'x')":                         2290,
		"insert into child values (77)":                           2291,
		"insert into t (id) values (2, 'x')":                      913,
		"insert into t (id, v) values (2)":                        947,
		"insert into t (id, nope) values (2, 'x')":                904,
		"select * from nope":                                      942,
		"select nope from t":                                      904,
		"select nope(1) from dual":                                904,
		"selec 1":                                                 900,
		"select from where":                                       900,
		"select 1 from dual union select 1, 2 from dual":          1789,
		"create table t (a number)":                               955,
		"create table u (a number, a number)":                     957,
		"drop table nope":                                         942,
		"drop view nope":                                          942,
		"drop index nope":                                         1418,
		"drop sequence nope":                                      2289,
		"drop procedure nope":                                     4043,
		"select nope.nextval from dual":                           2289,
		"select to_number('x') from dual":                         1722,
		"select 1 + 'x' from dual":                                1722,
		"select 1 / 0 from dual":                                  1476,
		"select to_date('2024-13-01', 'YYYY-MM-DD') from dual":    1843,
		"select to_date('2023-02-29', 'YYYY-MM-DD') from dual":    1847,
		"select to_date('x', 'YYYY') from dual":                   1861,
		"select to_date('2024-01-01 10', 'YYYY-MM-DD') from dual": 1830,
		"begin raise_application_error(-20001, 'mine'); end;":     20001,
		"begin raise_application_error(-1, 'mine'); end;":         21000,
		"begin no_such_procedure(1); end;":                        6550,
		"begin insert into nope values (1); end;":                 6550,
		"begin x := 1; end;":                                      6550,
		"begin null;":                                             6550,
		"alter session nonsense":                                  2248,
		"alter session set time_zone = 'Mars'":                    1882,
		"select /*ocisim error=60 */ 1 from dual":                 60,
		"select sys_context('USERENV', 'NOPE') from dual":         2003,
	} {
		refuses(t, db, want, statement)
	}
	refuses(t, db, 1403, "begin select v into :1 from t where id = 77; end;", sql.Out{Dest: new(string)})
	refuses(t, db, 1422, "begin select 1 into :1 from (select level from dual connect by level <= 2); end;", sql.Out{Dest: new(string)})
}

func TestAnErrorTellsWhatAndWhere(t *testing.T) {
	db := open(t, dbtest.Oracle(t))
	run(t, db, "create table t (id number(9) primary key, v varchar2(10) not null)")
	for statement, want := range map[string]string{
		"insert into t (id) values (1)":                                  `cannot insert NULL into ("SCOTT"."T"."V")`,
		"select missing from t":                                          `"MISSING": invalid identifier`,
		"begin\n  null;\n  raise_application_error(-20007, 'why'); end;": "why\nORA-06512: at line 3",
	} {
		_, err := db.ExecContext(t.Context(), statement)
		oe, ok := godror.AsOraErr(err)
		if !ok || !strings.Contains(oe.Message(), want) {
			t.Errorf("%s: %v, want %s", statement, err, want)
		}
	}
}
