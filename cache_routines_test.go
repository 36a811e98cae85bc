// This file tests what rules and the schema say of routines to the query cache, on real databases.

package fluxor_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// office is a shelf with tables "rates" and "orders" and stored code: rate looks
// one up, by a variable, and book writes an order, in so many words that no schema
// proves what they do.
type office struct{ *shelf }

func onOffices(t *testing.T, test func(o office)) {
	rules := "fluxor_cache_rules=routine=rate pure reads=rates; routine=book writes=orders neutral"
	onCaches(t, []string{"fluxor_cache=all", rules}, func(k *shelf) {
		mustExec(t, k.bare, "create table rates (id int primary key, v int)")
		mustExec(t, k.bare, "create table orders (id int)")
		mustExec(t, k.bare, "insert into rates values (1, 7)")
		if k.b.name == "mysql" {
			mustExec(t, k.bare, "create function rate(n int) returns int reads sql data begin declare x int; select v into x from rates where id = n; return x; end")
			mustExec(t, k.bare, "create procedure book(n int) begin prepare p from 'insert into orders values (?)'; execute p using n; end")
		} else {
			mustExec(t, k.bare, "create function rate(n int) returns int language plpgsql as 'begin return (select v from rates where id = n); end'")
			mustExec(t, k.bare, "create procedure book(n int) language plpgsql as 'begin execute ''insert into orders values ($1)'' using n; end'")
		}
		k.exec(k.db, "create table renewed (id int)") // has the schema asked for again
		k.learned()
		test(office{k})
	})
}

// number asks for a number and says where the answer came from.
func (o office) number(query string, args ...any) (n int, status string) {
	o.t.Helper()
	ctx, info := fluxor.CacheInfo(o.t.Context())
	if err := o.db.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n, info.Status
}

func (o office) wantNumber(want int, status, query string, args ...any) {
	o.t.Helper()
	if n, got := o.number(query, args...); n != want || got != status {
		o.t.Errorf("%s: %d (%s), want %d (%s)", query, n, got, want, status)
	}
}

func TestAQueryThatCallsARoutineIsKeptUntilWhatTheRoutineReadsIsWritten(t *testing.T) {
	onOffices(t, func(o office) {
		query := "select rate(" + o.b.placeholder + ")"
		o.wantNumber(7, "miss", query, 1)
		o.wantNumber(7, "hit", query, 1)
		o.exec(o.db, "insert into orders values (5)")
		o.wantNumber(7, "hit", query, 1)
		o.exec(o.db, "update rates set v = 8")
		o.wantNumber(8, "miss", query, 1)
		o.wantNumber(8, "hit", query, 1)
	})
}

func TestACallEndsTheAnswersOfTheTablesThatItsRuleNamesAlone(t *testing.T) {
	onOffices(t, func(o office) {
		o.wantNumber(0, "miss", "select count(*) from orders")
		o.want("one", "miss")
		o.exec(o.db, "call book("+o.b.placeholder+")", 5)
		o.want("one", "hit")
		o.wantNumber(1, "miss", "select count(*) from orders")
		if n := o.c.CacheStats().Sessions; n != 0 {
			o.t.Errorf("%d connections have a state of their own", n)
		}
	})
}

func TestACallThatFailsMidwayEndsTheAnswersOfWhatItHasChanged(t *testing.T) {
	for _, rule := range []string{"writes=items", "neutral", "writes=items neutral"} {
		t.Run(rule, func(t *testing.T) {
			onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_rules=routine=batch " + rule}, func(k *shelf) {
				if k.b.name == "mysql" {
					mustExec(t, k.bare, "create procedure batch() begin update items set name = 'NEW' where id = 1; signal sqlstate '45000'; end")
				} else {
					mustExec(t, k.bare, "create procedure batch() language plpgsql as 'begin update items set name = ''NEW'' where id = 1; commit; raise exception ''x''; end'")
				}
				k.exec(k.db, "create table renewed (id int)")
				k.learned()
				k.want("one", "miss")
				k.want("one", "hit")
				if _, err := k.db.ExecContext(t.Context(), "call batch()"); err == nil {
					k.t.Fatal("the call was to fail")
				}
				k.sees("NEW")
			})
		})
	}
}

func TestACallInATransactionEndsAnswersWhenOthersSeeIt(t *testing.T) {
	onOffices(t, func(o office) {
		o.wantNumber(0, "miss", "select count(*) from orders")
		tx, err := o.db.BeginTx(t.Context(), nil)
		if err != nil {
			o.t.Fatal(err)
		}
		o.exec(tx, "call book("+o.b.placeholder+")", 5)
		if n, _ := o.number("select count(*) from orders"); n != 0 {
			o.t.Errorf("%d orders are seen before they are committed", n)
		}
		if err := tx.Commit(); err != nil {
			o.t.Fatal(err)
		}
		o.wantNumber(1, "miss", "select count(*) from orders")
		o.wantNumber(1, "hit", "select count(*) from orders")
	})
}

func TestACallThatNothingIsKnownOfEndsAllAnswers(t *testing.T) {
	onOffices(t, func(o office) {
		if o.b.name == "mysql" {
			mustExec(t, o.bare, "create procedure wild() begin prepare p from 'update items set name = ''ONE'' where id = 1'; execute p; end")
		} else {
			mustExec(t, o.bare, "create procedure wild() language plpgsql as 'begin execute ''update items set name = ''''ONE'''' where id = 1''; end'")
		}
		o.want("one", "miss")
		o.want("one", "hit")
		o.exec(o.db, "call wild()")
		o.want("ONE", "")
	})
}

func TestTheSchemaProvesARoutinePure(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		o := office{k}
		body := "create function dearest(n int) returns int stable language sql as 'select max(price) from items where price < n'"
		if k.b.name == "mysql" {
			body = "create function dearest(n int) returns int reads sql data return (select max(price) from items where price < n)"
		}
		k.exec(k.db, body)
		k.learned()
		query := "select dearest(" + k.b.placeholder + ")"
		o.wantNumber(20, "miss", query, 25)
		o.wantNumber(20, "hit", query, 25)
		k.exec(k.db, "update items set price = 24 where id = 2")
		o.wantNumber(24, "miss", query, 25)
		k.exec(k.db, "drop function dearest")
		if err := k.db.QueryRowContext(t.Context(), query, 25).Scan(new(int)); err == nil {
			k.t.Error("the answer of a function outlives it")
		}
	})
}

func TestADefinitionLeavesItsConnectionToTheCache(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for _, text := range []string{
			"create table made (id int primary key, a varchar(20) not null default 'x' check (a <> 'y'))", "create view seen as select id from made",
			"alter table made add b int default 5", "create index made_b on made (b)", "drop view seen", "drop table made",
		} {
			k.exec(k.db, text)
			if n := k.c.CacheStats().Sessions; n != 0 {
				k.t.Errorf("%s: %d connections have a state of their own", text, n)
			}
		}
	})
}

// settings are those of a session that its connection has after a statement.
func settings(ctx context.Context, c *sql.Conn) (value string, err error) {
	err = c.QueryRowContext(ctx, "select current_setting('work_mem') || current_setting('search_path')").Scan(&value)
	return value, err
}

func TestPostgresTakesBackWhatAnIndexsFunctionSets(t *testing.T) {
	b := networkBackends[0]
	db := b.raw(t, b.share(t).NewDatabase(t))
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	run := func(text string) {
		t.Helper()
		if _, err := c.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	run("create table a (i int)")
	run("insert into a values (1)")
	run("create function sets(i int) returns int immutable language plpgsql as 'begin perform set_config(''work_mem'', (i + 1000) || ''kB'', false); return i; end'")
	run("create materialized view m as select 1 as n")
	run("create or replace view v as select sets(1)")
	before, err := settings(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"create index j on a (sets(i))", "analyze a", "vacuum a", "reindex table a", "cluster a using j", "create view w as select sets(i) from a where sets(2) = 2",
		"create function f(i int default sets(1)) returns int language sql as 'select sets(2)'", "refresh materialized view m", "create domain d as int default sets(1) check (sets(value) > 0)",
		"create trigger t before insert on a for each row when (sets(new.i) = 1) execute function suppress_redundant_updates_trigger()",
	} {
		run(text)
		if after, err := settings(t.Context(), c); err != nil || after != before {
			t.Errorf("%s: the session has %q, %v", text, after, err)
		}
	}
	run("alter table a add check (sets(i) > 0)")
	if after, _ := settings(t.Context(), c); after == before {
		t.Error("a check that is added sets nothing: the other statements prove nothing")
	}
}
