//go:build cgo

// This file runs what only godror can on every way to a session: the database, a sql.Conn, a transaction; as a text and prepared.

package conform

import (
	"database/sql"
	"slices"
)

// godrorCases are the cases of godror's own features.
func godrorCases() []Case {
	cases := slices.Concat(godrorBindCases, godrorArrayCases, godrorOptionCases, godrorRowsCases, godrorLobCases, godrorConnCases)
	for i, c := range cases {
		cases[i].On, cases[i].Name = []Dialect{Oracle}, "godror: "+c.Name
	}
	return cases
}

// way is one way to run a statement.
type way struct {
	r        *Recorder
	name     string
	on       runner
	prepared bool
}

// everyWay lets use run on each way; what it did in the transaction is
// committed.
func (r *Recorder) everyWay(use func(w way)) {
	r.each(r.db, "db", use)
	c := r.session()
	r.each(c, "conn", use)
	r.err("close the session", c.Close())
	if tx := r.begin(r.db, nil); tx != nil {
		r.each(tx, "tx", use)
		r.err("commit", tx.Commit())
	}
}

func (r *Recorder) each(on runner, name string, use func(w way)) {
	use(way{r, name, on, false})
	use(way{r, name + " prepared", on, true})
}

// exec runs a statement and takes down its result.
func (w way) exec(label, query string, args ...any) {
	res, err := w.run(query, args...)
	w.r.result(w.name+" "+label, res, err)
}

func (w way) run(query string, args ...any) (sql.Result, error) {
	if !w.prepared {
		return w.on.ExecContext(w.r.ctx, w.r.bind(query), args...)
	}
	st, err := w.on.PrepareContext(w.r.ctx, w.r.bind(query))
	if err != nil {
		return nil, err
	}
	defer func() { w.r.err("close", st.Close()) }()
	return st.ExecContext(w.r.ctx, args...)
}

// query runs a query and takes down its rows.
func (w way) query(label, query string, args ...any) {
	rows, err := w.ask(query, args...)
	w.r.rows(w.name+" "+label, rows, err)
}

func (w way) ask(query string, args ...any) (*sql.Rows, error) {
	if !w.prepared {
		return w.on.QueryContext(w.r.ctx, w.r.bind(query), args...)
	}
	st, err := w.on.PrepareContext(w.r.ctx, w.r.bind(query))
	if err != nil {
		return nil, err
	}
	w.r.atEnd(func() { _ = st.Close() })
	return st.QueryContext(w.r.ctx, args...)
}
