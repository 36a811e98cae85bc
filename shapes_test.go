// This file compares drivers from before contexts and with column converters with the bare ones, and what a rollback after the context's end costs.

package fluxor_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fluxor-db/fluxor"
	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// oldDriver has the fast paths of old, and statements that count and convert.
type oldDriver struct {
	fast bool // Execer and Queryer
	skip bool // which then skip
	nvc  bool // the statement's checker, which skips
	log  *[]string
}

func (d oldDriver) Driver() driver.Driver { return &dbtest.Fake{} }
func (d oldDriver) Connect(context.Context) (driver.Conn, error) {
	if d.fast {
		return &oldFastConn{oldConn{d}}, nil
	}
	return &oldConn{d}, nil
}

func (d oldDriver) note(format string, args ...any) {
	*d.log = append(*d.log, fmt.Sprintf(format, args...))
}

type oldConn struct{ oldDriver }

func (c *oldConn) Prepare(q string) (driver.Stmt, error) {
	c.note("prepare %s", q)
	if c.nvc {
		return &oldCheckedStmt{oldStmt{c.oldDriver}}, nil
	}
	return &oldStmt{c.oldDriver}, nil
}
func (c *oldConn) Close() error              { return nil }
func (c *oldConn) Begin() (driver.Tx, error) { return nil, errMeddled }

type oldFastConn struct{ oldConn }

func (c *oldFastConn) Exec(q string, args []driver.Value) (driver.Result, error) {
	c.note("exec %s %T%v", q, args, args)
	if c.skip {
		return nil, driver.ErrSkip
	}
	return driver.RowsAffected(1), nil
}

func (c *oldFastConn) Query(q string, args []driver.Value) (driver.Rows, error) {
	c.note("query %s %v", q, args)
	if c.skip {
		return nil, driver.ErrSkip
	}
	return &namedRows{query: q}, nil
}

type oldStmt struct{ oldDriver }

func (s *oldStmt) Close() error  { s.note("close"); return nil }
func (s *oldStmt) NumInput() int { return 2 }
func (s *oldStmt) Exec(args []driver.Value) (driver.Result, error) {
	s.note("stmtexec %#v", args)
	return driver.RowsAffected(1), nil
}

func (s *oldStmt) Query(args []driver.Value) (driver.Rows, error) {
	s.note("stmtquery %#v", args)
	return &namedRows{query: "q"}, nil
}

// ColumnConverter binds the first as a string, the second as an int32.
func (s *oldStmt) ColumnConverter(i int) driver.ValueConverter {
	s.note("column %d", i)
	return []driver.ValueConverter{driver.String, driver.Int32}[i]
}

type oldCheckedStmt struct{ oldStmt }

func (s *oldCheckedStmt) CheckNamedValue(*driver.NamedValue) error { return driver.ErrSkip }

func TestOldDriversGetWhatTheyGetBare(t *testing.T) {
	arguments := [][]any{
		{1, 2},
		{"a", "7"},
		{1, "no number"},
		{1},
		{1, 2, 3},
		{(*nilValuer)(nil), 1},
		{nilValuer{}, nil},
		{failing{}, 1},
		{sql.Named("n", 1), 2},
		{make(chan int), 1},
		{1, int64(1 << 40)},
		{},
	}
	for _, d := range []oldDriver{{}, {nvc: true}, {fast: true}, {fast: true, skip: true}, {fast: true, skip: true, nvc: true}} {
		t.Run(fmt.Sprintf("%+v", d), func(t *testing.T) {
			run := func(open func(driver.Connector) *sql.DB) (seen, log []string) {
				d := d
				d.log = &log
				db := open(d)
				defer db.Close()
				note := func(err error) { seen = append(seen, fmt.Sprintf("%T %v %t", err, err, errors.Is(err, errFailing))) }
				for _, args := range arguments {
					_, err := db.ExecContext(t.Context(), "x", args...)
					note(err)
					rows, err := db.QueryContext(t.Context(), "q", args...)
					note(err)
					if err == nil {
						types, err := rows.ColumnTypes()
						note(err)
						seen = append(seen, fmt.Sprint(types[0].ScanType(), types[0].DatabaseTypeName()))
						note(rows.Close())
					}
				}
				return seen, log
			}
			wantSeen, wantLog := run(func(c driver.Connector) *sql.DB { return sql.OpenDB(c) })
			gotSeen, gotLog := run(func(c driver.Connector) *sql.DB { db, _ := wrap(t, c, fluxor.RuntimeConfig{}); return db })
			if diff := cmp.Diff(wantSeen, gotSeen); diff != "" {
				t.Errorf("the caller sees, -bare +fluxor:\n%s", diff)
			}
			if diff := cmp.Diff(wantLog, gotLog); diff != "" {
				t.Errorf("the driver gets, -bare +fluxor:\n%s", diff)
			}
		})
	}
}

// nilValuer has its method on the value.
type nilValuer struct{}

func (nilValuer) Value() (driver.Value, error) { return "v", nil }

// resetting is a driver with SessionResetter and without Validator, as pgx.
type resetting struct{ *dbtest.Fake }

// withoutValidator is what such a connection offers.
type withoutValidator interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.SessionResetter
}

type resettingConn struct{ withoutValidator }

func (r resetting) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Fake.Connect(ctx)
	return resettingConn{c.(withoutValidator)}, err
}

func TestARollbackAfterTheContextCostsAConnectionThatCannotSayItIsValid(t *testing.T) {
	for _, through := range []bool{false, true} {
		f := &dbtest.Fake{}
		var c driver.Connector = resetting{f}
		if through {
			fc, err := fluxor.WrapConnector(c, fluxor.RuntimeConfig{})
			if err != nil {
				t.Fatal(err)
			}
			c = fc
		}
		db := sql.OpenDB(c)
		defer db.Close()
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		mustExec(t, tx, "x")
		cancel()
		waitUntil(t, "database/sql rolled back", func() bool { return db.Stats().InUse == 0 })
		mustExec(t, db, "after")
		if !slices.Contains(f.Log(), "2 exec after") {
			t.Errorf("through Fluxor %t: %q", through, f.Log())
		}
	}
}

func TestALeaseThatEndsWithATransactionOrRowsOpenCostsItsConnection(t *testing.T) {
	for name, leave := range map[string]func(ctx context.Context, dc any) error{
		"transaction": func(ctx context.Context, dc any) error {
			_, err := dc.(driver.ConnBeginTx).BeginTx(ctx, driver.TxOptions{})
			return err
		},
		"rows": func(ctx context.Context, dc any) error {
			_, err := dc.(driver.QueryerContext).QueryContext(ctx, "q", nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &dbtest.Fake{}
			db, _ := wrap(t, f, fluxor.RuntimeConfig{})
			c, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.Raw(func(dc any) error { return leave(t.Context(), dc) }), c.Close()); err != nil {
				t.Fatal(err)
			}
			mustExec(t, db, "somebody else's")
			if !slices.Contains(f.Log(), "2 exec somebody else's") {
				t.Errorf("the connection is used again: %q", f.Log())
			}
		})
	}
}
