// This file tests what the statement cache takes in, what it gives up, and when its connections hear of each other.

package fluxor_test

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/lib/pq"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestWhichTextsAreWorthKeeping(t *testing.T) {
	for text, want := range map[string]bool{
		"select v from t where id = $1":                      true,
		"insert into t values ($1) returning id":             true,
		"select set_config('search_path', $1, false)":        false,
		"select unknown($1)":                                 false,
		"insert into t values ($1, 'today')":                 false,
		"insert into t values (1); insert into t values (2)": false,
		"":                  false,
		"copy t from stdin": false,
		"with x as (select $1::int as id) select v from t join x using (id)": true,
	} {
		if got := fluxor.Worth(sqltext.PostgreSQL, text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestTheTextThatWasUnusedForLongestMakesRoom(t *testing.T) {
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			db, news := watched(t, b, "fluxor_stmt_cache_size=2")
			use := func(text string) int {
				news()
				mustScan(t, db.QueryRow(b.arg+" -- "+text, 1))
				return count(news(), b.preparing())
			}
			for _, text := range []string{"a", "a", "b", "b", "a", "c", "c"} {
				use(text)
			}
			for _, row := range []struct {
				text string
				want int
			}{{"a", 0}, {"c", 0}, {"b", 1}} {
				if got := use(row.text); got != row.want {
					t.Errorf("%s was prepared %d times, want %d", row.text, got, row.want)
				}
			}
		})
	}
}

func TestTextsAreKeptAgainAfterACopy(t *testing.T) {
	b := keepingOne("pq")
	db, news := watched(t, b, "fluxor_stmt_cache_size=8")
	mustExec(t, db, "create table w (n int)")
	tx := begin(t, db)
	st, err := tx.Prepare(pq.CopyIn("w", "n"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := st.Exec(1); err != nil {
			t.Error(err)
		}
	}
	if _, err := st.Exec(); err != nil {
		t.Error(err)
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	for range 2 {
		mustScan(t, db.QueryRow(b.arg, 1))
	}
	news()
	mustScan(t, db.QueryRow(b.arg, 1))
	if got := count(news(), b.preparing()); got != 0 {
		t.Errorf("a text used for the third time was prepared %d times", got)
	}
}

// One connection finds out that statements are too old, by an error. The others
// give theirs up before they meet it, and it may not be hidden in a transaction.
func TestWhatOneConnectionFindsTooOldNoOtherUses(t *testing.T) {
	b := keepingOne("pq")
	for _, texts := range []int{1, 70} {
		t.Run(fmt.Sprint(texts), func(t *testing.T) {
			target := b.share(t).NewDatabase(t)
			direct, db := b.raw(t, target), b.fluxor(t, target, "fluxor_stmt_cache_size=100")
			mustExec(t, direct, "create table w (id int)")
			mustExec(t, direct, "insert into w values (1)")
			useAll := func(c *sql.Conn) {
				for i := range texts {
					rows, err := c.QueryContext(t.Context(), fmt.Sprintf("select *, %d from w where id = $1", i), 1)
					if err != nil {
						t.Error(err)
						continue
					}
					if err := rows.Close(); err != nil {
						t.Error(err)
					}
				}
			}
			one, other := held(t, db), held(t, db)
			for range 2 {
				useAll(one)
				useAll(other)
			}
			mustExec(t, direct, "alter table w add column more int")
			useAll(one)
			if _, err := other.ExecContext(t.Context(), "begin"); err != nil {
				t.Fatal(err)
			}
			useAll(other)
		})
	}
}
