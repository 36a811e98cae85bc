// This file lists the kinds of calls that meet a frozen server.

package fluxor_test

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// frozenCall is one kind of call on a server that stopped answering. ready
// runs while the server still answers, last just before it stops and under the
// context of the call, call when it does not answer any more.
type frozenCall struct {
	name  string
	ready func(t *testing.T, db *sql.DB) any
	last  func(ctx context.Context, t *testing.T, with any) any
	call  func(ctx context.Context, db *sql.DB, with any) error
	lost  bool // it was sent and may take effect
	safe  bool // it may be repeated: whatever was sent has no effect
	once  bool // it is costly and met in the first setting alone
	loose bool // without a context, any answer will do, if only it comes in time
}

// heldConn returns a sql.Conn that holds a connection until the test ends.
func heldConn(t *testing.T, db *sql.DB) any {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err == nil {
		err = c.PingContext(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// heldStmt returns a statement on a connection of its own.
func heldStmt(query string) func(t *testing.T, db *sql.DB) any {
	return func(t *testing.T, db *sql.DB) any {
		st, err := heldConn(t, db).(*sql.Conn).PrepareContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
}

// heldTx returns a transaction on a connection of its own.
func heldTx(t *testing.T, db *sql.DB) any {
	tx, err := heldConn(t, db).(*sql.Conn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func frozenCalls(b networkBackend) []frozenCall {
	calls := append(singleCalls(b), begunCalls(b)...)
	calls = append(calls, uploads(b)...)
	if b.name == "pq" {
		calls = append(calls, copyIn)
	}
	return calls
}

// singleCalls are those that ask a connection one thing.
func singleCalls(b networkBackend) []frozenCall {
	return []frozenCall{
		{name: "Query", ready: heldConn, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).QueryRowContext(ctx, "select 1").Scan(new(int))
		}},
		{name: "QueryArgs", ready: heldConn, call: func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).QueryRowContext(ctx, b.arg, 1).Scan(new(int))
		}},
		{name: "Exec", ready: heldConn, lost: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).ExecContext(ctx, "create table never (n int)")
			return err
		}},
		{name: "Ping", ready: heldConn, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Conn).PingContext(ctx)
		}},
		{name: "Prepare", ready: heldConn, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).PrepareContext(ctx, b.arg)
			return err
		}},
		{name: "PreparedExec", ready: heldStmt(b.arg), safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Stmt).ExecContext(ctx, 1)
			return err
		}},
		{name: "ExecArgs", ready: heldConn, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).ExecContext(ctx, b.arg, 1)
			return err
		}},
		{name: "Prepared", ready: heldStmt(b.arg), safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Stmt).QueryRowContext(ctx, 1).Scan(new(int))
		}},
		{name: "Begin", ready: heldConn, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).BeginTx(ctx, nil)
			return err
		}},
		{name: "Next", ready: heldConn, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			rows, err := with.(*sql.Conn).QueryContext(ctx, b.slow)
			if err != nil {
				return err
			}
			return drained(rows)
		}},
		{name: "NewConnection", loose: true, call: func(ctx context.Context, db *sql.DB, _ any) error {
			_, err := db.ExecContext(ctx, "select 1")
			return err
		}},
	}
}

// begunCalls are those that go on with what was begun before.
func begunCalls(b networkBackend) []frozenCall {
	return []frozenCall{
		{name: "TxExec", ready: heldTx, lost: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Tx).ExecContext(ctx, "create table never (n int)")
			return err
		}},
		{name: "TxPrepare", ready: heldTx, safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Tx).PrepareContext(ctx, b.arg)
			return err
		}},
		{name: "Commit", ready: heldConn, lost: true, last: func(ctx context.Context, t *testing.T, with any) any {
			tx, err := with.(*sql.Conn).BeginTx(ctx, nil)
			if err != nil {
				t.Error(err)
			}
			return tx
		}, call: func(_ context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Tx).Commit()
		}},
		{name: "NextOpened", ready: heldConn, last: opened(b.many), call: func(_ context.Context, _ *sql.DB, with any) error {
			return drained(with.(*sql.Rows))
		}},
	}
}

// closings are those that take no context. They do not say what the server
// did; what was not committed is undone with the connection.
func closings(b networkBackend) []frozenCall {
	return []frozenCall{
		{name: "Rollback", ready: heldTx, loose: true, call: func(_ context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Tx).Rollback()
		}},
		{name: "RowsClose", ready: heldConn, loose: true, last: opened(b.many), call: func(_ context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Rows).Close()
		}},
		{name: "StmtClose", ready: heldStmt(b.arg), loose: true, call: func(_ context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Stmt).Close()
		}},
	}
}

// opened opens rows and reads the first.
func opened(query string) func(ctx context.Context, t *testing.T, with any) any {
	return func(ctx context.Context, t *testing.T, with any) any {
		rows, err := with.(*sql.Conn).QueryContext(ctx, query)
		if err != nil || !rows.Next() {
			t.Error("no row:", err)
		}
		return rows
	}
}

// big is more than fits in the socket's buffers.
var (
	big      = strings.Repeat("x", 6<<20)
	bigQuery = "select '" + big + "'"
)

func uploads(b networkBackend) []frozenCall {
	return []frozenCall{
		{name: "UploadText", once: true, ready: heldConn, lost: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			_, err := with.(*sql.Conn).ExecContext(ctx, bigQuery)
			return err
		}},
		{name: "UploadPrepared", once: true, ready: heldStmt(b.length), safe: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
			return with.(*sql.Stmt).QueryRowContext(ctx, big).Scan(new(int))
		}},
	}
}

// copyIn ends a COPY of lib/pq's, which has a statement for it.
var copyIn = frozenCall{name: "Copy", ready: func(t *testing.T, db *sql.DB) any {
	tx := heldTx(t, db).(*sql.Tx)
	mustExec(t, tx, "create temporary table w (n int)")
	st, err := tx.Prepare(pq.CopyIn("w", "n")) //lint:ignore SA1019 programs use it
	if err == nil {
		_, err = st.Exec(1)
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}, lost: true, call: func(ctx context.Context, _ *sql.DB, with any) error {
	_, err := with.(*sql.Stmt).ExecContext(ctx)
	return err
}}

// drained reads rows to their end.
func drained(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
