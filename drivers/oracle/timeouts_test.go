//go:build unix && cgo

// This file tests how calls end in time: by the server call's timeout, by a break, or left behind.

package oracle_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// open opens a database with a pool of one connection.
func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("oracle-fluxor", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestZ(t *testing.T) {
	d := dbtest.Oracle(t)
	db := open(t, d.Logfmt("fluxor_max_open_conns=1"))
	if _, err := db.Exec("create table w (n number(9))"); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]string{"query": "select /*ocisim delay=3000 */ 1 from dual", "exec": "insert /*ocisim delay=3000 */ into w values (1)"} {
		for _, cancelled := range []bool{false, true} {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			if cancelled {
				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(300*time.Millisecond, cancel)
			}
			start := time.Now()
			var err error
			if name == "query" {
				var n int
				err = db.QueryRowContext(ctx, q).Scan(&n)
			} else {
				_, err = db.ExecContext(ctx, q)
			}
			t.Logf("%s cancelled=%t: %v %T after %v; is ctx: %t", name, cancelled, err, err, time.Since(start), errors.Is(err, ctx.Err()))
			cancel()
			var sid int
			_ = db.QueryRow("select 1 from dual").Scan(&sid)
			if _, err := db.Exec("insert /*ocisim delay=500 */ into w values (2)"); err != nil {
				t.Error(err)
			}
		}
	}
}
