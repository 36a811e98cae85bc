// This file tests what a change reaches by other ways than its own text says, and reads whose answers no text can show to change: the cache answers as the database does.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// The rows of the trap list, and where each is tested beside this file:
// fill race, ambiguous outcome: cache_outage_test.go and internal/cache; writes in a transaction, rollback, implicit
// commits: cache_test.go, cache_transactions_test.go, cache_sqlite_test.go; volatile functions, roles, rights, row
// security, changes within WITH, half-read results: cache_pgpool_test.go; session state, temporary tables:
// cache_session_test.go; bytes of the driver's, columns' metadata: cache_sqlcache_test.go; arguments' types:
// internal/cache; stampedes: cache_stampede_test.go; old answers on purpose: cache_outage_test.go; texts, literals and
// comments: internal/sqltext.

// effect is a read, and statements each of which may change its answer.
type effect struct {
	name   string
	setup  []string
	read   string
	writes []string
	never  bool // the answer is not kept
}

var postgresEffects = []effect{
	{name: "a view", setup: []string{"create view v as select * from items"}, read: "select count(*) from items", writes: []string{"insert into v values (9, 'v', 9)", "delete from v where id = 9"}},
	{name: "a view of a view", setup: []string{"create view v as select * from items", "create view w as select name from v"}, read: "select count(*) from w where name = 'NEW'", writes: []string{updateItem}},
	{name: "a view that reads the clock", setup: []string{"create view v as select clock_timestamp()::text as n"}, read: "select n <> '' from v", never: true},
	{name: "a view that reads the time", setup: []string{"create view v as select id from items where now() > '2020-01-01'"}, read: "select count(*) from v", never: true},
	{name: "a view of the server's", setup: []string{"create view v as select count(*) as n from pg_stat_activity"}, read: "select n > 0 from v", never: true},
	{name: "a materialized view", setup: []string{"create materialized view v as select count(*) as n from items"}, read: "select n from v", writes: []string{"insert into items values (9, 'v', 9)", "refresh materialized view v"}},
	{name: "a trigger", setup: []string{
		"create table log (n int)",
		"create function logs() returns trigger language plpgsql as $$ begin insert into log values (1); return new; end $$",
		"create trigger logs after update on items for each row execute function logs()",
	}, read: "select count(*) from log", writes: []string{updateItem, updateItem}},
	{name: "a trigger that builds its text", setup: []string{
		"create table log (n int)",
		"create function logs() returns trigger language plpgsql as $$ begin execute 'insert into ' || 'lo' || 'g values (1)'; return new; end $$",
		"create trigger logs after update on items for each row execute function logs()",
	}, read: "select count(*) from log", writes: []string{updateItem, updateItem}},
	{name: "a foreign key", setup: []string{"create table lines (item int references items on delete cascade on update cascade)", "insert into lines values (1), (2)"}, read: "select count(*), min(item) from lines", writes: []string{"update items set id = 7 where id = 2", "delete from items where id = 1"}},
	{name: "a rule", setup: []string{"create table log (n int)", "create rule r as on update to items do also insert into log values (new.id)"}, read: "select count(*) from log", writes: []string{updateItem}},
	{name: "partitions", setup: []string{"create table parts (id int) partition by range (id)", "create table low partition of parts for values from (0) to (9)"}, read: "select count(*) from parts", writes: []string{"insert into low values (1)", "delete from parts"}},
	{name: "a partition read", setup: []string{"create table parts (id int) partition by range (id)", "create table low partition of parts for values from (0) to (9)"}, read: "select count(*) from low", writes: []string{"insert into parts values (1)", "truncate parts"}},
	{name: "inheritance", setup: []string{"create table more (x int) inherits (items)"}, read: "select count(*) from items", writes: []string{"insert into more values (9, 'more', 1)"}},
	{name: "a sequence", setup: []string{"create table numbered (id serial, n int)"}, read: "select last_value from numbered_id_seq", writes: []string{"insert into numbered (n) values (1)", "insert into numbered (n) values (2)", "select nextval('numbered_id_seq')"}},
	{name: "a function that writes", setup: []string{"create function f() returns int language sql as $$ insert into items values (9, 'f', 9); select 1 $$"}, read: "select count(*) from items", writes: []string{"select f()"}},
	{name: "a function with a built-in one's name", setup: []string{"create table log (n int)", "create function lower(int) returns text language sql as $$ insert into log values ($1); select 'x'::text $$"}, read: "select count(*) from log", writes: []string{"select lower(1)", "select lower(2)"}},
	{name: "a procedure", setup: []string{"create procedure p() language sql as $$ insert into items values (9, 'p', 9) $$"}, read: "select count(*) from items", writes: []string{"call p()"}},
	{name: "an anonymous block", read: "select count(*) from items", writes: []string{"do $$ begin insert into items values (9, 'p', 9); end $$"}},
	{name: "a statement by text", setup: nil, read: "select count(*) from items", writes: []string{"prepare p as insert into items values (9, 'p', 9); execute p"}},
	{name: "several statements", read: "select count(*) from items", writes: []string{"select 1; delete from items where id = 2"}},
	{name: "a copy", read: "select count(*) from items", writes: []string{"copy items from program 'printf 9'", "truncate items"}},
	{name: "merge", read: "select name from items where id = 1", writes: []string{"merge into items i using (values (1)) s (id) on i.id = s.id when matched then update set name = 'merged'"}},
	{name: "a name in quotes", setup: []string{`create table "Items" (n int)`}, read: `select count(*) from "Items"`, writes: []string{`insert into "Items" values (1)`}},
	{name: "a name in escapes", read: "select count(*) from items", writes: []string{`delete from U&"it\0065ms" where id = 1`, `insert into U&"it!0065ms" uescape '!' values (1, 'x', 1)`}},
	{name: "a generated column", setup: []string{"create table gen (a int, b int generated always as (a * 2) stored)", "insert into gen values (1)"}, read: "select b from gen", writes: []string{"update gen set a = 5"}},
	{name: "another schema", setup: []string{"create schema s", "create table s.things (n int)"}, read: "select count(*) from s.things", writes: []string{"insert into s.things values (1)", "alter table s.things add m int", "drop table s.things"}},
	{name: "a cursor", setup: []string{"insert into items values (4, 'four', 4)"}, read: "select name from items where id = 4", writes: []string{"do $$ declare c cursor for select * from items where id = 4 for update; r record; begin open c; fetch c into r; update items set name = 'moved' where current of c; end $$"}},
}

var mysqlEffects = []effect{
	{name: "a view", setup: []string{"create view v as select * from items"}, read: "select count(*) from items", writes: []string{"insert into v values (9, 'v', 9)", "delete from v where id = 9"}},
	{name: "a view that reads the clock", setup: []string{"create view v as select now(6) as n"}, read: "select n > 0 from v", never: true},
	{name: "a trigger", setup: []string{"create table log (n int)", "create trigger logs after update on items for each row insert into log values (1)"}, read: "select count(*) from log", writes: []string{updateItem, "update items set price = 11"}},
	{name: "a foreign key", setup: []string{"create table parts (item int, foreign key (item) references items (id) on delete cascade on update cascade)", "insert into parts values (1), (2)"}, read: "select count(*), min(item) from parts", writes: []string{"update items set id = 7 where id = 2", "delete from items where id = 1"}},
	{name: "a procedure", setup: []string{"create procedure p() insert into items values (9, 'p', 9)"}, read: "select count(*) from items", writes: []string{"call p()"}},
	{name: "a function that writes", setup: []string{"create function f() returns int modifies sql data begin insert into items values (9, 'f', 9); return 1; end"}, read: "select count(*) from items", writes: []string{"select f()"}},
	{name: "a function that says it does not write", setup: []string{"create function f() returns int deterministic no sql begin insert into items values (9, 'f', 9); return 1; end"}, read: "select count(*) from items", writes: []string{"select f()"}},
	{name: "a statement by text", read: "select count(*) from items", writes: []string{"execute immediate 'insert into items values (9, 1, 9)'"}},
	{name: "a comment that is run", read: "select count(*) from items", writes: []string{"/*! delete from items where id = 1 */", "select 1 /*! into @x */", "/*M!100000 delete from items where id = 2 */"}},
	{name: "several tables", setup: []string{"create table other (id int)", "insert into other values (1), (2)"}, read: "select count(*) from other", writes: []string{"delete items, other from items join other on other.id = items.id where items.id = 1", "update items, other set other.id = 9 where other.id = items.id"}},
	{name: "an engine without transactions", setup: []string{"create table log (n int) engine = myisam"}, read: "select count(*) from log", writes: []string{"insert into log values (1)"}},
	{name: "a handler", read: "select count(*) from items", writes: []string{"handler items open", "handler items close", "delete from items where id = 1"}},
	{name: "tables that are locked", read: "select count(*) from items", writes: []string{"lock tables items write", "delete from items where id = 1", "unlock tables"}},
	{name: "a sequence", setup: []string{"create sequence s"}, read: "select next_not_cached_value from s", writes: []string{"select nextval(s)", "select setval(s, 2000)"}},
	{name: "a renamed table", setup: []string{"create table a (n int)", "create table b (n int)", "insert into a values (1)"}, read: "select count(*) from a", writes: []string{"rename table a to c, b to a, c to b", "truncate b"}},
	{name: "another database's name", read: "select count(*) from items", writes: []string{"replace into items values (1, 'r', 1), (8, 'r', 8)", "insert into items values (1, 'i', 1) on duplicate key update id = 20"}},
	{name: "a name in quotes", read: "select count(*) from items", writes: []string{"delete from `items` where id = 1", "delete from `ITEMS` where id = 2 and 1 = 0 or id = 2"}},
}

// querierOfAll is what rows are asked of.
type querierOfAll interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// all reads an answer as text; a failure is an answer.
func (k *shelf) all(q querierOfAll, text string) string {
	rows, err := q.QueryContext(k.t.Context(), text)
	if err != nil {
		return err.Error()
	}
	defer rows.Close() //nolint:errcheck // Err says it
	columns, err := rows.Columns()
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for rows.Next() {
		values, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err.Error()
		}
		fmt.Fprintln(&b, values)
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return b.String()
}

func TestWhatAStatementChangesBeyondItsTextEndsAnswers(t *testing.T) {
	for name, effects := range map[string][]effect{"pq": postgresEffects, "mysql": mysqlEffects} {
		for _, e := range effects {
			t.Run(name+" "+e.name, func(t *testing.T) {
				onCaches(t, nil, func(k *shelf) {
					if k.b.name == name {
						k.try(e)
					}
				})
			})
		}
	}
}

// try runs an effect's writes, and after each compares what is read with the bare
// driver's.
func (k *shelf) try(e effect) {
	k.t.Helper()
	for _, text := range e.setup {
		k.exec(k.bare, text)
	}
	k.exec(k.db, "create table noticed (n int)") // has the schema asked for again
	k.learned()
	if v := k.c.ExplainCache(e.read); e.never && v.Kept {
		k.t.Errorf("%q is kept: %+v", e.read, v)
	}
	c, refused := k.conn(), 0
	for i, text := range append([]string{""}, e.writes...) {
		if text != "" {
			if _, err := c.ExecContext(k.t.Context(), text); err != nil { // which changes nothing
				refused++
			}
		}
		on := []querierOfAll{k.db}
		if strings.HasPrefix(text, "lock tables") || i > 0 && strings.HasPrefix(e.writes[0], "lock tables") && text != "unlock tables" {
			continue // nobody else may read
		}
		for range 2 {
			want := k.all(k.bare, e.read)
			for _, q := range append(on, c) {
				if got := k.all(q, e.read); got != want {
					k.t.Errorf("after %q: %q is %q, the bare driver reads %q", text, e.read, got, want)
				}
			}
		}
	}
	if refused > 0 && refused == len(e.writes) {
		k.t.Error("each write was refused")
	}
}

func TestARollbackKeepsWhatAnEngineWithoutTransactionsWrote(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		k.exec(k.bare, "create table log (n int primary key) engine = myisam")
		k.exec(k.db, "create trigger logs after update on items for each row insert into log values (new.price)")
		k.learned()
		k.wantCount("select count(*) from log", 0)
		tx := k.begin(k.db)
		k.exec(tx, "insert into log values (1)")
		k.wantCount("select count(*) from log", 1)
		if err := tx.Rollback(); err != nil {
			k.t.Fatal(err)
		}
		k.wantCount("select count(*) from log", 1)
		if _, err := k.db.ExecContext(k.t.Context(), "update items set price = case id when 3 then 1 else id + 1 end"); err == nil {
			k.t.Fatal("the log has 1 twice")
		}
		k.wantCount("select count(*) from log", 3) // the trigger's stay
	})
}

func TestARollbackKeepsWhatATriggerWroteOverAConnectionOfItsOwn(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			return
		}
		mustExec(t, k.b.raw(t, k.target.As("admin", "fluxor").OverSocket()), "create extension dblink")
		k.exec(k.bare, "create table log (n int)")
		k.exec(k.bare, fmt.Sprintf(`create function logs() returns trigger language plpgsql as $$ begin perform dblink_exec(
			'host=127.0.0.1 port=%d user=%s password=%s dbname=%s', 'insert into log values (1)'); return new; end $$`,
			k.target.Port, k.target.User, k.target.Password, k.target.Database))
		k.exec(k.db, "create trigger logs before update on items for each row execute function logs()")
		k.learned()
		k.wantCount("select count(*) from log", 0)
		tx := k.begin(k.db)
		k.exec(tx, updateItem)
		k.wantCount("select count(*) from log", 1)
		if err := tx.Rollback(); err != nil {
			k.t.Fatal(err)
		}
		k.wantCount("select count(*) from log", 1)
		if _, err := k.db.ExecContext(k.t.Context(), "update items set id = 2 where id = 1"); err == nil {
			k.t.Fatal("there are two items 2")
		}
		k.wantCount("select count(*) from log", 2)
	})
}

func TestARowThatComesAfterItsInsertHasReturnedIsSeen(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			return
		}
		const text = "select count(*) from late"
		k.exec(k.db, "create table late (n int) engine = myisam")
		k.learned()
		k.wantCount(text, 0)
		k.exec(k.db, "insert delayed into late values (1)")
		var n int
		ctx, info := fluxor.CacheInfo(t.Context())
		if err := k.db.QueryRowContext(ctx, text).Scan(&n); err != nil || info.Why != "being-written" {
			k.t.Errorf("%d: %s %s, %v: it may be kept without the row", n, info.Status, info.Why, err)
		}
		waitUntil(k.t, "the row is there", func() bool { return strings.Contains(k.all(k.bare, text), "1") })
		k.wantCount(text, 1)
	})
}
