//go:build unix && cgo

// This file reads what is more than a value of Oracle's: cursors that come back in out parameters, and LOBs.

package remote_test

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"strings"
	"testing"

	"github.com/godror/godror"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/dbtest/conform"
	"github.com/fluxor-db/fluxor/internal/dbtest/gatewaytest"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/netdriver"
)

// remoteOracle is a database of the double's behind a gateway, with a table of two
// rows.
func remoteOracle(t *testing.T, codec string) *sql.DB {
	t.Helper()
	d := conform.Database{Driver: "godror"}
	db := open(t, netdriver.Name, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(connector(t, d, dbtest.Oracle(t).Logfmt()))), "codec="+codec))
	for _, text := range []string{"create table t (id number, v varchar2(2000))", "insert into t values (1, 'one')", "insert into t values (2, 'two')"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

const openCursor = "begin open :1 for select id, v from t order by id; :2 := 7; end;"

func TestRemoteCursorsAreReadAsRows(t *testing.T) {
	for _, codec := range []string{"json", "binary"} {
		db := remoteOracle(t, codec)
		var cursor driver.Rows
		var n int
		if _, err := db.Exec(openCursor, sql.Out{Dest: &cursor}, sql.Out{Dest: &n}); err != nil || n != 7 {
			t.Fatalf("%s: got %d, %v", codec, n, err)
		}
		rows, err := netdriver.WrapRows(t.Context(), db, cursor)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		for rows.Next() {
			var id int
			var v string
			if err := rows.Scan(&id, &v); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, v)
		}
		if got := strings.Join(seen, " "); got != "one two" || rows.Err() != nil || rows.Close() != nil {
			t.Errorf("%s: got %q, %v", codec, got, rows.Err())
		}
	}
}

func TestRemoteCursorsOfAPreparedBlockWithinATransaction(t *testing.T) {
	db := remoteOracle(t, "binary")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing is left to roll back
	for range 2 {       // godror's statement opens its cursor once
		st, err := tx.Prepare(openCursor)
		if err != nil {
			t.Fatal(err)
		}
		var cursor driver.Rows
		if _, err := st.Exec(sql.Out{Dest: &cursor}, sql.Out{Dest: new(int)}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, tx, cursor); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// count reads a cursor to its end.
func count(t *testing.T, q netdriver.Querier, cursor driver.Rows) (n int) {
	t.Helper()
	rows, err := netdriver.WrapRows(context.Background(), q, cursor)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return n
}

// asReaders has godror hand out LOBs as readers.
func asReaders(next middleware.Handler) middleware.Handler {
	return middleware.HandlerFunc(func(ctx context.Context, c *middleware.Call) error {
		if c.Op == middleware.OpQuery {
			c.Args = append(c.Args, driver.NamedValue{Ordinal: len(c.Args) + 1, Value: godror.LobAsReader()})
		}
		return next.Handle(ctx, c)
	})
}

func TestRemoteLOBsThatTheGatewayReads(t *testing.T) {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{
		Driver: "godror", DSN: dbtest.Oracle(t).Logfmt(), Logger: slog.New(slog.DiscardHandler), Middleware: []middleware.Middleware{asReaders},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	db := open(t, netdriver.Name, gatewaytest.DSN(gatewaytest.Serve(t, gatewaytest.Config(c)), ""))
	text, octets := strings.Repeat("ünïcödé", 10000), bytes.Repeat([]byte{0, 0xff}, 40000)
	if _, err := db.Exec("create table t (c clob, b blob)"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("insert into t values (:1, :2)", text, octets); err != nil {
		t.Fatal(err)
	}
	var v, b any
	if err := db.QueryRow("select c, b from t").Scan(&v, &b); err != nil {
		t.Fatal(err)
	}
	if got, ok := v.(string); !ok || got != text {
		t.Errorf("the CLOB is a %T, %.20v", v, v)
	}
	if got, ok := b.([]byte); !ok || !bytes.Equal(got, octets) {
		t.Errorf("the BLOB is a %T, %.20v", b, b)
	}
}
