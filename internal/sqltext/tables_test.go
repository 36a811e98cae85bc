// This file tests which tables are found in a text.

package sqltext_test

import (
	"slices"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

const (
	pg, my, ora, lite = sqltext.PostgreSQL, sqltext.MySQL, sqltext.Oracle, sqltext.SQLite
)

// named is a text and the tables that it names.
type named struct {
	d    sqltext.Dialect
	text string
	want []string
}

func TestTablesAreFoundByPosition(t *testing.T) { tablesFound(t, plainTables) }

func TestTablesAreFoundBehindOtherSourcesOfRows(t *testing.T) { tablesFound(t, mixedTables) }

func tablesFound(t *testing.T, rows []named) {
	t.Helper()
	for _, row := range rows {
		if got := sqltext.Tables(row.d, row.text); !slices.Equal(got, row.want) {
			t.Errorf("%v %q: %q, want %q", row.d, row.text, got, row.want)
		}
	}
}

var plainTables = []named{
	{pg, "select a from t where b = 1", []string{"t"}},
	{pg, "SELECT a FROM shop.Orders o", []string{"orders"}},
	{pg, `select a from "Order Lines"`, []string{"order lines"}},
	{my, "select a from `shop`.`t` where b in (1, 2)", []string{"t"}},
	{pg, "select * from a, b x, only c as y where a.i = x.i", []string{"a", "b", "c"}},
	{pg, "select * from a join b on a.i = b.i left join c using (i)", []string{"a", "b", "c"}},
	{pg, "select * from a join a b on a.i = b.j", []string{"a"}},
	{pg, "select (select max(i) from inner_one) from outer_one", []string{"inner_one", "outer_one"}},
	{pg, "select * from (select i from t) x", []string{"t"}},
	{pg, "select extract(year from birth), trim(both ' ' from name) from people", []string{"people"}},
	{pg, "select a from t where b is distinct from c", []string{"t"}},
	{pg, "select * from generate_series(1, 3)", nil},
	{pg, "with x as (select i from t), y (a, b) as materialized (select 1, 2) select * from x join y on x.i = y.a", []string{"t"}},
	{pg, "insert into t (a) values ($1) on conflict (a) do update set a = 2", []string{"t"}},
	{my, "insert into t(a) values (?) on duplicate key update a = 2", []string{"t"}},
	{my, "update ignore t set a = 1", []string{"t"}},
	{lite, "update t set a = (select b from u)", []string{"t", "u"}},
	{pg, "select a from t for update", []string{"t"}},
	{ora, "select a from t where b = :1 for update nowait", []string{"t"}},
	{pg, "select a from t for no key update", []string{"t"}},
	{pg, "delete from t using u where t.i = u.i", []string{"t"}},
	{pg, "create table if not exists t(a int)", []string{"t"}},
	{pg, "truncate table only t", []string{"t"}},
	{ora, "select sysdate from dual", []string{"dual"}},
	{pg, "select 'from x'", nil},
	{lite, `select a from ""`, nil},
	{pg, "select * from ", nil},
	{pg, "select 1", nil},
	{pg, "", nil},
	{pg, "select 'open from t", nil},
	{pg, "from", nil},
	{pg, ") select a from t", []string{"t"}},
	{sqltext.Unknown, "select a from t", nil},
}

var mixedTables = []named{
	{pg, "select * from (a r join b o on r.id = o.id)", []string{"a", "b"}},
	{my, "select * from ((a, b), c) join (d)", []string{"a", "b", "c", "d"}},
	{pg, "select * from (select 1) s, a", []string{"a"}},
	{pg, "select * from ((select i from a) union select i from b) s, c", []string{"a", "b", "c"}},
	{pg, "select * from ((select 1) s join a on true), b", []string{"a", "b"}},
	{pg, "select * from generate_series(1, 3) g, a", []string{"a"}},
	{pg, "select * from only (a), lateral (select 1) x, b", []string{"a", "b"}},
	{pg, "select * from a o left join b x on o.i = x.i, c order by d, e", []string{"a", "b", "c"}},
	{pg, "select * from a as o (c, d), b where x in (1, 2)", []string{"a", "b"}},
	{pg, "select * from a *, b tablesample system (1), c", []string{"a", "b", "c"}},
	{pg, "with a as (select * from a) select * from a", []string{"a"}},
	{pg, "with a as (select 1) select * from a, s.a", []string{"a"}},
	{pg, "select * from (with a as (select 1) select * from a) x, a", []string{"a"}},
	{pg, "with recursive a (i) as (select 1 union all select i from a join b using (i)) select * from a", []string{"b"}},
	{ora, "with a (i) as (select i from b union all select i from a) select * from a", []string{"b"}},
	{pg, "with a as (select 1) select * from a; select * from a", []string{"a"}},
	{pg, "with x (a, b) as (select 1, 2 from x), y as (select * from x) select * from y", []string{"x"}},
	{my, "select * from a straight_join b", []string{"a", "b"}},
	{my, "select straight_join i from a straight_join b", []string{"a", "b"}},
	{my, "select distinct straight_join high_priority i from (a straight_join b) straight_join c", []string{"a", "b", "c"}},
	{my, "insert into t select straight_join i from a union select straight_join (select straight_join j from b) from c", []string{"t", "a", "b", "c"}},
	{my, "update a straight_join b set a.i = b.i", []string{"a", "b"}},
	{pg, "select * from rows from (f(1), g()) x, a", []string{"a"}},
	{pg, "select * from a, lateral rows from (f(a.i) as (j int)) x join rows on true", []string{"a", "rows"}},
	{my, "select * from a use index (x), b", []string{"a", "b"}},
	{my, "select * from {oj a left outer join b on a.i = b.i}, c", []string{"a", "b", "c"}},
	{my, "select sum(i) over w from a window, b window w as (order by i), v as (order by j)", []string{"a", "b"}},
	{my, "insert into t select i from a, b on duplicate key update i = 1, j = 2", []string{"t", "a", "b"}},
	{ora, "select * from a partition (p), b cross apply c", []string{"a", "b", "c"}},
	{lite, "select * from 'a', (b join [c])", []string{"a", "b", "c"}},
	{lite, "delete from t returning i, j", []string{"t"}},
}

func FuzzTables(f *testing.F) {
	for _, text := range []string{
		"select a from t, u", "with x as (select 1) select * from x", "(((from", "update", "x as (", "table if",
		"select straight_join a from t straight_join u", "select * from rows from (f()), t",
	} {
		f.Add(uint8(1), text)
	}
	f.Fuzz(func(t *testing.T, d uint8, text string) {
		seen := map[string]bool{}
		for _, name := range sqltext.Tables(sqltext.Dialect(d), text) {
			if name == "" || seen[name] {
				t.Errorf("%q names %q", text, name)
			}
			seen[name] = true
		}
	})
}
