// This file tests what texts are but for their calls of routines that are not known.

package sqltext_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

// excuse is a text and what it is if its calls are harmless.
type excuse struct {
	text  string
	calls string // "" for none
	want  sqltext.Verdict
	why   sqltext.Reason
	marks string // n: neutral, s: stable; "-": there is no Else
}

func excused(t *testing.T, d sqltext.Dialect, rows []excuse) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.text, func(t *testing.T) {
			s := sqltext.Analyze(d, row.text)
			want := sqltext.Else{Verdict: row.want, Reason: row.why, Neutral: strings.Contains(row.marks, "n"), Stable: strings.Contains(row.marks, "s")}
			if row.marks == "-" {
				want = sqltext.Else{}
			}
			if got := strings.Join(s.Calls, " "); got != row.calls || s.Else != want || s.Verdict != flush {
				t.Errorf("%s; calls %q and is %+v else, want calls %q and %+v", s.Verdict, got, s.Else, row.calls, want)
			}
		})
	}
}

func TestAPostgresTextIsWhatItIsButForItsCalls(t *testing.T) {
	excused(t, sqltext.PostgreSQL, []excuse{
		{"select f(1)", "f", pure, sqltext.OneRead, "ns"},
		{`select Pkg.F(a), "G"(2), f(3), pkg.f(1) from t`, "pkg.f g f", pure, sqltext.OneRead, "ns"},
		{"select f(now())", "f", pure, sqltext.Clock, "n"},
		{"select * from pg_class where f(relname)", "f", pure, sqltext.Catalog, "n"},
		{"select f(current_user)", "f", session, sqltext.Settings, "n"},
		{"insert into t values (f(1))", "f", write, sqltext.Changes, "n"},
		{"with x as (delete from t where f(a) returning *) select * from x", "f", write, sqltext.Changes, "n"},
		{"select f(a) from t for update", "f", write, sqltext.Locks, "n"},
		{"select f(nextval('s'))", "f", write, sqltext.Draws, "n"},
		{"call p(1, f('x'))", "p f", session, sqltext.Calls, "n"},
		{"call a.p()", "a.p", session, sqltext.Calls, "n"},
		{"call lower('x')", "lower", session, sqltext.Calls, "n"},
		{"call p(current_setting('x'))", "p", session, sqltext.Calls, ""},
		{"call p(nextval('s'))", "", flush, 0, "-"},
		{"call p(1) returning x", "", flush, 0, "-"},
		{"call p(1); select 1", "", flush, 0, "-"},
		{"select f(1); select f(2)", "", flush, 0, "-"},
		{"select f(nextval($1))", "", flush, 0, "-"},
		{"select f(1) into t", "", flush, 0, "-"},
		{"select f(1) @@@@ 2", "", flush, 0, "-"},
		{`select "a.b"(1)`, "", flush, 0, "-"},
		{"select * from t tablesample bernoulli(10)", "", flush, 0, "-"},
		{"update pg_settings set setting = f(1)", "", flush, 0, "-"},
		{"do $$begin perform f(1); end$$", "", flush, 0, "-"},
		{"execute p(1)", "", flush, 0, "-"},
		{"set a = f(1)", "", flush, 0, "-"},
		{"explain select f(1)", "", flush, 0, "-"},
		{"select f" + strings.Repeat("(1), f", 3) + "(1)", "f", pure, sqltext.OneRead, "ns"},
	})
}

func TestATextWithMoreCallsThanAreNamedStaysWhatItIs(t *testing.T) {
	var b strings.Builder
	for i := range 33 {
		b.WriteString("f" + strings.Repeat("x", i) + "(1), ")
	}
	s := sqltext.Analyze(sqltext.PostgreSQL, "select "+b.String()+"1")
	if s.Verdict != flush || s.Calls != nil || s.Else != (sqltext.Else{}) {
		t.Errorf("%s, calls %q, else %+v", s.Verdict, s.Calls, s.Else)
	}
}

func TestACallHasTheNameThatPostgresCuts(t *testing.T) {
	s := sqltext.Analyze(sqltext.PostgreSQL, "select "+strings.Repeat("x", 70)+"(1)")
	if want := strings.Repeat("x", 63); !slices.Equal(s.Calls, []string{want}) {
		t.Errorf("calls %q", s.Calls)
	}
}

func TestAMySQLTextIsWhatItIsButForItsCalls(t *testing.T) {
	excused(t, sqltext.MySQL, []excuse{
		{"select f(?), `d`.`G`(1) from t", "f d.g", pure, sqltext.OneRead, "ns"},
		{"call book(?, 1)", "book", session, sqltext.Calls, "n"},
		{"call `d`.book", "d.book", session, sqltext.Calls, "n"},
		{"call book(@a)", "book", session, sqltext.Calls, ""},
		{"call book(@a := 1)", "", flush, 0, "-"},
		{"call book(1) select", "", flush, 0, "-"},
		{"select f(@a := 1)", "f", session, sqltext.Assigns, ""},
		{"select f(1) /*! , 2 */", "", flush, 0, "-"},
		{"select f(1) into @a", "", flush, 0, "-"},
		{`select f('\'', 1)`, "f", pure, sqltext.OneRead, "ns"},
		{`select f('\', g(1), 'x')`, "f g", pure, sqltext.OneRead, "ns"}, // refused unless a backslash is none
		{`select f('\', 1), g(' -- ')`, "", flush, 0, "-"},
		{"do f(1)", "", flush, 0, "-"},
	})
}

func TestAnOracleTextIsWhatItIsButForItsCalls(t *testing.T) {
	excused(t, sqltext.Oracle, []excuse{
		{"select pkg.rate(:1) from dual", "pkg.rate", pure, sqltext.OneRead, "ns"},
		{"select pkg.rate from dual", "pkg.rate", pure, sqltext.OneRead, "ns"},
		{"select rate from dual", "rate", pure, sqltext.OneRead, "ns"},
		{"select pkg.rate(:1), other.f from t", "pkg.rate other.f", pure, sqltext.OneRead, "ns"},
		{"select pkg.rate(:1), f from dual", "pkg.rate f", pure, sqltext.OneRead, "ns"},
		{"select * from table(pkg.lines)", "pkg.lines", pure, sqltext.OneRead, "ns"},
		{"select * from table(pkg.lines(:1))", "pkg.lines", pure, sqltext.OneRead, "ns"},
		{"select f(1) from user_tables", "f", pure, sqltext.Catalog, "n"},
		{"select pkg.rate@far(:1) from dual", "", flush, 0, "-"},
		{"call pkg.p(:1)", "pkg.p", session, sqltext.Calls, "n"},
		{"call pkg.f(:1) into :2", "", flush, 0, "-"},
		{"begin pkg.p(:1, 'x', -1.5, null); end;", "pkg.p", session, sqltext.Calls, "n"},
		{"BEGIN P; s.pkg.p(a => :1, b => :2); :3 := pkg.f(); END", "p s.pkg.p pkg.f", session, sqltext.Calls, "n"},
		{`begin "P"(:x); end;`, "p", session, sqltext.Calls, "n"},
		{"begin p(:1); commit; end;", "", flush, 0, "-"},
		{"begin p(:1); rollback; end;", "", flush, 0, "-"},
		{"begin p(f(:1)); end;", "", flush, 0, "-"},
		{"begin p(pkg.x); end;", "", flush, 0, "-"},
		{"begin p(a || :1); end;", "", flush, 0, "-"},
		{"begin p@far(:1); end;", "", flush, 0, "-"},
		{"begin execute immediate :1; end;", "", flush, 0, "-"},
		{"begin update t set a = 1; end;", "", flush, 0, "-"},
		{"begin :1 := :2; end;", "", flush, 0, "-"},
		{"begin if (:1) then p; end if; end;", "", flush, 0, "-"},
		{"begin p; end; begin q; end;", "", flush, 0, "-"},
		{"begin end;", "", flush, 0, "-"},
		{"begin p(:1)", "", flush, 0, "-"},
		{"begin p(:1;", "", flush, 0, "-"},
		{"begin p(:1); end; q", "", flush, 0, "-"},
		{"declare x number; begin p(:1); end;", "", flush, 0, "-"},
		{"select f(1) from dual; select 1 from dual", "", flush, 0, "-"},
	})
}

func TestAnSQLiteTextIsWhatItIsButForItsCalls(t *testing.T) {
	excused(t, sqltext.SQLite, []excuse{
		{"select rate(?) from t", "rate", pure, sqltext.OneRead, "ns"},
		{"select 'f'(1)", "", flush, 0, "-"},
		{"select f(1) from pragma_optimize", "", flush, 0, "-"},
		{"call p(1)", "", flush, 0, "-"},
	})
}

func FuzzElse(f *testing.F) {
	seeded(f)
	f.Fuzz(func(t *testing.T, b byte, text string) {
		d := dialectOf(b)
		s := sqltext.Analyze(d, text)
		switch {
		case s.Verdict != flush && (s.Else != sqltext.Else{} || s.Calls != nil):
			t.Errorf("%s, but else %+v", s.Verdict, s.Else)
		case s.Else == sqltext.Else{} && s.Calls != nil:
			t.Errorf("calls %q without an else", s.Calls)
		case s.Else.Verdict == pure && !s.Else.Neutral, s.Else.Stable && s.Else.Verdict != pure, len(s.Calls) > 32:
			t.Errorf("else %+v, calls %q", s.Else, s.Calls)
		case s.Else.Verdict == flush && s.Else.Reason != sqltext.OneRead:
			t.Errorf("a definition for the reason %s", s.Else.Reason)
		}
		for i, name := range s.Calls {
			if name == "" || strings.ToLower(name) != name || slices.Index(s.Calls, name) != i {
				t.Errorf("call %q of %q", name, s.Calls)
			}
		}
		if plain, ok := withoutCalls(d, text, s); ok {
			if got := sqltext.Analyze(d, plain); got.Verdict != s.Else.Verdict || got.Stable != s.Else.Stable {
				t.Errorf("%q is %s else, and %q is %s", text, s.Else.Verdict, plain, got.Verdict)
			}
		}
	})
}

func TestADefinitionLeavesTheSessionButForItsCalls(t *testing.T) {
	for d, rows := range map[sqltext.Dialect][]string{
		sqltext.PostgreSQL: {
			"create table t (id serial primary key, a varchar(20) not null default 'x', b numeric(10, 2) default 0 check (b >= 0), c int references s.u (id))",
			"create table t (a timestamptz default now(), b text default upper('x'))",
			"create table if not exists s.t (a int, primary key (a), unique (a), foreign key (a) references u (a) on delete set null)",
			"create unique index concurrently i on s.t using btree (lower(a), b) include (c) where d is null",
			"create table t_1 partition of t for values from ('2026-01-01') to ('2027-01-01')",
			"create table t (a int) partition by range (a)",
			"create or replace view v as select f(a), set_config('x', 'y', false) from t",
			"create or replace function f(a int) returns int language plpgsql as $$ begin perform set_config('x', 'y', false); return 1; end $$",
			"create function f() returns int as 'select 1' language 'sql'",
			"create trigger a before insert on t for each row execute function f()",
			"create sequence s start with 5", "create schema s", "create type a as enum ('x', 'y')", "create domain d as int check (f(value))",
			"alter table t add column a int not null default 5", "alter table t add column a text default 'x', drop column b",
			"alter table t rename to u", "alter table t alter a set default 7", "alter table t owner to x", "alter index i set (fillfactor = 70)",
			"drop table if exists t cascade", "drop function f(int)", "grant select on t to x", "revoke all on t from x", "comment on table t is 'create temp'",
			"truncate a, b", "analyze", "analyze t (a, b)", "vacuum (full, analyze) t", "vacuum", "reindex table t", "refresh materialized view v", "cluster t",
			"create /* temp */ table t (a int)", `create table "temp" (a int, "select" int)`,
		},
		sqltext.MySQL: {
			"create table t (id bigint(20) unsigned auto_increment primary key, a enum('x', 'y') default 'x', key k (a), fulltext key f (b)) engine=InnoDB",
			"create definer=`a`@`b` sql security definer view v as select f(a) from t", "create or replace algorithm=merge view v as select 1",
			"create trigger a before insert on t for each row set new.b = f(1)", "create procedure p() select 1",
			"alter table t add column a int default 5, add index i (a)", "alter table t add (a int, b varchar(5))", "alter table t modify a varchar(30)",
			"rename table a to b", "analyze table t", "optimize table a, b", "analyze local table t", "drop table t", "truncate table t",
			"alter table t partition by hash (a) partitions 4",
		},
		sqltext.Oracle: {
			"create table t (id number(10) primary key, a varchar2(20 char) default 'x', b date default sysdate)",
			"create or replace procedure p is begin execute immediate 'alter session set x = y'; end;",
			"create or replace package body pkg as procedure p is begin null; end; end pkg;",
			"create or replace editionable trigger a before insert on t for each row begin :new.b := f(1); end;",
			"create or replace force view v as select pkg.f(a) from t", "create public synonym s for u.t", "create sequence s",
			"alter table t add (a number default 5)", "drop table t purge", "rename a to b", "grant select on t to x", "alter procedure p compile",
			"analyze table t compute statistics",
		},
		sqltext.SQLite: {
			"create table t (id integer primary key, a text default 'x', b varchar(10) collate nocase)", "create view v as select f(a) from t",
			"create index i on t (a) where b > 0", "alter table t add column a int default 5", "drop table t", "vacuum", "analyze", "reindex i",
		},
	} {
		for _, text := range rows {
			s := sqltext.Analyze(d, text)
			if (s.Else != sqltext.Else{Neutral: true}) || s.Calls != nil || s.Verdict != flush {
				t.Errorf("%s: %q: else %+v, calls %q", d, text, s.Else, s.Calls)
			}
		}
	}
}

func TestADefinitionNamesWhatItCalls(t *testing.T) {
	for d, rows := range map[sqltext.Dialect][][2]string{
		sqltext.PostgreSQL: {
			{"alter table t add column a int default f()", "f"},
			{"alter table t add check (s.f(a) > lower(b))", "s.f"},
			{"alter table t add constraint c check (f(a) or g(b))", "f g"},
			{`alter table t add check ("F"(a))`, "f"},
			{"create table t_1 partition of t for values from (f(1)) to (g(2))", "f g"},
			{"create index i on t (f(a)) where g(b)", "f g"},
			{"create index i on t using gin (a gin_trgm_ops(siglen=32))", "gin_trgm_ops"},
			{"alter table t add column a int default pg_catalog.set_config('a', 'b', false)::int", "pg_catalog.set_config"},
			{"alter table t attach partition p for values in (list(1), hash(2), key(3), add(4))", "list hash key add"},
			{"alter table t add column a text default set_config('a', 'b', false)", "set_config"},
			{"alter table t add check (set(a) > reset(b))", "set reset"},
			{"create table t (a mine(3))", "mine"},
			{"alter table t add exclude using gist (a with =)", "gist"},
		},
		sqltext.MySQL: {
			{"alter table t add column a int default (f(1))", "f"},
			{"alter table t add a int as (d.f(b)) stored", "d.f"},
			{"alter table t add index i ((f(a)))", "f"},
		},
		sqltext.Oracle: {
			{"alter table t add (a number default pkg.f(1))", "pkg.f"}, {"create index i on t (f(a))", "f"},
		},
		sqltext.SQLite: {{"create index i on t (f(a))", "f"}},
	} {
		for _, row := range rows {
			s := sqltext.Analyze(d, row[0])
			if (s.Else != sqltext.Else{Neutral: true}) || strings.Join(s.Calls, " ") != row[1] {
				t.Errorf("%s: %q: else %+v, calls %q, want %q", d, row[0], s.Else, s.Calls, row[1])
			}
		}
	}
}

func TestADefinitionThatMayTouchTheSessionIsNotExcused(t *testing.T) {
	for d, rows := range map[sqltext.Dialect][]string{
		sqltext.PostgreSQL: {
			"create temp table t (a int)", "create temporary view v as select 1", "create local temp table t (a int)", "create temp sequence s",
			"create table t as select set_config('a', 'b', false)", "create table t as execute p", "create table t as table u",
			"create table t as with x as (select f(1)) table x", "select 1 into t", "create materialized view v as select f(1)",
			"alter table t alter a type int using f(a)", "alter table t alter a type mine",
			"alter table t validate constraint c", "alter table t add check (t.f > 0)", "alter domain d add check (f(value))", "alter domain d validate constraint c",
			"alter table t add check (a ### b)", "create extension x", "alter extension x update", "create language x", "create event trigger a on ddl_command_end execute function f()",
			"create function f() returns int language c as 'x'", "create function f() returns int language plperl as $$ BEGIN { 1 } $$",
			"create schema s authorization x", "create schema s create table t (a int default f())", "alter role x set search_path to y", "alter system set a = 1",
			"create user x", "drop owned by x", "do $$ begin end $$", "load 'x'", "create table t (a int); set search_path to y",
			"drop role x", "alter database d set a = 1", "security label on table t is 'x'", "import foreign schema s from server x into y", "create access method x type index handler f",
		},
		sqltext.MySQL: {
			"create temporary table t (a int)", "drop temporary table t", "create table t select f(1)", "create table t as select 1", "drop database d", "drop schema d",
			"alter database d character set utf8", "create event e on schedule every 1 hour do set global a = 1", "create function f returns int soname 'x.so'", "create procedure p() begin set @a = 1; end",
			"analyze delete from t where f(a)", "analyze update t set a = f(1)", "analyze format=json select f(1)", "drop prepare p", "rename user a to b", "create table t (a int) /*! , b int */",
			"alter table t add check ((@a := 1) > 0)", "create aggregate function f returns int soname 'x'", "alter event e enable", "drop role x", "alter user x identified by 'y'",
		},
		sqltext.Oracle: {
			"create global temporary table t (a number)", "create private temporary table ora$ptt_t (a number)", "create table t as select f(1) from dual",
			"create materialized view v as select f(1) from dual", "alter session set nls_date_format = 'x'", "alter system flush shared_pool", "create user x identified by y",
			"create table t (a number); begin p; end;", "alter user x default role none", "drop user x", "create context c using p",
		},
		sqltext.SQLite: {
			"create temp table t (a)", "create table t as select f(1)", "vacuum into f(1)", "create virtual table t using fts5(a)",
			"create trigger a after insert on t begin select f(1); end", "attach 'x' as y", "pragma foreign_keys = on",
		},
	} {
		for _, text := range rows {
			if s := sqltext.Analyze(d, text); s.Else.Neutral {
				t.Errorf("%s: %q: else %+v, calls %q", d, text, s.Else, s.Calls)
			}
		}
	}
}

// withoutCalls writes abs for each routine that a pure query calls, where all of
// them have a parenthesis right behind them and nothing else has their names.
func withoutCalls(d sqltext.Dialect, text string, s sqltext.Statement) (plain string, ok bool) {
	pieces, whole := sqltext.Pieces(d, text)
	if !whole || s.Else.Verdict != pure {
		return "", false
	}
	var b strings.Builder
	end := 0
	seen := map[string]bool{}
	for i, p := range pieces {
		token := text[p.Start:p.End]
		if p.Word && slices.Contains(s.Calls, strings.ToLower(token)) {
			if i+1 == len(pieces) || text[p.End] != '(' || i == 0 || text[pieces[i-1].Start] == '.' {
				return "", false
			}
			seen[strings.ToLower(token)] = true
			token = "abs"
		}
		b.WriteString(text[end:p.Start] + token)
		end = p.End
	}
	return b.String() + text[end:], len(seen) == len(s.Calls)
}
