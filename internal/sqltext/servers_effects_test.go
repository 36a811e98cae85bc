// This file shows on real servers that the traps are none of ours: such texts do change something.

package sqltext

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// effect is a text, and a query that shows what it did.
type effect struct{ text, probe, want string }

// effects runs the texts one after the other, on a table z of one row.
func effects(t *testing.T, d Dialect, driver, dsn string, rows []effect) {
	t.Helper()
	c := connected(t, driver, dsn)
	run(t, c, "create table z (i int)")
	run(t, c, "insert into z values (1)")
	for _, row := range rows {
		if got := run(t, c, row.text); got != "" {
			t.Errorf("%s: %s", row.text, got)
		}
		var got string
		if err := c.QueryRowContext(t.Context(), row.probe).Scan(&got); err != nil || got != row.want {
			t.Errorf("%s: %s is %q, want %q; error %v", row.text, row.probe, got, row.want, err)
		}
		if s := Analyze(d, row.text); s.Verdict == Pure || s.Verdict == Session && s.Neutral {
			t.Errorf("%s is %s because of %s", row.text, s.Verdict, s.Reason)
		}
	}
}

func TestTrapsActOnPostgres(t *testing.T) {
	effects(t, PostgreSQL, "postgres", dbtest.Postgres(t).NewDatabase(t).DSN(), []effect{
		{"select i replace into a from z", "select count(*) from a", "1"},
		{"select i ignore into b from z", "select count(*) from b", "1"},
		{"select i insert into c from z", "select count(*) from c", "1"},
		{"with w as (insert into z values (2) returning i) select * from w", "select count(*) from z", "2"},
		{`explain ("analyze") insert into z values (3)`, "select count(*) from z", "3"},
		{`explain ("analyze") delete from z`, "select count(*) from z", "0"},
		{"update pg_settings set setting = 'x' where name = 'application_name'", "show application_name", "x"},
	})
}

func TestTrapsActOnMariaDB(t *testing.T) {
	effects(t, MySQL, "mysql", dbtest.MariaDB(t).NewDatabase(t).DSN(), []effect{
		{"select 1e1into @a", "select @a", "10"},
		{"select 1e+1into @b", "select @b", "10"},
		{"select 1.5into @c", "select @c", "1.5"},
		{"select 4 /*! into @d */", "select @d", "4"},
		{"select 5 /*M! into @e */", "select @e", "5"},
		{"select @f := i from z for update", "select @f", "1"},
		{"show tables where @g := 6", "select @g", "6"},
		{"explain select * from (select @h := 7 limit 1) d", "select @h", "7"},
		{"set `autocommit` = 0", "select @@autocommit", "0"},
		{"set session sql_mode = 'oracle'", "select @@sql_mode like '%ORACLE%'", "1"},
		{"set sql_mode = 'mssql'", "select @@sql_mode like '%MSSQL%'", "1"},
		{"select [a'] into @i from (select 8 as `a'`) x # , ['b]", "select @i", "8"},
		{"set session sql_mode = 'oracle'", "select @@sql_mode like '%ORACLE%'", "1"},
		{"create sequence s", "select count(*) from s", "1"},
		{"select s.nextval", "select s.currval", "1"},
		{"create table e (i int default nextval(s))", "select count(*) from e", "0"},
		{"insert into e values (0)", "select s.currval", "1"},
		{"select default(i) from e", "select s.currval", "2"},
	})
}

func TestTrapsActOnSQLite(t *testing.T) {
	effects(t, SQLite, "sqlite", dbtest.SQLite(t), []effect{
		{"explain pragma cache_size = 77", "pragma cache_size", "77"},
		{"create index zi on z (i)", "select count(*) from sqlite_master where name like 'sqlite_stat%'", "0"},
		{"select * from pragma_optimize where arg = 0x10002", "select count(*) > 0 from sqlite_master where name like 'sqlite_stat%'", "1"},
		{"explain query plan pragma foreign_keys = on", "pragma foreign_keys", "1"},
		{"with w as (select 2) replace into z select * from w", "select count(*) from z", "2"},
		{"with w as (select 2) \ufeffdelete from z", "select count(*) from z", "0"},
	})
}
