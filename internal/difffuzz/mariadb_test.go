// This file is MariaDB's part of the programs: its tables, and what hangs on them.

package difffuzz

import (
	"fmt"
	"slices"
)

var mariadb = dialect{
	kinds: mariadbKinds,
	table: mariadbTable,
	setup: mariadbSetup,
	other: []string{"diffdb_s2.t1", "diffdb_s2.t2"},
	views: slices.Concat(sharedViews, []string{
		"select id, n, s, ref from {t} where n > 1 with check option",
		"select id, f1(id) as n, s, ref from {t}",
	}),
	makeView: "create or replace view {v} as {query}",
	writes:   slices.Concat(sharedWrites, mariadbWrites, mariadbObjects),
	sessions: mariadbSessions,
	reads:    slices.Concat(shapes, mariadbShapes),
	starts:   []string{"begin", "start transaction", "start transaction with consistent snapshot", "BEGIN WORK"},
}

var mariadbKinds = []kind{
	{"int", []string{"0", "42", "2147483647"}, []any{int64(7), int32(-1), number(3)}},
	{"bigint unsigned", []string{"18446744073709551615", "0"}, []any{int64(9223372036854775807), uint64(1)}},
	{"varchar(40)", texts, []any{"", "x", []byte("bytes"), word("w"), nil}},
	{"decimal(10,2)", []string{"1.10", "-0.05"}, []any{"2.50", 0.25}},
	{"double", []string{"0.5", "1e300"}, []any{0.125, -2.0}},
	{"float", []string{"0.5", "3.25"}, []any{0.125}},
	{"blob", []string{"x'00ff'", "''"}, []any{[]byte("\x00\xff"), []byte{}, []byte(nil)}},
	{"datetime(3)", []string{"'2026-07-01 12:00:00.5'"}, []any{moment("2026-02-28T23:59:59Z"), moment("2026-10-25T02:30:00+02:00")}},
	{"timestamp null", []string{"'2026-07-01 12:00:00'"}, []any{moment("2026-02-28T23:59:59Z")}},
	{"date", []string{"'2026-11-26'"}, nil},
	{"time", []string{"'12:34:56'"}, nil},
	{"tinyint(1)", []string{"true", "false"}, []any{true, false}},
	{"json", []string{"'[1, \"a\"]'"}, []any{"[2]"}},
	{"enum('sad','ok')", []string{"'sad'", "'ok'"}, nil},
	{"bit(8)", []string{"b'101'"}, nil},
	{"year", []string{"2026"}, nil},
}

// mariadbTable makes a table anew: the fourth is partitioned, the fifth has an
// engine without transactions.
func mariadbTable(g *generator, name string) []string {
	drop := "drop table if exists " + name
	columns := "id bigint auto_increment primary key, n int, s varchar(60), ref bigint" + extraColumns(g, name)
	switch name {
	case "t4":
		return []string{drop, "create table t4 (" + columns + ") partition by range (id) (partition p1 values less than (4), partition p2 values less than maxvalue)"}
	case "t5":
		return []string{drop, "create table t5 (" + columns + ") engine = " + one(g, []string{"MyISAM", "Aria", "Aria transactional = 0"})}
	}
	if g.rng.IntN(3) > 0 {
		columns += fmt.Sprintf(", foreign key (ref) references %s (id) on delete %s on update %s", g.target(name),
			one(g, []string{"cascade", "set null", "restrict"}), one(g, []string{"cascade", "set null", "no action"}))
	}
	return []string{one(g, []string{drop, "set statement foreign_key_checks = 0 for " + drop}), "create table " + name + " (" + columns + ")"}
}

var mariadbSetup = []string{
	"create table log1 (id bigint auto_increment primary key, what varchar(60), n int default 0, s varchar(60) default 'log', ref bigint)",
	"create table diffdb_s2.t1 (id bigint, n int, s varchar(60), ref bigint)", "create table diffdb_s2.t2 (id bigint, n bigint, s varchar(9), ref bigint)",
	"insert into diffdb_s2.t1 values (1, 1, 'other', 1), (2, null, '', null)", "insert into diffdb_s2.t2 values (1, 5, 's2', 2)",
	"create sequence q1",
	"create function f1(x bigint) returns bigint reads sql data return (select count(*) from t1 where id <= x)",
	"create function f2(x bigint) returns bigint modifies sql data begin insert into log1 (what) values ('f2'); return last_insert_id(); end",
	"create function f3(x varchar(60)) returns varchar(60) deterministic return concat(x, '!')",
	"create procedure pr1(x bigint) begin update t2 set n = x where id = 1; end",
	"create procedure pr2() begin select count(*) from t1; select id, n from t2 order by id; end",
	"create trigger tr1 after insert on t1 for each row insert into log1 (what) values ('t1')",
}

// mariadbWrites are statements that change rows.
var mariadbWrites = []recipe{
	{2, []string{"truncate {t}"}},
	{2, []string{"truncate table {t}"}},
	{2, []string{"insert into diffdb_s2.t1 values ({id}, {n}, 's2', {id})"}},
	{1, []string{"update diffdb_s2.t2 a join {t} b on a.id = b.id set a.n = {n}"}},
	{4, []string{"replace into {t} (id, n, s) values ({?id}, {?n}, {?s})"}},
	{4, []string{"insert into {t} (id, n) values ({?id}, {?n}) on duplicate key update n = 9, s = 'duplicate'"}},
	{2, []string{"insert ignore into {t} (id, n) values ({?id}, {?n})"}},
	{3, []string{"run: delete from {t} where id = {?id} returning id, n"}},
	{2, []string{"run: replace into {t} (id, n) values ({?id}, 4) returning n"}},
	{2, []string{"update {t} a join {u} b on a.id = b.id set a.n = {n}, b.s = 'joined'"}},
	{2, []string{"delete a from {t} a join {u} b on a.id = b.ref"}},
	{2, []string{"delete {t}, {u} from {t} join {u} on {t}.id = {u}.id"}},
	{3, []string{"insert into {t} (n) values ({n}); delete from {u} where id = {id}"}},
	{2, []string{"run: select 1; update {t} set n = {n} where id = {id}"}},
	{3, []string{"call pr1({id})"}},
	{4, []string{"fresh: select f2({id})"}},
	{2, []string{"fresh: select next value for q1"}},
	{1, []string{"fresh: select nextval(q1)"}},
	{1, []string{"fresh: select uuid(), now(6)"}},
	{1, []string{"run: select setval(q1, {id})"}},
	{3, []string{"upload: {t}"}},
	{2, []string{"execute immediate 'update {t} set n = {n} where id = {id}'"}},
	{2, []string{"begin not atomic update {t} set n = {n}; end"}},
	{2, []string{"/*! update {t} set n = {n} where id = {id} */"}},
	{2, []string{"run: select 1 /*M! from {t} */"}},
	{1, []string{"alter table t4 truncate partition p1"}},
	{2, []string{"set statement sql_mode = '' for update {t} set n = {n} where id = {id}"}},
	{1, []string{"update {t} set n = {n} order by id limit 2"}},
	{1, []string{"run: select id from {t} where id = {id} for update"}},
}

// mariadbObjects change views, routines, triggers and the tables themselves.
var mariadbObjects = []recipe{
	{2, []string{"create or replace view {v} as select id, n, s, ref from {t} where n > {n}"}},
	{1, []string{"alter view {v} as select id, n, s, ref from {t} where id > {id}"}},
	{3, []string{"create or replace function f1(x bigint) returns bigint reads sql data return (select count(*) from {t} where id <= x)"}},
	{2, []string{"create or replace function f1(x bigint) returns bigint deterministic return x * {id}"}},
	{1, []string{"create or replace function f1(x bigint) returns bigint deterministic return (select max(n) from {v})"}},
	{1, []string{"create or replace function f3(x varchar(60)) returns varchar(60) deterministic return concat(x, {s})"}},
	{2, []string{"create or replace procedure pr1(x bigint) delete from {t} where id = x"}},
	{1, []string{"create or replace procedure pr1(x bigint) begin set @y = concat('update t', x, ' set n = 5'); prepare y from @y; execute y; deallocate prepare y; end"}},
	{3, []string{"create or replace trigger tr1 {when} {event} on {t} for each row insert into log1 (what) values ('trigger')"}},
	{2, []string{"create or replace trigger tr2 after update on {t} for each row update {u} set s = 'trigger' where id = new.id"}},
	{1, []string{"create or replace trigger tr3 before insert on {t} for each row set new.s = {s}"}},
	{1, []string{"drop trigger if exists tr1"}},
	{3, []string{"rename table t1 to tmp9, t2 to t1, tmp9 to t2"}},
	{1, []string{"rename table {t} to tmp9", "read: select * from {t}", "rename table tmp9 to {t}"}},
	{2, []string{"create or replace table t3 (id bigint auto_increment primary key, n int, s varchar(60), ref bigint, c1 int default {id})"}},
	{1, []string{"create table s9 as select id, n, s, ref from {r}", "read: select * from s9", "drop table if exists s9"}},
	{1, []string{"create table s9 like {t}", "insert into s9 select * from {t}", "read: select * from s9", "drop table if exists s9"}},
	{1, []string{"alter table {t} modify n bigint"}},
	{1, []string{"alter table {t} engine = MyISAM"}},
	{1, []string{"alter table {p} engine = InnoDB"}},
	{1, []string{"alter table {t} comment = {s}"}},
	{1, []string{"alter table {t} alter column s set default 'new'"}},
	{1, []string{"optimize table {t}"}},
	{1, []string{"drop table if exists s9", "create table s9 as select * from t4 where id < 4", "alter table t4 exchange partition p1 with table s9"}},
	{1, []string{"create or replace sequence q1 start {id}"}},
}
