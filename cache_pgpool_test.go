// This file holds the query cache against the bugs that Pgpool-II's had, each under the name of what went wrong there.

package fluxor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// onPostgres is onCaches with the drivers for PostgreSQL.
func onPostgres(t *testing.T, test func(k *shelf)) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name != "mysql" {
			test(k)
		}
	})
}

// role makes a role that the database's user may become, with some rights, and
// ends it with the test.
func (k *shelf) role(grants string) string {
	k.t.Helper()
	admin, name := k.b.share(k.t).Admin(k.t), k.target.Database+"_other"
	mustExec(k.t, admin, fmt.Sprintf("create role %q; grant %q to %q", name, name, k.target.User))
	k.t.Cleanup(func() {
		_, err := k.bare.ExecContext(context.Background(), fmt.Sprintf("drop owned by %q", name))
		_, err2 := admin.ExecContext(context.Background(), fmt.Sprintf("drop role %q", name))
		if err := errors.Join(err, err2); err != nil {
			k.t.Error(err)
		}
	})
	if grants != "" {
		k.exec(k.bare, fmt.Sprintf("grant %s to %q", grants, name))
	}
	return name
}

// refused reports whether a reader may not ask for the first item.
func (k *shelf) refused(q querier) bool {
	k.t.Helper()
	var name string
	err := q.QueryRowContext(k.t.Context(), "select name from items where id = "+k.b.placeholder, 1).Scan(&name)
	var state interface{ SQLState() string }
	return errors.As(err, &state) && state.SQLState() == "42501"
}

func TestPgpoolRowsAfterRevoke(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		role := k.role("select on items")
		k.learned()
		c := k.conn()
		k.exec(c, fmt.Sprintf("set role %q", role))
		k.wantOf(c, "one", "miss")
		k.wantOf(c, "one", "hit")
		k.exec(k.db, fmt.Sprintf("revoke select on items from %q", role))
		if !k.refused(c) {
			k.t.Error("a reader without the right has the row")
		}
		k.sees("one")
	})
}

func TestPgpoolRowsAcrossSetRole(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		role := k.role("")
		k.learned()
		k.sees("one")
		c := k.conn()
		k.exec(c, fmt.Sprintf("set role %q", role))
		if !k.refused(c) {
			k.t.Error("a reader without the right has the row")
		}
		k.exec(c, "reset role")
		k.wantOf(c, "one", "")
		if v := k.c.ExplainCache("set session authorization x"); v.Session != "sets" {
			k.t.Errorf("%+v", v)
		}
		tx := k.begin(k.db)
		k.exec(tx, fmt.Sprintf("set local role %q", role))
		if !k.refused(tx) {
			k.t.Error("within a transaction a reader without the right has the row")
		}
	})
}

func TestPgpoolRowsAcrossRowSecurity(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		k.exec(k.db, "create table secrets (id int primary key, owner text, what text)")
		k.exec(k.db, "insert into secrets values (1, 'a', 'of a'), (2, 'b', 'of b')")
		k.exec(k.db, "alter table secrets enable row level security")
		k.exec(k.db, "alter table secrets force row level security")
		k.exec(k.db, "create policy own on secrets using (owner = current_setting('app.who', true))")
		k.learned()
		first, second := k.conn(), k.conn()
		k.exec(first, "select set_config('app.who', 'a', false)")
		k.exec(second, "set app.who = 'b'")
		for range 2 {
			for c, want := range map[querier]string{first: "of a", second: "of b"} {
				var what string
				if err := c.QueryRowContext(k.t.Context(), "select what from secrets").Scan(&what); err != nil || what != want {
					k.t.Errorf("%q, %v, want %q", what, err, want)
				}
			}
			k.wantCount("select count(*) from secrets", 0)
			tx := k.begin(k.db)
			k.exec(tx, "set local app.who = 'a'")
			var what string
			if err := tx.QueryRowContext(k.t.Context(), "select what from secrets").Scan(&what); err != nil || what != "of a" {
				k.t.Errorf("%q, %v", what, err)
			}
			if err := tx.Rollback(); err != nil {
				k.t.Error(err)
			}
		}
	})
}

func TestPgpoolAPartOfTheRowsKeptAsAll(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		for range 2 {
			rows, err := k.db.QueryContext(k.t.Context(), "select id from items order by id")
			if err != nil {
				k.t.Fatal(err)
			}
			if !rows.Next() {
				k.t.Fatal(rows.Err())
			}
			if err := rows.Close(); err != nil {
				k.t.Fatal(err)
			}
			var all int
			rows, err = k.db.QueryContext(k.t.Context(), "select id from items order by id")
			if err != nil {
				k.t.Fatal(err)
			}
			for rows.Next() {
				all++
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil || all != 3 {
				k.t.Errorf("%d rows, %v", all, err)
			}
		}
	})
}

func TestPgpoolOneAnswerForConsecutiveExecutes(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		st, err := k.db.PrepareContext(k.t.Context(), "select name from items where id = "+k.b.placeholder)
		if err != nil {
			k.t.Fatal(err)
		}
		defer st.Close() //nolint:errcheck // nothing hangs on it
		for range 2 {
			for id, want := range map[int]string{1: "one", 2: "two", 3: "three"} {
				var name string
				if err := st.QueryRowContext(k.t.Context(), id).Scan(&name); err != nil || name != want {
					k.t.Errorf("%d is %q, %v", id, name, err)
				}
			}
		}
	})
}

func TestPgpoolNoEndOfAnswersForAPreparedWrite(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		st, err := k.db.PrepareContext(k.t.Context(), "update items set price = price + 1, name = case when name = 'one' then 'NEW' else 'one' end where id = 1")
		if err != nil {
			k.t.Fatal(err)
		}
		defer st.Close() //nolint:errcheck // nothing hangs on it
		for _, want := range []string{"NEW", "one"} {
			k.name(k.db, 1)
			k.exec(k.db, "select 1")
			if _, err := st.ExecContext(k.t.Context()); err != nil { // nothing is bound
				k.t.Fatal(err)
			}
			k.sees(want)
		}
		tx := k.begin(k.db)
		if _, err := tx.StmtContext(k.t.Context(), st).ExecContext(k.t.Context()); err != nil {
			k.t.Fatal(err)
		}
		k.sees("one")
		k.commit(tx)
		k.sees("NEW")
	})
}

func TestPgpoolNoEndOfAnswersForAWriteOfWhichOneRowIsRead(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		k.sees("one")
		rows, err := k.db.QueryContext(k.t.Context(), "update items set name = 'NEW' returning id")
		if err != nil {
			k.t.Fatal(err)
		}
		if !rows.Next() {
			k.t.Fatal(rows.Err())
		}
		if err := rows.Close(); err != nil {
			k.t.Fatal(err)
		}
		k.sees("NEW")
	})
}

func TestPgpoolAChangeWithinWithTakenForARead(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		k.sees("one")
		for range 2 {
			k.wantCount("with changed as (update items set price = price + 1, name = 'NEW' where id = 1 returning id) select count(*) from changed", 1)
		}
		k.sees("NEW")
		k.wantCount("select price from items where id = 1", 12)
	})
}

func TestPgpoolWhoAsksAndWhenAreNotKept(t *testing.T) {
	onPostgres(t, func(k *shelf) {
		for _, value := range []string{"current_user", "session_user", "user", "current_role", "current_schema", "current_catalog", "now()", "current_date", "current_timestamp", "localtime", "random()", "txid_current()", "nextval('s')", "'now'::timestamptz", "clock_timestamp()", "current_setting('app.x', true)", "pg_backend_pid()"} {
			if v := k.c.ExplainCache("select id, " + value + " from items"); v.Kept {
				k.t.Errorf("%s is kept: %+v", value, v)
			}
		}
		role := k.role("")
		var usual, other string
		c := k.conn()
		for range 2 {
			if err := k.db.QueryRowContext(k.t.Context(), "select current_user").Scan(&usual); err != nil {
				k.t.Fatal(err)
			}
			k.exec(c, fmt.Sprintf("set role %q", role))
			if err := c.QueryRowContext(k.t.Context(), "select current_user").Scan(&other); err != nil || other != role {
				k.t.Errorf("%q, %v, want %q", other, err, role)
			}
			k.exec(c, "reset role")
		}
		if usual == other {
			k.t.Errorf("both are %q", usual)
		}
	})
}

func TestPgpoolTimesBeyondThirtyTwoBits(t *testing.T) {
	onCaches(t, []string{"fluxor_cache=all", "fluxor_cache_ttl=1000000h"}, func(k *shelf) {
		k.want("one", "miss")
		k.want("one", "hit")
		if ttl := k.c.ExplainCache("select name from items").TTL; ttl != 1000000*time.Hour {
			k.t.Error(ttl)
		}
	})
}
