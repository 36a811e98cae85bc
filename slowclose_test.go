// This file tests that closing a statement is bounded wherever Fluxor does it.

package fluxor_test

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// deafToClose listens for lines and answers each, but none that asks to close a
// statement.
func deafToClose(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for lines := bufio.NewScanner(c); lines.Scan(); {
					if !strings.HasPrefix(lines.Text(), "close") {
						_, _ = io.WriteString(c, "ok\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// asking is a driver that waits for an answer to everything, and that prepares
// before it executes.
type asking struct {
	addr string
	dial fluxor.DialContext
}

func (d asking) Driver() driver.Driver { return &dbtest.Fake{} }
func (d asking) Connect(ctx context.Context) (driver.Conn, error) {
	wire, err := d.dial(ctx, "tcp", d.addr)
	if err != nil {
		return nil, err
	}
	return &askingConn{wire, bufio.NewReader(wire)}, nil
}

type askingConn struct {
	wire net.Conn
	in   *bufio.Reader
}

func (c *askingConn) ask(line string) error {
	_, err := io.WriteString(c.wire, line+"\n")
	if err == nil {
		_, err = c.in.ReadString('\n')
	}
	return err
}

func (c *askingConn) Prepare(q string) (driver.Stmt, error) {
	return &askingStmt{c, q}, c.ask("prepare " + q)
}
func (c *askingConn) Begin() (driver.Tx, error) { return nil, errMeddled }
func (c *askingConn) Close() error              { return c.wire.Close() }

type askingStmt struct {
	c *askingConn
	q string
}

func (s *askingStmt) NumInput() int                             { return -1 }
func (s *askingStmt) Close() error                              { return s.c.ask("close " + s.q) }
func (s *askingStmt) Query([]driver.Value) (driver.Rows, error) { return nil, errMeddled }
func (s *askingStmt) Exec([]driver.Value) (driver.Result, error) {
	return driver.RowsAffected(1), s.c.ask("exec " + s.q)
}

func TestClosingAStatementIsBounded(t *testing.T) {
	const limit = 300 * time.Millisecond
	for name, call := range map[string]func(db *sql.DB) error{
		"that an Exec made for itself": func(db *sql.DB) error { _, err := db.Exec("insert"); return err },
		"that a Query made for itself": func(db *sql.DB) error {
			_, err := db.Query("select") //nolint:rowserrcheck,sqlclosecheck // there are none
			if err == errMeddled {       //nolint:errorlint // the driver's own
				return nil
			}
			return err
		},
		"that an earlier user left": func(db *sql.DB) error {
			st, err := db.Prepare("p")
			if err == nil {
				err = st.Close()
			}
			if err == nil {
				_, err = db.Exec("insert")
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := wrap(t, asking{deafToClose(t), fluxor.WatchDial(nil)}, fluxor.RuntimeConfig{CloseTimeout: limit})
			done := make(chan error, 1)
			go func() { done <- call(db) }()
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(10 * limit):
				t.Errorf("the call hangs for more than %v", 10*limit)
			}
		})
	}
}
