// This file tests that a client which closes its rows early, has another window than the gateway or asks for a row that is too large loses nothing by it.

package gateway_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/netdriver"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// throughDriver is a pool of the client's driver.
func throughDriver(t *testing.T, s *served, options string) *sql.DB {
	t.Helper()
	db, err := sql.Open("fluxor+tcp", "tcp://app:"+url.PathEscape(token)+"@"+s.address+"/erp?auth=token"+options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// oneRow reads one row of a query's and closes the rest.
func oneRow(t *testing.T, q interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}, text string,
) {
	t.Helper()
	rows, err := q.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Errorf("%s: no row, %v", text, rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func TestRowsThatAreClosedEarlyUndoNothing(t *testing.T) {
	t.Parallel()
	db := throughDriver(t, serve(t, config(connector(t, dbtest.Postgres(t).NewDatabase(t).URL()))), "")
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // the pool's end is waited for
	run := func(text string) {
		t.Helper()
		if _, err := c.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	run("create table w (what text)")
	run("create function put(i int) returns int language sql as $$ insert into w values ('function') returning i $$")
	oneRow(t, db, "select put(i), repeat('x', 1000) from generate_series(1, 5000) i")
	oneRow(t, db, "select repeat('x', 1000) from generate_series(1, 5000); insert into w values ('second')")
	run("begin")
	run("insert into w values ('transaction')")
	oneRow(t, c, "select repeat('x', 1000) from generate_series(1, 20000)")
	run("commit")
	for what, want := range map[string]int{"function": 5000, "second": 1, "transaction": 1} {
		var n int
		if err := db.QueryRowContext(t.Context(), "select count(*) from w where what = $1", what).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d rows are there, want %d, %v", what, n, want, err)
		}
	}
}

func TestAnyTwoWindowsGoTogether(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{0, 64 << 10} {
		s := sqlite(t, func(c *gateway.Config) { c.Limits.Window, c.Timeouts.StreamIdle = limit, 20*time.Second })
		for _, window := range []int{4 << 10, 64 << 10, 256 << 10, 8 << 20} {
			rows, err := throughDriver(t, s, fmt.Sprint("&window=", window)).QueryContext(t.Context(), numbers("30000"))
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				n++
			}
			if rows.Err() != nil || n != 30000 {
				t.Errorf("window %d, limit %d: %d rows, %v", window, limit, n, rows.Err())
			}
			_ = rows.Close()
		}
	}
}

func TestARowThatIsTooLargeForAMessageCostsNoTransaction(t *testing.T) {
	t.Parallel()
	tx, err := throughDriver(t, sqlite(t), "").BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	err = tx.QueryRowContext(t.Context(), "select zeroblob(70000000)").Scan(&b)
	var e *netdriver.Error
	if !errors.As(err, &e) || e.Kind != "too_large" || e.ConnLost || !strings.Contains(e.Message, "67043328") {
		t.Errorf("got %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}
