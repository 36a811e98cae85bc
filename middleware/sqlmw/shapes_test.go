// This file tests what needs no server: odd drivers, what an interceptor may keep, and what one costs.

package sqlmw_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ngrok "github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
	"github.com/fluxor-db/fluxor/middleware"
	"github.com/fluxor-db/fluxor/middleware/sqlmw"
)

// over opens inner with one interceptor through Fluxor.
func over(t testing.TB, inner driver.Connector, intr ngrok.Interceptor) *sql.DB {
	t.Helper()
	c, err := fluxor.WrapConnector(inner, fluxor.RuntimeConfig{Middleware: []middleware.Middleware{sqlmw.Use(intr)}})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestADriverThatSqlmwCannotWrapWorks(t *testing.T) {
	for name, shape := range map[string]dbtest.Shape{"godror": dbtest.Godror, "mandatory": dbtest.Mandatory} {
		f := &dbtest.Fake{Shape: shape}
		var r recorder
		db := over(t, f, &r)
		if _, err := db.ExecContext(t.Context(), "e", 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := []string{
			"ConnExecContext e (1)", "ConnExecContext returns " + driver.ErrSkip.Error(),
			"ConnPrepareContext e", "ConnPrepareContext returns ok",
			"StmtExecContext e (1)", "StmtExecContext returns ok",
			"StmtClose <ConnPrepareContext>", "StmtClose returns ok",
		}
		if diff := cmp.Diff(want, r.take()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if !slices.Contains(f.Log(), "1 closestmt e") {
			t.Errorf("%s: the statement was not closed: %q", name, f.Log())
		}
	}
}

func TestOutArgumentsAndArraysReachAStatementThroughAnInterceptor(t *testing.T) {
	f := &dbtest.Fake{Shape: dbtest.Godror}
	db := over(t, f, ngrok.NullInterceptor{})
	var out int
	if _, err := db.ExecContext(t.Context(), "e", sql.Out{Dest: &out}); err != nil {
		t.Error(err)
	}
	if _, err := db.ExecContext(t.Context(), "e", []string{"a", "b"}); err != nil {
		t.Error(err)
	}
	log := strings.Join(f.Log(), "\n")
	for _, want := range []string{"sql.Out", "[a b]"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q did not arrive:\n%s", want, log)
		}
	}
}

// keeper keeps all that it is given.
type keeper struct {
	ngrok.NullInterceptor
	args  []driver.NamedValue
	conn  driver.ExecerContext
	stmt  driver.Stmt
	begun driver.Tx
	tx    driver.Tx
}

func (k *keeper) ConnExecContext(ctx context.Context, c driver.ExecerContext, query string, args []driver.NamedValue) (driver.Result, error) {
	k.args, k.conn = args, c
	return c.ExecContext(ctx, query, args)
}

func (k *keeper) ConnPrepareContext(ctx context.Context, c driver.ConnPrepareContext, query string) (context.Context, driver.Stmt, error) {
	st, err := c.PrepareContext(ctx, query)
	k.stmt = st
	return ctx, st, err
}

func (k *keeper) ConnBeginTx(ctx context.Context, c driver.ConnBeginTx, o driver.TxOptions) (context.Context, driver.Tx, error) {
	tx, err := c.BeginTx(ctx, o)
	k.begun = tx
	return ctx, tx, err
}

func (k *keeper) TxCommit(_ context.Context, tx driver.Tx) error {
	k.tx = tx
	return tx.Commit()
}

func TestAnInterceptorMayKeepItsArguments(t *testing.T) {
	var k keeper
	db := over(t, dbtest.Memory{}, &k)
	if _, err := db.ExecContext(t.Context(), "e", 1, "two"); err != nil {
		t.Fatal(err)
	}
	kept := k.args
	if _, err := db.ExecContext(t.Context(), "e", 3, "four"); err != nil {
		t.Fatal(err)
	}
	want := []driver.NamedValue{{Ordinal: 1, Value: 1}, {Ordinal: 2, Value: "two"}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnInterceptorKeptIsOfNoUseAfterTheCall(t *testing.T) {
	var k keeper
	f := &dbtest.Fake{}
	db := over(t, f, &k)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	early := k.begun.Commit() // the transaction is still open
	if _, err := tx.ExecContext(t.Context(), "e"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.PrepareContext(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	f.ClearLog()
	_, errConn := k.conn.ExecContext(t.Context(), "e", nil)
	_, errStmt := k.stmt.(driver.StmtExecContext).ExecContext(t.Context(), nil)
	for name, err := range map[string]error{"the tx before its end": early, "the conn": errConn, "the stmt": errStmt, "the tx": k.tx.Commit()} {
		if err == nil || !strings.HasPrefix(err.Error(), "fluxor: an interceptor") {
			t.Errorf("%s answered %v", name, err)
		}
	}
	if log := f.Log(); len(log) > 0 {
		t.Errorf("the driver was called: %q", log)
	}
}

// turned rolls back where the application commits, and commits nothing.
type turned struct{ ngrok.NullInterceptor }

func (turned) TxCommit(_ context.Context, tx driver.Tx) error { return tx.Rollback() }

func TestAnInterceptorMayRollBackInPlaceOfACommit(t *testing.T) {
	f := &dbtest.Fake{}
	db := over(t, f, turned{})
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"1 connect", "1 begin", "1 rollback", "1 valid"}, f.Log()); diff != "" {
		t.Error(diff)
	}
}

// workloads are what is measured; extra is what a null interceptor may allocate
// over the bare driver: Fluxor's one for rows and for a transaction, and the
// interceptor's, the copy of the arguments included.
var workloads = []struct {
	name  string
	extra float64
	run   func(ctx context.Context, db *sql.DB, st *sql.Stmt) error
}{
	{"QueryRow", 3, func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		return db.QueryRowContext(ctx, "select", 7).Scan(new(int64), new(string), new([]byte))
	}},
	{"PreparedQueryRow", 3, func(ctx context.Context, _ *sql.DB, st *sql.Stmt) error {
		return st.QueryRowContext(ctx, 7).Scan(new(int64), new(string), new([]byte))
	}},
	{"Exec", 2, func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		_, err := db.ExecContext(ctx, "update", 7)
		return err
	}},
	{"PreparedExec", 2, func(ctx context.Context, _ *sql.DB, st *sql.Stmt) error {
		_, err := st.ExecContext(ctx, 7)
		return err
	}},
	{"Tx", 2, func(ctx context.Context, db *sql.DB, _ *sql.Stmt) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		return tx.Commit()
	}},
}

// peers are a null interceptor's two homes, and the bare driver.
func peers(t testing.TB) map[string]*sql.DB {
	t.Helper()
	wrapped, err := ngrok.Driver(dbtest.Memory{}.Driver(), ngrok.NullInterceptor{}).(driver.DriverContext).OpenConnector("")
	if err != nil {
		t.Fatal(err)
	}
	dbs := map[string]*sql.DB{
		"bare":   sql.OpenDB(dbtest.Memory{}),
		"sqlmw":  sql.OpenDB(wrapped),
		"fluxor": over(t, dbtest.Memory{}, ngrok.NullInterceptor{}),
	}
	t.Cleanup(func() { _ = dbs["bare"].Close(); _ = dbs["sqlmw"].Close() })
	return dbs
}

func prepare(t testing.TB, db *sql.DB) *sql.Stmt {
	t.Helper()
	st, err := db.PrepareContext(context.Background(), "select")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func TestAnInterceptorAllocatesNoMoreThanUnderSqlmwDriver(t *testing.T) {
	dbs, stmts := peers(t), map[string]*sql.Stmt{}
	for name, db := range dbs {
		stmts[name] = prepare(t, db)
	}
	for _, w := range workloads {
		allocs := map[string]float64{}
		for name, db := range dbs {
			allocs[name] = testing.AllocsPerRun(200, func() {
				if err := w.run(context.Background(), db, stmts[name]); err != nil {
					t.Fatal(err)
				}
			})
		}
		if allocs["fluxor"] > allocs["bare"]+w.extra {
			t.Errorf("%s allocates %v, bare %v: want at most %v more", w.name, allocs["fluxor"], allocs["bare"], w.extra)
		}
		if allocs["fluxor"] > allocs["sqlmw"] {
			t.Errorf("%s allocates %v, under sqlmw.Driver %v", w.name, allocs["fluxor"], allocs["sqlmw"])
		}
	}
}

func BenchmarkNullInterceptor(b *testing.B) {
	dbs := peers(b)
	for _, w := range workloads {
		for _, name := range []string{"bare", "sqlmw", "fluxor"} {
			b.Run(w.name+"/"+name, func(b *testing.B) {
				st := prepare(b, dbs[name])
				b.ReportAllocs()
				for b.Loop() {
					if err := w.run(context.Background(), dbs[name], st); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
