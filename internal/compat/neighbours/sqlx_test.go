// This file runs sqlx: placeholders by the driver's name, named queries, structs, maps, transactions.

package neighbours

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jmoiron/sqlx"
)

// person is a row of the table that the scenarios share.
type person struct {
	ID   int64          `db:"id"`
	Name string         `db:"name"`
	Age  int            `db:"age"`
	Note sql.NullString `db:"note"`
}

func TestSqlxDoesNotNoticeFluxor(t *testing.T) {
	bindAliases()
	tool[*sqlx.DB]{name: "sqlx", open: openSqlx, scenarios: sqlxScenarios}.run(t)
}

// openSqlx opens by name, but for "fluxor": sqlx keeps one placeholder per
// name, and that one stands for every database.
func openSqlx(t *testing.T, w way) *sqlx.DB {
	t.Helper()
	if w.driver == "fluxor" {
		return sqlx.NewDb(w.open(t), w.bare)
	}
	db, err := sqlx.Open(w.driver, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

const insertPerson = "insert into person (name, age, note) values (:name, :age, :note)"

var sqlxScenarios = []scenario[*sqlx.DB]{
	{"exec and named exec", func(n *notes, db *sqlx.DB) {
		_, err := db.Exec("create table person (" + n.way.serial() + ", name varchar(50) not null unique, age int not null, note varchar(50))")
		n.ok("create", err)
		result, err := db.NamedExec(insertPerson, person{Name: "Ada", Age: 36, Note: sql.NullString{String: "first", Valid: true}})
		n.ok("struct", err)
		n.rows("struct", result)
		result, err = db.NamedExec(insertPerson, map[string]any{"name": "Bob", "age": 41, "note": nil})
		n.ok("map", err)
		n.rows("map", result)
		result, err = db.NamedExec(insertPerson, []person{{Name: "Cyd", Age: 20}, {Name: "Dan", Age: 60}, {Name: "Eve", Age: 33}})
		n.ok("slice", err)
		n.rows("slice", result)
	}},
	{"get and select", func(n *notes, db *sqlx.DB) {
		var p person
		n.ok("get", db.Get(&p, db.Rebind("select * from person where name = ?"), "Ada"))
		n.see("person", p)
		var people []person
		n.ok("select", db.Select(&people, db.Rebind("select * from person where age > ? order by id"), 30))
		n.want("people", len(people), 4)
		n.see("people", people)
		var names []string
		n.ok("column", db.Select(&names, "select name from person order by name"))
		n.want("names", names, []string{"Ada", "Bob", "Cyd", "Dan", "Eve"})
		n.fails("none", db.Get(&p, db.Rebind("select * from person where name = ?"), "Zoe"), sql.ErrNoRows)
	}},
	{"named queries", func(n *notes, db *sqlx.DB) {
		rows, err := db.NamedQuery("select * from person where age between :low and :high order by age", map[string]any{"low": 30, "high": 50})
		n.ok("query", err)
		for rows.Next() {
			var p person
			n.ok("scan", rows.StructScan(&p))
			n.see("person", p)
		}
		n.ok("close", rows.Close())
		st, err := db.PrepareNamed("select age from person where name = :name")
		n.ok("prepare", err)
		for _, name := range []string{"Ada", "Eve"} {
			var age int
			n.ok("get", st.Get(&age, map[string]any{"name": name}))
			n.see(name, age)
		}
		n.ok("close", st.Close())
	}},
	{"in", func(n *notes, db *sqlx.DB) {
		query, args, err := sqlx.In("select name from person where age in (?) and name <> ? order by name", []int{20, 33, 36}, "Ada")
		n.ok("in", err)
		var names []string
		n.ok("select", db.Select(&names, db.Rebind(query), args...))
		n.want("names", names, []string{"Cyd", "Eve"})
	}},
	{"prepared statements and maps", func(n *notes, db *sqlx.DB) {
		st, err := db.Preparex(db.Rebind("select id, name, age, note from person where age > ? order by id"))
		n.ok("prepare", err)
		for _, age := range []int{0, 40} {
			rows, err := st.Queryx(age)
			n.ok("query", err)
			for rows.Next() {
				row := map[string]any{}
				n.ok("scan", rows.MapScan(row))
				n.row("row", row)
			}
			n.ok("end", rows.Err())
		}
		n.ok("close", st.Close())
		values, err := db.QueryRowx("select count(*), min(name) from person").SliceScan()
		n.ok("slice", err)
		n.see("values", values)
	}},
	{"transactions", func(n *notes, db *sqlx.DB) {
		tx, err := db.BeginTxx(n.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		n.ok("begin", err)
		_, err = tx.NamedExec(insertPerson, person{Name: "Fay", Age: 1})
		n.ok("insert", err)
		n.want("inside", ageOf(n, tx, "Fay"), 1)
		n.ok("rollback", tx.Rollback())
		tx = db.MustBegin()
		st, err := tx.Preparex(db.Rebind("update person set age = age + ? where name = ?"))
		n.ok("prepare", err)
		result, err := st.Exec(1, "Bob")
		n.ok("update", err)
		n.rows("update", result)
		n.ok("commit", tx.Commit())
		n.want("after", ageOf(n, db, "Bob"), 42)
		n.fails("over", tx.Get(new(int), "select 1"), sql.ErrTxDone)
	}},
	{"errors", func(n *notes, db *sqlx.DB) {
		_, err := db.NamedExec(insertPerson, person{Name: "Ada"})
		n.fails("duplicate", err)
		_, err = db.Exec("insert into no_such_table values (1)")
		n.fails("no such table", err)
		n.fails("wrong type", db.Get(new(int), "select name from person where age = 36"))
		n.fails("missing field", db.Get(&struct{ ID int }{}, "select * from person where age = 36"))
		over, cancel := context.WithCancel(n.Context())
		cancel()
		n.ends("over", db.GetContext(over, new(int), "select 1"), context.Canceled)
	}},
}

// ageOf reads within a transaction or without.
func ageOf(n *notes, q sqlx.Ext, name string) int {
	n.Helper()
	var age int
	n.ok("age", sqlx.Get(q, &age, q.Rebind("select age from person where name = ?"), name))
	return age
}

// rows notes what a result says.
func (n *notes) rows(what string, r sql.Result) {
	n.Helper()
	rows, err := r.RowsAffected()
	n.note("%s: rows %d %v", what, rows, err)
	id, err := r.LastInsertId()
	n.note("%s: id %d %v", what, id, err)
}

// serial is a primary key that the database fills.
func (b backend) serial() string {
	switch b.kind {
	case kindPostgres:
		return "id bigserial primary key"
	case kindMySQL:
		return "id bigint auto_increment primary key"
	default:
		return "id integer primary key"
	}
}
