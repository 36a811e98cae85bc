// This file tests what the statement cache takes in, what it gives up, and when its connections hear of each other.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
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

// connecting is a connector that wraps its connections.
type connecting struct {
	driver.Connector
	around func(driver.Conn) driver.Conn
}

func (c connecting) Connect(ctx context.Context) (driver.Conn, error) {
	ci, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return c.around(ci), nil
}

// blindConn is a connection of lib/pq that does not tell what it makes of
// arguments.
type blindConn struct {
	driver.Conn
	driver.QueryerContext
	prepared *atomic.Int32
}

func (c *blindConn) CheckNamedValue(*driver.NamedValue) error { return driver.ErrSkip }

func (c *blindConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.prepared.Add(1)
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func TestBelowAWrapperThatHidesBinaryParametersNothingIsKept(t *testing.T) {
	b := keepingOne("pq")
	inner, err := pq.NewConnector(b.dsn(b.share(t).NewDatabase(t), "binary_parameters=yes"))
	if err != nil {
		t.Fatal(err)
	}
	var prepared atomic.Int32
	db, _ := wrap(t, connecting{inner, func(c driver.Conn) driver.Conn {
		return &blindConn{c, c.(driver.QueryerContext), &prepared}
	}}, fluxor.RuntimeConfig{StmtCacheSize: 8})
	for range 4 {
		mustScan(t, db.QueryRow(b.arg, 1))
	}
	if n := prepared.Load(); n != 0 {
		t.Errorf("%d texts were prepared that the driver does not prepare", n)
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
	st, err := tx.Prepare("copy w (n) from stdin")
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
			useAll := func(c interface {
				QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
			},
			) {
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
			tx, err := other.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			useAll(tx)
			if err := tx.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestALongLeaseClosesWhatIsPushedOut(t *testing.T) {
	const size, rounds = 2, 20
	b := keepingOne("pq")
	c := held(t, b.fluxor(t, b.share(t).NewDatabase(t), fmt.Sprintf("fluxor_stmt_cache_size=%d", size)))
	use := func(text string, times int) {
		for range times {
			mustScan(t, c.QueryRowContext(t.Context(), text, 1))
		}
	}
	for i := range rounds {
		use(b.arg, 10)
		use(fmt.Sprintf("%s + %d", b.arg, i), 2)
	}
	var n int
	if err := c.QueryRowContext(t.Context(), "select count(*) from pg_prepared_statements").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n > 3*size {
		t.Errorf("the session has %d prepared statements, of which the cache keeps at most %d", n, size)
	}
}

func TestWhatIsKeptAfterAChangeOutsideATransactionStays(t *testing.T) {
	for _, b := range keeping() {
		t.Run(b.name, func(t *testing.T) {
			db, news := watched(t, b, "fluxor_stmt_cache_size=8")
			c := held(t, db)
			mustExec(t, c, map[string]string{"pq": "set datestyle to iso", "mysql": "set @x = 1"}[b.name])
			for range 2 {
				mustScan(t, c.QueryRowContext(t.Context(), b.arg, 1))
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			news()
			mustScan(t, db.QueryRow(b.arg, 1))
			if got := count(news(), b.preparing()); got != 0 {
				t.Errorf("the next lease prepared the text %d times", got)
			}
		})
	}
}
