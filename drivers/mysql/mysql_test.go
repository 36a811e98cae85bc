//go:build unix

// This file tests what the statement cache asks of a connection.

package mysql

import (
	"context"
	"database/sql/driver"
	"fmt"
	"testing"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// wrapped is a connection as a tracing library hands it out.
type wrapped struct{ driver.Conn }

func (wrapped) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, driver.ErrSkip
}

// questions is how many statements the server has had from a connection.
func questions(t *testing.T, ci driver.Conn) (n int) {
	t.Helper()
	rows, err := ci.(driver.QueryerContext).QueryContext(t.Context(), "show session status like 'questions'", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // the value is what counts
	row := make([]driver.Value, 2)
	if err := rows.Next(row); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(row[1].([]byte)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhetherAConnectionLeavesArgumentsToDatabaseSQL(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	for param, want := range map[string]bool{
		"interpolateParams=false":                                 true,
		"interpolateParams=true":                                  false,
		"interpolateParams=true&timeTruncate=1h&loc=Asia%2FTokyo": false,
	} {
		t.Run(param, func(t *testing.T) {
			c, err := open(target.DSN(param))
			if err != nil {
				t.Fatal(err)
			}
			ci, err := c.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer ci.Close() //nolint:errcheck // the test is about what it answers
			before := questions(t, ci)
			if got := skips(ci); got != want {
				t.Errorf("skips: %t, want %t", got, want)
			}
			if n := questions(t, ci) - before; n != 1 {
				t.Errorf("the server had %d statements, want the one that asks for their number", n)
			}
			if skips(wrapped{ci}) {
				t.Error("a wrapper was asked")
			}
		})
	}
}
