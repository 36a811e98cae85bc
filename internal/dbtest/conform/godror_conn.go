//go:build cgo

// This file reaches godror's own connection: the magic texts, godror.Raw, versions, trace tags, transactions.

package conform

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/godror/godror"
)

// owners are what godror's helpers accept.
func (r *Recorder) owners(use func(name string, on runner)) {
	use("db", r.db)
	c := r.session()
	use("conn", c)
	r.err("close the session", c.Close())
	tx := r.begin(r.db, nil)
	use("tx", tx)
	r.err("commit", tx.Commit())
	r.first(r.db, "select 'still here'")
}

// tagOf is the trace tag that a connection of godror's last got.
func tagOf(c godror.Conn) string {
	text := c.(fmt.Stringer).String()
	tag, _, _ := strings.Cut(text, "&user=")
	return tag
}

// closedByGodror: godror.Raw closes the connection under a *sql.Tx, and bare and
// wrapped alike its commit finds none. Fluxor takes the ErrBadConn of a commit
// for a lost answer, as godror says so for one too.
var closedByGodror = []string{"lost session"}

var godrorConnCases = []Case{
	{Name: "DriverConn", See: func(r *Recorder) {
		r.owners(func(name string, on runner) {
			c, err := godror.DriverConn(r.ctx, on)
			r.err(name, err)
			if err != nil {
				return
			}
			v, err := c.ServerVersion()
			r.note(name, "%T %s %s", c, v.String(), r.shown(err))
			st, err := c.PrepareContext(r.ctx, "select 1 from dual")
			r.note(name, "%T %s", st, r.shown(err))
			r.err("close", st.Close())
		})
	}},
	{Name: "Raw", Excused: closedByGodror, See: func(r *Recorder) {
		r.owners(func(name string, on runner) {
			r.err(name, godror.Raw(r.ctx, on, func(c godror.Conn) error {
				v, err := c.ServerVersion()
				r.note(name+" server", "%s %s", v.String(), r.shown(err))
				v, err = c.ClientVersion()
				r.note(name+" client", "%s %s", v.String(), r.shown(err))
				r.note(name+" time zone", "%v", c.Timezone())
				stats, err := c.GetPoolStats()
				r.note(name+" pool", "%+v %s", stats, r.shown(err))
				r.err(name+" ping", c.Ping(r.ctx))
				r.err(name+" break", c.Break())
				return nil
			}))
		})
	}},
	{Name: "Raw with an error, and with a panic", See: func(r *Recorder) {
		own := errors.New("own")
		for range 2 {
			r.note("same", "%t", godror.Raw(r.ctx, r.db, func(godror.Conn) error { return own }) == own) //nolint:errorlint // identity is the point
			r.panics(func() error { return godror.Raw(r.ctx, r.db, func(godror.Conn) error { panic("user code") }) })
			r.err("bad", godror.Raw(r.ctx, r.db, func(godror.Conn) error { return driver.ErrBadConn }))
			r.first(r.db, "select 'still here'")
		}
	}},
	{Name: "versions and time zone", Excused: closedByGodror, See: func(r *Recorder) {
		r.owners(func(name string, on runner) {
			v, err := godror.ServerVersion(r.ctx, on)
			r.note(name+" server", "%s %s", v.String(), r.shown(err))
			if name == "tx" { // godror has closed its connection
				return
			}
			v, err = godror.ClientVersion(r.ctx, on)
			r.note(name+" client", "%s %s", v.String(), r.shown(err))
			zone, err := godror.Timezone(r.ctx, on)
			r.note(name+" time zone", "%v %s", zone, r.shown(err))
		})
	}},
	{Name: "DescribeQuery", Excused: closedByGodror, See: func(r *Recorder) {
		r.kinds()
		r.owners(func(name string, on runner) {
			columns, err := godror.DescribeQuery(r.ctx, on, "select id, n, d, c, s from conform_kinds")
			r.note(name, "%+v %s", columns, r.shown(err))
			if name == "tx" { // as above
				return
			}
			_, err = godror.DescribeQuery(r.ctx, on, "select nothing_here from conform_kinds")
			r.err(name, err)
		})
	}},
	{Name: "statements and transactions of Raw", See: func(r *Recorder) {
		r.repeated()
		c := r.session()
		r.err("raw", godror.Raw(r.ctx, c, func(dc godror.Conn) error {
			for _, end := range []func(driver.Tx) error{driver.Tx.Rollback, driver.Tx.Commit, func(driver.Tx) error { return dc.Rollback() }, func(driver.Tx) error { return dc.Commit() }} {
				tx, err := dc.BeginTx(r.ctx, driver.TxOptions{})
				r.err("begin", err)
				if err != nil {
					return err
				}
				r.err("update", rawExec(dc, "update conform_again set v = v + 1 where id = 1"))
				r.err("end", end(tx))
				r.first(r.db, "select v from conform_again where id = 1")
			}
			return nil
		}))
		r.first(c, "select v from conform_again where id = 1")
		r.exec(c, "update conform_again set v = v + 1 where id = 1")
		r.first(r.db, "select v from conform_again where id = 1")
	}},
	{Name: "a temporary LOB of Raw", See: func(r *Recorder) {
		r.lobs()
		tx := r.begin(r.db, nil)
		dc, err := godror.DriverConn(r.ctx, tx)
		r.err("conn", err)
		if err != nil {
			return
		}
		l, err := dc.NewTempLob(true)
		r.err("new", err)
		if err != nil {
			return
		}
		r.err("set", l.Set([]byte("temporary")))
		size, err := l.Size()
		r.note("size", "%d %s", size, r.shown(err))
		r.exec(tx, "insert into conform_lobs (id, c) values (1, :1)", l)
		r.err("close", l.Close())
		r.query(tx, "select c from conform_lobs")
		r.err("commit", tx.Commit())
	}},
	{Name: "trace tags reach the session", See: func(r *Recorder) {
		r.db.SetMaxOpenConns(1)
		tagged := func(n int) context.Context {
			return godror.ContextWithTraceTag(r.ctx, godror.TraceTag{Module: fmt.Sprint("module ", n), Action: fmt.Sprint("action ", n), ClientInfo: "info", DbOp: "op"})
		}
		seen := func(label string) {
			c, err := godror.DriverConn(r.ctx, r.db)
			r.err(label, err)
			if err == nil {
				r.note(label, "%q", tagOf(c))
			}
		}
		seen("before")
		_, err := r.db.ExecContext(tagged(1), "begin null; end;")
		r.err("exec", err)
		seen("exec")
		r.err("query", r.db.QueryRowContext(tagged(2), "select 1 from dual").Scan(new(int)))
		seen("query")
		tx, err := r.db.BeginTx(tagged(3), nil)
		r.err("begin", err)
		r.err("commit", tx.Commit())
		seen("transaction")
		st, err := r.db.PrepareContext(tagged(4), "begin null; end;")
		r.err("prepare", err)
		_, err = st.ExecContext(tagged(5))
		r.err("prepared", err)
		r.err("close", st.Close())
		seen("prepared")
		r.err("ping", r.db.PingContext(tagged(6)))
		seen("ping")
	}},
	{Name: "already in a transaction", See: func(r *Recorder) {
		r.table("conform_tx", "id int")
		c := r.session()
		tx := r.begin(c, nil)
		r.begin(c, nil)
		r.begin(c, &sql.TxOptions{ReadOnly: true})
		r.exec(tx, "insert into conform_tx values (1)")
		r.err("commit", tx.Commit())
		again := r.begin(c, nil)
		r.exec(again, "insert into conform_tx values (2)")
		r.err("rollback", again.Rollback())
		r.first(c, "select count(*) from conform_tx")
	}},
	{Name: "a magic text with wrong arguments", See: func(r *Recorder) {
		r.first(r.db, "select /* --GET_CONNECTION-- */ 1")
		_, err := r.db.ExecContext(r.ctx, "--GET_CONNECTION-- ")
		r.err("a blank more", err)
		r.first(r.db, "select 'still here'")
	}},
	{Name: "context that ends closes a tagged transaction", See: func(r *Recorder) {
		ctx, cancel := context.WithCancel(godror.ContextWithTraceTag(r.ctx, godror.TraceTag{Module: "m"}))
		tx, err := r.db.BeginTx(ctx, nil)
		r.err("begin", err)
		cancel()
		r.awaitIdle()
		r.err("commit", tx.Commit())
		r.first(r.db, "select 'still here'")
	}},
}
