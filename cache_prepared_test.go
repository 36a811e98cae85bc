// This file tests the query cache under prepared statements, whose answers are not always those of the same text.

package fluxor_test

import (
	"database/sql"
	"fmt"
	"testing"
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
		other := k.b.share(t).NewDatabase(t)
		bare := k.b.raw(t, other)
		k.exec(bare, "create table items (id int primary key, name varchar(20))")
		k.exec(bare, "insert into items values (1, 'OTHER')")
		k.exec(k.b.share(t).Admin(t), "grant all on "+other.Database+".* to '"+k.target.User+"'@'%'")
		const q = "select name from items where id = 1"
		for range 2 {
			c := k.conn()
			st, err := c.PrepareContext(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			k.exec(c, "use "+other.Database)
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
