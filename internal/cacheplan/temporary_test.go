// This file tests that what hides other tables from one session is seen.

package cacheplan_test

import (
	"testing"

	"github.com/fluxor-db/fluxor/internal/cache"
	"github.com/fluxor-db/fluxor/internal/cacheplan"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestADefinitionInTheSessionsOwnSchemaUnsettlesIt(t *testing.T) {
	for d, texts := range map[sqltext.Dialect][]string{
		sqltext.PostgreSQL: {
			"create table pg_temp.items (id int)", "create view pg_temp.items as select 1", `create table "pg_temp_3".x (i int)`,
			"alter table pg_temp.x rename to y", "create function pg_temp.f(text) returns text language sql as 'select 1'",
			"drop table pg_temp.x", "create temp table x (i int)", "create temporary view x as select 1", `create table U&"pg\005ftemp".x (id int)`,
		},
		sqltext.MySQL:  {"create /*!32302 temporary */ table t (id int)", "create temporary table t (id int)"},
		sqltext.SQLite: {"create table temp.x (id int)", "create view temp.x as select 1", "create temp trigger t after insert on x begin select 1; end"},
	} {
		p := cacheplan.New(cacheplan.Config{Memo: sqltext.NewMemo(d), Versions: cache.New(), Mode: cacheplan.All})
		for _, text := range texts {
			if got := p.Of(text).Session; got != cacheplan.Unsettles {
				t.Errorf("%v: %s: the session is said to be %v", d, text, got)
			}
		}
		if got := p.Of("create table x (id int)").Session; got != cacheplan.Leaves {
			t.Errorf("%v: a plain table: the session is said to be %v", d, got)
		}
	}
}
