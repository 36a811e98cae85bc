// This file reaches below database/sql: the driver's own connection, its optional interfaces, and the calls of old code.

package conform

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/go-sql-driver/mysql"
)

var rawCases = []Case{
	{Name: "raw: the connection's type", See: func(r *Recorder) {
		c := r.session()
		r.err("raw", r.raw(r.ctx, c, func(dc any) error {
			r.note("type", "%T", dc)
			r.note("implements", "%v", implements(dc))
			return nil
		}))
	}},
	{Name: "raw: sql.Conn.Raw itself", Excused: []string{"Raw"}, See: func(r *Recorder) {
		c := r.session()
		r.err("raw", c.Raw(func(dc any) error {
			r.note("type", "%T", dc)
			return nil
		}))
	}},
	{Name: "raw: an error comes back as it is", See: func(r *Recorder) {
		c := r.session()
		own := errors.New("own")
		r.note("same", "%t", r.raw(r.ctx, c, func(any) error { return own }) == own) //nolint:errorlint // identity is the point
		r.err("raw", r.raw(r.ctx, c, func(any) error { return io.EOF }))
		r.first(c, "select 'still here'")
	}},
	{Name: "raw: it is the session's own connection", See: func(r *Recorder) {
		c := r.session()
		set, get := r.setting(6)
		r.err("raw", r.raw(r.ctx, c, func(dc any) error { return rawExec(dc, set) }))
		r.first(c, get)
		r.err("close", c.Close())
	}},
	// pgx has none of the old interfaces; Fluxor's connection has them over
	// every driver.
	{Name: "raw: old code calls Exec and Query of what Raw gives", Lacks: []Trait{PGX}, Without: map[Dialect]string{Oracle: "godror's connection has none of the old interfaces; Fluxor's has them over every driver"}, See: func(r *Recorder) {
		r.wide()
		c := r.session()
		r.err("raw", c.Raw(func(dc any) error {
			r.oldExec(dc, "update conform_wide set name = 'x'")
			r.oldExec(dc, "nonsense")
			r.oldQuery(dc, "select id, name from conform_wide order by id")
			return nil
		}))
		r.first(c, "select 'still here'")
	}},
	{Name: "raw: statements and transactions of what Raw gives", Lacks: []Trait{PGX}, See: func(r *Recorder) {
		r.wide()
		c := r.session()
		r.err("raw", c.Raw(func(dc any) error {
			conn := dc.(driver.Conn)
			st, err := conn.Prepare("delete from conform_wide where id = 1")
			r.err("prepare", err)
			//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
			tx, err := conn.Begin() //nolint:staticcheck // old code is what is tested
			r.err("begin", err)
			//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
			res, err := st.Exec(nil) //nolint:staticcheck // as above
			r.err("exec", err)
			if err == nil {
				n, err := res.RowsAffected()
				r.note("rows affected", "%d %v", n, err)
			}
			r.err("rollback", tx.Rollback())
			r.err("close", st.Close())
			return nil
		}))
		r.first(c, "select count(*) from conform_wide")
	}},
	{Name: "raw: all results of MySQL", On: []Dialect{MySQL}, Needs: []Trait{MultiStatements}, See: func(r *Recorder) {
		r.wide()
		c := r.session()
		r.err("raw", c.Raw(func(dc any) error {
			res, err := dc.(driver.ExecerContext).ExecContext(r.ctx, "update conform_wide set name = 'y'; delete from conform_wide where id = 1", nil)
			r.err("exec", err)
			all, ok := res.(mysql.Result)
			r.note("type", "%T %t", res, ok)
			if ok {
				r.note("rows affected", "%v", all.AllRowsAffected())
			}
			return nil
		}))
	}},
	{Name: "raw: a connection that its user calls bad", Lacks: []Trait{OneConnection}, See: func(r *Recorder) {
		c := r.session()
		set, get := r.setting(8)
		r.exec(c, set)
		r.err("raw", r.raw(r.ctx, c, func(any) error { return driver.ErrBadConn }))
		r.first(c, get)
		r.first(r.db, get)
	}},
}

// implements lists the optional interfaces that the connection offers.
func implements(dc any) []string {
	var out []string
	add := func(name string, ok bool) {
		if ok {
			out = append(out, name)
		}
	}
	_, ok := dc.(driver.ExecerContext)
	add("ExecerContext", ok)
	_, ok = dc.(driver.QueryerContext)
	add("QueryerContext", ok)
	_, ok = dc.(driver.ConnPrepareContext)
	add("ConnPrepareContext", ok)
	_, ok = dc.(driver.ConnBeginTx)
	add("ConnBeginTx", ok)
	_, ok = dc.(driver.NamedValueChecker)
	add("NamedValueChecker", ok)
	_, ok = dc.(driver.SessionResetter)
	add("SessionResetter", ok)
	_, ok = dc.(driver.Validator)
	add("Validator", ok)
	return out
}

// rawExec runs a text on a driver's own connection.
func rawExec(dc any, text string) error {
	st, err := dc.(driver.Conn).Prepare(text)
	if err != nil {
		return err
	}
	defer st.Close()
	//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
	_, err = st.Exec(nil) //nolint:staticcheck // every driver has it
	return err
}

// oldExec calls the interface from before contexts.
func (r *Recorder) oldExec(dc any, text string) {
	//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
	old, ok := dc.(driver.Execer) //nolint:staticcheck // old code is what is tested
	if !ok {
		r.note("Execer", "none")
		return
	}
	res, err := old.Exec(text, nil)
	r.err("old exec", err)
	if err == nil {
		n, err := res.RowsAffected()
		r.note("old exec", "%T %d %v", res, n, err)
	}
}

func (r *Recorder) oldQuery(dc any, text string) {
	//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
	old, ok := dc.(driver.Queryer) //nolint:staticcheck // old code is what is tested
	if !ok {
		r.note("Queryer", "none")
		return
	}
	rows, err := old.Query(text, nil)
	r.err("old query", err)
	if err != nil {
		return
	}
	r.note("columns", "%q", rows.Columns())
	dest := make([]driver.Value, len(rows.Columns()))
	for err = rows.Next(dest); err == nil; err = rows.Next(dest) {
		for _, v := range dest {
			r.note("old row", "%s", show(v))
		}
	}
	r.err("old end", fmt.Errorf("end: %w", err))
	r.err("old close", rows.Close())
}
