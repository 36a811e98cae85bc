//go:build unix && cgo

// This file gives godror's own arguments to the wrappers over the real godror, and says which of them arrive.

package compat

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"contrib.go.opencensus.io/integrations/ocsql"
	"github.com/XSAM/otelsql"
	"github.com/godror/godror"
	"github.com/luna-duclos/instrumentedsql"
	"github.com/ngrok/sqlmw"
	"github.com/qustavo/sqlhooks/v2"
	sqldblogger "github.com/simukti/sqldb-logger"
	ddsql "gopkg.in/DataDog/dd-trace-go.v1/contrib/database/sql"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/oracle"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// What a row shows where the caller does not see what bare godror's would.
const (
	aNumber  = "1 [<nil>90000000000]" // nanoseconds, for an interval
	panics   = "PANIC interface conversion: *godror.conn is not driver.Execer"
	noNames  = "ERR sql: driver does not support the use of Named Parameters"
	noOut    = "ERR sql: converting argument $1 type: unsupported type sql.Out, a struct"
	noArray  = "ERR sql: converting argument $1 type: unsupported type []string, a slice of string"
	noOption = "ERR sql: converting argument $2 type: unsupported type godror.Option, a func"
)

// overGodror are the ways to godror: none in between, Fluxor, the others.
var overGodror = []struct {
	name string
	open func(t *testing.T, godror driver.DriverContext, dsn string) *sql.DB
	// not are the rows in which the caller sees something else than bare, and
	// how that begins.
	not map[string]string
}{
	{"raw", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return sql.OpenDB(must(d.OpenConnector(dsn)))
	}, nil},
	{"fluxor", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return sql.OpenDB(must(fluxor.WrapConnector(must(d.OpenConnector(dsn)), fluxor.RuntimeConfig{})))
	}, nil},
	{"fluxor by DSN", func(_ *testing.T, _ driver.DriverContext, dsn string) *sql.DB {
		return must(sql.Open("oracle-fluxor", dsn))
	}, nil},
	{"sqlmw", func(t *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return register(t, sqlmw.Driver(d.(driver.Driver), sqlmw.NullInterceptor{}), dsn)
	}, map[string]string{"Exec(int)": panics, "Exec(sql.Named)": noNames, "Tx.Exec(int)": panics, "Exec(time.Duration)": panics, "Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"otelsql", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return otelsql.OpenDB(must(d.OpenConnector(dsn)))
	}, map[string]string{"Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"sqlhooks", func(t *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return register(t, sqlhooks.Wrap(d.(driver.Driver), noHooks{}), dsn)
	}, map[string]string{"Exec(time.Duration)": aNumber, "Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"instrumentedsql", func(t *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return register(t, instrumentedsql.WrapDriver(d.(driver.Driver)), dsn)
	}, map[string]string{"Exec(sql.Named)": noNames, "Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"sqldb-logger", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return sqldblogger.OpenDriver(dsn, d.(driver.Driver), noLogger{})
	}, map[string]string{"Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"dd-trace", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return ddsql.OpenDB(must(d.OpenConnector(dsn)))
	}, map[string]string{"Exec(time.Duration)": aNumber, "Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
	{"ocsql", func(_ *testing.T, d driver.DriverContext, dsn string) *sql.DB {
		return sql.OpenDB(ocsql.WrapConnector(must(d.OpenConnector(dsn)), ocsql.WithAllTraceOptions()))
	}, map[string]string{"Exec(sql.Out)": noOut, "Exec([]string)": noArray, "Exec(godror.Option)": noOption}},
}

// oracleRows are calls with arguments of godror's; each returns what its caller
// saw.
var oracleRows = []struct {
	name string
	call func(ctx context.Context, db *sql.DB, table string) (any, error)
}{
	{"Exec(int)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		return affected(db.ExecContext(ctx, "insert into "+table+" (id) values (:1)", 1))
	}},
	{"Exec(sql.Named)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		return affected(db.ExecContext(ctx, "insert into "+table+" (id, v) values (:id, :v)", sql.Named("v", "named"), sql.Named("id", 2)))
	}},
	{"Exec(sql.Out)", func(ctx context.Context, db *sql.DB, _ string) (any, error) {
		var out string
		_, err := db.ExecContext(ctx, "begin :1 := 'out'; end;", sql.Out{Dest: &out})
		return out, err
	}},
	{"Exec([]string)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		return affected(db.ExecContext(ctx, "insert into "+table+" (v) values (:1)", []string{"a", "b"}))
	}},
	// The one that is not in error: a wrapper that converts it makes a number of
	// it, and the table gets that.
	{"Exec(time.Duration)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		return affected(db.ExecContext(ctx, "insert into "+table+" (v) values (:1)", 90*time.Second))
	}},
	{"Exec(godror.Option)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		return affected(db.ExecContext(ctx, "insert into "+table+" (id) values (:1)", 3, godror.DeleteFromCache()))
	}},
	{"Tx.Exec(int)", func(ctx context.Context, db *sql.DB, table string) (any, error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return nil, err
		}
		n, err := affected(tx.ExecContext(ctx, "insert into "+table+" (id) values (:1)", 4))
		return n, errors.Join(err, tx.Commit())
	}},
	{"Query(sql.Named)", func(ctx context.Context, db *sql.DB, _ string) (any, error) {
		var v any
		err := db.QueryRowContext(ctx, "select 'found' from dual where :a = :b", sql.Named("b", 5), sql.Named("a", 5)).Scan(&v)
		return v, err
	}},
}

func affected(res sql.Result, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return res.RowsAffected()
}

// seen is what a caller and the table see of a call.
func seen(ctx context.Context, db *sql.DB, call func(context.Context, *sql.DB, string) (any, error), table string) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprint("PANIC ", p)
		}
	}()
	answer, err := call(ctx, db, table)
	if err != nil {
		return "ERR " + err.Error()
	}
	return fmt.Sprint(answer)
}

// left is what is in a table, as bare godror reads it.
func left(t *testing.T, side *sql.DB, table string) string {
	t.Helper()
	rows, err := side.QueryContext(t.Context(), "select id, v from "+table+" order by id, v")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id, v any
		if err := rows.Scan(&id, &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(id, v))
	}
	return fmt.Sprint(all)
}

func TestArgumentsOfGodrorArriveThroughFluxorAsTheyAre(t *testing.T) {
	d := dbtest.Oracle(t)
	dsn := d.Logfmt("standaloneConnection=1")
	side := must(sql.Open("godror", dsn))
	defer side.Close()
	bare := side.Driver().(driver.DriverContext)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, way := range overGodror {
		fmt.Fprint(w, "\t", way.name)
	}
	fmt.Fprintln(w)
	for _, row := range oracleRows {
		fmt.Fprint(w, row.name)
		var raw string
		for _, way := range overGodror {
			t.Run(row.name+"/"+way.name, func(t *testing.T) {
				name := d.Name("args")
				_ = must(side.Exec("create table " + name + " (id number(9), v varchar2(60))"))
				defer func() { _ = must(side.Exec("drop table " + name)) }()
				db := way.open(t, bare, dsn)
				defer db.Close()
				got := seen(t.Context(), db, row.call, name) + " " + left(t, side, name)
				if way.name == "raw" {
					raw = got
				}
				fmt.Fprint(w, "\t", verdict(t, got, raw, way.not[row.name]))
			})
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush()
	t.Log("\n" + table.String())
}

// verdict compares what was seen with what was seen bare, and with what is
// known of the wrapper; it is one word for the table.
func verdict(t *testing.T, got, raw, known string) string {
	t.Helper()
	if got == raw {
		if known != "" {
			t.Errorf("as bare, but the table says %q", known)
		}
		return "as raw"
	}
	if known == "" || !strings.HasPrefix(got, known) {
		t.Errorf("%q, bare %q, the table says %q", got, raw, known)
	}
	word, _, _ := strings.Cut(got, " ")
	if word != "PANIC" && word != "ERR" {
		return "CHANGED"
	}
	return word
}
