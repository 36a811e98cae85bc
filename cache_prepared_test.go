// This file tests the query cache under prepared statements, whose answers are not always those of the same text.

package fluxor_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor"
)

// mysqlShelf is a shelf on MariaDB.
func mysqlShelf(t *testing.T, test func(k *shelf)) {
	onCaches(t, nil, func(k *shelf) {
		if k.b.name == "mysql" {
			test(k)
		}
	})
}

// typed returns a row's first column with its Go type.
func typed(t *testing.T, row *sql.Row) string {
	t.Helper()
	var v any
	if err := row.Scan(&v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

func TestAPreparedStatementAndItsTextHaveTheTypesOfTheirOwn(t *testing.T) {
	mysqlShelf(t, func(k *shelf) {
		k.exec(k.bare, "create table sizes (id bigint unsigned primary key, f float)")
		k.exec(k.bare, "insert into sizes values (5, 16777216)")
		for _, q := range []string{"select id from sizes", "select f from sizes"} {
			var want, got []string
			for db, seen := range map[*sql.DB]*[]string{k.bare: &want, k.db: &got} {
				st, err := db.Prepare(q)
				if err != nil {
					t.Fatal(err)
				}
				defer st.Close()
				for range 2 {
					*seen = append(*seen, typed(t, st.QueryRow()), typed(t, db.QueryRow(q)))
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: prepared and direct in turn are %s, want %s", q, got, want)
			}
		}
	})
}

func TestAStatementThatWasPreparedBeforeUseReadsItsOldDatabase(t *testing.T) {
	mysqlShelf(t, func(k *shelf) {
		other := k.elsewhere()
		const q = "select name from items where id = 1"
		for range 2 {
			c := k.conn()
			st, err := c.PrepareContext(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			k.exec(c, "use "+other)
			var before, after string
			if err := st.QueryRow().Scan(&before); err != nil || before != "one" {
				t.Errorf("what was prepared before USE reads %q, %v", before, err)
			}
			if err := c.QueryRowContext(t.Context(), q).Scan(&after); err != nil || after != "OTHER" {
				t.Errorf("the text after USE reads %q, %v", after, err)
			}
			k.exec(c, "use "+k.target.Database) // the connection goes on to the next one
			_ = st.Close()
			_ = c.Close()
		}
	})
}

// TestAnOlderStatementThatSeveralShareIsNotKeptForThoseWhoPrepareAnew: a *sql.Stmt
// finds on another connection what was prepared there before USE.
func TestAnOlderStatementThatSeveralShareIsNotKeptForThoseWhoPrepareAnew(t *testing.T) {
	mysqlShelf(t, func(k *shelf) {
		other := k.elsewhere()
		const q = "select name from items where id = 1"
		st, err := k.db.Prepare(q)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		ctx := fluxor.NoCache(t.Context())
		leases := func(c querier) {
			var id string
			if err := c.QueryRowContext(ctx, "select connection_id()").Scan(&id); err != nil {
				t.Fatal(err)
			}
		}
		first, second, third := k.conn(), k.conn(), k.conn()
		leases(first)
		leases(second)
		_ = second.Close()
		var name string
		if err := st.QueryRowContext(ctx).Scan(&name); err != nil { // on the second's connection
			t.Fatal(err)
		}
		leases(third)
		k.exec(first, "use "+other)
		_ = first.Close()
		waiting := k.conn()
		if err := st.QueryRowContext(t.Context()).Scan(&name); err != nil { // on the first's, prepared before USE
			t.Fatal(err)
		}
		_ = waiting.Close()

		fresh := k.conn()
		leases(fresh)
		k.exec(fresh, "use "+other)
		anew, err := fresh.PrepareContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		asked, info := fluxor.CacheInfo(t.Context())
		if err := anew.QueryRowContext(asked).Scan(&got); err != nil || got != "OTHER" {
			t.Errorf("prepared after USE: %q (%s %s), %v", got, info.Status, info.Why, err)
		}
		_, _, _ = third.Close(), anew.Close(), fresh.Close()
	})
}

// elsewhere makes another database of the server's, whose items have other names.
func (k *shelf) elsewhere() (name string) {
	k.t.Helper()
	other := k.b.share(k.t).NewDatabase(k.t)
	bare := k.b.raw(k.t, other)
	k.exec(bare, "create table items (id int primary key, name varchar(20))")
	k.exec(bare, "insert into items values (1, 'OTHER')")
	k.exec(k.b.share(k.t).Admin(k.t), "grant all on "+other.Database+".* to '"+k.target.User+"'@'%'")
	k.learned()
	return other.Database
}
