// This file tests that go-sql-driver/mysql, which reports some statements as not sent that were, runs none of them twice.

package fluxor_test

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/internal/faultproxy"
)

// Under rejectReadOnly the driver makes driver.ErrBadConn of a refusal, also
// where it refuses the second part of what it was asked for.
func TestAStatementRefusedAsReadOnlyHalfwayIsRunOnce(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	db := openName(t, "mysql-fluxor", target.DSN("rejectReadOnly=true", "multiStatements=true"))
	mustExec(t, db, "create table w (n int)")
	mustExec(t, db, "create procedure twice() begin insert into w values (1); start transaction read only; insert into w values (2); end")
	mustExec(t, db, "create procedure asked() begin insert into w values (1); start transaction read only; insert into w values (2); select 1; end")
	for name, statement := range map[string]string{
		"a procedure":          "call twice()",
		"several statements":   "insert into w values (1); start transaction read only; insert into w values (2)",
		"with a comment first": "/* insert */ call twice()",
	} {
		t.Run(name, func(t *testing.T) {
			mustExec(t, db, "delete from w")
			if _, err := db.ExecContext(t.Context(), statement); !isIndeterminate(err) {
				t.Errorf("err = %v, want an indeterminate one", err)
			}
			if rows, _ := countRows(t, db); rows != 1 {
				t.Errorf("%d rows, want that of the one time it ran", rows)
			}
		})
	}
	mustExec(t, db, "delete from w")
	rows, err := db.QueryContext(t.Context(), "call asked()")
	if err == nil {
		_ = rows.Close()
	}
	if n, _ := countRows(t, db); n != 1 || !isIndeterminate(err) {
		t.Errorf("asked with Query: %d rows, err = %v", n, err)
	}
}

func TestAnInsertRefusedAsReadOnlyIsTriedElsewhereAsOnTheBareDriver(t *testing.T) {
	target := dbtest.MariaDB(t).NewDatabase(t)
	direct := openName(t, "mysql", target.DSN())
	mustExec(t, direct, "create table w (n int)")
	for _, name := range []string{"mysql", "mysql-fluxor"} {
		t.Run(name, func(t *testing.T) {
			mustExec(t, direct, "delete from w")
			db := openName(t, name, target.DSN("rejectReadOnly=true"))
			mustExec(t, db, "start transaction read only")
			if _, err := db.ExecContext(t.Context(), "insert into w values (1)"); err != nil {
				t.Errorf("refused on one connection: %v", err)
			}
			if rows, _ := countRows(t, direct); rows != 1 {
				t.Errorf("%d rows, want 1", rows)
			}
			c := heldConn(t, db).(*sql.Conn)
			mustExec(t, c, "start transaction read only")
			if _, err := c.ExecContext(t.Context(), "insert into w values (2)"); !errors.Is(err, driver.ErrBadConn) {
				t.Errorf("refused on a sql.Conn: %v, want the driver's own error", err)
			}
			refused := openName(t, name, target.DSN("rejectReadOnly=true", "tx_read_only=1"))
			_, err := refused.ExecContext(t.Context(), "insert into w values (3)")
			var lost *fluxor.IndeterminateError
			if !errors.Is(err, driver.ErrBadConn) || errors.As(err, &lost) {
				t.Errorf("refused on every connection: %v, want the driver's own error", err)
			}
			if rows, _ := countRows(t, direct); rows != 1 {
				t.Errorf("%d rows, want 1: what was refused took effect", rows)
			}
		})
	}
}

// cutFile is a file for LOAD DATA LOCAL INFILE whose connection ends in its
// middle.
type cutFile struct {
	t     *testing.T
	proxy *faultproxy.Proxy
	line  int
	bytes int64 // that were read
	cut   *bool // already
}

// Read gives lines of four digits, some of which the server has before the end.
func (f *cutFile) Read(p []byte) (int, error) {
	const before, after = 20, 40
	f.line++
	if f.line == before && !*f.cut {
		*f.cut = true
		waitUntil(f.t, "the server was sent half the file", func() bool { return f.proxy.Counters().BytesToServer >= f.bytes })
		f.proxy.KillAll(faultproxy.RST)
	}
	if f.line > after {
		return 0, io.EOF
	}
	n := copy(p, strings.Repeat(fmt.Sprintf("%04d\n", f.line), 3000))
	f.bytes += int64(n)
	return n, nil
}

func TestAFileWhoseConnectionIsCutIsNotLoadedTwice(t *testing.T) {
	b := networkBackends[2]
	for _, engine := range []string{"MyISAM", "InnoDB"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			target, direct, proxy := b.behindProxy(t, "n int")
			mustExec(t, direct, "alter table w engine="+engine)
			reads, cut := 0, false
			mysql.RegisterReaderHandler(engine, func() io.Reader {
				reads++
				return &cutFile{t: t, proxy: proxy, cut: &cut}
			})
			defer mysql.DeregisterReaderHandler(engine)
			db := b.fluxor(t, target)
			_, err := db.ExecContext(t.Context(), "load data local infile 'Reader::"+engine+"' into table w")
			if !isIndeterminate(err) {
				t.Errorf("err = %v, want an indeterminate one", err)
			}
			if reads != 1 || !cut {
				t.Errorf("the file was read %d times, cut: %t", reads, cut)
			}
		})
	}
}
