// This file ends connections in the middle of an answer, or before a statement was sent, and checks who is told that the outcome is unknown.

package fluxor_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// postgresBackends are the drivers whose wire the tests below know.
var postgresBackends = networkBackends[:2]

// throughTheRow is a reply of PostgreSQL without what follows its first row:
// the server has not yet said that the statement is complete.
func throughTheRow(reply []byte) []byte {
	for at := 0; at+5 <= len(reply); {
		end := at + 1 + int(binary.BigEndian.Uint32(reply[at+1:]))
		if reply[at] == 'D' {
			return reply[:end]
		}
		at = end
	}
	return nil
}

// serverCrashed is what PgBouncer says when it lost its server connection
// during a statement.
func serverCrashed([]byte) []byte {
	const fields = "SFATAL\x00VFATAL\x00C08P01\x00Mserver conn crashed?\x00\x00"
	message := binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(fields)+4))
	return append(message, fields...)
}

func TestAWriteThatReturnsRowsAndLosesTheEndOfItsReplyIsIndeterminate(t *testing.T) {
	const insert = "insert into w values (7) returning n"
	for _, b := range postgresBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			db := b.fluxor(t, target)
			for name, ask := range map[string]func() error{
				"QueryRow": func() error { return db.QueryRowContext(t.Context(), insert).Scan(new(int)) },
				"Query": func() error {
					rows, err := db.QueryContext(t.Context(), insert)
					if err != nil {
						return err
					}
					return drained(rows)
				},
			} {
				mustExec(t, direct, "truncate w")
				proxy.CutInReply(1, faultproxy.FIN, insertInto, throughTheRow)
				if err := ask(); !isIndeterminate(err) {
					t.Errorf("%s: err = %T %v, want an indeterminate one", name, err, err)
				}
				if rows, _ := countRows(t, direct); rows != 1 {
					t.Errorf("%s: %d rows, want 1", name, rows)
				}
			}
			if cuts := proxy.Counters().Cuts; cuts != 2 {
				t.Errorf("%d replies were cut, want 2", cuts)
			}
		})
	}
}

func TestAWriteWhosePoolerLostTheServerIsIndeterminate(t *testing.T) {
	for _, b := range postgresBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			db := b.fluxor(t, target)
			proxy.CutInReply(1, faultproxy.FIN, insertInto, serverCrashed)
			_, err := db.ExecContext(t.Context(), "insert into w values (7)")
			if !isIndeterminate(err) {
				t.Errorf("err = %T %v, want an indeterminate one", err, err)
			}
			// lib/pq makes driver.ErrBadConn of every fatal error.
			var said *pgconn.PgError
			if b.name == "pgx" && (!errors.As(err, &said) || said.Code != "08P01") {
				t.Errorf("err = %v hides what the pooler said", err)
			}
			if rows, _ := countRows(t, direct); rows != 1 {
				t.Errorf("%d rows, want 1", rows)
			}
		})
	}
}

// The end of the session lies in the socket before COMMIT is sent.
func TestACommitAfterTheServerEndedTheTransactionIsNotIndeterminate(t *testing.T) {
	for _, b := range postgresBackends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			target := b.share(t).NewDatabase(t)
			db := b.fluxor(t, target)
			mustExec(t, db, "create table w (n int)")
			tx := begin(t, db)
			mustExec(t, tx, "set idle_in_transaction_session_timeout = 100")
			mustExec(t, tx, "insert into w values (1)")
			pid := backendOf(t, tx)
			waitUntil(t, "the server ended the session", func() bool { return !alive(pid) })
			err := tx.Commit()
			if err == nil || isIndeterminate(err) {
				t.Errorf("err = %v, want one that says that nothing was committed", err)
			}
			if b.name == "pq" && !errors.Is(err, driver.ErrBadConn) {
				t.Errorf("err = %v, want the driver's own", err)
			}
			if rows, _ := countRows(t, db); rows != 0 {
				t.Errorf("%d rows were committed", rows)
			}
		})
	}
}

// alive reports whether a process of the server is there; once it is not, its
// sockets are closed.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(state, []byte("Z"))
}

// backendOf is the server's process of the one connection that db uses now.
func backendOf(t *testing.T, db interface {
	QueryRow(query string, args ...any) *sql.Row
},
) (pid int) {
	t.Helper()
	if err := db.QueryRow("select pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
