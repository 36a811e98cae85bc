// This file uses what single drivers add to database/sql: COPY, arrays, execution modes, warnings, pragmas, concrete error types.

package conform

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/lib/pq"
	"modernc.org/sqlite"
)

var driverCases = []Case{
	{Name: "driver: ping", See: func(r *Recorder) {
		r.err("ping", r.db.PingContext(r.ctx))
		r.err("ping", r.db.PingContext(r.ctx))
		r.note("open", "%d", r.db.Stats().OpenConnections)
	}},
	{Name: "driver: errors are of the driver's own type", See: (*Recorder).concreteErrors},
	{Name: "driver: COPY in a transaction", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.table("conform_copy", "id int, name text, at timestamptz")
		tx := r.begin(r.db, nil)
		r.copyRows(tx, [][]any{{1, "one", time.Unix(0, 0).UTC()}, {2, nil, nil}, {3, "tab\tand\\", "2024-01-01"}})
		r.first(tx, "select count(*) from conform_copy")
		r.err("commit", tx.Commit())
		r.query(r.db, "select * from conform_copy order by id")
	}},
	{Name: "driver: COPY of a wrong value", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.table("conform_copy", "id int, name text, at timestamptz")
		tx := r.begin(r.db, nil)
		r.copyRows(tx, [][]any{{1, "one", nil}, {"no number", "x", nil}})
		r.first(tx, "select 1")
		r.err("rollback", tx.Rollback())
		r.first(r.db, "select count(*) from conform_copy")
	}},
	{Name: "driver: COPY outside a transaction", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.table("conform_copy", "id int, name text, at timestamptz")
		//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
		st, err := r.db.PrepareContext(r.ctx, pq.CopyIn("conform_copy", "id", "name", "at"))
		r.err("prepare", err)
		if err == nil {
			r.err("close", st.Close())
		}
		r.first(r.db, "select 'still here'")
	}},
	{Name: "driver: COPY that is given up", Needs: []Trait{PQ}, See: func(r *Recorder) {
		r.table("conform_copy", "id int, name text, at timestamptz")
		tx := r.begin(r.db, nil)
		//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
		st, err := tx.PrepareContext(r.ctx, pq.CopyIn("conform_copy", "id", "name", "at"))
		r.err("prepare", err)
		_, err = st.ExecContext(r.ctx, 1, "a", nil)
		r.err("row", err)
		r.exec(tx, "select 1")
		r.err("close", st.Close()) // lib/pq races with itself where the rollback comes first
		r.err("rollback", tx.Rollback())
		r.first(r.db, "select count(*) from conform_copy")
	}},
	{Name: "driver: arrays of pq", On: []Dialect{Postgres}, See: func(r *Recorder) {
		r.table("conform_arrays", "i int[], t text[], b bytea[], f float8[]")
		r.exec(r.db, "insert into conform_arrays values (?, ?, ?, ?)", pq.Array([]int64{1, 2}), pq.Array([]string{"a", `b"c`}), pq.Array([][]byte{{1}, {}}), pq.Array([]float64{1.5}))
		r.exec(r.db, "insert into conform_arrays values (?, ?, ?, ?)", pq.Array([]int64(nil)), pq.StringArray{}, nil, pq.Float64Array{2})
		var i pq.Int64Array
		var t []string
		r.err("scan", r.db.QueryRowContext(r.ctx, "select i, t from conform_arrays where i is not null").Scan(&i, pq.Array(&t)))
		r.note("scanned", "%v %q", i, t)
		r.first(r.db, "select count(*) from conform_arrays where i @> any(?)", pq.Array([]string{"{1}"}))
	}},
	{Name: "driver: execution modes of pgx", Needs: []Trait{PGX}, See: func(r *Recorder) {
		for _, mode := range []pgx.QueryExecMode{
			pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
			pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
		} {
			r.query(r.db, "select ?::int, ?::text", mode, 7, "x")
			r.exec(r.db, "select ?::int", mode, 7)
		}
		r.query(r.db, "select ?::int", pgx.QueryResultFormats{pgx.TextFormatCode}, 7)
		r.query(r.db, "select ?::int", pgx.QueryExecModeExec)
		r.exec(r.db, "select 1", pgx.QueryExecModeExec)
	}},
	{Name: "driver: named arguments of pgx", Needs: []Trait{PGX}, See: func(r *Recorder) {
		r.query(r.db, "select @a::int, @b::text", pgx.NamedArgs{"a": 1, "b": "two"})
		r.query(r.db, "select @a::int, @missing::text", pgx.StrictNamedArgs{"a": 1})
	}},
	{Name: "driver: types of pgx", Needs: []Trait{PGX}, See: func(r *Recorder) {
		r.query(r.db, "select ?::uuid, ?::int[], ?::jsonb", [16]byte{1, 2, 3}, []int32{1, 2}, map[string]any{"a": 1})
		r.query(r.db, "select ?::numeric, ?::interval", pgtype.Numeric{Valid: true}, pgtype.Interval{Days: 3, Valid: true})
		r.query(r.db, "select ?::text[]", pgtype.FlatArray[string]{"a", "b"})
		var s []string
		m := pgtype.NewMap()
		r.err("scan", r.db.QueryRowContext(r.ctx, "select '{a,b}'::text[]").Scan(m.SQLScanner(&s)))
		r.value("scanned", s)
		var n pgtype.Int8
		r.err("scan", r.db.QueryRowContext(r.ctx, "select 5::int8").Scan(&n))
		r.value("scanned", n)
	}},
	{Name: "driver: JSON of MySQL", On: []Dialect{MySQL}, See: func(r *Recorder) {
		r.table("conform_json", "v json")
		r.exec(r.db, "insert into conform_json values (?)", json.RawMessage(`{"a":1}`))
		var raw json.RawMessage
		r.err("scan", r.db.QueryRowContext(r.ctx, "select v from conform_json").Scan(&raw))
		r.note("scanned", "%s", raw)
	}},
	{Name: "driver: dates of MySQL that are none", On: []Dialect{MySQL}, See: func(r *Recorder) {
		c := r.session()
		r.exec(c, "set sql_mode = ''")
		r.query(c, "select cast('0000-00-00' as date), cast('2024-02-30' as date), cast('2024-00-00 00:00:00' as datetime)")
		r.query(c, "select cast('0000-00-00' as date) where 1 = ?", 1)
		//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
		var at mysql.NullTime
		r.err("scan", c.QueryRowContext(r.ctx, "select cast('2024-02-29' as date)").Scan(&at))
		r.value("scanned", at.Valid)
	}},
	{Name: "driver: a packet that is too large", On: []Dialect{MySQL}, See: func(r *Recorder) {
		r.first(r.db, "select length(repeat('x', 17000000))")
		r.first(r.db, "select 'still here'")
	}},
	{Name: "driver: pragmas", On: []Dialect{SQLite}, See: func(r *Recorder) {
		c := r.session()
		for _, text := range []string{
			"pragma foreign_keys", "pragma foreign_keys = on", "pragma foreign_keys", "pragma journal_mode", "pragma table_info(sqlite_master)",
			"pragma user_version = 7", "pragma user_version", "pragma no_such_pragma", "pragma integrity_check",
		} {
			r.query(c, text)
			r.exec(c, text)
		}
	}},
	{Name: "driver: strict and generated columns", On: []Dialect{SQLite}, See: func(r *Recorder) {
		r.setup("drop table if exists conform_strict", "create table conform_strict (id integer primary key, n int, double int generated always as (n * 2)) strict")
		r.after("drop table if exists conform_strict")
		r.exec(r.db, "insert into conform_strict (n) values ('text')")
		r.exec(r.db, "insert into conform_strict (n) values (?)", 4)
		r.query(r.db, "select * from conform_strict")
	}},
}

// copyRows copies rows into the table conform_copy.
func (r *Recorder) copyRows(tx *sql.Tx, rows [][]any) {
	//lint:ignore SA1019 what is deprecated has to behave as on the bare driver too
	st, err := tx.PrepareContext(r.ctx, pq.CopyIn("conform_copy", "id", "name", "at"))
	r.err("prepare", err)
	if err != nil {
		return
	}
	for _, row := range rows {
		res, err := st.ExecContext(r.ctx, row...)
		r.result("row", res, err)
	}
	_, err = st.QueryContext(r.ctx)
	r.err("query", err)
	res, err := st.ExecContext(r.ctx)
	r.result("end", res, err)
	r.err("close", st.Close())
}

// concreteErrors asserts what applications assert: the driver's own type,
// with errors.As and without.
func (r *Recorder) concreteErrors() {
	for _, text := range []string{"nonsense", "select * from conform_nowhere"} {
		_, err := r.db.ExecContext(r.ctx, text)
		_, isPQ := err.(*pq.Error)            //nolint:errorlint // what applications do
		_, isPGX := err.(*pgconn.PgError)     //nolint:errorlint // what GORM does
		_, isMySQL := err.(*mysql.MySQLError) //nolint:errorlint // what GORM does
		_, isSQLite := err.(*sqlite.Error)    //nolint:errorlint // what applications do
		r.note("asserted", "%t %t %t %t", isPQ, isPGX, isMySQL, isSQLite)
		pqErr, asPQ := errors.AsType[*pq.Error](err)
		pgxErr, asPGX := errors.AsType[*pgconn.PgError](err)
		mysqlErr, asMySQL := errors.AsType[*mysql.MySQLError](err)
		sqliteErr, asSQLite := errors.AsType[*sqlite.Error](err)
		switch {
		case asPQ:
			r.note("pq", "%s %s %s", pqErr.Code, pqErr.Code.Name(), pqErr.Position)
		case asPGX:
			r.note("pgx", "%s %d", pgxErr.Code, pgxErr.Position)
		case asMySQL:
			r.note("mysql", "%d %s", mysqlErr.Number, mysqlErr.SQLState)
		case asSQLite:
			r.note("sqlite", "%d", sqliteErr.Code())
		default:
			r.note("concrete type", "none")
		}
	}
}
