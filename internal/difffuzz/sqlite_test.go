// This file is SQLite's part of the programs: its tables, what hangs on them, and its sessions.

package difffuzz

import (
	"fmt"
	"slices"
)

var lite = dialect{
	kinds:    liteKinds,
	table:    liteTable,
	setup:    liteSetup,
	views:    slices.Concat(sharedViews, []string{"select id, n, s, ref from {t} where rowid > 1"}),
	makeView: "drop view if exists {v}; create view {v} as {query}",
	writes:   slices.Concat(sharedWrites, liteWrites),
	sessions: liteSessions,
	reads:    slices.Concat(shapes, liteShapes),
	starts:   []string{"begin", "begin immediate", "BEGIN TRANSACTION"},
}

var liteKinds = []kind{
	{"integer", []string{"0", "42", "9223372036854775807", "'text'"}, []any{int64(7), int32(-1), number(3), "1"}},
	{"text", texts, []any{"", "x", []byte("bytes"), word("w"), nil, int64(1)}},
	{"real", []string{"0.5", "1e300", "1"}, []any{0.125, -2.0, int64(4)}},
	{"blob", []string{"x'00ff'", "''"}, []any{[]byte("\x00\xff"), []byte{}, []byte(nil)}},
	{"numeric", []string{"1.10", "'1.50'"}, []any{"2.50", 0.25}},
	{"boolean", []string{"true", "false"}, []any{true, false}},
	{"datetime", []string{"'2026-07-01 12:00:00'"}, []any{moment("2026-02-28T23:59:59Z"), moment("2026-10-25T02:30:00+02:00")}},
	{"date", []string{"'2026-11-26'"}, []any{moment("2026-11-26T00:00:00Z")}},
	{"integer default 7", []string{"8"}, nil},
	{"text collate nocase", []string{"'Case'", "'case'"}, nil},
}

// liteTable makes a table anew: the fourth has no rowid or is a virtual table,
// the fifth is strict.
func liteTable(g *generator, name string) []string {
	drop := "drop table if exists " + name
	columns := "id integer primary key, n int, s text, ref integer"
	if g.rng.IntN(3) > 0 {
		columns += fmt.Sprintf(" references %s (id) on delete %s on update %s", g.target(name),
			one(g, []string{"cascade", "set null", "no action"}), one(g, []string{"cascade", "set null"}))
	}
	columns += extraColumns(g, name)
	switch name {
	case "t4":
		if g.rng.IntN(2) == 0 {
			return []string{drop, "create table t4 (" + columns + ") without rowid"}
		}
		g.extras[name] = nil
		return []string{drop, "create virtual table t4 using fts5(id, n, s, ref)"}
	case "t5":
		g.extras[name] = []column{{"c1", kind{decl: "any", literals: []string{"'1'", "1", "x'00'"}, args: []any{"x", int64(1)}}}}
		return []string{drop, "create table t5 (id integer primary key, n int, s text, ref integer, c1 any) strict"}
	}
	return []string{drop, "create table " + name + " (" + columns + ")"}
}

var liteSetup = []string{
	"create table log1 (id integer primary key autoincrement, what text, n int default 0, s text default 'log', ref integer)",
	"create trigger tr1 after insert on t1 begin insert into log1 (what) values ('t1'); end",
}

var liteWrites = []recipe{
	{4, []string{"replace into {t} (id, n, s) values ({?id}, {?n}, {?s})"}},
	{3, []string{"insert or ignore into {t} (id, n) values ({?id}, {?n})"}},
	{3, []string{"insert into {p} (id, n) values ({?id}, {?n}) on conflict (id) do update set n = excluded.n, s = 'conflict'"}},
	{3, []string{"run: delete from {t} where id = {?id} returning id, n"}},
	{2, []string{"run: update {t} set n = n + 1 returning id, n"}},
	{2, []string{"with x as (select id from {u}) delete from {t} where id in (select id from x)"}},
	{2, []string{"update {t} set n = (select count(*) from {u}) where id = {?id}"}},
	{2, []string{"update {t} set n = b.n from {u} b where b.id = {t}.id"}},
	{3, []string{"insert into {t} (n) values ({n}); delete from {u} where id = {id}"}},
	{2, []string{"run: select 1; update {t} set n = {n} where id = {id}"}},
	{1, []string{"fresh: select random()"}},
	{1, []string{"fresh: select hex(randomblob(9))"}},
	{3, []string{"drop trigger if exists tr1", "create trigger tr1 {when} {event} on {t} begin insert into log1 (what) values ('trigger'); end"}},
	{2, []string{"drop trigger if exists tr2", "create trigger tr2 after update on {t} begin update {u} set s = 'trigger' where id = new.id; end"}},
	{3, []string{"drop trigger if exists tr3", "create trigger tr3 instead of update on {v} begin update {p} set s = 'instead' where id = old.id; end"}},
	{2, []string{"drop trigger if exists tr4", "create trigger tr4 instead of insert on {v} begin insert into {p} (n, s) values (new.n, 'instead'); end"}},
	{2, []string{"drop view if exists {v}", "create view {v} as select id, n, s, ref from {t} where n > {n}"}},
	{1, []string{"create table s9 as select id, n, s, ref from {r}", "read: select * from s9", "drop table if exists s9"}},
	{1, []string{"pragma user_version = {id}"}},
	{1, []string{"create index if not exists i1 on {p} (n)", "drop index if exists i1"}},
	{1, []string{"analyze"}},
	{1, []string{"vacuum"}},
	{1, []string{"reindex"}},
	{1, []string{"insert into t4(t4) values ('optimize')"}},
	{1, []string{"update sqlite_sequence set seq = seq + 5"}},
}

var liteSessions = []recipe{
	{4, []string{"create temp table {t} (id integer, n int, s text, ref integer)", "insert into temp.{t} values ({id}, 77, 'temporary', 1)", "read: select * from {t}"}},
	{2, []string{"create temp view {v} as select 1 as id, 2 as n, 'temporary' as s, 3 as ref", "read: select * from {v}"}},
	{2, []string{"create temp trigger tr9 after insert on {t} begin insert into log1 (what) values ('temporary'); end", "insert into {t} (n) values ({n})"}},
	{1, []string{"drop table if exists temp.{t}"}},
	{3, []string{"attach ':memory:' as s2", "create table s2.t1 (id, n, s, ref)", "insert into s2.t1 values (1, 2, 'attached', 3)"}},
	{1, []string{"detach s2"}},
	{2, []string{"pragma case_sensitive_like = 1"}},
	{1, []string{"pragma foreign_keys = 0"}},
	{1, []string{"pragma foreign_keys = 1"}},
	{1, []string{"pragma recursive_triggers = 1"}},
	{1, []string{"pragma reverse_unordered_selects = 1"}},
	{1, []string{"pragma query_only = 1"}},
	{1, []string{"pragma query_only = 0"}},
	{1, []string{"pragma full_column_names = 1"}},
	{1, []string{"pragma short_column_names = 0"}},
	{1, []string{"pragma defer_foreign_keys = 1"}},
	{3, []string{"savepoint one", "update {t} set n = {n}", "read: select * from {t}", "rollback to one", "release one"}},
	{2, []string{"begin", "update {t} set n = {n}", "seen: select * from {t}", "{end}", "seen: select * from {t}"}},
	{1, []string{"begin; update {t} set n = {n}", "seen: select * from {t}", "end", "seen: select * from {t}"}},
	{1, []string{"begin", "update {t} set n = {n}", "seen: select * from {t}", "select 1; commit", "seen: select * from {t}"}},
	{1, []string{"begin", "savepoint one", "update {t} set n = {n}", "seen: select * from {t}", "release one", "seen: select * from {t}", "commit", "seen: select * from {t}"}},
	{2, []string{"savepoint one", "insert into {t} (n) values ({n})", "release one"}},
	{2, []string{"raw: create temp table {t} (id integer, n int, s text, ref integer)"}},
	{1, []string{"raw: begin; update {t} set n = {n}; commit"}},
	{1, []string{"insert into log1 (what) values ('last')", "read: select last_insert_rowid(), changes()"}},
	{5, []string{"reset: "}},
}

var liteShapes = []shape{
	{2, read, "select id from {r} where s like 'A%'"},
	{4, read, "select typeof({?any}), {?any}"},
	{2, read, "select typeof({?s}), typeof({?n}), {?s}"},
	{1, read, "select group_concat(s, ',') from (select s from {r} order by id, s)"},
	{1, read, "select group_concat(id) from (select id from {r} order by id)"},
	{1, read, "select * from json_each('[1, 2, 3]')"},
	{1, read, "select name, sql from sqlite_schema order by name"},
	{1, read, "select * from pragma_table_info('{t}')"},
	{1, read, "select name from sqlite_master where name = '{t}'"},
	{1, read, "pragma table_info({t})"},
	{1, read, "pragma user_version"},
	{1, read, "pragma foreign_keys"},
	{1, read, "select * from sqlite_sequence"},
	{1, read, "values (1, 'a'), (2, 'b')"},
	{2, read, "select rowid, * from {t}"},
	{1, read, "select [id], `n`, \"s\" from {r}"},
	{1, read, "select \"nosuchcolumn\" from {t}"},
	{1, read, "select c1 from {t}"},
	{1, read, "select id, n from {r} where n is not {?n}"},
	{1, read, "select rowid from t4 where t4 match 'a'"},
	{1, read, "select id from {r} intersect select ref from {q}"},
	{1, read, "select date('2026-11-26', '+1 day'), count(*) from {r}"},
	{1, read, "select main.{t}.id from main.{t}"},
	{1, read, "select exists (select 1 from {r} where id = {?id})"},
	{1, read, "explain query plan select 1"},
}
